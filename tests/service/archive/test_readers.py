from __future__ import annotations

import csv
import datetime
import gzip
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.archive import readers, rows
from service.archive.errors import InputRefused
from service.archive.formats import csv as csv_format
from service.archive.formats import jsonl, lines, parquet_table, parquet_values
from service.archive.rows import InputColumns, Rejected, Row

DATED = InputColumns(date="date", target="about")


def read(path: Path, columns: InputColumns | None = None, skip: int = 0) -> list[Row | Rejected]:
    return list(readers.read(path, columns or InputColumns(), skip))


def texts(found: list[Row | Rejected]) -> list[str]:
    return [row.text if isinstance(row, Row) else f"! {row.reason}" for row in found]


def file_of(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


ALL: list[dict[str, str | None]] = [
    {"text": "one", "title": "A", "id": "x1", "date": "2024-01-02", "about": "the tram"},
    {"text": 'two\nlines, and a quote "', "title": None, "id": "x2", "date": None, "about": None},
    {"text": "three ‘ü’", "title": "C", "id": "x3", "date": "2024-01-04", "about": "the bridge"},
]


def written(path: Path) -> Path:
    """The same three rows in any format."""
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(ALL), path, row_group_size=2)
        return path
    if ".csv" in path.suffixes:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, ALL[0])
        writer.writeheader()
        writer.writerows(ALL)
        return file_of(path, text.getvalue().encode())
    return file_of(path, "".join(json.dumps(row) + "\n" for row in ALL).encode())


@pytest.mark.parametrize(
    "name", ["a.jsonl", "a.jsonl.gz", "a.ndjson", "a.csv", "a.csv.gz", "a.parquet"]
)
@pytest.mark.parametrize("skip", [0, 1, 2, 3])
def test_formats_hold_the_same_rows(tmp_path: Path, name: str, skip: int) -> None:
    found = read(written(tmp_path / name), DATED, skip)
    assert [(r.id, r.text, r.title, r.date, r.target) for r in found if isinstance(r, Row)] == [
        (row["id"], row["text"], row["title"], row["date"], row["about"]) for row in ALL[skip:]
    ]


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet"])
@pytest.mark.parametrize(
    ("where", "taken"),
    [
        ((("about", "the tram"),), [0]),
        ((("about", ""),), [1]),
        ((("about", "the tram"), ("id", "x3")), []),
        ((("title", "C"), ("id", "x3")), [2]),
    ],
)
def test_rows_that_are_not_asked_for_are_not_there(
    tmp_path: Path, name: str, where: tuple[tuple[str, str], ...], taken: list[int]
) -> None:
    columns = InputColumns(where=where)
    wanted = [ALL[place]["text"] for place in taken]
    path = written(tmp_path / name)
    assert texts(read(path, columns)) == wanted
    assert texts(read(path, columns, 1)) == wanted[1:]


def test_values_are_compared_as_they_are_written(tmp_path: Path) -> None:
    values = {"n": 5, "share": 0.5, "ok": True, "day": datetime.date(2024, 1, 2), "name": "a=b"}
    pq.write_table(pa.Table.from_pylist([{"text": "one", **values}]), tmp_path / "a.parquet")
    written_as = {"n": "5", "share": "0.5", "ok": "true", "day": "2024-01-02", "name": "a=b"}
    for name, value in written_as.items():
        columns = InputColumns(where=((name, value),))
        assert texts(read(tmp_path / "a.parquet", columns)) == ["one"], name


def test_a_line_that_cannot_be_read_is_rejected_whatever_is_asked_for(tmp_path: Path) -> None:
    path = file_of(tmp_path / "a.jsonl", b'{"text": "one"}\nnonsense\n{"text": "two", "id": "x"}\n')
    columns = InputColumns(where=(("id", "x"),))
    assert texts(read(path, columns)) == ["! the line is not JSON", "two"]
    assert texts(read(path, columns, 1)) == ["two"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": ', "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"text": 7}', "not a string"),
        (b'{"body": "a"}', "no text"),
        (b'{"text": " \\n"}', "no text"),
        (b'{"text": "\\ud800"}', "not valid Unicode"),
        (b'{"text": "\xff"}', "not UTF-8"),
        (b'{"text": "a", "title": []}', "the title is not a string"),
        (b'{"text": "a", "id": 1.5}', "the id is neither"),
        (b'{"text": "a", "n": ' + b"9" * 5000 + b"}", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\0", "not JSON"),
    ],
)
def test_a_bad_line_is_rejected_in_its_place(tmp_path: Path, line: bytes, reason: str) -> None:
    path = file_of(tmp_path / "a.jsonl", b'{"text": "first"}\n\n' + line + b'\n{"text": "last"}\n')
    first, bad, last = read(path)
    assert isinstance(bad, Rejected)
    assert reason in bad.reason
    assert (bad.file, bad.line) == (str(path), 3)
    assert texts([first, last]) == ["first", "last"]


