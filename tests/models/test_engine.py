"""The engine: one reading of an article, and an answer that owes nothing to its neighbours."""

from __future__ import annotations

import itertools
import json
import math
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models import registry
from models.analysis import Analysis, Span, Summary, SummarySentence
from models.article import Article, Kind, Options, Style, Tier
from models.artifact import artifact as artifacts
from models.artifact.artifact import Artifact, load, save
from models.device import cores, has_fast_bfloat16
from models.encoding.packing import pack
from models.encoding.preparation import READING_COST, Prepared
from models.encoding.tokens import Integers, tokenizer_from
from models.engine import (
    CPU_GROUP_TOKENS,
    MAX_PARALLEL,
    Engine,
)
from models.errors import (
    AnalysisError,
    ArticleTooLong,
    ArtifactAltered,
    ArtifactError,
    ArtifactMissing,
    ArtifactSchema,
    ArtifactUnfit,
    EmptyArticle,
    ReaderMissing,
    TaskMissing,
    UnreadableHtml,
)
from models.network import passes, states
from models.network import reader as readers
from models.network.passes import Encode
from models.tasks.build import build
from models.tasks.summary.drafts import count_words
from tests.support.articles import (
    BOILERPLATE,
    FRENCH,
    HTML_PAGE,
    LONG_TEXT,
    OPINION,
    SAMPLES,
    SECTIONS,
    WEB_PAGE,
)

TARGETS = ("the tram", "Chidi Okafor", "a claim of several words", "7%")


def options_of(number: int) -> Options:
    """Other options for every article, so that a batch mixes them."""
    return Options(
        targets=TARGETS[: number % 4],
        tasks=(None, frozenset({"topic"}), None, frozenset({"summary"}))[number % 4],
        style=(Style.WRITTEN, Style.WRITTEN, Style.EXTRACTIVE)[number % 3],
        max_words=(60, 25, 120)[number % 3],
        edits=True,
        kind=(None, Kind.CLAIM)[number % 2],
        reader=(None, Tier.FAST, Tier.FULL)[number % 3],
    )


ARTICLES = [
    Article(sample.text, sample.title if number % 2 else None, options=options_of(number))
    for number, sample in enumerate((*SAMPLES, OPINION, SECTIONS))
] + [Article(WEB_PAGE), Article(html=HTML_PAGE), Article("Rain."), Article(LONG_TEXT)]


def analyse(engine: Engine, *articles: Article) -> list[Analysis]:
    found = engine.analyze([engine.prepare(article) for article in articles])
    assert all(isinstance(each, Analysis) for each in found)
    return [each for each in found if isinstance(each, Analysis)]


@pytest.fixture
def tiny_artifact_again(tiny: Path) -> Artifact:
    """The tiny artifact with all of its readers, to be changed."""
    return load(tiny)


@pytest.fixture(scope="module")
def whole(tiny: Path) -> Engine:
    """An engine whose readers are all loaded."""
    return Engine.over(load(tiny), device="cpu", dtype="float32")


@pytest.fixture(scope="module")
def alone(engine: Engine) -> Callable[[int], Analysis]:
    """The answers of `ARTICLES`, each analysed alone, by number."""
    return [analyse(engine, article)[0] for article in ARTICLES].__getitem__


@pytest.fixture(scope="module")
def prepared(engine: Engine) -> Callable[[int], Prepared]:
    return [engine.prepare(article) for article in ARTICLES].__getitem__


def _without_support(summary: Summary) -> Summary:
    sentences = tuple(replace(sentence, support=None) for sentence in summary.sentences)
    return replace(summary, support=None, sentences=sentences)


def same(one: Analysis, other: Analysis) -> None:
    """Labels, evidence and summary equal, probabilities and support within 1e-5."""
    labels = [[each.topic, *(each.stance or ())] for each in (one, other)]
    for mine, its in zip(*labels, strict=True):
        assert (mine is None) == (its is None)
        if mine and its:
            assert mine.label == its.label
            assert mine.evidence == its.evidence
            theirs = {score.label: score.probability for score in its.scores}
            for score in mine.scores:
                assert score.probability == pytest.approx(theirs[score.label], rel=0, abs=1e-5)
    summaries = [each.summary for each in (one, other) if each.summary]
    assert len({_without_support(each) for each in summaries}) <= 1
    for mine, its in zip(*(each.sentences for each in summaries), strict=True):
        assert (mine.support is None) == (its.support is None)
        assert mine.support is None or abs(mine.support - (its.support or 0)) < 1e-5
    assert replace(one, results={}) == replace(other, results={})


