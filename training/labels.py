"""The label sets that a training run learns to tell apart."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from models.labels import Label, check_distinct, check_some_of, read_labels
from training.errors import DataError


@dataclass(frozen=True, slots=True)
class LabelSchema:
    """The labels of a run, in the order of the heads' outputs.

    `stance` holds the labels toward a named target; `overall` the subset of them that is possible
    without one, toward the article's own subject (`unrelated` makes no sense there). `form` holds
    the forms of texts, and may be empty.
    """

    topic: tuple[Label, ...]
    stance: tuple[Label, ...]
    overall: tuple[str, ...]
    form: tuple[Label, ...] = ()

    def __post_init__(self) -> None:
        check_distinct(self.topic)
        check_distinct(self.stance)
        if self.form:
            check_distinct(self.form)
        check_some_of(self.overall, self.stance)

    @property
    def by_set(self) -> dict[str, tuple[Label, ...]]:
        """The label sets by their names, as an engine has them."""
        overall = tuple(label for label in self.stance if label.name in self.overall)
        return {"topic": self.topic, "stance": self.stance, "overall": overall, "form": self.form}

    @property
    def topic_names(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.topic)

    @property
    def stance_names(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.stance)

    @property
    def form_names(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.form)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises KeyError, TypeError or ValueError."""
        overall = tuple(data["overall"])
        form = read_labels(data.get("form", ()))
        return cls(read_labels(data["topic"]), read_labels(data["stance"]), overall, form)


def taxonomy(file: Path) -> tuple[Label, ...]:
    """Labels from a taxonomy: JSON, a list of objects, or CSV, with `name` and any of `code`,
    `definition` and `parent` (the name of a label above). Raises DataError."""
    known = [field.name for field in fields(Label)]
    try:
        text = file.read_text("utf-8-sig")
        rows = (
            list(csv.DictReader(text.splitlines())) if file.suffix == ".csv" else json.loads(text)
        )
        labels = read_labels(
            {name: row[name] for name in known if row.get(name) not in (None, "")} for row in rows
        )
        check_distinct(labels)
    except OSError as error:
        raise DataError(f"{file}: {error.strerror}; name a taxonomy") from None
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise DataError(
            f"{file}: no taxonomy ({error}); give a CSV file, or a JSON list of objects, with "
            f"{', '.join(known)}"
        ) from None
    return labels
