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
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from models.analysis import Analysis, Summary
from models.article import Article, Options, Style, Tier
from models.engine import Engine
from models.files import write_atomically
from models.tasks.predictions import analyses
from training.config import Source
from training.data.labelled import Labelled, load
from training.data.roles import Role
from training.errors import DataError, SheetError

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

    One letter stands for all kinds that have the same summary. `withheld` are kinds of which the
    model shows none, with its reason; `without` are those that it has no answer for.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str | None = None
    kinds: Mapping[str, tuple[str, ...]] = {}
    supports: Mapping[str, float] = {}
    withheld: Mapping[str, str] = {}
    without: tuple[str, ...] = ()

    @property
    def letters(self) -> set[str]:
        return {*self.kinds, *self.supports}


class About(BaseModel):
    """What a sheet was made from: the file's name, the role of its texts, the seed, and name,
    version, digest and reader of each artifact. `sentences`: it has single ones, not summaries.
    """

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


def description(engine: Engine, reader: Tier | None) -> str:
    """Name, version and digest of an engine's artifact, and the reader that checks its summaries:
    the one that is asked for, else the engine's own. Raises SheetError where it has no such reader.
    """
    info = engine.info
    if reader is not None and reader not in info.readers:
        raise SheetError(
            f"{info.name} {info.version} has no reader {reader.value!r}; leave out --reader"
        )
    checks = [reader] if reader else info.readers[:1]
    return " ".join([info.name, info.version, info.digest, *checks])


def of_summaries(
    engines: Mapping[str, Engine],
    texts: Sequence[Labelled],
    seed: int,
    reader: Tier | None = None,
) -> Iterator[Entry]:
    """The summaries of each text by each engine in both styles, in random order.

    `engines` go by what stands before the style in the name of a kind. `reader` checks the written
    ones, by default the one that does so in serving.
    """
    kinds = {
        f"{name}{kind}": _summaries(engine, texts, style, reader)
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
        if summary is not None and summary.text:
            by_text.setdefault(summary.text, []).append(kind)
    order = draw.sample(list(by_text), len(by_text))
    items = dict(zip(string.ascii_uppercase, order, strict=False))
    kinds = {letter: tuple(by_text[item]) for letter, item in items.items()}
    return Entry(text, items, KeyText(id=text.id, kinds=kinds, **_missing(found)))


def _missing(found: Mapping[str, Summary | None]) -> dict[str, Any]:
    """What a key says of the kinds that have no summary: `withheld` and `without`."""
    return {
        "withheld": {kind: each.withheld for kind, each in found.items() if each and each.withheld},
        "without": tuple(kind for kind, each in found.items() if each is None),
    }


def of_sentences(
    engine: Engine, texts: Sequence[Labelled], reader: Tier | None = None
) -> Iterator[Entry]:
    """The sentences of the written summary of each text that a reader has judged, in its order."""
    summaries = _summaries(engine, texts, Style.WRITTEN, reader)
    for text, summary in zip(texts, summaries, strict=True):
        judged = [s for s in (summary.sentences if summary else ()) if s.support is not None]
        lettered = list(zip(string.ascii_uppercase, judged, strict=False))
        key = KeyText(
            id=text.id,
            supports={letter: sentence.support for letter, sentence in lettered},
            **_missing({STYLES[Style.WRITTEN]: summary}),
        )
        yield Entry(text, {letter: sentence.text for letter, sentence in lettered}, key)


def _summaries(
    engine: Engine, texts: Sequence[Labelled], style: Style, reader: Tier | None
) -> list[Summary | None]:
    """The summary of each text, of the length that is served by default; None where none came."""
    options = Options(tasks=frozenset({"summary"}), style=style, reader=reader)
    articles = (Article(text.text, text.title, options=options) for text in texts)
    found = analyses(engine, articles)
    return [each.summary if isinstance(each, Analysis) else None for each in found]


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