@pytest.mark.slow
@given(st.permutations(range(len(ARTICLES))), st.integers(1, len(ARTICLES)))
@settings(max_examples=20)
def test_the_answer_is_the_same_in_any_company_and_order(
    engine: Engine,
    alone: Callable[[int], Analysis],
    prepared: Callable[[int], Prepared],
    order: list[int],
    count: int,
) -> None:
    chosen = order[:count]
    together = engine.analyze([prepared(number) for number in chosen])
    for number, found in zip(chosen, together, strict=True):
        assert isinstance(found, Analysis)
        same(found, alone(number))


@pytest.mark.slow
def test_the_answer_is_the_same_under_any_token_budget(
    tiny: Path, alone: Callable[[int], Analysis]
) -> None:
    small = Engine.load(tiny, device="cpu", dtype="float32", max_batch_tokens=600)
    for number, found in enumerate(analyse(small, *ARTICLES)):
        same(found, alone(number))


@pytest.mark.slow
def test_the_answer_is_the_same_while_others_are_read_in_other_threads(
    engine: Engine, alone: Callable[[int], Analysis], prepared: Callable[[int], Prepared]
) -> None:
    numbers = [*range(len(ARTICLES))] * 3
    with ThreadPoolExecutor(3) as pool:
        answers = pool.map(lambda number: engine.analyze([prepared(number)])[0], numbers)
        for number, found in zip(numbers, answers, strict=True):
            assert isinstance(found, Analysis)
            same(found, alone(number))


def test_a_cpu_shares_its_threads_among_batches(tiny: Path) -> None:
    assert Engine.load(tiny, device="cpu", threads=8).parallel == 1
    assert torch.get_num_threads() == 8
    assert Engine.load(tiny, device="cpu", threads=8, parallel=None).parallel == MAX_PARALLEL
    assert torch.get_num_threads() == 8 // MAX_PARALLEL
    assert Engine.load(tiny, device="cpu", threads=1, parallel=None).parallel == 1
    Engine.load(tiny, device="cpu")
    assert torch.get_num_threads() == cores()


def test_answers_differ_between_articles(alone: Callable[[int], Analysis]) -> None:
    """Else equal answers show nothing."""
    answers = [alone(number) for number in range(len(ARTICLES))]
    topics = [each.topic for each in answers if each.topic]
    assert len({topic.confidence for topic in topics}) == len(topics)
    assert len({s.label for each in answers for s in each.stance or ()}) > 1


def test_an_empty_batch_has_no_answers(engine: Engine) -> None:
    assert engine.analyze([]) == []


@contextmanager
def counted(engine: Engine) -> Iterator[dict[str, list[int]]]:
    """The rows of every call of the encoder and of the readers that are loaded, by their names."""
    network = engine.network
    parts: dict[str, torch.nn.Module] = {"encoder": network.encoder}
    parts |= {name: network.reader(Tier(name)).body for name in network.readers}
    rows: dict[str, list[int]] = {name: [] for name in parts}

    def counting(name: str) -> Callable[..., None]:
        return lambda module, args, output: rows[name].append(len(output.last_hidden_state))

    hooks = [part.register_forward_hook(counting(name)) for name, part in parts.items()]
    try:
        yield rows
    finally:
        for hook in hooks:
            hook.remove()


EXTRACTS = Options(style=Style.EXTRACTIVE)


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize(
    "tasks", [{"topic"}, {"stance"}, {"summary"}, set(registry.names())], ids=lambda t: "+".join(t)
)
@pytest.mark.parametrize("targets", [(), TARGETS[:1], TARGETS])
def test_an_article_is_read_once_and_each_target_with_its_passages(
    whole: Engine, tier: Tier, tasks: set[str], targets: tuple[str, ...]
) -> None:
    options = replace(EXTRACTS, targets=targets, tasks=frozenset(tasks), reader=tier)
    with counted(whole) as rows:
        (found,) = analyse(whole, Article(SAMPLES[0].text, options=options))
    asked = len(targets) if "stance" in tasks else 0
    states_are_needed = tasks != {"stance"} or not targets
    assert rows["encoder"] == [found.input.windows] * states_are_needed
    assert rows.pop(tier.value) == [asked] * bool(asked)
    assert found.reader is (tier if asked else None)
    del rows["encoder"]
    assert list(rows.values()) == [[]]


def test_sentences_of_a_written_summary_are_checked_by_the_reader_that_is_asked_for(
    whole: Engine,
) -> None:
    for tier, other in (tuple(Tier), tuple(Tier)[::-1]):
        options = Options(tasks=frozenset({"summary"}), reader=tier)
        with counted(whole) as rows:
            (found,) = analyse(whole, Article(SECTIONS.text, options=options))
        assert found.reader is tier
        assert rows[tier.value]
        assert not rows[other.value]


