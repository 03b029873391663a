"""The model card: what a person wrote, and the figures that were measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HEADING = "## Figures"


def with_figures(card: str, metrics: Mapping[str, Any]) -> str:
    """A card whose last section is the figures of `metrics` (an older one is replaced)."""
    body = card.split(HEADING)[0].rstrip()
    return f"{body}\n\n{HEADING}\n\n" + "\n".join(_lines(metrics)) + "\n"


def _lines(metrics: Mapping[str, Any]) -> list[str]:
    lines = [
        f"Measured on {metrics['date']}, on texts not trained on, with `{metrics['command']}`.",
        "",
        "| file | task | figure | value |",
        "|---|---|---|---|",
    ]
    for file, tasks in metrics["files"].items():
        for task, figures in tasks.items():
            lines += [f"| {file} | {task} | {name} | {value} |" for name, value in _flat(figures)]
    return lines


def _flat(figures: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in figures.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{prefix}{name}, ")
        elif isinstance(value, (list, tuple)):
            found.append((f"{prefix}{name}", " / ".join(str(part) for part in value)))
        else:
            found.append((f"{prefix}{name}", str(value)))
    return found