def test_a_last_line_that_is_cut_off_is_rejected(tmp_path: Path) -> None:
    path = file_of(tmp_path / "a.jsonl", b'{"text": "first"}\n{"text": "se')
    assert texts(read(path)) == ["first", "! the last line is cut off"]


def test_a_last_line_without_its_end_is_whole(tmp_path: Path) -> None:
    assert texts(read(file_of(tmp_path / "a.jsonl", b'\xef\xbb\xbf{"text": "all"}'))) == ["all"]


def test_an_overlong_line_is_skipped_without_being_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "MAX_ROW_BYTES", 100)
    long = b'{"text": "' + b"x" * 300_000 + b'"}\n'
    path = file_of(tmp_path / "a.jsonl", long + b'{"text": "after"}\n')
    assert texts(read(path)) == ["! the line is longer than 100 bytes", "after"]


def test_a_packed_file_that_breaks_off_keeps_what_was_read(tmp_path: Path) -> None:
    lines = b"".join(b'{"text": "%d %s"}\n' % (n, str(hash(str(n))).encode()) for n in range(5000))
    whole = gzip.compress(lines)
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(whole[: len(whole) // 2])
    *good, end = read(path)
    assert len(good) > 1000
    assert all(isinstance(row, Row) for row in good)
    assert isinstance(end, Rejected)
    assert "its rest is lost" in end.reason
    assert end.line == len(good) + 1


def test_what_is_not_packed_at_all_is_one_rejection(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(b"no gzip here")
    (found,) = read(path)
    assert isinstance(found, Rejected)


def test_csv_rows_know_the_line_they_begin_on(tmp_path: Path) -> None:
    path = file_of(tmp_path / "a.csv", b'id,text\n1,"a\nb"\n2,c\n\n3\n4,\xff\n')
    found = read(path)
    assert [row.line for row in found] == [2, 4, 6, 7]
    assert texts(found) == [
        "a\nb",
        "c",
        "! the row has 1 cells, and the first row 2",
        "! the text is not valid Unicode",
    ]


def test_a_quote_that_is_never_closed_loses_the_rest(tmp_path: Path) -> None:
    path = file_of(tmp_path / "a.csv", b'text\ngood\n"bad\nmore\n')
    assert texts(read(path)) == [
        "good",
        "! the file breaks off or is damaged here; its rest is lost",
    ]


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_table_without_the_column_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputRefused, match="no column 'body'"):
        read(written(tmp_path / name), InputColumns(text="body"))


def test_a_truncated_parquet_file_is_one_rejection(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet")
    path.write_bytes(path.read_bytes()[:-20])
    (found,) = read(path)
    assert isinstance(found, Rejected)
    assert found.reason == "the file is not a whole Parquet file"


def test_a_damaged_page_loses_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    words = [f"{n} " + str(n * 7919) * 20 for n in range(2000)]
    pq.write_table(pa.table({"text": words}), path, row_group_size=1000, use_dictionary=False)
    content = bytearray(path.read_bytes())
    begin = pq.read_metadata(path).row_group(1).column(0).data_page_offset
    content[begin : begin + 200] = b"\xff" * 200
    path.write_bytes(content)
    *good, end = read(path)
    assert texts(good) == words[:1000]
    assert isinstance(end, Rejected)
    assert end.line == 1001


def test_a_parquet_bomb_is_read_in_bounded_memory(tmp_path: Path) -> None:
    """One long string that many rows point to: a few KB on disk would be 40 GB in memory."""
    path = tmp_path / "a.parquet"
    bomb = pa.DictionaryArray.from_arrays(
        pa.array([0] * 3000, pa.int32()), pa.array(["x" * (rows.MAX_ROW_BYTES + 1)])
    )
    pq.write_table(pa.table({"text": bomb}), path, compression="zstd")
    before = pa.total_allocated_bytes()
    most = 0
    for number, row in enumerate(readers.read(path, InputColumns())):
        assert isinstance(row, Rejected)
        assert row.reason == parquet_values.OVERLONG
        if number % 1000 == 0:
            most = max(most, pa.total_allocated_bytes() - before)
    assert number == 2999
    assert most < 10 * rows.MAX_ROW_BYTES


def test_a_parquet_file_that_claims_too_much_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_table, "MAX_GROUP_ROWS", 1)
    (found,) = read(written(tmp_path / "a.parquet"))
    assert isinstance(found, Rejected)
    assert found.reason == "a row group claims more than 1 rows"


def test_parquet_types_are_taken_for_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    day = datetime.date(2024, 2, 29)
    table = {
        "text": pa.array(["a", None, "c"], pa.large_string()),
        "id": pa.array([7, 8, 9], pa.int32()),
        "date": pa.array([day, day, None]),
        "about": pa.array(["x", "x", None]).dictionary_encode(),
    }
    pq.write_table(pa.table(table), path)
    first, second, third = read(path, DATED)
    assert first == Row(str(path), 1, "7", "2024-02-29", "a", None, "x")
    assert second == Rejected(str(path), 2, "8", "there is no text to read")
    assert third == Row(str(path), 3, "9", None, "c", None, None)


@pytest.mark.parametrize("values", [[b"a"], [1], [["a"]], [{"a": 1}]])
def test_a_parquet_column_of_another_type_is_rejected(tmp_path: Path, values: list[Any]) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": values}), path)
    (found,) = read(path)
    assert isinstance(found, Rejected)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl.gz", b"\n" * 100_000),
        ("a.jsonl.gz", b"x" * 3_000_000),
        ("a.jsonl.gz", b'{"text": "a"}\n' * 50_000),
        ("a.csv.gz", b"text\n" + b"\n" * 100_000),
        ("a.csv.gz", b"text\n" + b"a\n" * 100_000),
    ],
)
def test_a_packed_file_that_unfolds_to_too_much_ends_with_one_rejection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes
) -> None:
    monkeypatch.setattr(lines, "UNFOLDED_SPARE_BYTES", 2**20)
    monkeypatch.setattr(lines, "UNFOLDED_RATIO", 8)
    path = file_of(tmp_path / name, content)
    *good, end = read(path)
    assert texts([end]) == [f"! {rows.UNFOLDS}; its rest is lost"]
    assert all(isinstance(row, Row) for row in good)
    half = len(good) // 2
    assert read(path, skip=half) == [*good[half:], end]


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("[]", 300_000),
        ("{}", 300_000),
        ("0", 300_000),
        ('{"a":[1]}', 100_000),
    ],
)
def test_a_line_of_very_many_values_is_rejected_unread(
    tmp_path: Path, line: str, values: int
) -> None:
    long = '{"text": "a", "n": [' + ",".join([line] * values) + "]}\n"
    path = file_of(tmp_path / "a.jsonl", long.encode() + b'{"text": "after"}\n')
    reason = f"! the line has more than {lines.MAX_SEPARATORS} commas and brackets"
    assert texts(read(path)) == [reason, "after"]