def test_a_batch_is_one_encoder_call_for_each_budget_of_tokens(engine: Engine) -> None:
    articles = [engine.prepare(Article(sample.text, options=EXTRACTS)) for sample in SAMPLES]
    with counted(engine) as rows:
        engine.analyze(articles)
    lengths = [length for article in articles for length in article.encoded.windows]
    assert rows["encoder"] == [len(group) for group in pack(lengths, CPU_GROUP_TOKENS)]
    assert sum(rows["encoder"]) == len(lengths)


def test_only_what_was_asked_is_answered(engine: Engine) -> None:
    for tasks in ({"topic"}, {"stance"}, {"summary"}, {"topic", "summary"}):
        options = Options(tasks=frozenset(tasks))
        (found,) = analyse(engine, Article(OPINION.text, options=options))
        assert found.results.keys() == tasks
        assert (found.topic is not None) == ("topic" in tasks)
        assert (found.stance is not None) == ("stance" in tasks)
        assert (found.summary is not None) == ("summary" in tasks)


def test_a_task_that_the_model_lacks_is_refused_and_the_others_are_answered(tiny: Path) -> None:
    whole = load(tiny)
    tasks = {"topic": whole.tasks["topic"]}
    network = build(whole.network.shape, tasks)
    model = replace(whole, tasks=tasks, network=network, readers={})
    engine = Engine.over(model, device="cpu")
    engine.warm_up()
    (found,) = analyse(engine, Article(OPINION.text))
    assert found.results.keys() == {"topic"}
    assert found.reader is None
    assert engine.info.tasks == tuple(engine.info.labels) == ("topic",)
    with pytest.raises(TaskMissing, match=r"it has topic$"):
        engine.prepare(Article(OPINION.text, options=Options(tasks=frozenset({"stance"}))))


def test_each_target_has_its_stance_in_the_order_asked(engine: Engine) -> None:
    targets = (*TARGETS, TARGETS[0])
    (found,) = analyse(engine, Article(OPINION.text, options=Options(targets=targets)))
    assert [stance.target for stance in found.stance or ()] == list(targets)
    assert len({stance.scores for stance in found.stance or ()}) == len(set(targets))
    assert all(isinstance(stance.kind, Kind) for stance in found.stance or ())
    (overall,) = analyse(engine, Article(OPINION.text))
    assert [(stance.target, stance.kind) for stance in overall.stance or ()] == [(None, None)]
    assert {score.label for score in (overall.stance or ())[0].scores} == {
        "favor", "against", "neutral",
    }  # fmt: skip


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_that_is_said_is_taken_and_claims_have_a_verdict_in_words(
    engine: Engine, kind: Kind
) -> None:
    options = Options(TARGETS, frozenset({"stance"}), kind=kind)
    (found,) = analyse(engine, Article(OPINION.text, options=options))
    for stance in found.stance or ():
        assert stance.kind is kind
        is_told = kind is Kind.CLAIM and stance.label is not None
        assert (stance.verdict is not None) == is_told


def quoted(text: str, spans: object) -> None:
    for span in spans:  # type: ignore[attr-defined]
        assert text[span.start : span.end] == span.text


@pytest.mark.parametrize("number", range(len(ARTICLES)))
def test_offsets_point_into_the_text_as_it_was_sent(
    alone: Callable[[int], Analysis], number: int
) -> None:
    found = alone(number)
    text = ARTICLES[number].text or found.input.text or ""
    for label in (found.topic, *(found.stance or ())):
        if label:
            quoted(text, label.evidence)
    for removed in found.input.removed:
        assert 0 <= removed.start < removed.end <= len(text)
    for sentence in found.summary.sentences if found.summary else ():
        source = text[sentence.source.start : sentence.source.end]
        assert source == source.strip() != ""
        assert sentence.text == edited(text, sentence) if sentence.edits is not None else True


def edited(text: str, sentence: SummarySentence) -> str:
    """The source of a sentence with its edits."""
    parts, at = [], sentence.source.start
    for edit in sentence.edits or ():
        assert at <= edit.start <= edit.end <= sentence.source.end
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at : sentence.source.end]])


