"""An evaluation tells of every file what its labels allow, with intervals around the figures."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from models.article import Tier
from models.artifact.artifact import Artifact
from models.engine import Engine
from models.tasks.limits import table
from tests.support.articles import SAMPLES
from tests.support.training_run import in_role
from training.config import Config
from training.data.roles import Role
from training.evaluation.report import evaluate

STANCES = ["favor", "against", "neutral"]
CLAIM = "The mayor was right."


def rows() -> list[dict[str, Any]]:
    """A reporting row of each sample, with everything that can be measured, and some others."""
    stances = itertools.cycle(STANCES)
    claims = itertools.cycle(["favor", *STANCES])
    labelled = [
        {"text": text, "title": sample.title, "topic": sample.topic}
        | {"targets": ["the mayor", CLAIM], "stances": [stance, claimed]}
        | {"kinds": ["entity", "claim"], "evidence": [[[0, 80]], []]}
        | {"overall": stance, "group": "rain", "summary": sample.text.split(". ")[0] + "."}
        for sample, stance, claimed in zip(SAMPLES, stances, claims, strict=False)
        for text in [in_role(sample.text, Role.REPORT)]
    ]
    others = [
        {"text": in_role(SAMPLES[0].text, role), "topic": "sport"}
        for role in (Role.TRAIN, Role.CHOOSE)
    ]
    return labelled + others


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    path = tmp_path_factory.mktemp("evaluate") / "news.jsonl"
    path.write_text("\n".join(map(json.dumps, rows())), "utf-8")
    stage = {"name": "one", "trains": "encoder", "data": [{"path": "other.jsonl"}]}
    return Config.model_validate({"stages": [stage], "measured": [{"path": str(path)}]})


@pytest.fixture(scope="module")
def figures(engine: Engine, config: Config) -> dict[str, Any]:
    (found,) = evaluate(engine, config).values()
    return found


def test_a_file_is_measured_for_all_its_labels(figures: dict[str, Any]) -> None:
    of_readers = {"stance", "names", "claims", "kind", "by_group", "evidence"}
    assert figures.keys() == {
        "topic", "overall", "summary", "target_alone", "evidence_deletion",
        *(f"{tier.value} {name}" for tier in Tier for name in of_readers),
    }  # fmt: skip
    texts = len(SAMPLES)
    sided = sum(STANCES[n % 3] != "neutral" for n in range(texts))
    assert figures["topic"]["texts"] == figures["overall"]["texts"] == texts
    for reader in Tier:
        of = {name: figures[f"{reader.value} {name}"] for name in of_readers}
        assert of["names"]["pairs"] == of["claims"]["pairs"] == texts
        assert of["stance"]["texts"] == texts
        assert of["evidence"]["targets"] == sided
        pairs = {of["stance"]["pairs"], of["kind"]["pairs"], of["by_group"]["rain"]["pairs"]}
        assert pairs == {2 * texts}
    assert figures["target_alone"]["pairs"] == 2 * texts


def with_intervals(figures: Mapping[str, Any]) -> Iterator[tuple[str, float, tuple[float, float]]]:
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from with_intervals(value)
        elif name.endswith("_95"):
            yield name, figures[name.removesuffix("_95")], value


def test_intervals_hold_their_figures(figures: dict[str, Any]) -> None:
    found = list(with_intervals(figures))
    assert {name for name, *_ in found} >= {
        "main_95", "main_or_second_95", "macro_f1_95", "macro_f1_of_known_95",
        "balanced_macro_f1_95", "accuracy_95", "false_passing_95", "first_two_marked_95",
        "rouge1_95", "rouge1_above_lead_95",
    }  # fmt: skip
    for name, figure, (low, high) in found:
        assert low - 0.01 <= figure <= high + 0.01, name


def test_only_the_texts_of_one_role_are_measured(engine: Engine, config: Config) -> None:
    (found,) = evaluate(engine, config, role=Role.CHOOSE).values()
    assert found["topic"]["texts"] == 1
    assert "full stance" not in found


def test_what_a_limit_on_errors_answers_is_told_where_there_is_a_table(
    tiny_artifact: Artifact, config: Config
) -> None:
    topic = replace(tiny_artifact.tasks["topic"], limits={"topic": table([(0.0, False)] * 60)})
    limited = replace(tiny_artifact, tasks={**tiny_artifact.tasks, "topic": topic})
    (found,) = evaluate(Engine.over(limited, dtype="float32"), config).values()
    limits = found["topic max_error"]
    assert limits["texts"] == len(SAMPLES)
    assert [limits[limit]["answered"] for limit in ("2%", "5%", "10%")] == [0, 1, 1]
    assert limits["5%"]["error"] == pytest.approx(1 - found["topic"]["main_or_second"])
    assert not {name for name in found if name.endswith("max_error")} - {"topic max_error"}
