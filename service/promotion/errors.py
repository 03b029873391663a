"""The errors that end a promotion, each with its exit status.

NutgrafError
└── PromotionError              2
    ├── NothingToGoBackTo   2   no version was current before this one
    ├── RegistryBusy        2   another command writes to the registry, or has changed it
    ├── NotComparable       2   no labelled texts, or none for a task that both models have
    └── CandidateRefused    6   the candidate is not shown to be as good as the current model
"""

from __future__ import annotations

from models.errors import NutgrafError


class PromotionError(NutgrafError):
    """What serves stays as it is."""

    exit_status = 2


class NothingToGoBackTo(PromotionError):
    """No version was current before this one."""


class RegistryBusy(PromotionError):
    """Another command is writing to the registry, or has changed what is current."""


class NotComparable(PromotionError):
    """There is nothing to compare two models by."""


class CandidateRefused(PromotionError):
    """The candidate is not shown to be as good as the model that serves."""

    exit_status = 6