@pytest.mark.slow
@given(st.integers(10, 300), st.sampled_from(Style), st.sampled_from(range(len(ARTICLES))))
@settings(max_examples=60)
def test_no_summary_is_longer_than_asked_and_each_sentence_is_its_source_with_its_edits(
    engine: Engine, most: int, style: Style, number: int
) -> None:
    options = Options(tasks=frozenset({"summary"}), style=style, max_words=most, edits=True)
    article = replace(ARTICLES[number], options=options)
    (found,) = analyse(engine, article)
    text, summary = article.text or found.input.text or "", found.summary
    assert summary is not None
    assert summary.style is style
    assert summary.words == count_words(summary.text) <= most
    assert (summary.withheld is None) == bool(summary.text) == bool(summary.sentences)
    assert summary.text == " ".join(sentence.text for sentence in summary.sentences)
    for sentence in summary.sentences:
        assert sentence.text == edited(text, sentence)
        assert (sentence.support is None) == (style is Style.EXTRACTIVE)
        assert sentence.edited is False or style is Style.WRITTEN
    (plain,) = analyse(engine, replace(article, options=replace(options, edits=False)))
    assert plain.summary is not None
    assert plain.summary.text == summary.text
    assert all(sentence.edits is None for sentence in plain.summary.sentences)


def test_a_text_of_one_sentence_has_no_summary_and_says_why(engine: Engine) -> None:
    for style in Style:
        (found,) = analyse(engine, Article("Rain fell.", options=Options(style=style)))
        assert found.summary is not None
        assert (found.summary.text, found.summary.words) == ("", 0)
        assert found.summary.support is None
        assert found.summary.withheld


def overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


@pytest.mark.parametrize("style", Style)
def test_boilerplate_is_reported_and_never_summarised(engine: Engine, style: Style) -> None:
    options = Options(style=style, max_words=300)
    (found,) = analyse(engine, Article(WEB_PAGE, options=options))
    assert found.summary is not None
    assert not [line for line in BOILERPLATE if line in found.summary.text]
    removed = " ".join(WEB_PAGE[span.start : span.end] for span in found.input.removed)
    for line in BOILERPLATE:
        assert line in removed
    for sentence in found.summary.sentences:
        assert not any(overlap(sentence.source, span) for span in found.input.removed)


def test_cleaning_can_be_switched_off(engine: Engine) -> None:
    (found,) = analyse(engine, Article(WEB_PAGE, options=Options(clean=False)))
    (cleaned,) = analyse(engine, Article(WEB_PAGE))
    assert found.input.removed == ()
    assert found.input.tokens > cleaned.input.tokens


def test_html_is_read_as_the_text_that_is_told(engine: Engine) -> None:
    (found,) = analyse(engine, Article(html=HTML_PAGE))
    text = found.input.text or ""
    assert "21,000 cars cross the bridge" in text
    assert "<p>" not in text
    (plain,) = analyse(engine, Article(text, "Harbour bridge to close for two years"))
    assert plain.input.text is None
    assert plain.summary == found.summary
    assert plain.topic == found.topic


@pytest.mark.parametrize("text", ["", " \n\t ", "\x00", "\u200b\u202e", "\ud83d"[:0]])
def test_nothing_to_read_is_refused(engine: Engine, text: str) -> None:
    with pytest.raises(EmptyArticle) as caught:
        engine.prepare(Article(text))
    assert "\n" not in str(caught.value)


def test_html_without_an_article_is_refused(engine: Engine) -> None:
    with pytest.raises(UnreadableHtml):
        engine.prepare(Article(html="<html><body></body></html>"))


def test_a_long_article_says_how_much_was_read(engine: Engine) -> None:
    (found,) = analyse(engine, Article(LONG_TEXT))
    assert found.input.truncated
    assert found.input.windows == 8
    assert 3500 < found.input.tokens <= engine.info.max_tokens == 8 * 512
    (warning,) = found.warnings
    assert warning.startswith("only the first ")
    read = int(warning.split()[3])
    assert LONG_TEXT[read - 1] in ".!?\"'”"
    assert 0 < read < len(LONG_TEXT)
    (whole,) = analyse(engine, Article(SECTIONS.text))
    assert not whole.input.truncated
    assert whole.warnings == ()
    assert 1 < whole.input.windows < 8


def test_strict_refuses_what_is_longer_than_is_read(engine: Engine) -> None:
    with pytest.raises(ArticleTooLong, match="4096 tokens") as caught:
        engine.prepare(Article(LONG_TEXT, options=Options(strict=True)))
    assert "Harlow" not in str(caught.value)
    engine.prepare(Article(SECTIONS.text, options=Options(strict=True)))


def test_another_language_is_flagged_and_english_is_not(engine: Engine) -> None:
    french, english = analyse(engine, Article(FRENCH), Article(SECTIONS.text))
    assert french.language == "fr"
    assert len(french.warnings) == 1
    assert "'fr'" in french.warnings[0]
    assert english.language == "en"
    assert english.warnings == ()


