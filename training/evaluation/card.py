"""The model card: what a person wrote, and the figures that were measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from models.tasks.judged import INTERVAL

HEADING = "## Figures"


def with_figures(card: str, metrics: Mapping[str, Any]) -> str:
    """A card whose last section is the figures of `metrics` (an older one is replaced)."""
    body = card.split(HEADING)[0].rstrip()
    return f"{body}\n\n{HEADING}\n\n" + "\n".join(_lines(metrics)) + "\n"


def _lines(metrics: Mapping[str, Any]) -> list[str]:
    lines = [
        f"Measured on {metrics['date']}, on texts that are for reporting only, with "
        f"`{metrics['command']}`.",
        "",
        "| file | of | figure | value | 95 % interval |",
        "|---|---|---|---|---|",
    ]
    for file, groups in metrics["files"].items():
        for group, figures in groups.items():
            lines += [f"| {file} | {group} | {' | '.join(row)} |" for row in _rows(figures)]
    return [*lines, *_support(metrics.get("support", {}))]


def _support(figures: Mapping[str, Any]) -> Iterator[str]:
    """The calibration curve of each reader's support, a row a tenth of the judged sentences."""
    for reader, found in figures.items():
        limit = found["threshold"]
        yield ""
        yield (
            f"Support by the `{reader}` reader, on {found['sentences']} sentences of summaries of "
            f"texts to choose by, which were judged: {found['true']} of them are true; at or above "
            f"its limit, {limit['support']}, {limit['true']} are, and {limit['shown']} are shown."
        )
        yield ""
        yield "| support, mean | sentences | true | 95 % interval |"
        yield "|---|---|---|---|"
        for row in found["curve"]:
            yield (
                f"| {row['support']:.3f} | {row['sentences']} | {row['true']} | "
                f"{_written(row['true' + INTERVAL])} |"
            )


def _rows(figures: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Each figure's name, its value, and its interval, which stands under its name with `_95`."""
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from _rows(value, f"{prefix}{name}, ")
        elif not name.endswith(INTERVAL):
            yield f"{prefix}{name}", _written(value), _written(figures.get(name + INTERVAL, ""))


def _written(value: Any) -> str:
    return " / ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
