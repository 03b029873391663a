"""How sure a sentence's support is, fitted on sentences of summaries that were judged.

Each reader reads the judged sentences as claims against their articles. Platt's scaling (1999) of
what it says is the support; below the limit above which 97 of 100 are true, none is shown.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sklearn.linear_model import LogisticRegression

from models.article import Article, Tier
from models.encoding.questions import Passages
from models.engine import Engine
from models.tasks.summary.check import Checker, Statement, support
from models.tasks.summary.section import SummaryCalibration
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


def fit_support(
    engine: Engine, fitted: SummaryCalibration, sheet: Path, key: Path, verdicts: Path
) -> tuple[SummaryCalibration, dict[str, Any]]:
    """A calibration with the support of each reader fitted, and the figures of each.

    Raises SheetError or VerdictError.
    """
    judged = read_verdicts(verdicts, read_key(sheet, key, sentences=True), SentenceVerdict)
    found: dict[str, Any] = {}
    for tier in engine.info.readers:
        sure = dict(_sure(engine, tier, sheet, judged))
        odds = [math.log(sure[place] / (1 - sure[place])) for place in judged]
        slope, offset = platt(odds, [verdict.verdict == "true" for verdict in judged.values()])
        numbers = {f"{tier}_temperature": 1 / slope, f"{tier}_bias": offset / slope}
        fitted = replace(fitted, **{name: round(value, 4) for name, value in numbers.items()})
        sentences = sorted(
            (
                Supported(place[0], support(sure[place], fitted, Tier(tier)), verdict.verdict)
                for place, verdict in judged.items()
            ),
            key=lambda each: (each.support, each.number),
        )
        limit = least_threshold(sentences)
        if limit is None:
            raise VerdictError(f"{verdicts}: the surest of the {tier} reader are wrong; train it")
        # Rounded down, so that the sentence at the limit is shown.
        fitted = replace(fitted, **{f"{tier}_threshold": math.floor(limit * 1e4) / 1e4})
        found[str(tier)] = sentence_figures(sentences)
    return fitted, found


def platt(odds: Sequence[float], right: Sequence[bool]) -> tuple[float, float]:
    """Slope and offset of the log-odds of being right over those that were given.

    Raises VerdictError where all have the same verdict, or the surer are wrong more often.
    """
    if len(set(right)) < 2:
        raise VerdictError("all sentences have the same verdict; judge more of them")
    model = LogisticRegression(C=UNREGULARISED).fit([[each] for each in odds], right)
    slope, offset = float(model.coef_[0, 0]), float(model.intercept_[0])
    if slope <= 0:
        raise VerdictError("the more supported sentences are true less often; judge more of them")
    return slope, offset


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
