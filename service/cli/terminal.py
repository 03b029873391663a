"""An analysis as a person reads it: labels, summary, and the article with its sources marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from models.analysis import (
    Analysis,
    Score,
    Span,
    StanceAnalysis,
    SubjectAnalysis,
    Summary,
    TopicAnalysis,
)
from models.article import Article, Options
from models.tasks.limits import UNSURE
from service.inference import load
from service.inference.answer import as_json as json_of
from service.printable import printable, printable_json, printable_line
from service.settings import Settings

MAX_SCORES = 3
SUMMARY_STYLE, EVIDENCE_STYLE, REMOVED_STYLE = "green", "underline", "dim"


@dataclass(frozen=True, slots=True)
class Mark:
    """A span of the article, how it looks, and the note that stands behind it."""

    span: Span
    style: str
    note: str


def analyze(text: str, options: Options, settings: Settings, *, as_json: bool) -> None:
    """Analyse one article and print the answer. Raises ArtifactError, ArticleError."""
    engine = load.load_engine(settings, parallel=1)
    is_html = text.lstrip().startswith("<")
    article = Article(html=text, options=options) if is_html else Article(text, options=options)
    (analysis,) = engine.analyze([engine.preparer(article)])
    if isinstance(analysis, Exception):
        raise analysis
    if as_json:
        print(printable_json(json_of(analysis, indent=2).decode()))
    else:
        Console(highlight=False).print(render(analysis, analysis.input.text or text))


def render(analysis: Analysis, text: str) -> RenderableType:
    """The whole answer: labels, summary, warnings, then the marked article."""
    parts: list[RenderableType] = [_labels(analysis)]
    if analysis.summary is not None:
        parts += [Text(), _summary(analysis.summary)]
    topics = () if analysis.topic is None else (analysis.topic,)
    labels: tuple[TopicAnalysis | StanceAnalysis, ...] = (*topics, *(analysis.stance or ()))
    reasons = dict.fromkeys(found.withheld for found in labels if found.withheld)
    notes = (*(reason for reason in reasons if reason != UNSURE), *analysis.warnings)
    parts += [_line(f"! {note}", "yellow") for note in dict.fromkeys(notes)]
    parts += [Text(), Rule("article", style="dim"), Text()]
    parts.append(marked(text, marks(analysis)))
    return Group(*parts)


def marks(analysis: Analysis) -> list[Mark]:
    """What to mark in the article: ‹1› is the source of the summary's first sentence."""
    found = [
        Mark(span, REMOVED_STYLE, f"not read: {span.reason}") for span in analysis.input.removed
    ]
    if analysis.summary is not None:
        found += [
            Mark(sentence.source, SUMMARY_STYLE, str(number))
            for number, sentence in enumerate(analysis.summary.sentences, start=1)
        ]
    if analysis.topic is not None:
        found += [Mark(span, EVIDENCE_STYLE, "topic") for span in analysis.topic.evidence]
    for stance in analysis.stance or ():
        note = f"stance on {stance.target}" if stance.target else "stance"
        found += [Mark(span, EVIDENCE_STYLE, note) for span in stance.evidence]
    return found


def marked(text: str, found: Sequence[Mark]) -> Text:
    """The text with its spans styled, and behind each span the notes of what it is."""
    notes: dict[int, list[str]] = {}
    for mark in found:
        notes.setdefault(mark.span.end, []).append(mark.note)
    article = Text(printable(text))
    for mark in found:
        article.stylize(mark.style, mark.span.start, mark.span.end)
    pieces = article.divide(sorted(notes))
    ends = sorted({*notes, len(text)})
    whole = Text()
    for piece, end in zip(pieces, ends, strict=False):
        whole.append_text(piece)
        if noted := dict.fromkeys(notes.get(end, ())):
            whole.append_text(_line(f" ‹{', '.join(noted)}›", "cyan"))
    return whole


def _line(text: str, style: str = "") -> Text:
    """Text of a model, an article or a target: no markup, and nothing that moves the cursor."""
    return Text(printable_line(text), style=style)


def _labels(analysis: Analysis) -> Table:
    rows = Table.grid(padding=(0, 2))
    if (topic := analysis.topic) is not None:
        rows.add_row("topic", _answer(topic.label, topic.confidence), _others(topic.scores))
        for second in topic.topics[1:]:
            rows.add_row("also", _answer(second.label, second.probability))
    for stance in analysis.stance or ():
        name = f"stance on {stance.target}" if stance.target else "stance"
        said = _answer(stance.label, stance.confidence)
        if stance.verdict is not None:
            said.append_text(_line(f", {stance.verdict}", "not bold"))
        rows.add_row(_line(name), said, _others(stance.scores))
    for name, told in _subject(analysis.subject):
        rows.add_row(name, told)
    if (form := analysis.form) is not None:
        rows.add_row("form", _answer(form.label, form.confidence), _others(form.scores))
    if analysis.reader is not None:
        rows.add_row("judged by", _line(f"the reader {analysis.reader.value}"))
    return rows


def _subject(subject: SubjectAnalysis | None) -> Iterator[tuple[str, Text]]:
    """What the article is about, and what it may be asked about."""
    if subject is None:
        return
    if subject.about is not None:
        yield "about", _line(subject.about, "bold")
    if subject.suggested_targets:
        yield "ask about", _line(", ".join(each.target for each in subject.suggested_targets))


def _answer(label: str | None, confidence: float) -> Text:
    name = _line(label, "bold") if label else Text("not sure enough to say", style="yellow")
    return name.append(f" {confidence:.0%}", style="not bold")


def _others(scores: Iterable[Score]) -> Text:
    best = sorted(scores, key=lambda score: -score.probability)[1:MAX_SCORES]
    listed = ", ".join(f"{score.label} {score.probability:.0%}" for score in best)
    return _line(f"then {listed}" if listed else "", "dim")


def _summary(summary: Summary) -> RenderableType:
    if summary.withheld is not None:
        return _line(f"no {summary.style} summary: {summary.withheld}", "yellow")
    title = f"summary, {summary.style}, {summary.words} words"
    body = Text()
    for number, sentence in enumerate(summary.sentences, start=1):
        body.append(" " if number > 1 else "")
        body.append_text(_line(sentence.text, SUMMARY_STYLE))
        body.append(f" ‹{number}›", style="cyan")
    if summary.support is not None:
        title += f", {summary.support:.0%} sure that the article bears it out"
    return Group(Text(title, style="dim"), Padding(body, (0, 2)))
