"""What an editor's sentence says of its source."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.analysis import Span
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
    assert (labels.alone, labels.kept, labels.is_extract) == (True, 1.0, True)


@pytest.mark.parametrize(
    ("source", "edited", "alone"),
    [
        ("He resigned on Friday.", "John Smith resigned on Friday.", False),
        ("But the bridge opened on Friday.", "The bridge opened on Friday.", False),
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
    assert 0 <= labels.kept <= 1
    for span, _ in labels.deleted:
        assert 0 <= span.start < span.end <= len(source)