def test_a_target_that_is_not_read_to_its_end_is_flagged(engine: Engine) -> None:
    long = "the council's plan to reopen the tram line " * 11
    options = Options(targets=("the tram", long, "the tram"))
    (found,) = analyse(engine, Article(SECTIONS.text, options=options))
    (warning,) = found.warnings
    assert warning.startswith("target 2 is longer")
    assert [stance.target for stance in found.stance or ()] == list(options.targets)


ODD = "\x00\x1b\xa0\xad\u0301\u200b\u200d\u202e\u2028\ufeff👩‍🚀🇩🇪ﬁß東京İ’“”—…"
odd_text = st.text(
    st.one_of(
        st.sampled_from(ODD + " .,!?\"'()\nabcXYZ019"), st.characters(exclude_categories=["Cs"])
    ),
    max_size=200,
)


@given(odd_text, st.sampled_from(Style), st.one_of(st.none(), odd_text))
@example("İ" * 30 + ".", Style.WRITTEN, None)
@example("ŉa ŉb ŉc said ŉd to the ŉe and was ŉf in the ŉg of it.", Style.WRITTEN, "ﬁ")
@settings(max_examples=100)
def test_odd_text_is_answered_or_refused_in_one_line(
    engine: Engine, text: str, style: Style, target: str | None
) -> None:
    options = Options(targets=(target,) if target else (), style=style, max_words=10)
    try:
        (found,) = analyse(engine, Article(text, options=options))
    except EmptyArticle:
        return
    assert found.summary is not None
    assert found.summary.words <= 10
    assert found.topic is not None
    quoted(text, found.topic.evidence)
    assert all(math.isfinite(score.probability) for score in found.topic.scores)


PARTS = {
    "encoder": "encoder",
    "topic": "heads.topic",
    "overall": "heads.stance.overall",
    "choosing": "heads.summary.choosing",
    "full": "readers.full",
    "fast": "readers.fast",
}
BROKEN_ARTICLES = [
    Article(SECTIONS.text, options=Options(targets, tasks, style, reader=tier))
    for targets, tasks, style, tier in (
        (TARGETS, frozenset({"stance"}), Style.WRITTEN, Tier.FULL),
        (TARGETS, frozenset({"stance"}), Style.WRITTEN, Tier.FAST),
        ((), frozenset({"stance"}), Style.WRITTEN, None),
        ((), frozenset({"topic"}), Style.WRITTEN, None),
        ((), frozenset({"summary"}), Style.EXTRACTIVE, None),
        ((), frozenset({"summary"}), Style.WRITTEN, Tier.FAST),
        ((), frozenset({"summary"}), Style.WRITTEN, Tier.FULL),
    )
]
NEEDED: list[set[str]] = [
    {"full"}, {"fast"}, {"encoder", "overall"}, {"encoder", "topic"}, {"encoder", "choosing"},
    {"encoder", "choosing", "fast"}, {"encoder", "choosing", "full"},
]  # fmt: skip
"""The parts that answer each of the articles. The small reader has the encoder's embeddings."""


def fill(engine: Engine, part: str, number: float) -> None:
    """Breaks a part of a model; the embeddings that two parts share stay whole."""
    with torch.no_grad():
        for name, parameter in engine.network.named_parameters(remove_duplicate=False):
            is_shared = ".embeddings." in name and not name.startswith("readers.full.")
            if name.startswith(f"{part}.") and not is_shared:
                parameter.fill_(number)


@pytest.mark.parametrize("part", PARTS)
def test_a_broken_model_answers_with_errors_never_with_nan(
    tiny_artifact_again: Artifact, part: str
) -> None:
    engine = Engine.over(tiny_artifact_again, device="cpu", dtype="float32")
    fill(engine, PARTS[part], math.nan)
    outcomes = engine.analyze([engine.prepare(article) for article in BROKEN_ARTICLES])
    for needed, found in zip(NEEDED, outcomes, strict=True):
        if part in needed:
            assert isinstance(found, AnalysisError)
            assert "\n" not in str(found)
            continue
        assert isinstance(found, Analysis)
        for label in (found.topic, *(found.stance or ())):
            assert label is None or math.isfinite(label.confidence)


