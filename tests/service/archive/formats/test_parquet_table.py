"""Parquet that is damaged, lies, or unfolds to more than it may: said in a line, in bounds."""

from __future__ import annotations

import datetime
import decimal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.api.uploads import check
from service.archive import readers, rows
from service.archive.formats import parquet_table as parquet
from service.archive.formats.format import DAMAGED
from service.archive.rows import InputColumns, Rejected, Row
from service.errors import InvalidRequest
from tests.support.paths import DATA

MIB = 2**20
LONG = "x" * (2 * MIB)
LOST = "; its rest is lost"


def read(path: Path, columns: InputColumns | None = None, skip: int = 0) -> list[Row | Rejected]:
    return list(readers.read(path, columns or InputColumns(), skip))


def write(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    pq.write_table(pa.table(columns), path, **{"compression": "zstd", **options})
    return path


def pointing(places: Sequence[int], *texts: str) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), pa.array(texts))


def reasons(found: Sequence[Row | Rejected]) -> list[str]:
    return [row.reason for row in found if isinstance(row, Rejected)]


def test_a_file_that_unfolds_to_too_much_ends_with_one_rejection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parquet, "UNFOLDED_SPARE_BYTES", 32 * MIB)
    found = read(DATA / "dict_bomb.parquet")
    assert reasons(found) == [rows.UNFOLDS + LOST]
    assert isinstance(found[-1], Rejected)
    assert len(found) < 10_000


@pytest.mark.parametrize(
    "columns",
    [
        {"text": pointing([0, 1] * 500, LONG, LONG + "y")},
        {"text": pointing([0] * 1000, LONG), "title": pointing([0, 1] * 500, LONG, LONG + "y")},
        {"text": pa.nulls(400_000, pa.string())},
    ],
)
def test_what_rows_come_to_is_counted_each_time_that_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: dict[str, Any]
) -> None:
    monkeypatch.setattr(parquet, "UNFOLDED_SPARE_BYTES", 2 * MIB)
    path = write(tmp_path / "a.parquet", columns)
    found = read(path)
    assert reasons(found)[-1] == rows.UNFOLDS + LOST
    half = len(found) // 2
    assert read(path, skip=half) == found[half:]


def test_a_text_that_many_rows_share_is_one_object_and_honest(tmp_path: Path) -> None:
    """A row for each target of an article: packed very well, and refused by nothing."""
    articles = [f"Article {number}. " + "Rain fell on the town. " * 400 for number in range(4)]
    places = [place for place in range(4) for _ in range(1500)]
    targets = [f"target {number}" for number in range(len(places))]
    path = write(tmp_path / "a.parquet", {"text": pointing(places, *articles), "about": targets})
    found = read(path, InputColumns(target="about"))
    assert [row.text for row in found if isinstance(row, Row)] == [articles[n] for n in places]
    assert len({id(row.text) for row in found if isinstance(row, Row)}) == len(articles)


@pytest.mark.parametrize(
    ("columns", "options"),
    [
        ({"text": ["x" * (40 * MIB)]}, {"use_dictionary": False}),
        ({"text": ["x" * (40 * MIB)]}, {}),
        ({"text": ["x" * (40 * MIB)]}, {"compression": "gzip"}),
        ({"text": ["x" * (40 * MIB)]}, {"compression": "brotli", "data_page_version": "2.0"}),
        ({name: ["x" * (6 * MIB)] for name in ("text", "title", "id")}, {}),
        ({"text": pointing([0, 0, 1], "a", "b" * (40 * MIB))}, {}),
    ],
)
def test_pages_that_unfold_to_too_much_are_not_unfolded(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    columns: dict[str, Any],
    options: dict[str, Any],
) -> None:
    path = write(tmp_path / "a.parquet", columns, **options)
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", None)
    (found,) = read(path)
    assert isinstance(found, Rejected)
    assert found.reason == parquet.PAGES + LOST
    with pytest.raises(InvalidRequest, match="unfolds to too much"):
        check(path, InputColumns())


def test_long_values_are_read_a_few_at_a_time(tmp_path: Path) -> None:
    texts = [chr(97 + number % 26) * (4 * MIB) + str(number) for number in range(40)]
    options = {"use_dictionary": False, "write_batch_size": 1, "data_page_size": 1}
    path = write(tmp_path / "a.parquet", {"text": texts}, **options)
    before, most = pa.total_allocated_bytes(), 0
    for row, text in zip(readers.read(path, InputColumns()), texts, strict=True):
        assert isinstance(row, Row)
        assert row.text == text
        most = max(most, pa.total_allocated_bytes() - before)
    assert most < 80 * MIB


