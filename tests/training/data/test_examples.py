"""From texts to examples, and from examples to an order that any run can repeat."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.article import Article, Options
from models.artifact.artifact import Artifact
from models.encoding.preparation import Preparer
from models.encoding.tokens import WINDOW_TOKENS
from models.text import cleaning
from models.text.sentences import split
from tests.support.articles import CRIME, HEALTH, SAMPLES, WEB_PAGE
from training.config import Source
from training.data.examples import (
    BatchSampler,
    Example,
    ExampleBuilder,
    condensed,
    make_examples,
    own_words,
    sampled_questions,
    stance_weights,
)
from training.data.labelled import Labelled
from training.errors import DataError
from training.fitting.start import labels

SUMMARY = (
    "A former bank clerk stole more than £410,000 from elderly customers.\n"
    "Dennis Walgrave pleaded guilty to 14 counts of fraud."
)
OWN = ("</s>", "the", ",", "and", "a")


@pytest.fixture(scope="module")
def maker(tiny_artifact: Artifact) -> ExampleBuilder:
    source = Source(path=Path("x.jsonl"), title=1.0)
    return ExampleBuilder(tiny_artifact.tokenizer.to_str(), labels(None), OWN, source, 3)


def changed(maker: ExampleBuilder, **changes: Any) -> ExampleBuilder:
    source = maker.source.model_copy(update=changes)
    return ExampleBuilder(maker.tokenizer_json, maker.labels, maker.own_words, source, maker.number)


def make(maker: ExampleBuilder, *labelled: Labelled) -> list[Example]:
    return maker.make(list(labelled))


def test_an_example_has_the_labels_that_are_known(maker: ExampleBuilder) -> None:
    bare, topical, full = make(
        maker,
        Labelled(HEALTH.text),
        Labelled(HEALTH.text, topics=["health", "society"]),
        Labelled(CRIME.text, stances={"Walgrave": "against", None: "neutral"}, summary=SUMMARY),
    )
    assert (bare.topics, bare.questions, bare.overall) == ((), (), None)
    assert (bare.salient, bare.pairs, bare.whole) == (None, (), False)
    names = maker.labels.topic_names
    assert topical.topics == ((names.index("health"), 0.75), (names.index("society"), 0.25))
    ((question, stance),) = full.questions
    prompt = maker.encoder().target("Walgrave")
    assert question.ids[: question.asked].tolist() == prompt
    assert (stance, full.overall) == (1, 2)
    assert full.tokens == len(full.encoded.ids) + len(question.ids)
    assert topical.tokens == len(topical.encoded.ids)
    assert full.source == 3
    assert full.salient == (0, 1)
    assert len(full.pairs) == 2
    assert "walgrave" in full.article_words


def test_one_topic_has_the_whole_weight_and_three_share_it(maker: ExampleBuilder) -> None:
    one, three = make(
        maker,
        Labelled(HEALTH.text, topics=["health"]),
        Labelled(CRIME.text, topics=["health", "sport", "weather"]),
    )
    assert [weight for _, weight in one.topics] == [1.0]
    assert [weight for _, weight in three.topics] == [0.75, 0.125, 0.125]


def test_boilerplate_is_not_read_in_training_either(maker: ExampleBuilder) -> None:
    (example,) = make(maker, Labelled(WEB_PAGE))
    read = [WEB_PAGE[s.start : s.end] for s in example.encoded.sentences]
    assert not any("newsletter" in line or "Skip to" in line for line in read)
    assert any("helicopters" in line for line in read)


def test_a_text_is_prepared_as_it_is_served(maker: ExampleBuilder, tiny_artifact: Artifact) -> None:
    server = Preparer(tiny_artifact.tokenizer.to_str(), 8, WINDOW_TOKENS)
    targets = ("the tram", "rain")
    texts = [WEB_PAGE, *(sample.text for sample in SAMPLES)]
    stances: dict[str | None, str] = dict.fromkeys(targets, "neutral")
    made = changed(maker, max_tokens=8 * WINDOW_TOKENS).make(
        [Labelled(text, "A title", stances=stances) for text in texts]
    )
    for text, example in zip(texts, made, strict=True):
        served = server(Article(text, "A title", options=Options(targets)))
        assert example.encoded.ids.tolist() == served.encoded.ids.tolist()
        assert example.encoded.sentences == served.encoded.sentences
        asked = [question.ids.tolist() for question, _ in example.questions]
        assert asked == [question.ids.tolist() for _, question in served.questions]


def test_what_is_boilerplate_does_not_hang_on_how_much_is_read(maker: ExampleBuilder) -> None:
    menu = "\n\n".join(f"Section {name}" for name in "ABCDEFGHIJ")
    text = "\n\n".join((*(sample.text for sample in SAMPLES), "Back to top", menu))
    server = cleaning.clean(text)
    (example,) = changed(maker, max_tokens=128).make([Labelled(text)])
    read = [(s.start, s.end) for s in example.encoded.sentences]
    assert read == [(s.start, s.end) for s in split(text, server)[: len(read)]]
    assert example.encoded.text == text


def test_a_text_with_nothing_to_read_is_no_example(maker: ExampleBuilder) -> None:
    assert make(maker, Labelled("\u200b"), Labelled("Rain fell on the town."))[0].source == 3
    assert len(make(maker, Labelled("\u200b"))) == 0


def test_titles_are_shown_to_their_share_of_texts(maker: ExampleBuilder) -> None:
    texts = [Labelled(f"Rain fell on town {n}.", "Rain") for n in range(80)]
    for share, few, most in ((0.0, 0, 0), (1.0, 80, 80), (0.5, 25, 55)):
        made = changed(maker, title=share).make(texts)
        assert few <= sum(example.encoded.title is not None for example in made) <= most


def test_a_text_is_cut_at_the_sources_tokens_in_one_window_or_two(maker: ExampleBuilder) -> None:
    made = changed(maker, max_tokens=128).make([Labelled(sample.text) for sample in SAMPLES])
    assert all(len(example.encoded.ids) <= 128 for example in made)
    assert {len(example.encoded.windows) for example in made} == {1, 2}


def test_a_text_longer_than_a_window_is_read_in_whole_windows(maker: ExampleBuilder) -> None:
    texts = [Labelled(" ".join([sample.text] * 8)) for sample in SAMPLES]
    for example in changed(maker, max_tokens=1536).make(texts):
        assert max(example.encoded.windows) <= WINDOW_TOKENS
        assert all(window > WINDOW_TOKENS * 0.8 for window in example.encoded.windows[:-1])


def test_condensed_keeps_the_sentences_of_the_summary_alone(maker: ExampleBuilder) -> None:
    short = condensed(Labelled(CRIME.text, summary=SUMMARY))
    assert short is not None
    assert short.text.startswith("A former bank clerk")
    assert "gambling" not in short.text
    assert condensed(Labelled(CRIME.text)) is None
    (example,) = changed(maker, condensed=True).make([Labelled(CRIME.text, summary=SUMMARY)])
    assert len(example.pairs) == 2
    assert example.salient is None  # what is left says nothing of what an article's lead is


@pytest.mark.parametrize(
    "labelled",
    [Labelled("Rain fell.", topics=["wether"]), Labelled("Rain fell.", stances={"x": "pro"})],
)
def test_an_unknown_label_is_told_with_its_file(maker: ExampleBuilder, labelled: Labelled) -> None:
    with pytest.raises(DataError, match=r"x\.jsonl: the label '(wether|pro)'") as caught:
        make(maker, labelled)
    assert "\n" not in str(caught.value)


def test_many_processes_make_the_same_in_the_same_order(maker: ExampleBuilder) -> None:
    texts = [Labelled(f"Rain fell on town {n}.", topics=["weather"]) for n in range(300)]
    alone, shared = (make_examples(maker, texts, processes) for processes in (1, 2))
    assert [e.encoded.text for e in shared] == [each.text for each in texts]
    assert [e.encoded.ids.tolist() for e in shared] == [e.encoded.ids.tolist() for e in alone]


def test_own_words_start_with_the_end() -> None:
    words = own_words([Labelled(CRIME.text, summary=SUMMARY)] * 2, 10)
    assert words[0] == "</s>"
    assert len(set(words)) == len(words) <= 10


@given(
    st.lists(st.tuples(st.integers(1, 512), st.integers(0, 2)), min_size=1, max_size=80),
    st.lists(st.sampled_from([0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0]), min_size=3, max_size=3),
    st.integers(1, 2048),
    st.integers(0, 5),
)
@settings(max_examples=100)
def test_an_epoch_reads_each_example_as_often_as_asked_within_the_budget(
    examples: list[tuple[int, int]], passes: list[float], budget: int, seed: int
) -> None:
    lengths, sources = [length for length, _ in examples], [source for _, source in examples]
    order = BatchSampler(lengths, sources, passes, budget, seed)
    total: Counter[int] = Counter()
    for number in range(20):
        batches = order.epoch(number)
        assert batches == BatchSampler(lengths, sources, passes, budget, seed).epoch(number)
        for batch in batches:
            longest = max(lengths[index] for index in batch)
            assert len(batch) == 1 or longest * len(batch) <= budget
        read = Counter(itertools.chain.from_iterable(batches))
        for index, source in enumerate(sources):
            assert int(passes[source]) <= read[index] <= int(passes[source]) + 1
        total += read
    for index, source in enumerate(sources):
        assert abs(total[index] - 20 * passes[source]) <= 1


def test_epochs_and_seeds_differ() -> None:
    order = BatchSampler([10] * 50, [0] * 50, [1.0], 100, 1)
    assert order.epoch(0) != order.epoch(1)
    assert order.epoch(0) != BatchSampler([10] * 50, [0] * 50, [1.0], 100, 2).epoch(0)


def test_half_a_pass_reads_the_other_half_next_time() -> None:
    order = BatchSampler([10] * 100, [0] * 100, [0.5], 100, 1)
    first, second = (set(itertools.chain.from_iterable(order.epoch(n))) for n in (0, 1))
    assert 40 <= len(first) <= 60
    assert first | second == set(range(100))


def test_batches_hold_texts_of_similar_length() -> None:
    lengths = [1 + (n * 37) % 512 for n in range(1000)]
    batches = BatchSampler(lengths, [0] * 1000, [1.0], 4096, 1).epoch(0)
    padded = sum(max(lengths[i] for i in batch) * len(batch) for batch in batches)
    assert padded < 1.1 * sum(lengths)


def example_with(stances: list[int]) -> Example:
    encoded: Any = None
    asked: list[Any] = [f"question {number}" for number in range(len(stances))]
    return Example(0, encoded, questions=tuple(zip(asked, stances, strict=True)))


def test_at_most_so_many_questions_are_drawn_rarer_stances_likelier() -> None:
    example = example_with([0] * 18 + [1, 1])
    weights = stance_weights([example], 4)
    assert weights == [1 / 18, 1 / 2, 0.0, 0.0]
    drawn: Counter[int] = Counter()
    for seed in range(300):
        taken = sampled_questions(example, 4, weights, random.Random(seed))
        assert len(set(taken)) == 4
        assert set(taken) <= set(example.questions)
        drawn.update(stance for _, stance in taken)
    assert drawn[1] > 300  # two of twenty prompts, yet more than a quarter of the draws


def test_few_questions_are_all_taken_in_order() -> None:
    example = example_with([0, 1, 3])
    taken = sampled_questions(example, 8, [1.0] * 4, random.Random(0))
    assert taken == list(example.questions)


def test_summaries_teach_whole_words_only(maker: ExampleBuilder) -> None:
    (example,) = make(maker, Labelled(CRIME.text, summary=SUMMARY))
    for pair in example.pairs:
        starts = example.encoded.starts[pair.words]
        text = example.encoded.text
        for start in starts.tolist():
            assert start == 0 or not (text[start].isalnum() and text[start - 1].isalnum())
