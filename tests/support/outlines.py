"""Summaries without a model: scores, deletions and verdicts are given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from models.analysis import Summary
from models.article import Style, Tier
from models.encoding.preparation import Prepared
from models.tasks.summary.check import Verdict
from models.tasks.summary.drafts import Draft, trimmed
from models.tasks.summary.model import ROUNDS, summary
from models.tasks.summary.outline import Outline
from models.tasks.summary.spans import Deletion, deletions


def verdict(support: float) -> Verdict:
    """A verdict on a well-formed sentence. It passes from 0.5 on."""
    return Verdict(0.9, support, passes=support >= 0.5)


def outlined(prepared: Prepared, best: int = 0) -> Outline:
    """The outline of an article whose sentences have random scores, and all stand alone; so many
    at its start have better ones than all others."""
    draws = torch.Generator().manual_seed(0)
    scores = torch.randn(len(prepared.encoded.sentences), 3, generator=draws)
    scores[:best] += 20.0
    scores[:, -1] = 5.0
    return Outline(replace(prepared, reader=Tier.FULL), scores)


def summarised(
    outline: Outline,
    sure: Callable[[Deletion], float],
    support: Callable[[Draft], float],
) -> Summary:
    """The summary, where a span goes as surely and a draft is borne out as far as is given."""
    if outline.style is Style.WRITTEN:
        _trim(outline, sure)
        for _ in range(ROUNDS):
            for drafted in outline.unchecked():
                outline.judge(drafted, verdict(support(drafted)))
    return summary(outline)


def _trim(outline: Outline, sure: Callable[[Deletion], float]) -> None:
    encoded = outline.encoded
    for index in outline.to_trim:
        found = deletions(encoded.text, encoded.sentences[index], encoded.language)
        outline.edit(trimmed(encoded, index, found, [sure(each) for each in found], 0.5))
