"""The model card: what a person wrote, and the figures that were measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from models.tasks.judged import INTERVAL

HEADING = "## Figures"


def with_figures(card: str, metrics: Mapping[str, Any]) -> str:
    """A card whose last section is the figures of `metrics` (an older one is replaced)."""
    body = card.split(HEADING)[0].rstrip()
    return f"{body}\n\n{HEADING}\n\n" + "\n".join(_lines(metrics)).strip() + "\n"


def _lines(metrics: Mapping[str, Any]) -> Iterator[str]:
    """What each command measured, as far as it was run."""
    if "files" in metrics:
        yield from _measured(metrics)
    yield from _support(metrics.get("support", {}))
    yield from _fairness(metrics.get("fairness", {}))
    yield from _odd(metrics.get("odd", {}))


def _measured(metrics: Mapping[str, Any]) -> Iterator[str]:
    """A row for each figure of each file."""
    yield from [
        f"Measured on {metrics['date']}, on texts that are for reporting only, with "
        f"`{metrics['command']}`.",
        "",
        "| file | of | figure | value | 95 % interval |",
        "|---|---|---|---|---|",
    ]
    for file, groups in metrics["files"].items():
        for group, figures in groups.items():
            for row in _rows(figures):
                yield f"| {file} | {group} | {' | '.join(row)} |"


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


def _fairness(found: Mapping[str, Any]) -> Iterator[str]:
    """How many answers move with a name, a row for each group and each form of text."""
    if not found:
        return
    figures = found["figures"]
    rows = {**figures["groups"], **figures["forms"], "all": figures["all"]}
    aspects = [name for name in figures["all"] if name + INTERVAL in figures["all"]]
    yield ""
    yield (
        f"Names swapped in {figures['all']['texts']} texts written for it, on {found['date']} with "
        f"`{found['command']}`: the share of swaps that move an answer, and its 95 % interval."
    )
    yield ""
    yield f"| of | texts | {' | '.join(aspects)} |"
    yield "|---" * (2 + len(aspects)) + "|"
    for part, moving in rows.items():
        cells = (_share(moving, name) for name in aspects)
        yield f"| {part} | {moving['texts']} | {' | '.join(cells)} |"


def _odd(found: Mapping[str, Any]) -> Iterator[str]:
    """What becomes of short texts and of those that are no news, a row for each sort."""
    if not found:
        return
    yield ""
    yield (
        f"Texts written for it, short ones and such as are no news, on {found['date']} with "
        f"`{found['command']}`."
    )
    yield ""
    yield "| texts | sort | figure | value | 95 % interval |"
    yield "|---|---|---|---|---|"
    for name, sorts in found["figures"].items():
        for sort, figures in sorts.items():
            for row in _rows(figures):
                yield f"| {name} | {sort} | {' | '.join(row)} |"


def _share(figures: Mapping[str, Any], name: str) -> str:
    """A share with its interval; nothing where it was not asked, as a summary of a sentence."""
    if name not in figures:
        return ""
    low, high = figures[name + INTERVAL]
    return f"{figures[name]:.3f} ({low:.3f} to {high:.3f})"


def _rows(figures: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Each figure's name, its value, and its interval, which stands under its name with `_95`."""
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from _rows(value, f"{prefix}{name}, ")
        elif not name.endswith(INTERVAL):
            yield f"{prefix}{name}", _written(value), _written(figures.get(name + INTERVAL, ""))


def _written(value: Any) -> str:
    return " / ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
