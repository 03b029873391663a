"""What an editor did with a sentence, as labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.analysis import Span
from models.tasks.summary.edits import apply
from models.tasks.summary.spans import deletions
from models.text.sentences import split
from tests.support.articles import SAMPLES
from training.data.edited import EditLabels, Fate, Insertion, edit_labels

ARTICLE = "Mayor Ann Lee opened the bridge. "
SOURCE = "But on Monday, Lee told reporters in the port in the rain that it was safe."


def labels(edited: str, source: str = SOURCE, article: str = ARTICLE) -> EditLabels:
    text = article + source
    span = Span(len(article), len(text))
    return edit_labels(text, span, deletions(text, span), edited)


def fates(edited: str, source: str = SOURCE) -> dict[str, Fate]:
    text = ARTICLE + source
    span = Span(len(ARTICLE), len(text))
    found = deletions(text, span)
    each = zip(found, edit_labels(text, span, found, edited).fates, strict=True)
    return {text[one.start : one.end].strip(" ,"): fate for one, fate in each}


def test_candidates_are_deleted_kept_or_unclear() -> None:
    found = fates("Lee told reporters in the port that the bridge was safe.")
    assert found["But"] is Fate.DELETED
    assert found["on Monday"] is Fate.DELETED
    assert found["in the port"] is Fate.KEPT
    assert found["in the rain"] is Fate.DELETED
    assert found["in the port in the rain"] is Fate.KEPT


def test_a_replaced_candidate_is_unclear() -> None:
    assert fates(SOURCE.replace("on Monday", "at noon"))["on Monday"] is Fate.UNCLEAR


def test_a_deletion_that_may_stand_in_two_places_goes_to_the_candidate() -> None:
    found = fates(SOURCE.replace("in the port ", ""))
    assert found["in the port"] is Fate.DELETED
    assert found["in the rain"] is Fate.KEPT


def test_an_introduction_is_found_in_the_article() -> None:
    found = labels(SOURCE.replace("Lee", "Mayor Ann Lee"))
    (insertion,) = found.insertions
    assert insertion.text == "Mayor Ann"
    assert insertion.introduces
    assert insertion.start == insertion.end == len(ARTICLE) + SOURCE.index("Lee")
    assert insertion.found == Span(0, len("Mayor Ann"))
    assert not found.stands_alone
    assert not found.broken


def test_what_a_pronoun_stands_for_replaces_it() -> None:
    found = labels(SOURCE.replace("it", "the bridge"))
    (insertion,) = found.insertions
    text = ARTICLE + SOURCE
    assert text[insertion.start : insertion.end] == "it"
    assert insertion.found is not None
    assert text[insertion.found.start : insertion.found.end] == "bridge"


def test_what_the_article_lacks_is_found_nowhere() -> None:
    (insertion,) = labels(SOURCE.replace("Lee", "Senator Lee")).insertions
    assert insertion.introduces
    assert insertion.found is None


@pytest.mark.parametrize(
    ("edited", "stands"),
    [
        (SOURCE, True),
        (SOURCE.replace(" in the rain", ""), True),
        (SOURCE.removeprefix("But ").capitalize(), False),
    ],
)
def test_a_sentence_stands_alone_where_nothing_hung(edited: str, stands: bool) -> None:
    assert labels(edited).stands_alone is stands


@pytest.mark.parametrize(
    ("source", "edited", "broken"),
    [
        ("The bridge hasopened in May.", "The bridge has opened in May.", True),
        ("The bridge hasopened in May.", "The bridge has opened.", True),
        ("Bridge was closed in May.", "The bridge was closed in May.", True),
        ("The bridge was closed in May.", "The bridge was closed.", False),
        ("Lee, who won, closed it in May.", "Lee won and closed it in May.", False),
    ],
)
def test_mended_words_say_that_the_source_was_broken(
    source: str, edited: str, broken: bool
) -> None:
    assert labels(edited, source).broken is broken


def test_a_function_word_introduces_nobody() -> None:
    found = labels("The bridge was closed in May.", "Bridge was closed in May.")
    assert found.insertions == (Insertion(len(ARTICLE), len(ARTICLE), "The", False, None),)
    assert found.stands_alone


TEXTS = tuple(sample.text for sample in SAMPLES)


@given(st.sampled_from(TEXTS), st.data())
def test_a_deletion_is_labelled_as_one(text: str, data: st.DataObject) -> None:
    span = data.draw(st.sampled_from(split(text)))
    candidates = deletions(text, span)
    kept = edit_labels(text, span, candidates, text[span.start : span.end])
    assert set(kept.fates) <= {Fate.KEPT, Fate.UNCLEAR}
    assert kept.insertions == ()
    assert kept.stands_alone
    assert not kept.broken
    if candidates:
        place = data.draw(st.integers(0, len(candidates) - 1))
        edited = apply(text, span, [candidates[place].edit])
        found = edit_labels(text, span, candidates, edited)
        assert not any(each.introduces for each in found.insertions)
        assert Fate.DELETED in found.fates


@given(st.sampled_from(TEXTS), st.text(max_size=80))
def test_any_edited_text_has_labels(text: str, edited: str) -> None:
    span = split(text)[0]
    candidates = deletions(text, span)
    assert len(edit_labels(text, span, candidates, edited).fates) == len(candidates)
