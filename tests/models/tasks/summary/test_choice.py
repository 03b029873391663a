"""Which set of sentences makes a summary."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from models.tasks.summary.choice import FLOOR, Candidate, choose, worth


def candidate(
    index: int,
    share: float = 0.2,
    alone: float = 0.9,
    *,
    hangs: bool = False,
    words: int = 20,
    content: str = "",
) -> Candidate:
    """A sentence; without `content` it shares no word with another."""
    held = content.split() or [f"word{index}"]
    return Candidate(index, share, alone, hangs, words, frozenset(held))


def indices(*candidates: Candidate, most: int = 60) -> list[int]:
    return [one.index for one in choose(candidates, most)]


CANDIDATES = st.lists(
    st.builds(
        candidate,
        st.integers(0, 30),
        st.floats(0.0, 1.0),
        st.floats(0.0, 1.0),
        hangs=st.booleans(),
        words=st.integers(1, 70),
        content=st.sampled_from(["rain", "rain town", "bridge", "tram cost", ""]),
    ),
    max_size=10,
    unique_by=lambda one: one.index,
)


@given(CANDIDATES, st.integers(10, 300))
def test_a_summary_keeps_its_words_in_order_and_is_empty_only_if_nothing_fits(
    candidates: list[Candidate], most: int
) -> None:
    chosen = choose(candidates, most)
    assert sum(one.words for one in chosen) <= most
    assert [one.index for one in chosen] == sorted({one.index for one in chosen})
    assert bool(chosen) == any(one.words <= most for one in candidates)
    assert chosen == choose(candidates[::-1], most)


@given(CANDIDATES)
def test_no_pair_is_better_than_what_is_chosen(candidates: list[Candidate]) -> None:
    best = worth(choose(candidates, 60), FLOOR) if candidates else 0
    for pair in combinations(sorted(candidates, key=lambda one: one.index), 2):
        fits = sum(one.words for one in pair) <= 60 and not pair[0].content & pair[1].content
        if fits and len(candidates) <= 6:
            assert worth(pair, FLOOR) <= best + 1e-9


def test_what_was_said_is_not_said_again() -> None:
    again = [candidate(0, 0.5, content="mayor resigned monday")]
    again += [
        candidate(1, 0.4, content="mayor resigned on"),
        candidate(2, 0.1, content="rain fell"),
    ]
    assert indices(*again) == [0, 2]


def test_a_sentence_that_says_next_to_nothing_is_left_out() -> None:
    assert indices(candidate(0, 0.6), candidate(1, 0.01)) == [0]
    assert indices(candidate(0, 0.6), candidate(1, 0.03), most=300) == [0, 1]


def test_a_sentence_that_does_not_stand_alone_loses_to_one_that_does() -> None:
    assert indices(candidate(0, 0.4, alone=0.05), candidate(3, 0.3), most=20) == [3]


def test_a_sentence_that_hangs_is_welcome_beside_the_one_that_it_hangs_on() -> None:
    lead, hanging = candidate(0, 0.4), candidate(1, 0.3, alone=0.05, hangs=True)
    other = candidate(5, 0.2)
    assert indices(lead, hanging, other, most=40) == [0, 1]
    assert indices(candidate(7, 0.4), hanging, other, most=40) == [5, 7]
