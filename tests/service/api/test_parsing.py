"""What takes long to parse is parsed outside the event loop."""

from __future__ import annotations

import json
import threading

import pytest

from service.api import parsing
from service.api.parsing import AT_ONCE_BYTES, Parser
from service.errors import BodyTooLarge, MalformedBody, TooManyItems
from service.http import strict_json
from service.inference.batching import Lane

pytestmark = pytest.mark.anyio

LONG = json.dumps({"text": "rain " * AT_ONCE_BYTES}).encode()
SHORT = b'{"text": "rain"}'


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads that parse."""
    seen: list[str] = []
    loads, split_array = strict_json.loads, strict_json.split_array

    def noted(text: str) -> object:
        seen.append(threading.current_thread().name)
        return loads(text)

    def split(text: str, max_items: int) -> list[str]:
        seen.append(threading.current_thread().name)
        return split_array(text, max_items)

    monkeypatch.setattr(parsing, "loads", noted)
    monkeypatch.setattr(parsing, "split_array", split)
    return seen


@pytest.mark.parametrize(
    ("document", "lane", "where"),
    [
        (SHORT, Lane.INTERACTIVE, "MainThread"),
        (LONG, Lane.INTERACTIVE, "parse-interactive"),
        (SHORT, Lane.BULK, "parse-bulk"),
        (LONG.decode(), Lane.BULK, "parse-bulk"),
    ],
)
async def test_long_articles_and_those_of_bulk_have_threads_of_their_own(
    threads: list[str], document: bytes | str, lane: Lane, where: str
) -> None:
    parser = Parser()
    article = await parser.article(document, lane)
    parser.close()
    assert str(article.text).startswith("rain")
    assert [name.partition("_")[0] for name in threads] == [where]


async def test_an_array_is_split_in_the_thread_of_bulk(threads: list[str]) -> None:
    parser = Parser()
    items = await parser.items(b"[" + SHORT + b", " + LONG + b"]", 2, max_bytes=100)
    assert items[0] == SHORT.decode()
    assert isinstance(items[1], BodyTooLarge)
    with pytest.raises(TooManyItems):
        await parser.items(b"[1, 2, 3]", 2, max_bytes=100)
    with pytest.raises(MalformedBody):
        await parser.items(b"[\xff]", 2, max_bytes=100)
    parser.close()
    assert {name.partition("_")[0] for name in threads} == {"parse-bulk"}
