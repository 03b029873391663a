"""From rows of labelled articles to texts with all that is known of them.

Rows with the same text become one: one encoding, all its targets. A row trains the heads it has
labels for.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from models.analysis import Span
from models.article import Kind
from models.encoding.questions import STEM_CHARS
from models.labels import UNRELATED
from models.tasks.evaluation import SubjectGold, TargetGold
from models.text.words import is_content, normal_words
from training.config import Source
from training.data.files import Row
from training.data.names import Labels, shown
from training.data.places import Broken, Place
from training.data.roles import Role
from training.data.rows import OWN_GOLD, is_untargeted, other_gold, rows


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
    - `subject` is what the text is about, `genre` its form.
    - `edited` are the sentences that an editor took for a summary, in the order of the summary.
    - `others` holds the gold of tasks that are not among the fields, by the name of its column.
    """

    text: str
    title: str | None = None
    topics: list[str] = field(default_factory=list)
    stances: dict[str | None, str] = field(default_factory=dict)
    summary: str | None = None
    subject: str | None = None
    genre: str | None = None
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


def load(source: Source, role: Role, labels: Labels | None = None) -> list[Labelled]:
    """The labelled texts of a file that have a role, in an order of their own. Raises DataError.

    Labels of the sets that are given have their names, however the file writes them.
    """
    texts: dict[str, Labelled] = {}
    topics: Counter[str] = Counter()
    stances: Counter[str] = Counter()
    for row in _shuffled(rows(source, role, labels)):
        values = row.values
        topic = values.get("topic")
        if topic and source.per_topic and topics[topic] >= source.per_topic:
            continue
        stance = values.get("stance")
        if stance and source.per_stance and stances[stance] >= source.per_stance:
            continue
        topics[topic or ""] += 1
        stances[stance or ""] += 1
        _merge(texts.setdefault(values["text"], Labelled(values["text"])), row, source)
        if source.limit and len(texts) >= source.limit:
            break
    labelled = list(texts.values())
    return labelled if not source.unrelated else list(_with_unrelated(labelled, source.unrelated))


def of_row(row: Row, source: Source) -> Labelled:
    """What one row says of its text. Raises DataError."""
    labelled = Labelled(row.values["text"])
    _merge(labelled, row, source)
    return labelled


def _shuffled(found: Iterable[Row]) -> list[Row]:
    """A fixed order that does not depend on the file's, so that caps take an even sample."""
    return sorted(found, key=lambda row: digest(row.values["text"] + _target_of(row)))


def _target_of(row: Row) -> str:
    return str(row.values.get("target"))


def _merge(labelled: Labelled, found: Row, source: Source) -> None:
    row, place = found.values, found.place
    labelled.title = labelled.title or row.get("title") or None
    labelled.summary = labelled.summary or row.get("summary") or None
    labelled.subject = labelled.subject or row.get("subject") or None
    labelled.genre = labelled.genre or _genre(row.get("genre"), source)
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
    if row.get("stance") and not is_untargeted(found):
        _add_target(labelled, row.get("target") or None, row["stance"], row, source)
    _add_targets(labelled, row, source, place)
    labelled.edited = labelled.edited or _edited(labelled.text, row, place)


def _genre(found: str | None, source: Source) -> str | None:
    """The form of a text by what its file calls it."""
    if source.genre or not source.genres:
        return source.genre or found
    forms = (form for form, called in source.genres.items() if re.search(called, found or ""))
    return next(forms, None)


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


def _add_targets(labelled: Labelled, row: Mapping[str, Any], source: Source, place: Place) -> None:
    """The stances that stand in lists, with what else is listed of each target."""
    targets, stances = row.get("targets") or [], row.get("stances") or []
    if not _are_lists(targets, stances):
        raise Broken(
            place,
            "'targets' and 'stances' must be lists of one length; or give a row "
            "for each pair, with 'target' and 'stance'",
        )
    for target, stance in zip(targets, stances, strict=True):
        _add_target(labelled, target, stance, row, source)
    kinds, evidence = row.get("kinds") or [], row.get("evidence") or []
    if not all(not each or _are_lists(targets, each) for each in (kinds, evidence)):
        raise Broken(
            place,
            "'kinds' and 'evidence' must be lists as long as 'targets'; mend the "
            "row, or leave the column out by 'without'",
        )
    for target, kind in zip(targets, kinds, strict=False):
        labelled.kinds[target] = _kind(kind, place)
    for target, marked in zip(targets, evidence, strict=False):
        labelled.evidence[target] = _spans(labelled.text, marked or [], "evidence", place)


def _kind(name: Any, place: Place) -> Kind:
    try:
        return Kind(name)
    except ValueError:
        raise Broken(
            place,
            f"the kind of a target is one of {', '.join(Kind)}, and not {shown(str(name))}; "
            "mend the file, or leave 'kinds' out by 'without'",
        ) from None


def _are_lists(*columns: Any) -> bool:
    """Whether all are lists, of one length."""
    return all(isinstance(each, list) for each in columns) and len(set(map(len, columns))) == 1


def _edited(text: str, row: Mapping[str, Any], place: Place) -> tuple[Edited, ...]:
    starts, ends, sentences = (row.get(name) for name in ("starts", "ends", "sentences"))
    if starts is None or ends is None or sentences is None:
        return ()
    if not _are_lists(starts, ends, sentences):
        raise Broken(place, "'starts', 'ends' and 'sentences' must be lists of one length")
    spans = _spans(text, list(zip(starts, ends, strict=True)), "starts", place)
    return tuple(
        Edited(span.start, span.end, sentence)
        for span, sentence in zip(spans, sentences, strict=True)
    )


def _spans(text: str, marked: Any, column: str, place: Place) -> tuple[Span, ...]:
    """Spans of a text from pairs of offsets. Raises DataError for others."""
    if not isinstance(marked, list) or not all(_is_span(text, pair) for pair in marked):
        raise Broken(
            place,
            f"{column!r} has a span that is not in the text; spans are pairs of character "
            "offsets into the text as it stands in the file",
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
