"""Files of labelled rows: those that training reads, and those of programs to label with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from models.files import write_atomically
from service.archive.errors import InputRefused, storage
from service.archive.formats import CSV, FORMATS
from service.errors import InvalidRequest
from service.feedback import doccano, label_studio
from service.feedback.correction import (
    Correction,
    Labels,
    check_labels,
    read_correction,
    stances_of,
)
from service.feedback.rows import COLUMNS, PAIR_COLUMNS, LabelledRow
from service.feedback.store import EVERYTHING, OPERATOR, FeedbackRecord, FeedbackStore, digest_of

Encode = Callable[[Iterable[LabelledRow]], bytes]
Decode = Callable[[str, str | None], Iterator[tuple[str, dict[str, Any]]]]

LABEL_STUDIO, DOCCANO, DOCCANO_TEXTS = "label-studio", "doccano", "doccano-seq2seq"
ENCODERS: Mapping[str, Encode] = {LABEL_STUDIO: label_studio.encode, DOCCANO: doccano.encode}
DECODERS: Mapping[str, Decode] = {
    LABEL_STUDIO: label_studio.decode,
    DOCCANO: doccano.decode,
    DOCCANO_TEXTS: doccano.decode_summaries,
}


def write(rows: Iterable[LabelledRow], path: Path, form: str | None = None) -> int:
    """Writes rows in a format of ENCODERS, or else in that of the file's ending.

    Returns how many they were. Raises InputRefused for another ending, and StorageFailed.
    """
    encode = ENCODERS[form] if form else _by_ending(path)
    taken = list(rows)
    with storage(str(path)):
        write_atomically(path, encode(taken))
    return len(taken)


def read(path: Path, labels: Labels, by: str | None, form: str | None = None) -> list[Correction]:
    """The corrections in a file of a format of DECODERS; else of the one it looks like.

    `by` stands in for a person that the file does not name. Raises InputRefused.
    """
    try:
        content = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputRefused(f"{path}: it cannot be read as text ({type(error).__name__})") from None
    looks_like = LABEL_STUDIO if content.lstrip().startswith("[") else DOCCANO
    decode = DECODERS[form or looks_like]
    try:
        return [_checked(path, place, found, labels) for place, found in decode(content, by)]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise InputRefused(
            f"{path}: it has not the shape of {form or looks_like}; name another --format"
        ) from None


def add_new(store: FeedbackStore, corrections: Iterable[Correction]) -> int:
    """Keep corrections of texts as the operator's, without those that are there. How many."""
    fresh = {_said(digest_of(each.text or ""), each): each for each in corrections}
    there = store.of_texts(EVERYTHING, {digest for digest, *_ in fresh})
    for record in there:
        if record.owner == OPERATOR.owner:
            fresh.pop(_said(record.digest, record), None)
    for each in fresh.values():
        store.add(OPERATOR, each)
    return len(fresh)


def _said(digest: str, said: Correction | FeedbackRecord) -> tuple[str, ...]:
    """What someone says of a text, to be compared."""
    stances = said.stances if isinstance(said, FeedbackRecord) else stances_of(said)
    parts = (said.by, said.topic, said.also, said.summary, sorted(stances.items(), key=repr))
    return digest, *map(repr, parts)


def _checked(path: Path, place: str, found: Mapping[str, Any], labels: Labels) -> Correction:
    if not found["by"]:
        raise InputRefused(f"{path}, {place}: it does not say who labelled it; give --by NAME")
    try:
        correction = read_correction(found)
        check_labels(correction, labels)
    except InvalidRequest as error:
        raise InputRefused(f"{path}, {place}: {error}") from None
    return correction


def _by_ending(path: Path) -> Encode:
    form = next((one for one in FORMATS.values() if path.suffix in one.endings), None)
    if form is None:
        raise InputRefused(f"{path}: name a .parquet, .jsonl or .csv file, or give --format")
    if form is CSV:
        return lambda rows: CSV.encode([pair for row in rows for pair in row.pairs()], PAIR_COLUMNS)
    return lambda rows: form.encode([row.record() for row in rows], COLUMNS)
