"""What comes out: topic, stance and summary of one article.

All offsets are character offsets into the text as it was sent; for HTML, into `InputReport.text`,
the text that was extracted from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.article import Kind, Style, Tier


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` (included) to `end` (not included) of the text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage(Span):
    """A span with its text."""

    text: str


@dataclass(frozen=True, slots=True)
class Removed(Span):
    """A span that was not read, and the reason: `navigation`, `caption`, `newsletter`, ..."""

    reason: str


@dataclass(frozen=True, slots=True)
class Score:
    """A label's calibrated probability, 0 to 1."""

    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class TopicAnalysis:
    """`label` and `code` are None where the model abstains; the scores are still shown.

    `topics` are all topics of the article, the main one, which is `label`, first; none where it
    abstains. `withheld` says why it does. `distance` is how unlike the texts that the model learned
    from the article is: it is withheld above a limit. `parents` are what the main one is a part of,
    the nearest first. `zero_shot` says that the labels were told by
    their names alone.
    """

    label: str | None
    code: str | None
    confidence: float
    abstained: bool
    topics: tuple[Score, ...]
    scores: tuple[Score, ...]
    evidence: tuple[Passage, ...]
    distance: float
    parents: tuple[str, ...] = ()
    zero_shot: bool = False
    withheld: str | None = None


@dataclass(frozen=True, slots=True)
class StanceAnalysis:
    """`target` is None for the stance toward the article's own subject.

    `kind` is what the target is. Toward a claim the stance is whether the article bears it out;
    `verdict` says it in words. `evidence` has the sentence that shows it best first. `withheld`
    says why there is no label.
    """

    target: str | None
    kind: Kind | None
    label: str | None
    verdict: str | None
    confidence: float
    abstained: bool
    scores: tuple[Score, ...]
    evidence: tuple[Passage, ...]
    withheld: str | None = None


@dataclass(frozen=True, slots=True)
class SuggestedTarget(Span):
    """A name or issue that is worth asking about, as the article has it first: the span.

    `mentions` says how often it stands there, `reason` why it is suggested, in words.
    """

    target: str
    mentions: int
    reason: str


@dataclass(frozen=True, slots=True)
class SubjectAnalysis:
    """What an article is about, in at most six of its words, and how sure that is, 0 to 1.

    `about` is None where nothing in the text names it. `suggested_targets` has the best first.
    """

    about: str | None
    confidence: float
    suggested_targets: tuple[SuggestedTarget, ...]


@dataclass(frozen=True, slots=True)
class FormAnalysis:
    """What kind of text it is: `report`, `opinion`, ... `label` is None where that is not sure, and
    `withheld` says why."""

    label: str | None
    confidence: float
    abstained: bool
    scores: tuple[Score, ...]
    withheld: str | None = None


@dataclass(frozen=True, slots=True)
class Change(Span):
    """What an edit puts in the place of a span of the text; nothing where it deletes."""

    text: str


@dataclass(frozen=True, slots=True)
class SummarySentence:
    """A sentence of the summary and the sentence of the article that it was made from.

    `support` is how sure the reader is, 0 to 1, that the article bears it out; None in extracts,
    which are the article's own. `edits` are what was deleted and inserted, where that is asked for:
    the source with its edits is the text.
    """

    text: str
    source: Span
    edited: bool
    support: float | None
    edits: tuple[Change, ...] | None


@dataclass(frozen=True, slots=True)
class Summary:
    """`support` is that of the sentence of which the reader is least sure.

    `withheld` says why there is no summary; then `text` is empty.
    """

    text: str
    style: Style
    words: int
    support: float | None
    withheld: str | None
    sentences: tuple[SummarySentence, ...]


@dataclass(frozen=True, slots=True)
class InputReport:
    """How much of the article was read.

    `tokens` counts word pieces read in all `windows`; `truncated` says that text after them was
    not read. `removed` holds the first 256 pieces that were left out on purpose. `text` is set for
    HTML only: the text that the offsets refer to, as far as it was searched for what can be read.
    `form` is what kind of text it is, None where that was not asked for or is not sure.
    """

    tokens: int
    windows: int
    truncated: bool
    removed: tuple[Removed, ...]
    text: str | None = None
    form: str | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    """The answer for one article.

    `results` holds the result of each task that was asked for, by the task's name. `reader` is the
    one that judged stances and sentences, None where nothing was asked of it.
    """

    results: Mapping[str, Any]
    language: str | None
    reader: Tier | None
    warnings: tuple[str, ...]
    input: InputReport

    @property
    def topic(self) -> TopicAnalysis | None:
        return self.results.get("topic")

    @property
    def stance(self) -> tuple[StanceAnalysis, ...] | None:
        return self.results.get("stance")

    @property
    def summary(self) -> Summary | None:
        return self.results.get("summary")

    @property
    def form(self) -> FormAnalysis | None:
        return self.results.get("form")

    @property
    def subject(self) -> SubjectAnalysis | None:
        return self.results.get("subject")
