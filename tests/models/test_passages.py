"""What of a long article is read for a target: the passages that mention it, and the lead."""

from __future__ import annotations

import itertools

import pytest

from models import passages
from models.encoding import ArticleEncoder, Encoded
from models.sentences import split
from tests.articles import LONG_TEXT, SPORT


@pytest.fixture(scope="module")
def long(encoder: ArticleEncoder) -> Encoded:
    return encoder.article(LONG_TEXT, split(LONG_TEXT), "A long day")


def read(encoded: Encoded, target: str | None) -> str:
    """The text that is read for a target."""
    chosen = passages.reach(encoded, target)
    assert chosen is not None
    sentences = [s for s in encoded.sentences if (s.first, s.last) in chosen]
    return " ".join(encoded.text[s.start : s.end] for s in sentences)


def test_an_article_of_one_window_is_read_whole(encoder: ArticleEncoder) -> None:
    encoded = encoder.article("It rained. It stopped.", split("It rained. It stopped."))
    assert passages.reach(encoded, "rain") is None


@pytest.mark.parametrize("target", ["Chidi Okafor", "the pilot reform of schools", None, "", "?"])
def test_ranges_are_in_order_apart_and_within_a_window(long: Encoded, target: str | None) -> None:
    chosen = passages.reach(long, target)
    assert chosen
    assert chosen == sorted(chosen)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(chosen))
    assert sum(last - first for first, last in chosen) <= 512
    assert long.title == chosen[0]
    assert set(chosen) <= set(long.segments)


def test_every_passage_that_names_the_target_is_read(
    long: Encoded, encoder: ArticleEncoder
) -> None:
    text = f"{LONG_TEXT[:3500]}\n\n{SPORT.text}"
    encoded = encoder.article(text, split(text))
    found = read(encoded, "Okafor")
    assert found.count("Okafor") == SPORT.text.count("Okafor")


def test_the_lead_is_read_too(long: Encoded) -> None:
    assert "The people of Harlow Bend have decided to leave." in read(long, "Laura Brandt")


def test_without_a_target_the_lead_is_what_is_read(long: Encoded) -> None:
    assert read(long, None).startswith("The people of Harlow Bend have decided to leave.")