@pytest.mark.parametrize("part", ["text", "question"])
def test_an_article_that_fails_leaves_its_neighbours_whole(
    engine: Engine,
    alone: Callable[[int], Analysis],
    prepared: Callable[[int], Prepared],
    part: str,
) -> None:
    """States that are not finite, as an overflow in half precision makes them, for one article."""
    poisoned = 2
    ((_, question), *_) = prepared(poisoned).questions
    article = prepared(poisoned).encoded
    bad, at = article.ids[: article.windows[0]], 5
    if part == "question":
        bad, at = question.ids, 0
    original = passes.encoded

    def poison(encode: Encode, windows: Sequence[Integers], *rest: Any) -> torch.Tensor:
        found = original(encode, windows, *rest)
        begins = itertools.accumulate((len(window) for window in windows), initial=0)
        for begin, window in zip(begins, windows, strict=False):
            if window.tolist() == bad.tolist():
                found[begin + at] = math.inf
        return found

    with pytest.MonkeyPatch.context() as patched:
        for module in (states, readers):
            patched.setattr(module, "encoded", poison)
        found = engine.analyze([prepared(number) for number in range(5)])
    assert isinstance(found[poisoned], AnalysisError)
    for number in (0, 1, 3, 4):
        each = found[number]
        assert isinstance(each, Analysis)
        same(each, alone(number))


def test_what_a_batch_takes_counts_the_questions(prepared: Callable[[int], Prepared]) -> None:
    for number in range(len(ARTICLES)):
        each = prepared(number)
        asked = [len(question.ids) for _, question in each.questions]
        read = len(each.encoded.ids)
        assert each.longest_tokens == max([*each.encoded.windows, *asked])
        assert each.windows * each.longest_tokens >= each.tokens >= read
        assert each.windows >= len(each.encoded.windows)
        if each.reader is None:
            assert each.tokens == read
        else:
            assert each.tokens - read >= READING_COST[each.reader] * sum(asked)


def test_calibration_comes_from_the_artifact(tiny: Path, tmp_path: Path) -> None:
    plain_model = load(tiny)
    tasks = dict(plain_model.tasks)
    for name, fitted in (
        ("topic", {"temperature": 3.0, "threshold": 1.0}), ("stance", {"fast_threshold": 1.0}),
    ):  # fmt: skip
        calibration = replace(tasks[name].calibration, **fitted)
        tasks[name] = replace(tasks[name], calibration=calibration)
    save(replace(plain_model, tasks=tasks), tmp_path / "fitted")
    engine = Engine.load(tmp_path / "fitted", device="cpu", dtype="float32")
    options = Options(targets=TARGETS[:1], kind=Kind.ENTITY, reader=Tier.FAST)
    article = Article(OPINION.text, options=options)
    (found,) = analyse(engine, article)
    (plain,) = analyse(Engine.load(tiny, device="cpu", dtype="float32"), article)
    assert found.topic is not None
    assert plain.topic is not None
    assert (found.topic.label, found.topic.code, found.topic.abstained) == (None, None, True)
    assert found.topic.confidence < plain.topic.confidence
    assert [stance.abstained for stance in found.stance or ()] == [True]
    as_claim = replace(article, options=replace(options, kind=Kind.CLAIM))
    (claim,) = analyse(engine, as_claim)
    assert [stance.abstained for stance in claim.stance or ()] == [False]
    assert found.topic.scores[0].label == plain.topic.label


def test_the_model_says_what_it_is(tiny: Path) -> None:
    engine = Engine.load(tiny, device="cpu", dtype="float32")
    info = engine.info
    assert (info.name, info.device, info.dtype) == ("tiny", "cpu", "float32")
    assert info.digest == load(tiny).digest
    assert [label.name for label in info.labels["overall"]] == ["favor", "against", "neutral"]
    assert info.tasks == ("topic", "stance", "summary", "subject", "form")
    assert info.readers == (Tier.FULL, Tier.FAST)
    assert info.parameters == sum(p.numel() for p in engine.network.parameters())


def test_bfloat16_answers_too(tiny: Path) -> None:
    engine = Engine.load(tiny, device="cpu", dtype="bfloat16")
    assert engine.info.dtype == "bfloat16"
    for found in analyse(engine, *ARTICLES[:4]):
        if found.topic:
            assert math.fsum(s.probability for s in found.topic.scores) == pytest.approx(1)


def test_auto_takes_bfloat16_where_it_is_fast(tiny: Path) -> None:
    fast = has_fast_bfloat16(torch.device("cpu"))
    engine = Engine.load(tiny, device="cpu", dtype="auto")
    assert engine.info.dtype == ("bfloat16" if fast else "float32")


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is here")
def test_a_device_that_is_not_there_is_refused(tiny: Path) -> None:
    with pytest.raises(ValueError, match="no CUDA device"):
        Engine.load(tiny, device="cuda")


def test_a_damaged_artifact_is_refused_before_anything_runs(tiny: Path, tmp_path: Path) -> None:
    broken = Path(shutil.copytree(tiny, tmp_path / "broken"))
    (broken / "weights.safetensors").unlink()
    with pytest.raises(ArtifactMissing):
        Engine.load(broken)


