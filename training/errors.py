"""Every error that training raises on purpose.

    NutgrafError
    └── TrainingError
        ├── ConfigError     a config that cannot be read or says what no run knows
        ├── DataError       a file of labelled articles that cannot be used
        ├── BaseError       a starting encoder that cannot be used
        ├── TeacherError    a reader is to teach another, and is not there
        ├── SheetError      a sheet or a key that cannot be read or do not belong together
        └── VerdictError    a file of verdicts that does not fit its sheet

A message is one line: what is wrong and the way out.
"""

from __future__ import annotations

from models.errors import NutgrafError


class TrainingError(NutgrafError):
    """The root of all errors above."""


class ConfigError(TrainingError):
    """A config that cannot be read or says what no run knows."""


class DataError(TrainingError):
    """A file of labelled articles that cannot be used."""


class BaseError(TrainingError):
    """A starting encoder that cannot be used."""


class TeacherError(TrainingError):
    """A reader is to teach another, and is not there."""


class SheetError(TrainingError):
    """A sheet or a key that cannot be read, or do not belong together."""


class VerdictError(TrainingError):
    """A file of verdicts that does not fit its sheet."""
