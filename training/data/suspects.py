"""Labels that look wrong, by confident learning (Northcutt et al. 2021, 1911.00068).

A classifier of the states of a model that reads the texts says how likely each label is, for texts
that it was not fitted on. A label is suspect where another one is as likely as it usually is for
the texts that have it, and the label itself is much less likely than usual.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models.article import Article
from models.encoding.preparation import prepare
from models.encoding.tokens import Encoded
from models.engine import Engine
from models.errors import ArticleError
from models.network.passes import pooled
from models.network.states import EncodedArticles

FOLDS = 5
BATCH = 32
READ_CHARS = 1200
"""What a text is about stands at its beginning; the rest of it would take time."""
UNLIKELY = 0.1
"""A label is left alone where it has at least this share of its usual probability: news may be
about two things. That finds nearly as many wrong labels, among fewer right ones."""
STRENGTH = 4.0
"""The inverse of the regularisation, shared by the numbers of a state: there are hundreds of them
and few texts of a label."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label by its number among those given, the likelier one, and how likely both are."""

    number: int
    likelier: str
    likely: float
    given: float


def suspects(states: NDArray[np.float32], labels: Sequence[Sequence[str]]) -> list[Suspect]:
    """The labels that look wrong, the least likely first.

    The first label of a text is judged; that others hold too is no reason to doubt it. Labels with
    too few texts for a fold are left out.
    """
    counts = Counter(first for first, *_ in labels)
    known = [n for n, (first, *_) in enumerate(labels) if counts[first] >= FOLDS]
    names, given = np.unique([labels[n][0] for n in known], return_inverse=True)
    if len(names) < 2:
        return []
    others = np.array([[name in labels[n][1:] for name in names] for n in known])
    strength = STRENGTH / states.shape[1]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=500))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    likely: NDArray[np.float64] = cross_val_predict(
        model, states[known], given, cv=folds, method="predict_proba"
    )
    usual = np.array([likely[given == n, n].mean() for n in range(len(names))])
    sure = np.where((likely >= usual) & ~others, likely, 0.0)
    other, rows = sure.argmax(1), np.arange(len(known))
    is_unlikely = likely[rows, given] < UNLIKELY * usual[given]
    odd = rows[(other != given) & (sure[rows, other] > 0) & is_unlikely]
    found = [
        Suspect(
            known[n], str(names[other[n]]), float(likely[n, other[n]]), float(likely[n, given[n]])
        )
        for n in odd
    ]
    return sorted(found, key=lambda suspect: suspect.given - suspect.likely)


@dataclass
class TextStates:
    """The pooled states that a model has for texts, which are read as they come."""

    engine: Engine
    count: int = 0
    _waiting: list[Encoded] = field(default_factory=list)
    _states: list[NDArray[np.float32]] = field(default_factory=list)

    def add(self, text: str, title: str | None) -> bool:
        """Whether a text can be read; if so, its states are the next ones."""
        try:
            article = Article(text[:READ_CHARS], title)
            self._waiting.append(prepare(article, self.engine.preparer.encoder).encoded)
        except ArticleError:
            return False
        self.count += 1
        if len(self._waiting) == BATCH:
            self._read()
        return True

    def all(self) -> NDArray[np.float32]:
        """The states of all texts: (texts, numbers)."""
        if self._waiting:
            self._read()
        return np.concatenate(self._states)

    @torch.inference_mode()
    def _read(self) -> None:
        network = self.engine.network
        states = EncodedArticles(network, self._waiting, BATCH * network.positions)
        self._states.append(pooled(*states.sentences).float().cpu().numpy())
        self._waiting = []
