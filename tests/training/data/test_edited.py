"""What an editor's sentence says of its source."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.analysis import Span
from models.tasks.summary.edits import Edit, Reason
from models.tasks.summary.mentions import Introduction
from training.data.edited import SentenceLabels, sentence_labels

SOURCE = "The mayor, who was elected in May, said on Monday that the old bridge would open again."


def of(source: str, edited: str) -> SentenceLabels:
    return sentence_labels(source, Span(0, len(source)), edited)


def gone(source: str, edited: str) -> list[str]:
    return [source[s.start : s.end] for s, deleted in of(source, edited).deleted if deleted]


def test_what_an_editor_left_out_is_known_where_it_is_a_whole_constituent() -> None:
    found = gone(SOURCE, "The mayor said that the old bridge would open again.")
    assert any("who was elected in May" in each for each in found)
    assert any(each.strip() == "on Monday" for each in found)
    assert not any(each.strip() == "in May" for each in found)  # it went with the clause


def test_what_stays_is_known_too() -> None:
    labels = of(SOURCE, SOURCE)
    assert labels.deleted
    assert not any(deleted for _, deleted in labels.deleted)
    assert (labels.alone, labels.is_extract) == (True, True)


@pytest.mark.parametrize(
    ("source", "edited", "alone"),
    [
        ("He resigned on Friday.", "John Smith resigned on Friday.", False),
        ("But the bridge opened on Friday.", "The bridge opened on Friday.", True),
        ("On Friday the bridge opened.", "The bridge opened on Friday.", True),
        ("The bridgeopened on Friday.", "The bridge opened on Friday.", True),
        ("The bridge opens on Friday.", "The bridge opened on Friday.", True),
        ("The company closed.", "The steel company Harlow Ltd closed.", False),
    ],
)
def test_a_sentence_stands_alone_where_nothing_had_to_be_introduced(
    source: str, edited: str, alone: bool
) -> None:
    assert of(source, edited).alone is alone


@given(st.text("ab ,.'", max_size=60), st.text("ab ,.'", max_size=60))
def test_any_pair_has_labels_within_bounds(source: str, edited: str) -> None:
    labels = of(source, edited)
    assert labels.alone or not labels.is_extract
    for span, _ in labels.deleted:
        assert 0 <= span.start < span.end <= len(source)


def test_a_sentence_that_is_to_be_quoted_neither_hangs_nor_loses_much() -> None:
    assert of(SOURCE, SOURCE).is_extract
    assert not of("But the bridge opened.", "The bridge opened.").is_extract
    assert not of(SOURCE, "The old bridge would open again.").is_extract


def test_what_is_put_in_by_rule_need_not_be_there() -> None:
    source = "Keller resigned on Friday."
    edit = Edit(0, 0, "Ann ", Reason.INTRODUCTION)
    by_rule = [Introduction(edit, sure=True)]
    edited = "Ann Keller resigned on Friday."
    assert not of(source, edited).alone
    labels = sentence_labels(source, Span(0, len(source)), edited, by_rule)
    assert (labels.alone, labels.is_extract) == (True, False)
