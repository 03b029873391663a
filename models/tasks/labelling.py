"""What tasks with labels share: scores, their evidence, and whether they are right."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from torch import Tensor

from models.analysis import Passage, Score
from models.encoding.tokens import Encoded

MAX_EVIDENCE = 3
MIN_EVIDENCE_SHARE = 0.25
"""A sentence is shown as evidence where it speaks for the label at least this much as the best."""
TOLERANCE = 1e-3
TOO_SHORT = "the text is too short to be told what it is"
UNLIKE = "the text is unlike those that the model learned from"
NONE_OF_THESE = "the text seems to be about none of the labels"
OF_THE_TEXT = (TOO_SHORT, UNLIKE)
"""Why a label is withheld, whatever it would be: the reader of an answer is warned of them."""


def ranked(probabilities: Mapping[str, float]) -> tuple[Score, ...]:
    """Labels with their probabilities, likeliest first; equals in the order of the labels."""
    scores = [Score(name, probability) for name, probability in probabilities.items()]
    return tuple(sorted(scores, key=lambda score: -score.probability))


def segment_sentences(encoded: Encoded) -> list[int | None]:
    """The article's segments as sentence numbers; the title has none."""
    return [None] * (encoded.title is not None) + list(range(len(encoded.sentences)))


def evidence(
    encoded: Encoded, sentences: Sequence[int | None], contributions: Tensor, label: int
) -> tuple[Passage, ...]:
    """The sentences that speak most for a label rather than the others, in the article's order.

    `contributions` (S, labels) are those of the given sentences, padding behind them.
    """
    shares = contributions[: len(sentences)].float()
    favor = (shares[:, label] - shares.mean(-1)).tolist()
    spoken = {n: share for n, share in zip(sentences, favor, strict=True) if n is not None}
    order = sorted(spoken, key=lambda n: (-spoken[n], n))[:MAX_EVIDENCE]
    least = MIN_EVIDENCE_SHARE * max(spoken[order[0]], 0.0)
    spans = [encoded.sentences[n] for n in sorted(order) if spoken[n] > least]
    return tuple(Passage(s.start, s.end, encoded.text[s.start : s.end]) for s in spans)


def are_scores(scores: Sequence[Score], possible: Collection[str]) -> bool:
    """Whether each label is there once, and the probabilities add up to 1."""
    each = [score.probability for score in scores]
    return (
        sorted(score.label for score in scores) == sorted(possible)
        and all(0 <= probability <= 1 for probability in each)
        and math.isclose(math.fsum(each), 1, abs_tol=TOLERANCE)
    )
