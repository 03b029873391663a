"""The targets that an article suggests, asked about in the same pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.analysis import Analysis
from models.article import AUTO, MOST_AUTO, Article, Options
from models.artifact.artifact import Artifact
from models.engine import Engine
from models.errors import TaskMissing
from tests.support.articles import SAMPLES

OPTIONS = Options(targets=(AUTO,), tasks=frozenset({"stance", "subject"}))


def answered(engine: Engine, *articles: Article) -> list[Analysis]:
    found = engine.analyze([engine.prepare(each) for each in articles])
    return [each for each in found if isinstance(each, Analysis)]


def test_the_stances_are_toward_the_first_suggested_targets(tiny_artifact: Artifact) -> None:
    engine = Engine.over(tiny_artifact, device="cpu", dtype="float32")
    articles = [Article(each.text, each.title, options=OPTIONS) for each in SAMPLES]
    for article, found in zip(articles, answered(engine, *articles), strict=True):
        suggested = [each.target for each in found.results["subject"].suggested_targets]
        assert [stance.target for stance in found.stance or ()] == suggested[:MOST_AUTO]
        assert found.reader is not None
        named = replace(article, options=replace(OPTIONS, targets=tuple(suggested[:MOST_AUTO])))
        (again,) = answered(engine, named)
        assert [s.label for s in again.stance or ()] == [s.label for s in found.stance or ()]


def test_a_text_that_suggests_nothing_has_the_stance_toward_its_subject(
    tiny_artifact: Artifact,
) -> None:
    engine = Engine.over(tiny_artifact, device="cpu", dtype="float32")
    (found,) = answered(engine, Article("He is. It was.", options=OPTIONS))
    assert [stance.target for stance in found.stance or ()] == [None]


def test_a_model_that_suggests_none_says_so(tiny_artifact: Artifact) -> None:
    tasks = {name: each for name, each in tiny_artifact.tasks.items() if name != "subject"}
    engine = Engine.over(replace(tiny_artifact, tasks=tasks), device="cpu", dtype="float32")
    with pytest.raises(TaskMissing, match="name them"):
        engine.prepare(Article("Rain fell.", options=Options(targets=(AUTO,))))
