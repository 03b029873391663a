"""A sentence is shown where it is well formed and the article bears it out."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.article import Tier
from models.artifact.artifact import Artifact
from models.encoding.questions import Passages
from models.encoding.tokens import ArticleEncoder
from models.tasks.summary.check import CHECK_TOKENS, Checker, Statement, support
from models.tasks.summary.section import SummaryCalibration
from models.text.sentences import split
from tests.support.articles import CRIME, HEALTH

SENTENCES = ("Dennis Walgrave pleaded guilty.", "A clerk stole money.", "Rain fell.")


@pytest.fixture(scope="module")
def statements(encoder: ArticleEncoder) -> list[Statement]:
    passages = [Passages(encoder.article(text, split(text))) for text in (CRIME.text, HEALTH.text)]
    tiers = (Tier.FULL, Tier.FAST, Tier.FULL)
    return [
        Statement(text, passages[n % 2], tier)
        for n, (text, tier) in enumerate(zip(SENTENCES, tiers, strict=True))
    ]


def checker(artifact: Artifact, encoder: ArticleEncoder, **calibration: float) -> Checker:
    return Checker(SummaryCalibration(**calibration), artifact.network, encoder)


@torch.no_grad()
def test_each_sentence_has_the_same_verdict_in_any_company(
    tiny_artifact: Artifact, encoder: ArticleEncoder, statements: list[Statement]
) -> None:
    check = checker(tiny_artifact, encoder)
    together = check(statements, 4096)
    for statement, verdict in zip(statements, together, strict=True):
        (alone,) = check([statement], 512)
        assert alone.form == pytest.approx(verdict.form, abs=1e-4)
        assert alone.support == pytest.approx(verdict.support, abs=1e-4)
    assert check([], 4096) == []


@torch.no_grad()
def test_below_either_threshold_a_sentence_does_not_pass(
    tiny_artifact: Artifact, encoder: ArticleEncoder, statements: list[Statement]
) -> None:
    lenient = checker(tiny_artifact, encoder, form_threshold=0.0)(statements, 4096)
    assert all(verdict.passes for verdict in lenient)
    strict = checker(tiny_artifact, encoder, form_threshold=0.0, full_threshold=1.0)
    assert [v.passes for v in strict(statements, 4096)] == [False, True, False]
    formal = checker(tiny_artifact, encoder, form_threshold=1.0)(statements, 4096)
    assert not any(verdict.passes for verdict in formal)


@torch.no_grad()
def test_each_reader_has_a_support_of_its_own(
    tiny_artifact: Artifact, encoder: ArticleEncoder, statements: list[Statement]
) -> None:
    check = checker(tiny_artifact, encoder)
    other = [replace(statements[0], reader=tier) for tier in Tier]
    full, fast = check(other, 4096)
    assert full.support != fast.support
    assert full.form == pytest.approx(fast.form, abs=1e-5)


@given(
    sure=st.floats(1e-6, 1 - 1e-6),
    temperature=st.floats(0.1, 10),
    bias=st.floats(-5, 5),
)
def test_support_is_a_probability_that_grows_with_what_the_reader_says(
    sure: float, temperature: float, bias: float
) -> None:
    fitted = SummaryCalibration(full_temperature=temperature, full_bias=bias)
    found = support(sure, fitted, Tier.FULL)
    assert 0 <= found <= 1
    assert support(min(1 - 1e-6, sure * 1.1), fitted, Tier.FULL) >= found
    assert support(sure, fitted, Tier.FAST) == pytest.approx(sure)


def test_a_passage_for_a_check_is_short(
    encoder: ArticleEncoder, statements: list[Statement]
) -> None:
    question = statements[0].passages.question(
        encoder.target(SENTENCES[0]), SENTENCES[0], None, CHECK_TOKENS
    )
    assert math.isfinite(len(question.ids))
    assert len(question.ids) - question.asked <= CHECK_TOKENS + 1
