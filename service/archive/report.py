"""A run as a page: figures and charts, one file that opens without a network.

All text goes in through `xml.etree`, which escapes it; there is no script in the page.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

from models import files
from service.archive.errors import InputRefused, storage
from service.archive.formats import FORMATS
from service.archive.manifest import Manifest
from service.archive.run import WITHHELD
from service.archive.run_config import SCORES
from service.archive.statistics import RunStatistics
from service.printable import printable

MAX_PERIODS = 60
MAX_SERIES = 8
OTHERS = "others"
COLOURS = (
    "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2", "#edc948", "#b07aa1", "#9c755f",
    "#bab0ac",
)  # fmt: skip
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
td, th { padding: .1rem 1rem .1rem 0; text-align: left; font-variant-numeric: tabular-nums }
svg { width: 100%; height: auto } text { font-size: 12px; fill: #333 }
li { display: inline-block; margin-right: 1.2rem } ul { padding: 0 }
"""
CHART_WIDTH, CHART_HEIGHT, LABELS_HEIGHT = 900, 260, 24
BAR_HEIGHT, BAR_LEFT, BAR_WIDTH = 22, 330, 480

Period = Callable[[datetime.date], str]
PERIODS: Sequence[Period] = (
    lambda day: day.isoformat(),
    lambda day: day.strftime("%Y-%m"),
    lambda day: f"{day.year}-Q{(day.month + 2) // 3}",
    lambda day: f"{day.year:04}",
    lambda day: f"{day.year // 10:03}0s",
    lambda day: f"{day.year // 100:02}00s",
    lambda day: f"{day.year // 1000}000s",
)
"""The periods that days are counted by, from the shortest to the longest."""

Days = Counter[tuple[datetime.date, str]]


def write(directory: Path, path: Path) -> None:
    """Writes the page of a run, finished or not. Raises InputRefused, RunChanged."""
    manifest = Manifest.read(directory)
    if manifest is None:
        raise InputRefused(f"{directory}: no run is there; name a run's --output directory")
    content = render(directory, manifest)
    with storage(str(path)):
        files.write_atomically(path, content)


def render(directory: Path, manifest: Manifest) -> bytes:
    """The page as bytes."""
    statistics = RunStatistics.of(manifest)
    page = Element("html", lang="en")
    head = SubElement(page, "head")
    SubElement(head, "meta", charset="utf-8")
    _text(head, "title", "nutgraf: report of a run")
    _text(head, "style", STYLE)
    body = SubElement(page, "body")
    _text(body, "h1", "Report of a run")
    _figures(body, manifest, statistics)
    days = _days(directory, manifest) if manifest.asked.get("date_column") else {}
    for column, name, counts in (
        ("topic", "Topics", statistics.topics), ("stance", "Stances", statistics.stances),
    ):  # fmt: skip
        if counts:
            _text(body, "h2", name)
            body.append(bars(counts))
        if days.get(column):
            _over_time(body, name, days[column])
    html: bytes = tostring(page, encoding="utf-8", method="html")
    return b"<!doctype html>\n" + html


def _figures(body: Element, manifest: Manifest, statistics: RunStatistics) -> None:
    figures = {
        "rows scored": f"{statistics.rows:,}",
        "rows rejected": f"{statistics.rejected:,}",
        "duplicates, scored once": f"{statistics.duplicates:,}",
        "rows to go": f"{manifest.plan.rows - statistics.rows - statistics.rejected:,}",
        "files": f"{len(manifest.plan.files):,}",
        "articles/s": _rate(statistics.articles_per_s),
        "tokens/s": _rate(statistics.tokens_per_s),
        "padding": "–" if statistics.padding_share is None else f"{statistics.padding_share:.1%}",
        "model": manifest.model,
        "computed in": str(manifest.numerics or "–"),
        "input": manifest.plan.digest,
    }
    table = SubElement(body, "table")
    for name, value in figures.items():
        row = SubElement(table, "tr")
        _text(row, "th", name)
        _text(row, "td", value)


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"


def _days(directory: Path, manifest: Manifest) -> Mapping[str, Days]:
    """How many rows of each label there are on each day; memory grows with days, not rows."""
    its_format = FORMATS[manifest.asked["format"]]
    found: dict[str, Days] = {"topic": Counter(), "stance": Counter()}
    names = ("date", *found)
    for part in manifest.parts:
        path = directory / SCORES / f"part-{part.number:05}.{its_format.name}"
        for date, *labels in its_format.decode(_content(path), names):
            day = _day(date)
            if day is not None:
                for column, label in zip(found, labels, strict=True):
                    found[column][day, label or WITHHELD] += 1
    asked = manifest.asked["tasks"]
    return {column: days for column, days in found.items() if asked is None or column in asked}


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise InputRefused(f"{path}: not readable; run `nutgraf score` again") from None


