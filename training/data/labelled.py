"""From rows of labelled articles to texts with all that is known of them.

Rows with the same text become one: one encoding, all its targets. A row trains the heads it has
labels for.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from models.analysis import Span
from models.article import Kind
from models.encoding.questions import STEM_CHARS
from models.labels import UNRELATED
from models.tasks.evaluation import SubjectGold, TargetGold
from models.text.words import is_content, normal_words
from training.config import Source
from training.data.roles import Role
from training.data.rows import OWN_GOLD, other_gold, rows
from training.errors import DataError


@dataclass(frozen=True, slots=True)
class Edited(Span):
    """A sentence of the article (characters `start` to `end`), and what an editor made of it."""

    text: str


@dataclass(slots=True)
class Labelled:
    """A text with all labels known for it.

    - `stances` maps a target (None: the text's own subject) to a label. `either` maps a target to
      several labels where the data says that one of them holds, and not which: that can be trained
      on, but not measured by.
    - `kinds` says what a target is: entity, issue or claim. `evidence` has the spans of characters
      that show the stance toward it best. `groups` has what its figures are grouped by.
    - `subject` is what the text is about.
    - `edited` are the sentences that an editor took for a summary, in the order of the summary.
    - `others` holds the gold of tasks that are not among the fields, by the name of its column.
    """

    text: str
    title: str | None = None
    topics: list[str] = field(default_factory=list)
    stances: dict[str | None, str] = field(default_factory=dict)
    summary: str | None = None
    subject: str | None = None
    others: dict[str, Any] = field(default_factory=dict)
    either: dict[str | None, tuple[str, ...]] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    evidence: dict[str, tuple[Span, ...]] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    edited: tuple[Edited, ...] = ()
    id: str | None = None

    def gold(self, name: str) -> Any:
        """What people answered for a task, by the name that the task has for it."""
        if name == "stances":
            return {target: self._target(target, stance) for target, stance in self.stances.items()}
        if name == "subject":
            return SubjectGold(self.subject, self.named) if self.subject else None
        return getattr(self, name) if name in OWN_GOLD else self.others.get(name)

    @property
    def named(self) -> tuple[str, ...]:
        """The names and issues that people asked about."""
        return tuple(each for each, kind in self.kinds.items() if kind is not Kind.CLAIM)

    def _target(self, target: str | None, stance: str) -> TargetGold:
        name = target or ""
        evidence = self.evidence.get(name, ())
        return TargetGold(stance, self.kinds.get(name), evidence, self.groups.get(name))


def load(source: Source, role: Role) -> list[Labelled]:
    """The labelled texts of a file that have a role, in an order of their own. Raises DataError."""
    texts: dict[str, Labelled] = {}
    topics: Counter[str] = Counter()
    stances: Counter[str] = Counter()
    for row in _shuffled(rows(source, role)):
        topic = row.get("topic")
        if topic and source.per_topic and topics[topic] >= source.per_topic:
            continue
        stance = row.get("stance")
        if stance and source.per_stance and stances[stance] >= source.per_stance:
            continue
        topics[topic or ""] += 1
        stances[stance or ""] += 1
        _merge(texts.setdefault(row["text"], Labelled(row["text"])), row, source)
        if source.limit and len(texts) >= source.limit:
            break
    labelled = list(texts.values())
    return labelled if not source.unrelated else list(_with_unrelated(labelled, source.unrelated))


def _shuffled(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """A fixed order that does not depend on the file's, so that caps take an even sample."""
    return sorted(found, key=lambda row: digest(row["text"] + str(row.get("target"))))


def _merge(labelled: Labelled, row: Mapping[str, Any], source: Source) -> None:
    labelled.title = labelled.title or row.get("title") or None
    labelled.summary = labelled.summary or row.get("summary") or None
    labelled.subject = labelled.subject or row.get("subject") or None
    labelled.id = labelled.id or _text_or_none(row.get("id"))
    for column in other_gold():
        if row.get(column) is not None:
            labelled.others.setdefault(column, row[column])
    also = row.get("also") or []
    for topic in [row.get("topic"), *([also] if isinstance(also, str) else also)]:
        if topic and topic not in labelled.topics:
            labelled.topics.append(topic)
    if row.get("overall"):
        _add_stance(labelled, None, row["overall"], source)
    if row.get("stance"):
        _add_target(labelled, row.get("target") or None, row["stance"], row, source)
    _add_targets(labelled, row, source)
    labelled.edited = labelled.edited or _edited(labelled.text, row, source.path)


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


def _add_stance(labelled: Labelled, target: str | None, label: str, source: Source) -> None:
    meant = source.stances.get(label, label)
    if isinstance(meant, str):
        labelled.stances[target] = meant
        labelled.either.pop(target, None)
    elif target not in labelled.stances:
        labelled.either[target] = meant


def _add_target(
    labelled: Labelled, target: str | None, label: str, row: Mapping[str, Any], source: Source
) -> None:
    """The stance toward one target, and what the row and the source say of it."""
    _add_stance(labelled, target, label, source)
    if target is not None and source.kind:
        labelled.kinds[target] = source.kind
    if target is not None and row.get("group"):
        labelled.groups[target] = str(row["group"])


def _add_targets(labelled: Labelled, row: Mapping[str, Any], source: Source) -> None:
    """The stances that stand in lists, with what else is listed of each target."""
    targets, stances = row.get("targets") or [], row.get("stances") or []
    if not _are_lists(targets, stances):
        raise DataError(
            f"{source.path}: 'targets' and 'stances' must be lists of one length; or give a row "
            "for each pair, with 'target' and 'stance'"
        )
    for target, stance in zip(targets, stances, strict=True):
        _add_target(labelled, target, stance, row, source)
    kinds, evidence = row.get("kinds") or [], row.get("evidence") or []
    if not all(not each or _are_lists(targets, each) for each in (kinds, evidence)):
        raise DataError(
            f"{source.path}: 'kinds' and 'evidence' must be lists as long as 'targets'; mend the "
            "row, or leave the column out by 'without'"
        )
    for target, kind in zip(targets, kinds, strict=False):
        labelled.kinds[target] = _kind(kind, source.path)
    for target, marked in zip(targets, evidence, strict=False):
        labelled.evidence[target] = _spans(labelled.text, marked or [], "evidence", source.path)


def _kind(name: Any, path: Path) -> Kind:
    try:
        return Kind(name)
    except ValueError:
        raise DataError(
            f"{path}: the kind of a target is one of {', '.join(Kind)}, and not {name!r}; "
            "mend the file, or leave 'kinds' out by 'without'"
        ) from None


def _are_lists(*columns: Any) -> bool:
    """Whether all are lists, of one length."""
    return all(isinstance(each, list) for each in columns) and len(set(map(len, columns))) == 1


def _edited(text: str, row: Mapping[str, Any], path: Path) -> tuple[Edited, ...]:
    starts, ends, sentences = (row.get(name) for name in ("starts", "ends", "sentences"))
    if starts is None or ends is None or sentences is None:
        return ()
    if not _are_lists(starts, ends, sentences):
        raise DataError(f"{path}: 'starts', 'ends' and 'sentences' must be lists of one length")
    spans = _spans(text, list(zip(starts, ends, strict=True)), "starts", path)
    return tuple(
        Edited(span.start, span.end, sentence)
        for span, sentence in zip(spans, sentences, strict=True)
    )


def _spans(text: str, marked: Any, column: str, path: Path) -> tuple[Span, ...]:
    """Spans of a text from pairs of offsets. Raises DataError for others."""
    if not isinstance(marked, list) or not all(_is_span(text, pair) for pair in marked):
        raise DataError(
            f"{path}: {column!r} has a span that is not in the text; spans are pairs of character "
            "offsets into the text as it stands in the file"
        )
    return tuple(Span(start, end) for start, end in marked)


def _is_span(text: str, pair: Sequence[Any]) -> bool:
    whole = isinstance(pair, list | tuple) and len(pair) == 2
    return whole and all(type(at) is int for at in pair) and 0 <= pair[0] < pair[1] <= len(text)


def _with_unrelated(labelled: list[Labelled], count: int) -> Iterator[Labelled]:
    """Adds targets of other texts, drawn by the text's digest, as unrelated ones.

    A target that shares a word of content with the text is no safe negative and is passed over.
    """
    pool = sorted({target for each in labelled for target in each.stances if target})
    for each in labelled:
        draw = random.Random(digest(each.text))  # noqa: S311 - sampling, not secrecy
        held, said = each.stances.keys() | each.either.keys(), _content(each.text)
        added: dict[str | None, str] = {}
        for target in draw.sample(pool, min(len(pool), count * 4)):
            if len(added) < count and target not in held and not _content(target) & said:
                added[target] = UNRELATED
        yield replace(each, stances=each.stances | added)


def _content(text: str) -> set[str]:
    """The beginnings of a text's content words, so that a plural is the same word."""
    return {word[:STEM_CHARS] for word in normal_words(text) if is_content(word)}


def digest(text: str) -> str:
    """A fixed fingerprint of a text, for draws that are the same in every run."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
