"""From scores to a subject and suggested targets."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch

from models.analysis import Analysis, SubjectAnalysis
from models.article import Article, Options
from models.artifact.artifact import Artifact
from models.encoding.tokens import ArticleEncoder
from models.engine import Engine
from models.tasks.subject.candidates import MAX_WORDS, candidates
from models.tasks.subject.model import MAX_SUGGESTED, subject
from models.text.sentences import split
from tests.support.articles import SAMPLES

TEXT = "Mayor Ann Lee wants to close the old bridge. Ann Lee said the ferry is safer. Ms Lee left."


def answer(
    encoder: ArticleEncoder, about: Mapping[str, float], target: Mapping[str, float]
) -> SubjectAnalysis:
    encoded = encoder.article(TEXT, split(TEXT))
    found = candidates(encoded)
    scores = torch.tensor([[about.get(c.key, -9.0), target.get(c.key, -9.0)] for c in found])
    return subject(encoded, found, scores)


def test_the_best_candidate_is_the_subject(encoder: ArticleEncoder) -> None:
    found = answer(encoder, {"old bridge": 5.0}, {"ann lee": 3.0, "ferry": 2.0})
    assert found.about == "old bridge"
    assert found.confidence > 0.9
    assert [each.target for each in found.suggested_targets] == ["Ann Lee", "ferry"]


def test_words_that_most_of_the_likeliest_share_are_the_subject(encoder: ArticleEncoder) -> None:
    found = answer(encoder, {"mayor": 2.1, "ann lee": 2.0, "mayor ann lee": 2.0, "lee": 1.0}, {})
    assert found.about == "Mayor Ann Lee"


def test_targets_say_where_they_stand_and_why_they_are_suggested(encoder: ArticleEncoder) -> None:
    lee, ferry = answer(encoder, {}, {"ann lee": 3.0, "ferry": 2.0}).suggested_targets
    assert TEXT[lee.start : lee.end] == "Ann Lee"
    assert (lee.mentions, ferry.mentions) == (2, 1)
    assert lee.reason == "named 2 times, first in the first sentence of 3"
    assert ferry.reason == "named once, first in sentence 2 of 3"


def test_no_target_holds_the_words_of_another(encoder: ArticleEncoder) -> None:
    scores = {"ann lee": 3.0, "mayor ann lee": 2.9, "ms lee": 2.8, "mayor": 2.7, "ferry": 1.0}
    found = answer(encoder, {}, scores)
    assert [each.target for each in found.suggested_targets] == ["Ann Lee", "ferry"]


def test_a_text_that_names_nothing_has_no_subject(encoder: ArticleEncoder) -> None:
    encoded = encoder.article("He is. It was.", split("He is. It was."))
    found = subject(encoded, candidates(encoded), torch.empty(0, 2))
    assert found == SubjectAnalysis(about=None, confidence=0.0, suggested_targets=())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.title or "")
def test_a_model_names_a_subject_whatever_the_batch(
    tiny_artifact: Artifact, sample: Article
) -> None:
    engine = Engine.over(tiny_artifact, device="cpu", dtype="float32")
    options = Options(tasks=frozenset({"subject"}))
    prepared = [
        engine.prepare(Article(each.text, each.title, options=options))
        for each in (sample, *SAMPLES)
    ]
    alone, together = engine.analyze(prepared[:1])[0], engine.analyze(prepared)[0]
    assert isinstance(alone, Analysis)
    assert isinstance(together, Analysis)
    found = alone.results["subject"]
    assert any(
        found.about in " ".join(part.split()) for part in (sample.text or "", sample.title or "")
    )
    assert 1 <= len(found.about.split()) <= MAX_WORDS
    assert 1 <= len(found.suggested_targets) <= MAX_SUGGESTED
    assert found.about == together.results["subject"].about
