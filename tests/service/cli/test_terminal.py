"""What a person reads in the terminal."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from models.analysis import (
    Analysis,
    InputReport,
    Passage,
    Removed,
    Score,
    Span,
    StanceAnalysis,
    SubjectAnalysis,
    SuggestedTarget,
    Summary,
    SummarySentence,
    TopicAnalysis,
)
from models.article import Kind, Style, Tier
from models.tasks.limits import UNSURE
from service.cli.terminal import render

TEXT = "Menu Home\nRain fell on the harbour for nine days. The mayor [sic] was pleased. More later."
RAIN, MAYOR = Span(10, 49), Span(50, 78)


def passage(span: Span) -> Passage:
    return Passage(span.start, span.end, TEXT[span.start : span.end])


def stance(
    target: str | None,
    label: str | None,
    confidence: float,
    scores: tuple[Score, ...] = (),
    evidence: tuple[Passage, ...] = (),
    verdict: str | None = None,
) -> StanceAnalysis:
    kind = Kind.CLAIM if verdict else Kind.ENTITY
    withheld = UNSURE if label is None else None
    return StanceAnalysis(
        target, kind, label, verdict, confidence, bool(withheld), scores, evidence, withheld
    )


def summary(text: str, source: Span, support: float = 1.0) -> Summary:
    """A written summary of one sentence."""
    sentence = SummarySentence(text, source, True, support, None)
    return Summary(text, Style.WRITTEN, len(text.split()), support, None, (sentence,))


def topic(scores: tuple[Score, ...], evidence: Passage) -> TopicAnalysis:
    best = max(scores, key=lambda score: score.probability)
    confidence = best.probability
    return TopicAnalysis(
        best.label, None, confidence, False, (best,), scores, (evidence,), distance=0.0
    )


def analysis(**changes: Any) -> Analysis:
    scores = (Score("sport", 0.06), Score("weather", 0.91), Score("health", 0.03))
    stances = (Score("favor", 0.4), Score("neutral", 0.35), Score("against", 0.25))
    found: dict[str, Any] = {
        "topic": topic(scores, passage(RAIN)),
        "stance": (stance("the mayor", None, 0.4, stances, (passage(MAYOR),)),),
        "summary": summary("It rained.", RAIN, 0.5),
        "subject": None,
        "language": "en",
        "reader": Tier.FAST,
        "warnings": ("the text seems to be in 'sv'",),
        "input": InputReport(20, 1, False, (Removed(0, 9, "navigation"),)),
    }
    found |= changes
    tasks = ("topic", "stance", "summary", "subject")
    results = {name: part for name in tasks if (part := found.pop(name)) is not None}
    return Analysis(results=results, **found)


def printed(found: Analysis, width: int = 80, text: str = TEXT) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(render(found, text))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_labels_come_with_their_confidence_and_the_runners_up() -> None:
    lines = printed(analysis()).splitlines()
    assert " ".join(lines[0].split()) == "topic weather 91% then sport 6%, health 3%"
    assert "stance on the mayor" in lines[1]
    assert "not sure enough to say 40%" in lines[1]


def test_what_judged_is_told_and_a_claim_has_its_verdict_in_words() -> None:
    claim = stance("The mayor resigned.", "against", 0.8, verdict="the article contradicts it")
    text = " ".join(printed(analysis(stance=(claim,)), width=120).split())
    assert "stance on The mayor resigned. against 80%, the article contradicts it" in text
    assert "judged by the reader fast" in text
    assert "summary, written, 2 words, 50% sure that the article bears it out" in text
    alone = printed(analysis(stance=None, reader=None))
    assert "judged by" not in alone


def test_the_subject_and_what_to_ask_about_are_told() -> None:
    ferry = SuggestedTarget(0, 5, "the [ferry]", 1, "named once")
    found = analysis(subject=SubjectAnalysis("old bridge", 0.9, (ferry,)))
    text = " ".join(printed(found).split())
    assert "about old bridge" in text
    assert "ask about the [ferry]" in text
    assert "about" not in printed(analysis(subject=SubjectAnalysis(None, 0.0, ())))


def test_a_summary_that_is_withheld_says_why() -> None:
    withheld = Summary("", Style.WRITTEN, 0, None, "the text is too short", ())
    text = printed(analysis(summary=withheld))
    assert "no written summary: the text is too short" in text
    assert "0 words" not in text


def test_the_article_is_whole_and_its_sources_are_marked() -> None:
    text = printed(analysis(), width=200)
    article = text.partition(" article ")[2]
    assert "Menu Home ‹not read: navigation›" in article
    assert "Rain fell on the harbour for nine days. ‹1, topic›" in article
    assert "The mayor [sic] was pleased. ‹stance on the mayor›" in article
    assert article.rstrip().endswith("More later.")
    assert "It rained. ‹1›" in text
    assert "! the text seems to be in 'sv'" in text


def test_without_a_terminal_there_are_no_colours_and_80_columns_hold() -> None:
    text = printed(analysis())
    assert "\x1b" not in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_a_note_at_the_end_of_the_text_stands_there_once() -> None:
    last = Span(79, len(TEXT))
    found = analysis(
        stance=None,
        topic=None,
        summary=summary("More.", last),
    )
    assert printed(found).count("‹1›") == 2  # behind the summary's sentence, and in the article


def test_what_was_not_asked_for_is_not_shown() -> None:
    text = printed(analysis(topic=None, stance=None, summary=None, warnings=()))
    assert "topic" not in text
    assert "summary" not in text
    assert "stance" not in text


ORDERS = [
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\x1b]8;;http://x\x1b\\",
    "\x9b2J",
    "\x7f",
    "\u202e",
    "\u2066",
]


@pytest.mark.parametrize("order", ORDERS)
def test_nothing_that_others_wrote_is_an_order_to_the_terminal(order: str) -> None:
    scores = (Score(f"a{order}", 0.6), Score(f"b{order}", 0.4))
    text = f"Menu {order}\nRain {order} fell.\r\nMore {order}."
    rain = Span(text.index("Rain"), text.index("fell.") + 5)
    found = analysis(
        topic=topic(scores, Passage(rain.start, rain.end, "Rain")),
        stance=(stance(f"it{order}", f"a{order}", 0.6, scores, verdict=f"so {order}"),),
        summary=summary(f"It{order}.", rain),
        warnings=(f"in {order}",),
        input=InputReport(20, 1, False, (Removed(0, 5, f"why {order}"),)),
    )
    shown = printed(found, text=text, width=200)
    assert not [mark for mark in shown if mark in order and not mark.isprintable()]
    assert "fell. ‹1, topic›" in shown


def test_a_label_that_a_limit_withholds_says_so() -> None:
    limited = replace(stance("the mayor", None, 0.4), withheld="it may exceed the max_error of 5 %")
    assert "! it may exceed the max_error of 5 %" in printed(analysis(stance=(limited,)))
    assert UNSURE not in printed(analysis())


def test_a_target_is_no_markup() -> None:
    target = "[link=http://x]here[/link] [bold]"
    shown = printed(analysis(stance=(stance(target, None, 0.4),)), width=200)
    assert f"stance on {target}" in shown
