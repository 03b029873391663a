"""How far a text lies from those that a head learned from.

Two distances. A text is *unlike* all of them by the squared Mahalanobis distance of its pooled
state to the nearest class, with one covariance for all (Lee et al. 2018, 1807.03888), and that of
its surface (`models.text.surface`), weighed against each other. Both are larger for shorter texts,
so the sum is told in deviations from what is usual for a text of as many words. A text like them
may still be of *none of the classes*: by its distance to the nearest, less that to all texts with
their covariance, in which what all texts have in common falls out (Ren et al. 2021, 2106.09022).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.text.surface import FEATURES

SHRINKAGE = 0.05
"""How much of a covariance is that of values that have nothing to do with each other."""
SURFACE_WEIGHT = 20.0
FEWEST_WORDS = 5
TINY = 1e-12


class Familiarity(nn.Module):
    """Distances from the texts of some classes. Fitted, not trained: all 0 before."""

    centres: Tensor
    whitening: Tensor
    mean: Tensor
    whitening_of_all: Tensor
    surface: Tensor
    whitening_of_surface: Tensor
    usual: Tensor
    deviation: Tensor

    def __init__(self, hidden: int, classes: int) -> None:
        super().__init__()
        self.register_buffer("centres", torch.zeros(classes, hidden))
        self.register_buffer("whitening", torch.zeros(hidden, hidden))
        self.register_buffer("mean", torch.zeros(hidden))
        self.register_buffer("whitening_of_all", torch.zeros(hidden, hidden))
        self.register_buffer("surface", torch.zeros(FEATURES))
        self.register_buffer("whitening_of_surface", torch.zeros(FEATURES, FEATURES))
        self.register_buffer("usual", torch.zeros(2))
        self.register_buffer("deviation", torch.tensor([1.0, 0.0]))

    @torch.no_grad()
    def fit(self, states: Tensor, surfaces: Tensor, words: Tensor, classes: Sequence[int]) -> None:
        """Learns from texts: their pooled states (A, H), surfaces (A, F), numbers of words (A), and
        the class of each. Each class of the head is there at least once."""
        states = functional.normalize(states.float(), dim=-1)
        number = torch.tensor(classes, device=states.device)
        centres = torch.stack([states[number == each].mean(0) for each in range(len(self.centres))])
        self.centres.copy_(centres)
        self.whitening.copy_(_whitening(states - centres[number]))
        self.mean.copy_(states.mean(0))
        self.whitening_of_all.copy_(_whitening(states - states.mean(0)))
        self.surface.copy_(surfaces.mean(0))
        self.whitening_of_surface.copy_(_whitening(surfaces - surfaces.mean(0)))
        distances, length = self._distances(states, surfaces), _length(words)
        self.usual.copy_(torch.linalg.lstsq(length, distances[:, None]).solution[:, 0])
        off = (distances - length @ self.usual).abs()
        self.deviation.copy_(torch.linalg.lstsq(length, off[:, None]).solution[:, 0])

    def forward(self, states: Tensor, surfaces: Tensor, words: Tensor) -> Tensor:
        """How unlike texts are, (A), by pooled states (A, H), surfaces (A, F) and numbers of words
        (A): how many usual deviations they lie further than is usual."""
        states = functional.normalize(states.float(), dim=-1)
        length = _length(words)
        further = self._distances(states, surfaces) - length @ self.usual
        return further / (length @ self.deviation).clamp(min=TINY)

    def from_classes(self, states: Tensor) -> Tensor:
        """How far texts are, (A), from each of the classes, by pooled states (A, H)."""
        states = functional.normalize(states.float(), dim=-1)
        of_all = (states - self.mean) @ self.whitening_of_all
        return self._nearest(states) - of_all.square().sum(-1)

    def _distances(self, states: Tensor, surfaces: Tensor) -> Tensor:
        surface = (surfaces - self.surface) @ self.whitening_of_surface  # (A, F)
        return self._nearest(states) + SURFACE_WEIGHT * surface.square().sum(-1)

    def _nearest(self, states: Tensor) -> Tensor:
        each = (states[:, None] - self.centres) @ self.whitening  # (A, classes, H)
        return each.square().sum(-1).amin(-1)


def _length(words: Tensor) -> Tensor:
    """What distances are told by: a constant, and the root of how rare words are, (A, 2)."""
    rare = words.float().clamp(min=FEWEST_WORDS).rsqrt()
    return torch.stack([torch.ones_like(rare), rare], dim=-1)


def _whitening(deviations: Tensor) -> Tensor:
    """The matrix, (H, H), after which deviations, (A, H), have a covariance of ones."""
    scale = deviations.double().std(0).clamp(min=TINY)
    scaled = deviations.double() / scale
    covariance = scaled.T @ scaled / max(1, len(deviations) - 1)
    shrunk = (1 - SHRINKAGE) * covariance + SHRINKAGE * torch.eye(len(covariance)).to(covariance)
    values, vectors = torch.linalg.eigh(shrunk)
    found: Tensor = vectors / values.clamp(min=TINY).sqrt() / scale[:, None]
    return found


def covariance(whitening: Tensor) -> Tensor:
    """The covariance, (H, H), that a whitening was made from; of one that was not, ones."""
    if not whitening.any():
        return torch.eye(len(whitening), dtype=torch.float64)
    found: Tensor = torch.linalg.inv(whitening.double() @ whitening.double().T)
    return found
