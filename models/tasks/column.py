"""A column that a task adds to the output over an archive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Result = TypeVar("Result")

DECIMALS = 4
"""Scores are written with so many."""


@dataclass(frozen=True, slots=True)
class Column(Generic[Result]):
    """The type of a column's values, and how to get a value from a task's result.

    A result is what the task leaves in `models.analysis.Analysis`. A value may be None.
    """

    type: type
    value: Callable[[Result], str | int | float | bool | None]
