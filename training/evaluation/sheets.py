"""Blind sheets: summaries to be judged by somebody who does not know where they come from.

A sheet is a file of JSON lines: how to judge, and what a verdict looks like; then a text a line,
with its summaries (or single sentences of them) under letters. Its key says what the letters stand
for.
"""

from __future__ import annotations

import hashlib
import json
import random
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from models.analysis import Analysis, Summary
from models.article import Article, Options, Style
from models.engine import Engine
from models.files import write_atomically
from training.config import Source
from training.data.labelled import Labelled, load
from training.data.roles import Role
from training.errors import DataError, SheetError
from training.evaluation.predictions import analyses

HERE = Path(__file__).parent
SUMMARY_GUIDE, SENTENCE_GUIDE = HERE / "editor.md", HERE / "sentences.md"
SUMMARY_VERDICT = {
    "number": 1, "letter": "A", "g": True, "f": True, "m": True, "p": False, "reason": "",
}  # fmt: skip
SENTENCE_VERDICT = {"number": 1, "letter": "A", "verdict": "not settled", "reason": ""}
STYLES = {Style.WRITTEN: "written", Style.EXTRACTIVE: "extracts"}
MAIN, BESIDE = "", "beside "
"""What stands before the style in the name of a kind: nothing, or that of a second artifact."""


class KeyText(BaseModel):
    """What the letters of a text stand for: kinds of summary, or how supported a sentence is.

    One letter stands for all kinds that have the same summary. `without` are kinds that have none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str | None = None
    kinds: Mapping[str, tuple[str, ...]] = {}
    supports: Mapping[str, float] = {}
    without: tuple[str, ...] = ()

    @property
    def letters(self) -> set[str]:
        return {*self.kinds, *self.supports}


class About(BaseModel):
    """What a sheet was made from: the file's name, the role of its texts, the seed, and name,
    version and digest of each artifact. `sentences`: it has single sentences, not summaries."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sentences: bool
    data: str
    role: Role
    seed: int
    artifacts: Mapping[str, str]


class Key(About):
    """The key of a sheet. `sheet` is the SHA-256 of the sheet's file, `texts` go by number."""

    sheet: str
    texts: Mapping[int, KeyText]


@dataclass(frozen=True, slots=True)
class Entry:
    """A text on a sheet: what stands under its letters, and the part of the key."""

    labelled: Labelled
    items: Mapping[str, str]
    key: KeyText


def drawn(
    data: Path,
    role: Role,
    count: int,
    seed: int,
    ids: Path | None = None,
    report_ids: str | None = None,
) -> list[Labelled]:
    """At most `count` texts of one role of a file, drawn with a seed.

    `ids` is a file with the ids to draw from, a line each. `report_ids` is that of a source.
    Raises DataError where there is no such text, or none with one of the ids.
    """
    try:
        source = Source(path=data, report_ids=report_ids)
    except ValidationError:
        raise DataError(f"{report_ids!r} is no regular expression; correct --report-ids") from None
    texts = load(source, role)
    if ids is not None:
        wanted = _ids(ids)
        texts = [each for each in texts if each.id in wanted]
        if missing := wanted.difference(each.id or "" for each in texts):
            raise DataError(
                f"{data}: no text with the role {role} has the id {min(missing)!r}; leave it out, "
                "or give --report-ids"
            )
    if not texts:
        raise DataError(f"{data}: no text has the role {role}; give a larger file")
    draw = random.Random(seed)  # noqa: S311 - sampling, not secrecy
    return draw.sample(texts, min(count, len(texts)))


def _ids(path: Path) -> set[str]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: no file of ids, a line each: {error}") from None
    return {line.strip() for line in lines if line.strip()}


def of_summaries(
    engines: Mapping[str, Engine], texts: Sequence[Labelled], seed: int
) -> Iterator[Entry]:
    """The summaries of each text by each engine in both styles, in random order.

    `engines` go by what stands before the style in the name of a kind.
    """
    kinds = {
        f"{name}{kind}": _summaries(engine, texts, style)
        for name, engine in engines.items()
        for style, kind in STYLES.items()
    }
    for number, text in enumerate(texts):
        found = {kind: summaries[number] for kind, summaries in kinds.items()}
        yield _of_summaries(text, found, random.Random(f"{seed}/{number}"))  # noqa: S311