def _day(date: str | None) -> datetime.date | None:
    for text in (date or "", (date or "")[:10]):
        try:
            return datetime.datetime.fromisoformat(text).date()
        except ValueError:
            continue
    return None


def _over_time(body: Element, name: str, days: Days) -> None:
    periods, series = over_time(days)
    _text(body, "h3", f"{name} over time")
    body.append(columns(periods, series))
    legend = SubElement(body, "ul")
    for label, colour in zip(series, COLOURS, strict=False):
        item = SubElement(legend, "li")
        _text(item, "span", "■ ", style=f"color: {colour}")
        _text(item, "span", label)


def over_time(days: Days) -> tuple[list[str], dict[str, list[int]]]:
    """The periods, in order, and how many rows of each label are in each of them.

    Periods are the shortest of which there are not too many; the rarest labels become one.
    """
    dates = sorted({day for day, _ in days})
    period = next(
        (p for p in PERIODS if len({p(day) for day in dates}) <= MAX_PERIODS), PERIODS[-1]
    )
    periods = list(dict.fromkeys(map(period, dates)))
    totals: Counter[str] = Counter()
    for (_, label), count in days.items():
        totals[label] += count
    shown = [label for label, _ in totals.most_common(MAX_SERIES)]
    names = [*shown, *([OTHERS] if len(totals) > MAX_SERIES else [])]
    series = {name: [0] * len(periods) for name in names}
    places = {name: place for place, name in enumerate(periods)}
    for (day, label), count in days.items():
        series[label if label in shown else OTHERS][places[period(day)]] += count
    return periods, series


def bars(counts: Mapping[str, int]) -> Element:
    """A bar for each label, longest first."""
    chart = _chart(CHART_WIDTH, BAR_HEIGHT * len(counts))
    most = max(counts.values())
    for place, (label, count) in enumerate(counts.items()):
        y = place * BAR_HEIGHT
        width = BAR_WIDTH * count / most
        _text(chart, "text", label, x=BAR_LEFT - 8, y=y + 15, text_anchor="end")
        _rect(chart, BAR_LEFT, y + 3, width, BAR_HEIGHT - 6, COLOURS[0], f"{label}: {count:,}")
        _text(chart, "text", f"{count:,}", x=round(BAR_LEFT + width + 6), y=y + 15)
    return chart


def columns(periods: Sequence[str], series: Mapping[str, Sequence[int]]) -> Element:
    """A column for each period, one label on the other."""
    chart = _chart(CHART_WIDTH, CHART_HEIGHT + LABELS_HEIGHT)
    most = max(map(sum, zip(*series.values(), strict=True)))
    step = CHART_WIDTH / len(periods)
    for place, period in enumerate(periods):
        for y, height, label, colour, count in _stack(series, place, most):
            rest = f"{period}, {label}: {count:,}"
            _rect(chart, place * step + 1, y, max(step - 2, 1), height, colour, rest)
        if place % max(1, len(periods) // 8) == 0:
            _text(chart, "text", period, x=round(place * step), y=CHART_HEIGHT + 16)
    return chart


def _stack(
    series: Mapping[str, Sequence[int]], place: int, most: int
) -> Iterator[tuple[float, float, str, str, int]]:
    y = float(CHART_HEIGHT)
    for (label, counts), colour in zip(series.items(), COLOURS, strict=False):
        height = CHART_HEIGHT * counts[place] / most
        y -= height
        if height:
            yield y, height, label, colour, counts[place]


def _chart(width: int, height: int) -> Element:
    return Element("svg", viewBox=f"0 0 {width} {height}", role="img")


def _rect(
    chart: Element, x: float, y: float, width: float, height: float, colour: str, hint: str
) -> None:
    place = {"x": x, "y": y, "width": width, "height": height}
    numbers = {name: f"{value:.1f}" for name, value in place.items()}
    _text(SubElement(chart, "rect", {**numbers, "fill": colour}), "title", hint)


def _text(parent: Element, tag: str, text: str, **attributes: object) -> None:
    named = {name.replace("_", "-"): str(value) for name, value in attributes.items()}
    SubElement(parent, tag, named).text = printable(text)
