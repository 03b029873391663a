"""From texts to examples, and from examples to an order that any run can repeat."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.analysis import Span
from models.article import Article, Kind, Options
from models.artifact.artifact import Artifact
from models.encoding.preparation import Preparer
from models.encoding.tokens import WINDOW_TOKENS
from models.text import cleaning
from models.text.sentences import split
from tests.support.articles import CRIME, HEALTH, LONG_TEXT, SAMPLES, WEB_PAGE
from training.config import Source
from training.data.examples import (
    Asked,
    BatchSampler,
    Example,
    ExampleBuilder,
    make_examples,
    sampled_questions,
    stance_weights,
)
from training.data.labelled import Edited, Labelled
from training.errors import DataError
from training.fitting.start import labels

SUMMARY = (
    "A former bank clerk stole more than £410,000 from elderly customers.\n"
    "Dennis Walgrave pleaded guilty to 14 counts of fraud."
)


@pytest.fixture(scope="module")
def maker(tiny_artifact: Artifact) -> ExampleBuilder:
    source = Source(path=Path("x.jsonl"), title=1.0)
    return ExampleBuilder(tiny_artifact.tokenizer.to_str(), labels(None), source, 3, reads=False)


def changed(maker: ExampleBuilder, **changes: Any) -> ExampleBuilder:
    return replace(maker, source=maker.source.model_copy(update=changes))


@pytest.fixture(scope="module")
def reading(maker: ExampleBuilder) -> ExampleBuilder:
    """Makes what a reader learns from."""
    return replace(maker, reads=True)


def topical(texts: Iterable[str]) -> list[Labelled]:
    return [Labelled(text, topics=["weather"]) for text in texts]


def make(maker: ExampleBuilder, *labelled: Labelled) -> list[Example]:
    return maker.make(list(labelled))


def test_an_example_has_the_labels_that_are_known(maker: ExampleBuilder) -> None:
    topical, full = make(
        maker,
        Labelled(HEALTH.text, topics=["health", "society"]),
        Labelled(CRIME.text, stances={"Walgrave": "against", None: "neutral"}, summary=SUMMARY),
    )
    names = maker.labels.topic_names
    assert topical.topics == ((names.index("health"), 0.75), (names.index("society"), 0.25))
    assert topical.tokens == len(topical.encoded.ids)
    assert (full.overall, full.chosen, full.questions) == (2, (0, 1), ())
    assert (full.source, full.whole) == (3, True)
    assert make(maker, Labelled(HEALTH.text)) == []  # nothing can be learnt from it


def test_a_reader_learns_from_questions_alone(reading: ExampleBuilder) -> None:
    marked = CRIME.text.index("pleaded")
    (full,) = make(
        reading,
        Labelled(
            CRIME.text,
            stances={"Walgrave": "against", "He stole.": "favor", None: "neutral"},
            either={"It rained.": ("against", "neutral")},
            kinds={"He stole.": Kind.CLAIM},
            evidence={"Walgrave": (Span(marked - 20, marked + 20),)},
        ),
    )
    walgrave, stole, rained = full.questions
    prompt = reading.encoder().target("Walgrave")
    assert walgrave.question.ids[: walgrave.question.asked].tolist() == prompt
    assert [each.labels for each in full.questions] == [(1,), (0,), (1, 2)]
    assert [each.question.kind for each in full.questions] == [None, Kind.CLAIM, None]
    shown = [n for n, is_shown in enumerate(walgrave.evidence or ()) if is_shown]
    (place,) = (walgrave.question.places[n].sentence for n in shown)
    assert place is not None
    assert "pleaded" in CRIME.text[slice(*span_of(full.encoded.sentences[place]))]
    assert (stole.evidence, rained.evidence) == (None, None)
    assert not full.whole
    assert full.tokens == sum(len(each.question.ids) for each in full.questions)


def span_of(span: Span) -> tuple[int, int]:
    return span.start, span.end


def test_the_length_of_a_passage_is_drawn_from_those_of_the_source(
    reading: ExampleBuilder,
) -> None:
    source = changed(reading, passage_tokens=(60, 120), max_tokens=512)
    stances: dict[str | None, str] = {f"the tram of line {n}": "neutral" for n in range(30)}
    (example,) = make(source, Labelled(LONG_TEXT, stances=stances))
    lengths = [len(each.question.ids) - each.question.asked for each in example.questions]
    assert min(lengths) <= 60 < max(lengths) <= 122


def test_an_editors_sentences_say_what_is_chosen_and_left_out(maker: ExampleBuilder) -> None:
    text = (
        "A former bank clerk, who lived in Lowick, stole more than £410,000 from customers. "
        "It rained. But on Monday he pleaded guilty to 14 counts of fraud."
    )
    ends = [text.index(" It"), len(text)]
    begins = [0, text.index("But")]
    (example,) = make(
        maker,
        Labelled(
            text,
            edited=(
                Edited(begins[0], ends[0], "A former bank clerk stole more than £410,000 from "
                       "customers."),
                Edited(begins[1], ends[1], "Dennis Walgrave pleaded guilty to 14 counts of fraud."),
            ),
        ),
    )  # fmt: skip
    assert example.chosen == (0, 2)
    assert example.alone == ((0, True), (2, False))
    assert example.extracts == ()
    gone = [
        text[example.encoded.starts[first] : example.encoded.starts[last - 1] + 1]
        for first, last, deleted in example.spans
        if deleted
    ]
    assert any(each.startswith(", who lived in") for each in gone)
    good = [ids for ids, well_formed in example.forms if well_formed]
    assert [ids.tolist() for ids in good] == [
        maker.encoder().sentence(one).tolist()
        for one in (
            "A former bank clerk stole more than £410,000 from customers.",
            "Dennis Walgrave pleaded guilty to 14 counts of fraud.",
        )
    ]
    assert len(example.forms) > len(good)


def test_a_reader_learns_which_sentences_an_editor_took(reading: ExampleBuilder) -> None:
    first = CRIME.text.index(".") + 1
    brief = Labelled(CRIME.text, edited=(Edited(0, first, CRIME.text[:first]),))
    (example,) = make(changed(reading, news=True), brief)
    assert example.news is not None
    question, told = example.news.question, example.news.told
    assert [question.places[place].sentence for place in told] == [0]
    assert len(question.places) > 1
    assert example.tokens == len(question.ids)
    assert make(reading, brief) == []
    assert make(changed(reading, news=True), Labelled(CRIME.text)) == []


def test_one_topic_has_the_whole_weight_and_three_share_it(maker: ExampleBuilder) -> None:
    one, three = make(
        maker,
        Labelled(HEALTH.text, topics=["health"]),
        Labelled(CRIME.text, topics=["health", "sport", "weather"]),
    )
    assert [weight for _, weight in one.topics] == [1.0]
    assert [weight for _, weight in three.topics] == [0.75, 0.125, 0.125]


def test_boilerplate_is_not_read_in_training_either(maker: ExampleBuilder) -> None:
    (example,) = make(maker, Labelled(WEB_PAGE, topics=["weather"]))
    read = [WEB_PAGE[s.start : s.end] for s in example.encoded.sentences]
    assert not any("newsletter" in line or "Skip to" in line for line in read)
    assert any("helicopters" in line for line in read)


def test_a_text_is_prepared_as_it_is_served(
    reading: ExampleBuilder, tiny_artifact: Artifact
) -> None:
    server = Preparer(tiny_artifact.tokenizer.to_str(), 8, WINDOW_TOKENS)
    targets = ("the tram", "rain")
    texts = [WEB_PAGE, *(sample.text for sample in SAMPLES)]
    stances: dict[str | None, str] = dict.fromkeys(targets, "neutral")
    made = changed(reading, max_tokens=8 * WINDOW_TOKENS).make(
        [Labelled(text, "A title", stances=stances) for text in texts]
    )
    assert len(made) == len(texts)
    for text, example in zip(texts, made, strict=True):
        served = server(Article(text, "A title", options=Options(targets)))
        assert example.encoded.ids.tolist() == served.encoded.ids.tolist()
        assert example.encoded.sentences == served.encoded.sentences
        asked = [each.question.ids.tolist() for each in example.questions]
        assert asked == [question.ids.tolist() for _, question in served.questions]


def test_what_is_boilerplate_does_not_hang_on_how_much_is_read(maker: ExampleBuilder) -> None:
    menu = "\n\n".join(f"Section {name}" for name in "ABCDEFGHIJ")
    text = "\n\n".join((*(sample.text for sample in SAMPLES), "Back to top", menu))
    server = cleaning.clean(text)
    (example,) = changed(maker, max_tokens=128).make(topical([text]))
    read = [(s.start, s.end) for s in example.encoded.sentences]
    assert read == [(s.start, s.end) for s in split(text, server)[: len(read)]]
    assert example.encoded.text == text


def test_a_text_with_nothing_to_read_is_no_example(maker: ExampleBuilder) -> None:
    assert (
        make(maker, Labelled("\u200b"), Labelled("Rain fell on the town.", topics=["weather"]))[
            0
        ].source
        == 3
    )
    assert len(make(maker, Labelled("\u200b"))) == 0


def test_titles_are_shown_to_their_share_of_texts(maker: ExampleBuilder) -> None:
    texts = [Labelled(f"Rain fell on town {n}.", "Rain", topics=["weather"]) for n in range(80)]
    for share, few, most in ((0.0, 0, 0), (1.0, 80, 80), (0.5, 25, 55)):
        made = changed(maker, title=share).make(texts)
        assert few <= sum(example.encoded.title is not None for example in made) <= most


def test_names_are_swapped_in_their_share_of_texts(maker: ExampleBuilder) -> None:
    texts = [Labelled(f"Story number {n} about Norway.", topics=["sport"]) for n in range(60)]
    read = [example.encoded.text for example in changed(maker, swapped=0.5).make(texts)]
    swapped = [text for text in read if "Iran" in text]
    assert 15 < len(swapped) < 45
    assert all(("Iran" in text) != ("Norway" in text) for text in read)
    assert [example.encoded.text for example in maker.make(texts)] == [t.text for t in texts]


def test_a_text_is_cut_at_the_sources_tokens_in_one_window_or_two(maker: ExampleBuilder) -> None:
    made = changed(maker, max_tokens=128).make(topical(sample.text for sample in SAMPLES))
    assert all(len(example.encoded.ids) <= 128 for example in made)
    assert {len(example.encoded.windows) for example in made} == {1, 2}


def test_a_text_longer_than_a_window_is_read_in_whole_windows(maker: ExampleBuilder) -> None:
    texts = topical(" ".join([sample.text] * 8) for sample in SAMPLES)
    for example in changed(maker, max_tokens=1536).make(texts):
        assert max(example.encoded.windows) <= WINDOW_TOKENS
        assert all(window > WINDOW_TOKENS * 0.8 for window in example.encoded.windows[:-1])


@pytest.mark.parametrize(
    "labelled",
    [Labelled("Rain fell.", topics=["wether"]), Labelled("Rain fell.", stances={None: "pro"})],
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
    unread: Any = None
    return Example(0, unread, questions=tuple(Asked(unread, (stance,)) for stance in stances))


def test_at_most_so_many_questions_are_drawn_rarer_stances_likelier() -> None:
    example = example_with([0] * 18 + [1, 1])
    weights = stance_weights([example], 4)
    assert weights == [1 / 18, 1 / 2, 0.0, 0.0]
    drawn: Counter[int] = Counter()
    for seed in range(300):
        taken = sampled_questions(example, 4, weights, random.Random(seed))
        assert len(set(taken)) == 4
        assert set(taken) <= set(example.questions)
        drawn.update(each.labels[0] for each in taken)
    assert drawn[1] > 300  # two of twenty prompts, yet more than a quarter of the draws


def test_few_questions_are_all_taken_in_order() -> None:
    example = example_with([0, 1, 3])
    taken = sampled_questions(example, 8, [1.0] * 4, random.Random(0))
    assert taken == list(example.questions)