def _of_summaries(
    text: Labelled, found: Mapping[str, Summary | None], draw: random.Random
) -> Entry:
    by_text: dict[str, list[str]] = {}
    for kind, summary in found.items():
        if summary is not None:
            by_text.setdefault(summary.text, []).append(kind)
    order = draw.sample(list(by_text), len(by_text))
    items = dict(zip(string.ascii_uppercase, order, strict=False))
    kinds = {letter: tuple(by_text[item]) for letter, item in items.items()}
    without = tuple(kind for kind, summary in found.items() if summary is None)
    return Entry(text, items, KeyText(id=text.id, kinds=kinds, without=without))


def of_sentences(engine: Engine, texts: Sequence[Labelled]) -> Iterator[Entry]:
    """The sentences of the written summary of each text, in its order."""
    written = STYLES[Style.WRITTEN]
    for text, summary in zip(texts, _summaries(engine, texts, Style.WRITTEN), strict=True):
        sentences = summary.sentences if summary else ()
        letters = string.ascii_uppercase[: len(sentences)]
        items = {letter: s.text for letter, s in zip(letters, sentences, strict=False)}
        supports = dict.fromkeys(items, summary.support if summary else 0.0)
        without = () if items else (written,)
        yield Entry(text, items, KeyText(id=text.id, supports=supports, without=without))


def _summaries(engine: Engine, texts: Sequence[Labelled], style: Style) -> list[Summary | None]:
    """The summary of each text as it is served by default; None where it has none."""
    options = Options(tasks=frozenset({"summary"}), style=style)
    articles = (Article(text.text, text.title, options=options) for text in texts)
    found = (
        each.summary if isinstance(each, Analysis) else None for each in analyses(engine, articles)
    )
    return [summary if summary and summary.text else None for summary in found]


def write(entries: Sequence[Entry], sheet: Path, key: Path, about: About) -> None:
    """Writes a sheet and its key. Raises SheetError where they cannot be written."""
    lines = "\n".join(json.dumps(line, ensure_ascii=False) for line in _lines(entries, about))
    content = f"{lines}\n".encode()
    texts = {number: entry.key for number, entry in enumerate(entries, 1)}
    made = Key(**about.model_dump(), sheet=_digest(content), texts=texts)
    try:
        write_atomically(sheet, content)
        write_atomically(key, made.model_dump_json(indent=1).encode())
    except OSError as error:
        raise SheetError(f"{error.filename}: {error.strerror}; give another place") from None


def _lines(entries: Sequence[Entry], about: About) -> Iterator[Mapping[str, object]]:
    guide = SENTENCE_GUIDE if about.sentences else SUMMARY_GUIDE
    verdict = SENTENCE_VERDICT if about.sentences else SUMMARY_VERDICT
    yield {"instructions": guide.read_text("utf-8"), "verdict": verdict}
    items = "sentences" if about.sentences else "summaries"
    for number, entry in enumerate(entries, 1):
        if entry.items:
            text = entry.labelled
            yield {"number": number, "title": text.title, "text": text.text, items: entry.items}


def read_key(sheet: Path, key: Path, sentences: bool = False) -> Key:
    """The key of a sheet of summaries or of single sentences.

    Raises SheetError where it cannot be read or is another sheet's.
    """
    try:
        found = Key.model_validate_json(key.read_bytes())
        content = sheet.read_bytes()
    except OSError as error:
        raise SheetError(
            f"{error.filename}: {error.strerror}; name the sheet, then its key"
        ) from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise SheetError(f"{key}: no key of a sheet: {first['msg']}") from None
    if found.sheet != _digest(content):
        raise SheetError(f"{key}: it is the key of another sheet than {sheet}; name its own")
    if found.sentences != sentences:
        form = "single sentences; give" if found.sentences else "whole summaries; leave out"
        raise SheetError(f"{sheet}: it has {form} --sentences")
    return found


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
