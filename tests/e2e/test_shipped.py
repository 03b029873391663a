"""The model that comes with the repository: whole, right on clear articles, honest in its card."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from models.analysis import Analysis
from models.article import Article, Options, Style, Tier
from models.artifact.artifact import Artifact, load, save
from models.artifact.manifest import MAX_BYTES as FILES
from models.artifact.manifest import READER_FILES, WEIGHTS
from models.engine import Engine
from models.tasks.summary.drafts import content_words, count_words
from service.api.schemas import read_article
from service.inference.answer import as_json
from service.settings import SHIPPED_MODEL
from tests.e2e.test_readme import blocks, request
from tests.support.articles import (  # fmt: skip
    BOILERPLATE,
    FRENCH,
    HEALTH,
    LABOR,
    OPINION,
    POLITICS,
    RELIGION,
    SAMPLES,
    SECTIONS,
    SPORT,
    WAR,
    WEB_PAGE,
)
from training.fitting.start import labels, labels_of

pytestmark = pytest.mark.skipif(not SHIPPED_MODEL.exists(), reason="no model is shipped yet")

MAX_BYTES, MAX_FILE_BYTES = 170 * 10**6, 95 * 10**6
MIN_RIGHT_TOPICS = 14
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return load(SHIPPED_MODEL)


@pytest.fixture(scope="module")
def shipped() -> Engine:
    return Engine.load(SHIPPED_MODEL, device="cpu", dtype="float32")


def analyse(engine: Engine, *articles: Article) -> list[Analysis]:
    found = engine.analyze([engine.prepare(article) for article in articles])
    assert all(isinstance(each, Analysis) for each in found)
    return [each for each in found if isinstance(each, Analysis)]


ARTICLES = [(sample.text, sample.title) for sample in (*SAMPLES, OPINION, SECTIONS)] + [
    (WEB_PAGE, None)
]


@pytest.fixture(scope="module")
def answers(shipped: Engine) -> dict[Style, list[Analysis]]:
    """What it answers to `ARTICLES`, all tasks or the extractive summary alone."""
    tasks = {Style.WRITTEN: None, Style.EXTRACTIVE: frozenset({"summary"})}
    return {
        style: analyse(
            shipped,
            *(
                Article(text, title, options=Options(tasks=tasks[style], style=style))
                for text, title in ARTICLES
            ),
        )
        for style in Style
    }


def topics(answers: dict[Style, list[Analysis]]) -> list[str]:
    return [each.topic.scores[0].label for each in answers[Style.WRITTEN] if each.topic]


def test_it_is_whole_and_small_enough(artifact: Artifact) -> None:
    sizes = {path.name: path.stat().st_size for path in SHIPPED_MODEL.iterdir()}
    assert sum(sizes.values()) <= MAX_BYTES
    assert max(sizes.values()) <= MAX_FILE_BYTES
    assert artifact.name == SHIPPED_MODEL.name
    assert labels_of(artifact) == labels(None)
    assert set(artifact.readers) == set(Tier)
    assert sizes.keys() - set(READER_FILES) == {*FILES, "manifest.json"}


def test_loaded_and_saved_again_its_weights_are_the_same(
    artifact: Artifact, tmp_path: Path
) -> None:
    save(artifact, tmp_path / "again")
    for path in (SHIPPED_MODEL / WEIGHTS, *SHIPPED_MODEL.glob("reader-*")):
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name


def test_it_knows_the_topic_of_clear_articles(answers: dict[Style, list[Analysis]]) -> None:
    found = zip(SAMPLES, topics(answers), strict=False)
    wrong = [(sample.topic, label) for sample, label in found if sample.topic != label]
    assert len(SAMPLES) - len(wrong) >= MIN_RIGHT_TOPICS, wrong


def test_it_knows_the_topic_of_a_pasted_page(answers: dict[Style, list[Analysis]]) -> None:
    assert topics(answers)[-1] in ("disaster, accident and emergency incident", "weather")


def stances(
    engine: Engine, text: str, *targets: str, reader: Tier | None = None
) -> dict[str, dict[str, float]]:
    """For each target the probability of every stance."""
    options = Options(targets, frozenset({"stance"}), reader=reader)
    (found,) = analyse(engine, Article(text, options=options))
    return {
        str(stance.target): {score.label: score.probability for score in stance.scores}
        for stance in found.stance or ()
    }


@pytest.mark.parametrize("reader", Tier)
def test_an_opinion_is_kinder_to_what_it_praises_than_to_what_it_attacks(
    shipped: Engine, reader: Tier
) -> None:
    praised, attacked = OPINION.stances
    found = stances(shipped, OPINION.text, praised, attacked, reader=reader)
    lean = {target: found[target]["favor"] - found[target]["against"] for target in found}
    assert lean[praised] > lean[attacked]
    assert found[praised]["favor"] > found[attacked]["favor"]


SUBJECTS = {
    SPORT: "Redhill Rovers",
    POLITICS: "Anton Velde",
    RELIGION: "women deacons",
    HEALTH: "the new vaccine",
    LABOR: "the employers' offer",
    WAR: "a ceasefire",
}


def test_articles_are_more_about_their_subjects_than_about_those_of_others(
    shipped: Engine,
) -> None:
    own, others = [], []
    for sample, subject in SUBJECTS.items():
        found = stances(shipped, sample.text, *SUBJECTS.values())
        own.append(found.pop(subject).get("unrelated", 0.0))
        others += [stance.get("unrelated", 0.0) for stance in found.values()]
    assert max(own) < 0.2
    assert fmean(others) > 0.8


@pytest.mark.parametrize("style", Style)
def test_summaries_are_short_clean_and_of_the_article_alone(
    answers: dict[Style, list[Analysis]], style: Style
) -> None:
    for (text, _), found in zip(ARTICLES, answers[style], strict=True):
        summary = found.summary
        assert summary is not None
        assert summary.words == count_words(summary.text) <= 60
        assert content_words(summary.text) <= content_words(text)
        assert set(NUMBER.findall(summary.text)) <= set(NUMBER.findall(text))
        assert not [line for line in BOILERPLATE if line in summary.text]
        for sentence in summary.sentences:
            assert sentence.text[0] == sentence.text[0].upper()
            assert re.search(r"[.!?…][\"”’)]*$", sentence.text), sentence.text


@pytest.mark.parametrize("style", Style)
def test_next_to_no_article_is_left_without_a_summary(
    answers: dict[Style, list[Analysis]], style: Style
) -> None:
    withheld = [each.summary.withheld for each in answers[style] if each.summary]
    assert sum(reason is not None for reason in withheld) <= 1, withheld


def test_written_summaries_are_edited(answers: dict[Style, list[Analysis]]) -> None:
    written = [each.summary.sentences for each in answers[Style.WRITTEN] if each.summary]
    edited = [sentence.edited for sentences in written for sentence in sentences]
    assert sum(edited) > len(edited) / 30


def test_other_languages_are_flagged(shipped: Engine) -> None:
    (found,) = analyse(shipped, Article(FRENCH))
    assert found.language == "fr"
    assert found.warnings


def numbers(figures: Mapping[str, Any]) -> list[str]:
    """The figures of metrics.json as the card prints them."""
    found: list[str] = []
    for value in figures.values():
        if isinstance(value, Mapping):
            found += numbers(value)
        elif isinstance(value, float):
            found.append(str(value))
    return found


def test_the_card_shows_the_figures_that_were_measured(artifact: Artifact) -> None:
    swapped = artifact.metrics["fairness"]["figures"]["all"]
    figures = numbers({**artifact.metrics, "fairness": {}})
    figures += [f"{swapped[name]:.3f}" for name in ("full stance", "fast stance", "topic")]
    assert len(figures) > 20
    missing = [figure for figure in figures if figure not in artifact.card]
    assert not missing
    assert artifact.metrics["date"] in artifact.card
    assert artifact.metrics["command"] in artifact.card


@pytest.mark.parametrize(
    "said",
    [
        "MiniLM", "MPNet", "CNN", "FNC-1", "VAST", "NewsMTSC", "CC BY-SA", "MIT", "Apache-2.0",
        "IPTC", "must not be used for", "English only", "training/configs/nutgraf-mini.toml",
    ],
)  # fmt: skip
def test_the_card_names_the_data_its_terms_and_the_limits(artifact: Artifact, said: str) -> None:
    assert said in artifact.card


def test_calibration_was_fitted(artifact: Artifact) -> None:
    topic, stance = (artifact.tasks[name].calibration for name in ("topic", "stance"))
    heats = (
        topic.temperature, stance.overall_temperature, stance.full_temperature,
        stance.full_claim_temperature, stance.fast_temperature, stance.fast_claim_temperature,
    )  # fmt: skip
    assert all(0.2 < heat < 5.1 for heat in heats)
    assert set(heats) != {1.0}
    summary = artifact.tasks["summary"].calibration
    assert summary.full_threshold > 0
    assert summary.fast_threshold > 0


def abridged(value: Any) -> Any:
    """An answer as the README shows it: two decimals, the first of the scores and evidence."""
    if isinstance(value, dict):
        short = {name: abridged(part) for name, part in value.items()}
        return short | {name: short[name][:1] for name in ("scores", "evidence") if name in short}
    if isinstance(value, list):
        return [abridged(part) for part in value]
    return round(value, 2) if isinstance(value, float) else value


def alike(one: Any, other: Any) -> bool:
    """Equal but for the last digits of numbers."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == pytest.approx(other, abs=0.02) if isinstance(one, float) else one == other)


def test_the_readme_shows_its_answer(shipped: Engine) -> None:
    (analysis,) = analyse(shipped, read_article(request()))
    answer = json.loads(as_json(analysis))
    (shown,) = map(json.loads, blocks("json"))
    assert shown.pop("model")["name"] == shipped.info.name
    del shown["timing_ms"]
    print("The README should show:", json.dumps(abridged(answer), indent=1, ensure_ascii=False))
    assert alike(abridged(answer), shown)


def test_it_is_in_the_place_that_everything_names() -> None:
    assert Path("models", "nutgraf-mini") == SHIPPED_MODEL.relative_to(SHIPPED_MODEL.parents[1])