@pytest.mark.parametrize(
    "bad",
    [
        b"," * (lines.MAX_SEPARATORS + 1),
        b'"' + b"x" * 300 + b"\n" + b"x" * 300 + b'"',
        b'"' + b"x\n" * 300,
        b",".join([b'"' + b"x" * 99 + b'"'] * 6),
    ],
)
def test_a_row_of_csv_that_is_too_much_to_hold_loses_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: bytes
) -> None:
    monkeypatch.setattr(csv_format, "MAX_CSV_BYTES", 500)
    path = file_of(tmp_path / "a.csv", b"text\nfirst\n" + bad + b"\nlast\n")
    lost = "! the file breaks off or is damaged here; its rest is lost"
    assert texts(read(path)) == ["first", lost]


class Stopped(Exception):
    """The reading is to end."""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", b"\n" * 50),
        ("a.jsonl", b'{"text": "a"}\n' * 50),
        ("a.jsonl", b"x" * 2_000_000),
        ("a.csv", b"text\n" + b"\n" * 50),
        ("a.csv.gz", b'text\n"' + b"a\n" * 50),
    ],
)
def test_reading_stops_when_it_is_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes
) -> None:
    monkeypatch.setattr(jsonl, "MAX_ROW_BYTES", 1000)
    left = iter(range(20))

    def check() -> None:
        if next(left, None) is None:
            raise Stopped

    path = file_of(tmp_path / name, content)
    with pytest.raises(Stopped):
        list(readers.read(path, InputColumns(), check=check))


def test_inputs_are_found_once_and_in_order(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.csv", "deep/c.parquet", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = readers.find([str(tmp_path / "b.*"), str(tmp_path)])
    assert [path.name for path in found] == ["b.jsonl", "a.csv", "c.parquet"]


@pytest.mark.parametrize("name", ["none.jsonl", "*.csv", "notes.txt"])
def test_inputs_that_are_not_there_or_not_read_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputRefused):
        readers.find([str(tmp_path / name)])


@given(st.lists(st.integers(0, 5), max_size=4), st.integers(0, 22))
def test_skipping_is_the_same_as_reading_past(counts: list[int], skip: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        files = []
        for number, count in enumerate(counts):
            path = Path(directory, f"{number}.jsonl")
            path.write_text("".join(f'{{"text": "{number}-{n}"}}\n' for n in range(count)))
            files.append((path, count))
        whole = list(readers.read_from(files, InputColumns(), 0))
        assert list(readers.read_from(files, InputColumns(), skip)) == whole[skip:]


@given(st.binary(max_size=300))
def test_any_bytes_are_rows_or_rejections(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        for name in ("a.jsonl", "a.jsonl.gz", "a.parquet"):
            path = Path(directory, name)
            path.write_bytes(content)
            for row in read(path):
                assert isinstance(row, Row | Rejected)
