"""What takes long to parse is parsed outside the event loop."""

from __future__ import annotations

import json
import threading

import pytest

from service.api import parsing
from service.api.parsing import AT_ONCE_BYTES, Parser
from service.http import strict_json
from service.inference.batching import Lane

pytestmark = pytest.mark.anyio

LONG = json.dumps({"text": "rain " * AT_ONCE_BYTES}).encode()
SHORT = b'{"text": "rain"}'


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads that parse."""
    seen: list[str] = []
    loads = strict_json.loads

    def noted(text: str) -> object:
        seen.append(threading.current_thread().name)
        return loads(text)

    monkeypatch.setattr(parsing, "loads", noted)
    return seen


@pytest.mark.parametrize(
    ("document", "lane", "where"),
    [
        (SHORT, Lane.INTERACTIVE, "MainThread"),
        (LONG, Lane.INTERACTIVE, "parse-interactive"),
        (SHORT, Lane.BULK, "parse-bulk"),
        (LONG, Lane.BULK, "parse-bulk"),
    ],
)
async def test_long_articles_and_those_of_bulk_have_threads_of_their_own(
    threads: list[str], document: bytes, lane: Lane, where: str
) -> None:
    parser = Parser()
    article = await parser.article(document, lane)
    parser.close()
    assert str(article.text).startswith("rain")
    assert [name.partition("_")[0] for name in threads] == [where]
