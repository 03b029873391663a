from __future__ import annotations

import datetime
import io
import json
import time
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from xml.etree.ElementTree import tostring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.archive import report
from service.archive.errors import InputRefused
from service.archive.formats import FORMATS
from service.archive.formats.format import Format
from service.archive.progress import Tally, duration, json_lines, log_lines, pace
from service.archive.rows import InputColumns
from service.archive.statistics import RunStatistics
from tests.support import runs


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]


def dated(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    days = [f"2024-0{n % 9 + 1}-1{n % 5}" for n in range(20)]
    lines = [{"text": f"weather {n}", "date": day} for n, day in enumerate([*days, "soon", None])]
    path.write_text("".join(json.dumps(line) + "\n" for line in [*lines, {"text": ""}]))
    return path


@pytest.mark.parametrize("form", FORMATS.values())
def test_a_page_shows_counts_and_time_and_needs_no_network(tmp_path: Path, form: Format) -> None:
    asked = runs.request(
        dated(tmp_path), output=tmp_path / "out", columns=InputColumns(date="date"), format=form
    )
    runs.score(asked)
    report.write(asked.output, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    found = Tags(page)
    assert found.tags["svg"] == 4
    assert found.tags["script"] == 0
    assert not found.links
    assert "weather: 22" in page
    assert "2024-01-10, weather: 1" in page
    assert "rows rejected</th><td>1<" in page


def test_a_page_without_dates_has_no_time(tmp_path: Path) -> None:
    asked = runs.request(dated(tmp_path), output=tmp_path / "out")
    runs.score(asked)
    report.write(asked.output, tmp_path / "page.html")
    assert Tags((tmp_path / "page.html").read_text()).tags["svg"] == 2


def test_where_no_run_is_there_is_no_page(tmp_path: Path) -> None:
    with pytest.raises(InputRefused):
        report.write(tmp_path, tmp_path / "page.html")


@given(st.dictionaries(st.text(min_size=1), st.integers(1, 10**9), min_size=1, max_size=20))
def test_a_label_is_text_whatever_it_holds(counts: dict[str, int]) -> None:
    chart = tostring(report.bars(counts), encoding="unicode", method="html")
    assert set(Tags(chart).tags) == {"svg", "text", "rect", "title"}


def test_a_hostile_label_is_no_markup() -> None:
    chart = report.bars({"<script>alert(1)</script>": 1})
    assert "<script" not in tostring(chart, encoding="unicode", method="html")


days = st.dates()


@given(st.dictionaries(st.tuples(days, st.sampled_from("abcdefghijkl")), st.integers(1, 99),
                       min_size=1))  # fmt: skip
def test_no_row_is_lost_over_time(counts: dict[tuple[datetime.date, str], int]) -> None:
    periods, series = report.over_time(Counter(counts))
    assert sum(map(sum, series.values())) == sum(counts.values())
    assert periods == sorted(periods)
    assert len(periods) <= report.MAX_PERIODS
    assert len(series) <= report.MAX_SERIES + 1
    assert report.columns(periods, series).tag == "svg"


def test_the_closing_report_counts_everything(tmp_path: Path) -> None:
    texts = ["weather", "again", "again", "nan"]
    asked = runs.request(runs.write_jsonl(tmp_path / "in.jsonl", texts), output=tmp_path / "out")
    closing = RunStatistics.of(runs.score(asked))
    assert (closing.rows, closing.rejected, closing.duplicates) == (3, 1, 1)
    assert closing.topics == {"weather": 3}
    assert closing.stances == {"(withheld)": 3}
    assert closing.padding_share == 0.0
    assert closing.lines()[0] == "3 rows scored, 1 rejected, 1 duplicates scored once"


def test_progress_comes_as_lines_for_people_and_for_machines() -> None:
    tally = Tally(articles=10, done=4, rejected=2)
    tally.read = 6
    tally.add(6, 600)
    for_people, for_machines = io.StringIO(), io.StringIO()
    log_lines(for_people).show(tally)
    json_lines(for_machines).show(tally)
    assert for_people.getvalue().startswith("10 of 10 articles, ")
    assert for_people.getvalue().endswith("2 rejected\n")
    found = json.loads(for_machines.getvalue())
    assert (found["done"], found["scored"], found["tokens"], found["eta_s"]) == (10, 6, 600, 0)


def test_the_pace_within_a_shard_is_that_of_articles_until_tokens_are_known() -> None:
    tally = Tally(articles=10, done=0, read=4, began_s=time.monotonic() - 60)
    assert "articles/s" in pace(tally)
    assert "tokens/s" not in pace(tally)
    tally.add(4, 400)
    tally.read = 4
    assert tally.tokens_per_s == pytest.approx(100 * tally.articles_per_s, rel=0.05)
    assert "tokens/s" in pace(tally)


def test_durations_are_read_at_a_glance() -> None:
    assert duration(3725.4) == "1:02:05"
