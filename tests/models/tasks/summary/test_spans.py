"""What may be left out of a sentence, and what a rule keeps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.analysis import Span
from models.tasks.summary.edits import Reason, apply
from models.tasks.summary.spans import MAX_DELETIONS, Deletion, deletions
from models.text.sentences import split
from tests.support.articles import OPINION, SAMPLES

MAYOR = (
    "But on Monday, Ann Lee, who has led the old port city since 2019, quietly told reporters "
    "in a short speech (her first) that the bridge built in May will open — at last — to cars."
)


def found(text: str) -> dict[str, Deletion]:
    return {text[d.start : d.end].strip(" ,—"): d for d in deletions(text, Span(0, len(text)))}


def left(text: str, part: str) -> str:
    """The sentence without a part that may be deleted."""
    return apply(text, Span(0, len(text)), [found(text)[part].edit])


@pytest.mark.parametrize(
    ("part", "reason", "expected"),
    [
        ("But", Reason.OPENING, "On Monday, Ann Lee, who"),
        ("on Monday", Reason.TIME, "But Ann Lee, who"),
        ("who has led the old port city since 2019", Reason.ASIDE, "Ann Lee quietly told"),
        ("quietly", Reason.WORD, "2019, told reporters"),
        ("old", Reason.WORD, "led the port city"),
        ("in a short speech", Reason.PHRASE, "told reporters (her first) that"),
        ("(her first)", Reason.ASIDE, "in a short speech that"),
        ("built in May", Reason.PHRASE, "the bridge will open"),
        ("at last", Reason.ASIDE, "will open to cars."),
        ("to cars", Reason.ENDING, "— at last."),
    ],
)
def test_whole_constituents_may_be_deleted(part: str, reason: Reason, expected: str) -> None:
    assert found(MAYOR)[part].reason is reason
    assert expected in left(MAYOR, part)


def test_a_quotation_goes_with_its_marks() -> None:
    text = 'Lee spoke of the plan as "a gift to the port" in May. '
    assert left(text, 'as "a gift to the port"') == "Lee spoke of the plan in May."


def test_a_dateline_goes() -> None:
    text = "PORT ANN, Ohio (Gulf News) — The old bridge will open in May, the mayor said."
    assert left(text, "PORT ANN, Ohio (Gulf News)").startswith("The old bridge")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The bridge will open, in June, the mayor said.", "The bridge will open, the mayor said."),
        ("When it rains, in June, the bridge closes.", "When it rains, the bridge closes."),
        ("Lee, in June, closed the bridge.", "Lee closed the bridge."),
    ],
)
def test_a_comma_stays_where_it_is_needed(text: str, expected: str) -> None:
    assert left(text, "in June") == expected


@pytest.mark.parametrize(
    ("text", "part"),
    [
        pytest.param(
            "The bridge, the mayor said, will open in May.", "the mayor said", id="source"
        ),
        pytest.param(
            "The bridge will open, according to the mayor.", "according to the mayor", id="source"
        ),
        pytest.param(
            "The bridge will open if the council agrees.", "if the council agrees", id="condition"
        ),
        pytest.param("The bridge will open without a toll.", "without a toll", id="denial"),
        pytest.param("The bridge was, at least, safe for cars.", "at least", id="limit"),
        pytest.param("Tolls rose by 4% in 2019.", "in 2019", id="period of a number"),
        pytest.param("Two of the bridges fell in the storm.", "of the bridges", id="number"),
        pytest.param('Lee said: "It fell in May with a bang."', "in May", id="quotation"),
    ],
)
def test_what_may_never_go(text: str, part: str) -> None:
    assert part not in found(text) or not found(text)[part].may


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Lee, who did not vote, opened the bridge.", "who did not vote"),
        ("The bridge opened after Lee said that it was safe.", "after Lee said that it was safe"),
        ("The bridge fell on Monday, the mayor said.", "on Monday"),
        ("The man fell off the bridge, killing at least two ducks.", "killing at least two ducks"),
        ("The bridge opened in 2019 and fell in May.", "in May"),
    ],
)
def test_what_may_go_though_it_holds_such_words(text: str, part: str) -> None:
    assert found(text)[part].may


def test_a_long_sentence_has_bounded_candidates() -> None:
    text = "The mayor " + "went, with care, to the port in the rain and " * 20 + "slept."
    assert len(deletions(text, Span(0, len(text)))) == MAX_DELETIONS


TEXTS = (MAYOR, OPINION.text, *(sample.text for sample in SAMPLES))


@given(st.sampled_from(TEXTS), st.data())
def test_each_candidate_leaves_a_sentence(text: str, data: st.DataObject) -> None:
    span = data.draw(st.sampled_from(split(text)))
    candidates = deletions(text, span)
    assert len(candidates) <= MAX_DELETIONS
    assert list(candidates) == sorted(candidates, key=lambda d: (d.start, d.end))
    for one in candidates:
        assert span.start <= one.start < one.end <= span.end
        assert (one.start, one.end) != (span.start, span.end)
        printed = apply(text, span, [one.edit])
        assert printed[0].isalnum() or printed[0] in "\"“'‘$("
        assert printed.count('"') % 2 == text[span.start : span.end].count('"') % 2
        assert printed.count("(") == printed.count(")")


@given(st.text(max_size=200))
def test_any_text_has_candidates_inside_it(text: str) -> None:
    for one in deletions(text, Span(0, len(text))):
        assert 0 <= one.start < one.end <= len(text)
        apply(text, Span(0, len(text)), [one.edit])


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("A study released Wednesday, which Lee read, found lead in the water.", "Wednesday"),
        ("The vote was lost, so the mayor will sell the old hall in May.", "so"),
        ("The man will not be moved Friday because he is ill.", "Friday"),
        ("The senator on Wednesday dropped the suit against the firm.", "Wednesday"),
        ("The films, by Ann Harlow and Tom Lee, respectively, open in May.", "respectively"),
        ("Now that the mayor has spoken, it is time to read the plan.", "Now"),
        ("It came first with nine votes (of ten) -- hence, the glass is half full.", "hence"),
    ],
)
def test_nothing_goes_that_would_break_what_stands_around_it(sentence: str, kept: str) -> None:
    may = [
        sentence[each.start : each.end]
        for each in deletions(sentence, Span(0, len(sentence)))
        if each.may
    ]
    assert all(each.strip(" ,-") != kept for each in may)


def test_a_day_stays_with_the_part_of_it_that_is_told() -> None:
    text = "The man gave himself up at midday Thursday in the town."
    (sentence,) = split(text)
    gone = [text[one.start : one.end].strip() for one in deletions(text, sentence)]
    assert "Thursday" not in gone