def test_articles_may_be_prepared_in_many_threads(
    engine: Engine, prepared: Callable[[int], Prepared]
) -> None:
    with ThreadPoolExecutor(8) as pool:
        again = list(pool.map(engine.prepare, ARTICLES * 2))
    for number, each in enumerate(again):
        first = prepared(number % len(ARTICLES))
        assert each.encoded.ids.tolist() == first.encoded.ids.tolist()
        assert each.encoded.sentences == first.encoded.sentences
        assert (each.removed, each.language) == (first.removed, first.language)
        mine, its = ([(t, q.ids.tolist()) for t, q in p.questions] for p in (each, first))
        assert mine == its


def test_a_torch_that_cannot_tell_computes_in_float32(
    monkeypatch: pytest.MonkeyPatch, tiny: Path
) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert not has_fast_bfloat16(torch.device("cpu"))
    assert Engine.load(tiny, device="cpu", dtype="auto").info.dtype == "float32"


@pytest.mark.parametrize("found", [{"avx512_bf16": True}, {"amx_tile": True}, {"avx2": True}, {}])
def test_bfloat16_is_fast_where_the_processor_has_it(
    monkeypatch: pytest.MonkeyPatch, found: dict[str, bool]
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found, raising=False)
    assert has_fast_bfloat16(torch.device("cpu")) == bool(
        {"avx512_bf16", "amx_tile"} & found.keys()
    )


@pytest.mark.parametrize(
    "part",
    ["encoder", "readers.fast", "heads.topic", "heads.stance.overall", "heads.summary.choosing"],
)
@pytest.mark.parametrize("number", [math.nan, 1e38])
def test_a_model_whose_scores_are_no_numbers_is_unfit(tiny: Path, part: str, number: float) -> None:
    engine = Engine.load(tiny, device="cpu", dtype="float32")
    fill(engine, part, number)
    with pytest.raises(ArtifactUnfit) as caught:
        engine.warm_up()
    assert str(caught.value).startswith(f"{tiny}: ")
    assert "\n" not in str(caught.value)