@pytest.mark.parametrize("encoding", ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY", "PLAIN"])
def test_every_encoding_of_strings_is_read(tmp_path: Path, encoding: str) -> None:
    texts = [f"Rain fell on {number} towns." for number in range(3000)]
    options = {"use_dictionary": False, "column_encoding": encoding}
    path = write(tmp_path / "a.parquet", {"text": texts}, **options)
    assert [row.text for row in read(path) if isinstance(row, Row)] == texts


@pytest.mark.parametrize("size", [2000, 200_000])
def test_a_column_that_is_a_dictionary_only_in_part_is_read(tmp_path: Path, size: int) -> None:
    texts = [f"{number % 1500} of many towns" for number in range(3000)]
    options = {"dictionary_pagesize_limit": size, "write_batch_size": 100}
    for column in (pa.array(texts), pa.array(texts).dictionary_encode()):
        path = write(tmp_path / "a.parquet", {"text": column}, **options)
        found = read(path)
        assert [row.text for row in found if isinstance(row, Row)] == texts
        assert read(path, skip=1500) == found[1500:]


def test_a_page_that_claims_to_be_short_is_damaged(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", {"text": ["x" * 100_000]}, use_dictionary=False)
    content = path.read_bytes()
    begin = pq.read_metadata(path).row_group(0).column(0).data_page_offset
    place = begin + 3  # of the third byte of a varint, behind a first field of two bytes
    assert content[place : place + 3].endswith(b"\x9a\x0c")
    path.write_bytes(content[: place + 2] + b"\x02" + content[place + 3 :])
    (found,) = read(path)
    assert isinstance(found, Rejected)
    assert found.reason == DAMAGED + LOST


@pytest.mark.parametrize("name", ["fuzz_IndexError.parquet", "damaged_metadata.parquet"])
def test_a_damaged_file_is_said_to_be_damaged(name: str) -> None:
    *_, end = read(DATA / name)
    assert isinstance(end, Rejected)
    assert end.reason == DAMAGED + LOST


@pytest.mark.parametrize("error", [IndexError, KeyError, MemoryError, RuntimeError, OSError])
def test_whatever_pyarrow_raises_is_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    path = write(tmp_path / "a.parquet", {"text": ["a"]})
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", fail)
    assert reasons(read(path)) == [DAMAGED + LOST]
    monkeypatch.setattr(pq, "ParquetFile", fail)
    assert reasons(read(path)) == [parquet.NOT_WHOLE]


def test_mutants_are_rows_or_rejections(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.damaged_parquet", str(tmp_path / "a.parquet")]
    ran = subprocess.run([*command, "0", "300"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"mutant {ran.stdout.split()[-1]}: {ran.stderr[-2000:]}"


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1], pa.timestamp("us", tz="Mars/Olympus")),
        pa.array([1], pa.timestamp("ns", tz="+99:99")),
        pa.array([1], pa.duration("ns")),
        pa.array([1], pa.time64("us")),
        pa.array([b"ab"], pa.binary(2)),
        pa.array([{"a": 1}]),
        pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
        pa.array([["a"]]),
    ],
)
def test_a_column_of_a_type_that_is_not_read_is_one_rejection(
    tmp_path: Path, values: pa.Array
) -> None:
    columns = {"text": pa.array(["a"] * 3), "day": pa.concat_arrays([values] * 3)}
    path = write(tmp_path / "a.parquet", columns)
    (found,) = read(path, InputColumns(date="day"))
    assert isinstance(found, Rejected)
    assert found.reason == "the column 'day' has a type that is not read"
    with pytest.raises(InvalidRequest, match="a type that is not read"):
        check(path, InputColumns(date="day"))


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (pa.array([1], pa.timestamp("ns")), "1970-01-01T00:00:00"),
        (pa.array([1], pa.timestamp("us", tz="Europe/Lisbon")), "1970-01-01T01:00:00.000001+01:00"),
        (pa.array([datetime.date(2026, 1, 2)], pa.date64()), "2026-01-02"),
        (pa.array([2**64 - 1], pa.uint64()), str(2**64 - 1)),
        (pa.array([1.5], pa.float16()), "1.5"),
        (pa.array(["monday"], pa.string_view()), "monday"),
        (pa.array(["monday"], pa.large_string()).dictionary_encode(), "monday"),
        (pa.nulls(1), None),
    ],
)
def test_other_types_are_read(tmp_path: Path, values: pa.Array, shown: str | None) -> None:
    path = write(tmp_path / "a.parquet", {"text": ["a"], "day": values})
    (found,) = read(path, InputColumns(date="day"))
    assert isinstance(found, Row), found
    assert found.date == shown


@pytest.mark.parametrize(
    "value", [pa.array([2**60], pa.timestamp("ms")), pa.array([decimal.Decimal("1.5")])]
)
def test_a_value_that_is_no_date_is_rejected_in_its_row(tmp_path: Path, value: pa.Array) -> None:
    path = write(tmp_path / "a.parquet", {"text": ["a"], "day": value})
    assert "date" in reasons(read(path, InputColumns(date="day")))[0]


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], ["text", "text"])
    pq.write_table(table, tmp_path / "a.parquet")
    assert reasons(read(tmp_path / "a.parquet")) == ["a column is there more than once"]


def test_more_columns_than_any_archive_has_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "MAX_COLUMNS", 3)
    path = write(tmp_path / "a.parquet", {f"n{number}": [1] for number in range(4)})
    assert reasons(read(path)) == ["the file claims more than 3 columns"]


class Stopped(Exception):
    """The reading is to end."""


def after(steps: int) -> Callable[[], None]:
    left = iter(range(steps))

    def look() -> None:
        if next(left, None) is None:
            raise Stopped

    return look


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5, 1000])
def test_reading_stops_when_it_is_told_to(steps: int) -> None:
    with pytest.raises(Stopped):
        for _ in readers.read(DATA / "dict_bomb.parquet", InputColumns(), check=after(steps)):
            pass
