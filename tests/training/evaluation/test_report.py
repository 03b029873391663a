"""An evaluation tells of every file what its labels allow, with intervals around the figures."""

from __future__ import annotations

import json
from typing import Any

import pytest

from models.engine import Engine
from tests.support.articles import SAMPLES
from training.config import Config
from training.evaluation.report import evaluate

STANCES = ["favor", "against", "neutral"]


@pytest.fixture(scope="module")
def figures(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("evaluate")
    rows = [
        {"text": sample.text, "title": sample.title, "targets": ["the mayor"], "stances": [stance]}
        | {"overall": stance, "topic": sample.topic}
        | {"summary": sample.text.split(". ")[0] + "."}
        for sample, stance in zip(SAMPLES, STANCES * 9, strict=False)
    ]
    path = folder / "news.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    sources = {"train": [{"path": "other.jsonl"}], "validation": [{"path": str(path)}]}
    return evaluate(engine, Config.model_validate(sources))


def test_a_file_is_measured_for_all_its_labels(figures: dict[str, dict[str, Any]]) -> None:
    (found,) = figures.values()
    assert {"topic", "stance", "overall", "summary", "evidence"} <= found.keys()
    assert found["topic"]["texts"] == found["stance"]["pairs"] == len(SAMPLES)


def test_intervals_hold_their_figures(figures: dict[str, dict[str, Any]]) -> None:
    (found,) = figures.values()
    for task, name in (
        ("topic", "main_or_second"),
        ("stance", "macro_f1_of_known"),
        ("overall", "balanced_macro_f1"),
    ):
        low, high = found[task][f"{name}_95"]
        assert 0 <= low <= found[task][name] <= high <= 1
    for of_length in found["summary"].values():
        for style in ("extractive", "written"):
            low, high = of_length[style]["rouge1_above_lead_95"]
            above = of_length[style]["rouge1"] - of_length["lead"]["rouge1"]
            assert low - 0.01 <= above <= high + 0.01
