"""Worst cases for all code that matches input: `python -m tests.support.worst_cases patterns`.

It ends soon if all of that code takes linear time. Otherwise it takes hours.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import random
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import models
import service
from models.article import Article, Options
from models.encoding.preparation import Preparer
from models.errors import ArticleError
from tests.support.outlines import outlined, summarised

CHARS = 10_000
RANDOM_UNITS = 40
PLAIN = (
    *(
        "a",
        "A",
        "1",
        " ",
        "\n",
        ".",
        ",",
        "'",
        '"',
        "“",
        "(",
        "-",
        ":",
        "/",
        "…",
        "é",
        "東",
        "\xa0",
    ),
    *("a ", "A ", "1 ", ". ", ".,", "a.", "A.", "1.", "a-", "1:", "x@", "@x", "a\n", "Aa", "Aa ,"),
    *('"a" ', "(a) ", "www.", "http://a ", "\r\n", "; ", "a, ", "'s "),
)
SENTENCES = (
    "Rain fell. ",
    "Ann Lee. ",
    "Ann Lee met Tom Ray and he and she and they saw the old mine. He left on Monday with her. ",
    "Keller said on Monday that he would close it. ",
    "The Port Authority of Velmora (PAV) met the WHO on Monday, and the PAV left. ",
    "Former Mayor Ann Lee told city spokesman Tom Ray, who did not vote, the news. ",
    "But however, in fact, the mayor, who on Monday quietly left the old port, spoke. ",
    'The mayor (who left) said “it fell” and "it rose" [again] in May. ',
    "The mayor ((((((( left ))))))) the “““““ old ””””” port in May. ",
    "The council hasalso voted onmonday to closethe mine. ",
    "The council voted on Monday to close the mine\n",
    "the council voted on monday and left ",
    "THE COUNCIL VOTED ON MONDAY TO CLOSE THE MINE. ",
    "The \u202emayor\u202c voted\u200b on\u2060 Monday 👩‍👩‍👧. ",
)
"""What summaries are made of, repeated."""
MODULES = [
    name
    for package in (models, service)
    for _, name, _ in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if name
    not in {
        "service.archive.ray_scorer",
        "service.inference.preparation_process",
        "service.database.migrations.env",  # alembic runs it
    }
]


def patterns() -> Iterator[tuple[Any, bool]]:
    """Every compiled pattern of the packages, and whether the code searches with it."""
    for name in MODULES:
        module = importlib.import_module(name)
        source = inspect.getsource(module)
        for attribute, value in vars(module).items():
            searched = re.search(rf"\b{attribute}\.(search|finditer|findall|sub|split)\b", source)
            for found in patterns_in(value):
                yield found, bool(searched) or not isinstance(found, re.Pattern)


def patterns_in(value: object) -> Iterator[Any]:
    if isinstance(value, re.Pattern) or type(value).__module__ == "re2":
        yield value
    elif isinstance(value, dict):
        yield from (found for item in value.values() for found in patterns_in(item))
    elif isinstance(value, list | tuple):
        yield from (found for item in value for found in patterns_in(item))


def units(source: str) -> Iterator[str]:
    """The pieces to repeat: plain ones, and words of the pattern, alone and mixed."""
    yield from PLAIN
    words = sorted(set(re.findall(r"[A-Za-z]{2,}|\d+", source)))
    mixing = random.Random(ascii(source))
    for _ in range(RANDOM_UNITS if words else 0):
        count = mixing.randint(1, 3)
        yield "".join(
            mixing.choice(words) + mixing.choice((" ", " ", "", ": ", " 1 ", "\n", ", "))
            for _ in range(count)
        )


def texts(source: str | bytes, chars: int = CHARS) -> Iterator[str | bytes]:
    """Worst cases for a pattern: text, or bytes for a pattern of bytes."""
    if isinstance(source, bytes):
        yield from (str(text).encode() for text in texts(source.decode("latin-1"), chars))
        return
    for unit in units(source):
        whole = unit * (chars // len(unit) + 1)
        yield whole[:chars]
        yield whole[:chars] + "\0!zzz"


def match_all() -> int:
    """Matches every pattern in all the ways in which the code uses it. Returns their number."""
    found = 0
    for pattern, is_searched in patterns():
        found += 1
        for text in texts(pattern.pattern):
            pattern.fullmatch(text)
            pattern.match(text)
            for _ in pattern.finditer(text) if is_searched else ():
                pass
    return found


def prepare_all(tokenizer: str, sizes: Sequence[int]) -> None:
    """Prepares articles of repeated pieces, at several sizes, with many targets."""
    preparer = Preparer(tokenizer, max_windows=8, window=512)
    options = Options(targets=tuple(f"target number {n}" for n in range(20)))
    for unit in (*PLAIN, "ad\n", "home news ", "share 1234 ", "contact us ", "1" * 32 + "zzz\n"):
        for size in sizes:
            with suppress(ArticleError):
                preparer(Article(unit * (size // len(unit)), options=options))


def summarise_all(tokenizer: str, size: int) -> None:
    """Makes written summaries of articles of repeated sentences, which are read whole."""
    preparer = Preparer(tokenizer, max_windows=size // 1000, window=512)
    for unit in SENTENCES:
        prepared = preparer(Article(unit * (size // len(unit))))
        for support in (lambda _: 0.1, lambda _: 0.9):
            summarised(outlined(prepared), lambda _: 0.9, support)


if __name__ == "__main__":
    if sys.argv[1] == "patterns":
        print(match_all())
    elif sys.argv[1] == "prepare":
        prepare_all(sys.stdin.read(), [int(size) for size in sys.argv[2:]])
    else:
        summarise_all(sys.stdin.read(), int(sys.argv[2]))
