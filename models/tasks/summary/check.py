"""Whether a sentence may be shown: it is well formed, and the article bears it out.

The reader reads the sentence as a claim against the sentences of the article that bear on it. What
it says is calibrated on sentences of summaries that were judged: that is the sentence's support.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from models.article import Kind, Tier
from models.encoding.questions import Passages
from models.encoding.tokens import ArticleEncoder
from models.network.network import Network
from models.tasks.summary.head import SummaryHead, well_formed
from models.tasks.summary.section import SummaryCalibration

CHECK_TOKENS = 112
"""How much of the article is read with a sentence: its source, and what stands around it."""
BORNE_OUT = 0
"""The place of the label of a claim that the article bears out, among the reader's labels."""
TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that may be shown, the article that it is of, and the reader that judges it."""

    text: str
    passages: Passages
    reader: Tier


@dataclass(frozen=True, slots=True)
class Verdict:
    """How sure it is that a sentence is well formed and that the article bears it out, 0 to 1."""

    form: float
    support: float
    passes: bool


class Checker:
    """Checks sentences, whatever articles they are of, together."""

    def __init__(
        self, fitted: SummaryCalibration, network: Network, encoder: ArticleEncoder
    ) -> None:
        self._fitted, self._network, self._encoder = fitted, network, encoder
        self._head = cast(SummaryHead, network.head("summary"))

    def __call__(self, statements: Sequence[Statement], budget_tokens: int) -> list[Verdict]:
        """A verdict on each of the statements."""
        if not statements:
            return []
        alone = [self._encoder.sentence(each.text) for each in statements]
        forms = well_formed(self._head, self._network, alone, budget_tokens).sigmoid().tolist()
        support: dict[int, float] = {}
        for tier in Tier:
            mine = [n for n, each in enumerate(statements) if each.reader is tier]
            asked = [statements[n] for n in mine]
            support |= zip(mine, self._support(asked, tier, budget_tokens), strict=True)
        return [
            Verdict(form, support[n], self._passes(form, support[n], each.reader))
            for n, (each, form) in enumerate(zip(statements, forms, strict=True))
        ]

    def _support(
        self, statements: Sequence[Statement], tier: Tier, budget_tokens: int
    ) -> list[float]:
        if not statements:
            return []
        questions = [
            each.passages.question(
                self._encoder.target(each.text), each.text, Kind.CLAIM, CHECK_TOKENS
            )
            for each in statements
        ]
        readings = self._network.reader(tier).read(questions, budget_tokens)
        sure = readings.logits.softmax(-1)[:, BORNE_OUT].clamp(TINY, 1 - TINY).tolist()
        return [support(each, self._fitted, tier) for each in sure]

    def _passes(self, form: float, supported: float, tier: Tier) -> bool:
        least = getattr(self._fitted, f"{tier.value}_threshold")
        return form >= self._fitted.form_threshold and supported >= least


def support(sure: float, fitted: SummaryCalibration, tier: Tier) -> float:
    """The probability that a sentence is true, from what a reader says of it (0 to 1).

    Platt's scaling (1999) of its odds, with the numbers of the reader.
    """
    odds = log_odds(sure) + getattr(fitted, f"{tier.value}_bias")
    return 1 / (1 + math.exp(-odds / getattr(fitted, f"{tier.value}_temperature")))


def log_odds(sure: float) -> float:
    """The log-odds of a probability."""
    return math.log(sure / (1 - sure))
