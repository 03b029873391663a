"""A fault that lasts, in the log: one line when it begins, one when it is over."""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from models.errors import NutgrafError

EXPECTED = (NutgrafError, OSError, SQLAlchemyError)


class Outage:
    """Told of each failure and each success of some steps that are tried again and again.

    It lasts from the first failure until each step that failed has succeeded. A traceback comes
    along where the first error is none that a full disk or a lost database raises.
    """

    def __init__(self, logger: logging.Logger, begins: str, ends: str) -> None:
        self._logger = logger
        self._begins = begins
        self._ends = ends
        self._failing: set[str] = set()

    def failed(self, step: str, error: Exception, **extra: Any) -> None:
        """A step has failed."""
        if not self._failing:
            is_expected = isinstance(error, EXPECTED)
            self._logger.log(
                logging.WARNING if is_expected else logging.ERROR,
                self._begins,
                extra={"reason": _reason(error), **extra},
                exc_info=None if is_expected else error,
            )
        self._failing.add(step)

    def worked(self, step: str) -> None:
        """A step has succeeded."""
        if step in self._failing:
            self._failing.remove(step)
            if not self._failing:
                self._logger.info(self._ends)


def _reason(error: Exception) -> str:
    """What failed. Errors of others are named by their type alone: they may quote what was sent."""
    told = str(error) if isinstance(error, NutgrafError) else type(error).__name__
    cause = error.__cause__
    return told if cause is None else f"{told} ({type(cause).__name__})"
