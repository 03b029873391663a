"""Probabilities of stances from their logits."""

from __future__ import annotations

import math
from collections.abc import Mapping

from models.labels import UNRELATED
from models.tasks.calibration import tempered
from models.tasks.stance.section import StanceCalibration


def overall(logits: Mapping[str, float], fitted: StanceCalibration) -> dict[str, float]:
    """Probabilities of the stances toward the article's own subject."""
    return tempered(logits, fitted.overall_temperature)


def staged(logits: Mapping[str, float], fitted: StanceCalibration) -> dict[str, float]:
    """Probabilities of stances: that the article is unrelated, and of the others if it is not.

    How sure the one is says little of how sure the other is, so each has its temperature.
    """
    related = {name: logit for name, logit in logits.items() if name != UNRELATED}
    if not related or UNRELATED not in logits:
        return tempered(logits, fitted.temperature)
    top = max(related.values())
    reach = top + math.log(math.fsum(math.exp(logit - top) for logit in related.values()))
    odds = (logits[UNRELATED] - reach) / fitted.unrelated_temperature + fitted.unrelated_bias
    apart = tempered({UNRELATED: odds, "": 0.0}, 1.0)
    stances = tempered(related, fitted.temperature)
    return {name: apart[""] * stances[name] if name in stances else apart[name] for name in logits}
