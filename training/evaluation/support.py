"""How sure a sentence's support is, fitted on sentences of summaries that were judged.

Each reader reads the judged sentences as claims against their articles. Platt's scaling (1999) of
what it says is the support. Shown is what is likelier true than not, and above the limit from which
97 of 100 are true.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from scipy.optimize import brentq
from sklearn.linear_model import LogisticRegression

from models.article import Article, Kind, Tier
from models.encoding.questions import Passages
from models.engine import Engine
from models.tasks.summary.check import Checker, Statement, log_odds, support
from models.tasks.summary.section import SummaryCalibration
from training.config import Config
from training.data.labelled import load
from training.data.roles import Role
from training.errors import VerdictError
from training.evaluation.sheets import read_key
from training.evaluation.verdicts import (
    Place,
    SentenceVerdict,
    Supported,
    least_threshold,
    read_verdicts,
    sentence_figures,
)

BATCH_TOKENS = 4096
UNREGULARISED = 1e6
LIKELIER = 0.5
MOST_BIAS, TINY = 100.0, 1e-3
BORNE_OUT = "favor"
"""The label of a claim that a text bears out."""


def fit_support(
    engine: Engine,
    fitted: SummaryCalibration,
    sheet: Path,
    key: Path,
    verdicts: Path,
    config: Config,
) -> tuple[SummaryCalibration, dict[str, Any]]:
    """A calibration with the support of each reader fitted, and the figures of each.

    Sentences of summaries are nearly all true, so how steep the scaling is comes from the claims
    for choosing in the measured files whose targets are all claims, and where it lies from the
    judged sentences: their mean support is the share of them that is true.
    Raises SheetError, VerdictError or DataError.
    """
    judged = read_verdicts(verdicts, read_key(sheet, key, sentences=True), SentenceVerdict)
    right = [verdict.verdict == "true" for verdict in judged.values()]
    found: dict[str, Any] = {}
    for tier in map(Tier, engine.info.readers):
        slope = steepness(*_claims(engine, tier, config))
        sure = dict(_sure(engine, tier, sheet, judged))
        odds = [log_odds(sure[at]) for at in judged]
        numbers = {f"{tier}_temperature": 1 / slope, f"{tier}_bias": place(odds, right, slope)}
        fitted = replace(fitted, **{name: round(value, 4) for name, value in numbers.items()})
        sentences = sorted(
            (
                Supported(at[0], support(sure[at], fitted, tier), verdict.verdict)
                for at, verdict in judged.items()
            ),
            key=lambda each: (each.support, each.number),
        )
        limit = least_threshold(sentences)
        if limit is None:
            raise VerdictError(f"{verdicts}: the surest of the {tier} reader are wrong; train it")
        # Rounded down, so that the sentence at the limit is shown.
        least = max(LIKELIER, math.floor(limit * 1e4) / 1e4)
        fitted = replace(fitted, **{f"{tier}_threshold": least})
        found[str(tier)] = sentence_figures(sentences, least)
    return fitted, found


def steepness(odds: Sequence[float], right: Sequence[bool]) -> float:
    """How much the log-odds of being right rise with those that were given.

    Raises VerdictError where all have the same verdict, or the surer are right less often.
    """
    if len(set(right)) < 2:
        raise VerdictError("all claims have the same label; give claims that are not borne out too")
    model = LogisticRegression(C=UNREGULARISED).fit([[each] for each in odds], right)
    slope = float(model.coef_[0, 0])
    if slope <= 0:
        raise VerdictError("the reader is surer of claims that are not borne out; train it")
    return slope


def place(odds: Sequence[float], right: Sequence[bool], slope: float) -> float:
    """What is added to log-odds, before they are scaled, so that the mean is the share right."""
    share = min(max(sum(right) / len(right), TINY), 1 - TINY)

    def above(bias: float) -> float:
        scaled = (1 / (1 + math.exp(-slope * (each + bias))) for each in odds)
        return math.fsum(scaled) / len(odds) - share

    return float(brentq(above, -MOST_BIAS, MOST_BIAS))


def _claims(engine: Engine, tier: Tier, config: Config) -> tuple[list[float], list[bool]]:
    """The log-odds that a reader gives the claims for choosing, and whether each is borne out."""
    check = Checker(SummaryCalibration(), engine.network, engine.preparer.encoder)
    odds: list[float] = []
    right: list[bool] = []
    for source in config.measured:
        if source.kind is Kind.CLAIM and source.calibrate:
            for text in load(source, Role.CHOOSE, engine.info.labels):
                passages = Passages(engine.prepare(Article(text.text, text.title)).encoded)
                labels = {claim: label for claim, label in text.stances.items() if claim}
                asked = [Statement(claim, passages, tier) for claim in labels]
                odds += [log_odds(each.support) for each in check(asked, BATCH_TOKENS)]
                right += [label == BORNE_OUT for label in labels.values()]
    return odds, right


def _sure(
    engine: Engine, tier: Tier, sheet: Path, judged: Mapping[Place, SentenceVerdict]
) -> Iterator[tuple[Place, float]]:
    """How sure a reader is of each judged sentence, before any scaling (0 to 1)."""
    check = Checker(SummaryCalibration(), engine.network, engine.preparer.encoder)
    for line in sheet.read_text("utf-8").splitlines()[1:]:
        text = json.loads(line)
        article = engine.prepare(Article(text["text"], text["title"]))
        places = [(text["number"], letter) for letter in text["sentences"]]
        asked = [place for place in places if place in judged]
        passages = Passages(article.encoded)
        statements = [Statement(text["sentences"][letter], passages, tier) for _, letter in asked]
        for place, verdict in zip(asked, check(statements, BATCH_TOKENS), strict=True):
            yield place, verdict.support
