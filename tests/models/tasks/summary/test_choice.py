"""Which sentences make the summary: the set that tells most, within its words."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from models.tasks.summary.choice import MAX_SENTENCES, Choosable, choose, repeats


def sentence(
    index: int, score: float, words: int = 15, content: str = "", **more: object
) -> Choosable:
    alone = float(str(more.get("alone", 1.0)))
    needs = more.get("needs")
    held = frozenset((content or f"a{index} b{index} c{index} d{index}").split())
    return Choosable(index, score, alone, words, held, needs if isinstance(needs, int) else None)


def places(chosen: tuple[Choosable, ...]) -> list[int]:
    return [each.index for each in chosen]


def test_the_best_set_is_taken_not_the_best_sentence_first() -> None:
    long = sentence(0, 0.6, words=58)
    assert places(choose([long, sentence(1, 0.55), sentence(2, 0.55)], 60)) == [1, 2]


def test_sentences_stand_in_the_order_of_the_article() -> None:
    assert places(choose([sentence(5, 0.9), sentence(1, 0.8)], 60)) == [1, 5]


def test_nothing_is_said_twice() -> None:
    again = [
        sentence(0, 0.9, content="mayor bridge opened"),
        sentence(1, 0.8, content="mayor bridge opened"),
    ]
    assert places(choose([*again, sentence(2, 0.4)], 60)) == [0, 2]


def test_a_sentence_that_hangs_comes_only_with_what_it_hangs_on() -> None:
    hanging = sentence(3, 0.9, needs=2)
    assert places(choose([sentence(0, 0.5), sentence(2, 0.3), hanging], 60)) == [0, 2, 3]
    assert 3 not in places(choose([sentence(0, 0.5), sentence(2, 0.3, words=50), hanging], 60))


def test_what_does_not_stand_alone_loses() -> None:
    chosen = choose([sentence(0, 0.9), sentence(1, 0.6, alone=0.05), sentence(2, 0.5)], 60)
    assert places(chosen) == [0, 2]


def test_two_or_three_sentences_are_preferred() -> None:
    many = [sentence(index, 0.27, words=5) for index in range(6)]
    assert 2 <= len(choose(many, 60)) <= 3


def test_the_news_is_told() -> None:
    lead = sentence(0, 0.7, words=40, content="mayor bridge opened may")
    others = [sentence(1, 0.5, words=22), sentence(2, 0.5, words=22)]
    assert 0 in places(choose([lead, *others], 45))


def test_nothing_fits() -> None:
    assert choose([sentence(0, 0.9, words=30)], 20) == ()
    assert choose([], 20) == ()


def test_one_bad_sentence_is_better_than_none() -> None:
    assert places(choose([sentence(0, 0.01)], 60)) == [0]


WORDS = st.sets(st.sampled_from([f"w{number}" for number in range(20)]), max_size=8)


@st.composite
def articles(draw: st.DrawFn) -> list[Choosable]:
    count = draw(st.integers(0, 15))
    made = []
    for index in range(count):
        needs = draw(st.one_of(st.none(), st.integers(0, index - 1))) if index else None
        score, alone = draw(st.floats(0, 1)), draw(st.floats(0, 1))
        words = draw(st.integers(1, 50))
        made.append(Choosable(index, score, alone, words, frozenset(draw(WORDS)), needs))
    return made


@given(articles(), st.integers(1, 100))
def test_the_choice_keeps_its_promises(article: list[Choosable], max_words: int) -> None:
    chosen = choose(article, max_words)
    assert chosen == choose(list(reversed(article)), max_words)
    assert sum(each.words for each in chosen) <= max_words
    assert places(chosen) == sorted(set(places(chosen)))
    assert len(chosen) <= MAX_SENTENCES
    assert bool(chosen) == any(each.words <= max_words for each in article)
    assert not any(repeats(a.content, b.content) for a, b in combinations(chosen, 2))
