"""Probabilities of stances from their logits."""

from __future__ import annotations

import math
from collections.abc import Mapping

from models.article import Kind, Tier
from models.labels import UNRELATED
from models.tasks.calibration import tempered
from models.tasks.stance.section import StanceCalibration


def group_of(reader: Tier, kind: Kind) -> str:
    """The name of what is calibrated together: the beginning of its numbers' names."""
    return f"{reader.value}_claim" if kind is Kind.CLAIM else reader.value


def threshold(fitted: StanceCalibration, group: str) -> float:
    """The confidence below which a label of a group is withheld."""
    return float(getattr(fitted, f"{group}_threshold"))


def overall(logits: Mapping[str, float], fitted: StanceCalibration) -> dict[str, float]:
    """Probabilities of the stances toward the article's own subject."""
    return tempered(logits, fitted.overall_temperature)


def staged(logits: Mapping[str, float], fitted: StanceCalibration, group: str) -> dict[str, float]:
    """Probabilities of stances: that the article is unrelated, and of the others if it is not.

    How sure the one is says little of how sure the other is, so each has its temperature.
    """
    temperature = getattr(fitted, f"{group}_temperature")
    related = {name: logit for name, logit in logits.items() if name != UNRELATED}
    if not related or UNRELATED not in logits:
        return tempered(logits, temperature)
    top = max(related.values())
    reach = top + math.log(math.fsum(math.exp(logit - top) for logit in related.values()))
    odds = (logits[UNRELATED] - reach) / getattr(fitted, f"{group}_unrelated_temperature")
    odds += getattr(fitted, f"{group}_unrelated_bias")
    apart = tempered({UNRELATED: odds, "": 0.0}, 1.0)
    stances = tempered(related, temperature)
    return {name: apart[""] * stances[name] if name in stances else apart[name] for name in logits}