def test_a_model_that_raises_on_a_first_article_is_unfit(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine.load(tiny, device="cpu", dtype="float32")

    def fail(*_: object) -> None:
        raise IndexError("tram")

    monkeypatch.setattr(engine.network, "encode", fail)
    with pytest.raises(ArtifactUnfit, match=r"\(IndexError: tram\)"):
        engine.warm_up()


def test_what_the_machine_raises_is_not_the_models_fault(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine.load(tiny, device="cpu", dtype="float32")

    def fail(*_: object) -> None:
        raise RuntimeError("CUDA error: device-side assert triggered")

    monkeypatch.setattr(engine.network, "encode", fail)
    with pytest.raises(RuntimeError, match="device-side"):
        engine.warm_up()


@pytest.mark.parametrize("token", ["[CLS]", "[SEP]"])
def test_a_tokenizer_without_its_tokens_is_refused(tiny: Path, tmp_path: Path, token: str) -> None:
    model = load(tiny)
    text = model.tokenizer.to_str().replace(json.dumps(token), json.dumps("[other]"))
    save(replace(model, tokenizer=tokenizer_from(text)), tmp_path / "other")
    with pytest.raises(ArtifactSchema, match="tokenizer"):
        Engine.load(tmp_path / "other", device="cpu")


@pytest.mark.parametrize("reader", [None, *Tier])
def test_warming_up_runs_every_stage_of_what_is_loaded(tiny: Path, reader: Tier | None) -> None:
    engine = Engine.load(tiny, device="cpu", dtype="float32", reader=reader)
    with counted(engine) as rows:
        engine.warm_up()
    assert rows["encoder"]
    assert rows["fast"]
    assert set(engine.network.readers) == {"fast"}


JUDGED = Article(SECTIONS.text, options=Options(("the tram",), frozenset({"stance"})))
UNJUDGED = [
    Article(SECTIONS.text, options=replace(JUDGED.options, reader=Tier.FAST)),
    Article(SECTIONS.text, options=Options(style=Style.EXTRACTIVE)),
    Article(SECTIONS.text, options=Options(tasks=frozenset({"topic"}))),
]


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    """An artifact that may be damaged."""
    return Path(shutil.copytree(tiny, tmp_path / "copy"))


def test_the_large_reader_is_loaded_with_the_first_article_that_it_judges(
    copy: Path, whole: Engine
) -> None:
    engine = Engine.load(copy, device="cpu", dtype="float32")
    engine.warm_up()
    for article, tier in zip(UNJUDGED, (Tier.FAST, None, None), strict=True):
        (found,) = analyse(engine, article)
        assert found.reader is tier
    assert set(engine.network.readers) == {"fast"}
    (found,) = analyse(engine, JUDGED)
    assert found.reader is Tier.FULL
    assert set(engine.network.readers) == {"fast", "full"}
    (expected,) = analyse(whole, JUDGED)
    same(found, expected)


def test_a_first_use_by_many_at_once_loads_the_large_reader_once(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine.load(tiny, device="cpu", dtype="float32")
    prepared = engine.prepare(JUDGED)
    loads: list[Path] = []
    loader = artifacts.large_reader
    together = threading.Barrier(4)

    def counting(directory: Path, model: Artifact) -> Any:
        loads.append(directory)
        return loader(directory, model)

    def judge(_: int) -> Any:
        together.wait(60)
        return engine.analyze([prepared])[0]

    monkeypatch.setattr(artifacts, "large_reader", counting)
    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(judge, range(4))
    assert loads == [tiny]
    for other in others:
        same(first, other)


@pytest.mark.parametrize("reader", [None, Tier.FAST])
def test_fast_never_loads_the_large_reader(
    copy: Path, monkeypatch: pytest.MonkeyPatch, reader: Tier | None
) -> None:
    def forbidden(*_: object) -> None:
        raise AssertionError("it was loaded")

    monkeypatch.setattr(artifacts, "large_reader", forbidden)
    default = None if reader else Tier.FAST
    engine = Engine.load(copy, device="cpu", dtype="float32", reader=default)
    engine.warm_up()
    options = Options(TARGETS, reader=reader)
    for found in analyse(engine, *(Article(each.text, options=options) for each in SAMPLES[:3])):
        assert found.reader is Tier.FAST


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "error"), [(Path.unlink, ArtifactMissing), (flip, ArtifactAltered)]
)
def test_a_large_reader_that_is_lost_later_is_one_error_until_it_is_back(
    copy: Path, damage: Callable[[Path], None], error: type[ArtifactError]
) -> None:
    engine = Engine.load(copy, device="cpu", dtype="float32")
    path = copy / "reader-1.safetensors"
    content = path.read_bytes()
    damage(path)
    for _ in range(2):
        with pytest.raises(error) as caught:
            engine.analyze([engine.prepare(article) for article in (*UNJUDGED, JUDGED)])
        assert str(caught.value).startswith(f"{copy}: ")
        assert "reader-1.safetensors" in str(caught.value)
        assert "\n" not in str(caught.value)
    analyse(engine, *UNJUDGED)
    path.write_bytes(content)
    analyse(engine, JUDGED)


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (Path.unlink, ArtifactMissing),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), ArtifactAltered),
    ],
)
def test_an_artifact_without_all_of_its_large_reader_is_refused_at_once(
    copy: Path, damage: Callable[[Path], None], error: type[ArtifactError]
) -> None:
    damage(copy / "reader-1.safetensors")
    with pytest.raises(error, match=r"reader-1\.safetensors") as caught:
        Engine.load(copy, device="cpu")
    assert str(caught.value).startswith(f"{copy}: ")


def test_a_reader_that_the_model_lacks_is_refused(tiny_artifact_again: Artifact) -> None:
    network = tiny_artifact_again.network
    shapes = {Tier.FAST: tiny_artifact_again.readers[Tier.FAST]}
    network.readers.pop("full")
    engine = Engine.over(replace(tiny_artifact_again, readers=shapes), device="cpu")
    assert engine.info.readers == (Tier.FAST,)
    (found,) = analyse(engine, JUDGED)
    assert found.reader is Tier.FAST
    full = replace(JUDGED.options, reader=Tier.FULL)
    with pytest.raises(ReaderMissing, match=r"it has fast$"):
        engine.prepare(replace(JUDGED, options=full))
    engine.prepare(replace(JUDGED, options=replace(full, targets=())))  # nobody judges


def test_a_model_without_the_reader_that_is_to_judge_is_refused(
    tiny_artifact_again: Artifact, tmp_path: Path
) -> None:
    tiny_artifact_again.network.readers.pop("full")
    shapes = {Tier.FAST: tiny_artifact_again.readers[Tier.FAST]}
    save(replace(tiny_artifact_again, readers=shapes), tmp_path / "small")
    assert Engine.load(tmp_path / "small", device="cpu").info.readers == (Tier.FAST,)
    with pytest.raises(ValueError, match="the model has no reader 'full'; it has fast"):
        Engine.load(tmp_path / "small", device="cpu", reader=Tier.FULL)


@pytest.mark.parametrize("device", ["cuda:2", "cuda:99"])
def test_a_gpu_that_is_not_there_is_refused(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(ValueError, match=rf"no {device} here; the last CUDA device is cuda:1$"):
        Engine.load(tiny, device=device)
