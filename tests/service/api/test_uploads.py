"""What is sent is what is kept, however it is cut on its way; what is no archive is refused."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import NutgrafError
from service.api.uploads import MAX_NAME_CHARS, Form, Upload, check
from service.archive.rows import InputColumns
from service.errors import InvalidRequest, MalformedBody, UnsupportedMedia

BOUNDARY = b"----cut-here"


def part(content: bytes, headers: str = 'name="file"; filename="a.jsonl"') -> bytes:
    head = f"Content-Disposition: form-data; {headers}\r\n\r\n".encode()
    return b"--" + BOUNDARY + b"\r\n" + head + content + b"\r\n"


END = b"--" + BOUNDARY + b"--\r\n"


def taken(form: bytes, cuts: list[int] | None = None) -> tuple[bytes, Upload]:
    """The file of a form that comes in pieces, and what it is called."""
    places = sorted({min(cut, len(form)) for cut in (0, *(cuts or ()), len(form))})
    reading = Form(BOUNDARY)
    pieces = [reading.take(form[begin:end]) for begin, end in pairwise(places)]
    return b"".join(pieces), reading.end()


@given(
    st.binary(max_size=200).filter(lambda content: b"\r\n--" + BOUNDARY not in content),
    st.lists(st.integers(0, 400), max_size=8),
)
def test_the_file_of_a_form_is_taken_out_however_the_form_is_cut(
    content: bytes, cuts: list[int]
) -> None:
    assert taken(part(content) + END, cuts) == (content, Upload("input.jsonl", "a.jsonl"))


@given(st.integers(0, 200))
def test_a_form_that_breaks_off_is_refused(cut: int) -> None:
    form = part(b'{"text": "a"}\n') + END
    with pytest.raises(NutgrafError):
        taken(form[: min(cut, len(form) - 5)])


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ('name="file"; filename="Desk 2026.CSV"', "input.csv"),
        ('name="x"; filename="../../etc/a.parquet"', "input.parquet"),
        ('name="file"; filename="a.ndjson"', "input.jsonl"),
        ('name="file"; filename="-"\r\nContent-Type: text/csv; charset=utf-8', "input.csv"),
    ],
)
def test_a_file_is_known_by_its_name_or_its_type(headers: str, name: str) -> None:
    content, upload = taken(part(b"x", headers) + END)
    assert (content, upload.file) == (b"x", name)


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("Desk 2026.CSV", "Desk 2026.CSV"),
        ("../../etc/a.csv", "a.csv"),
        (r"C:\\desk\\a.csv", "a.csv"),
        ("/", "input.csv"),
        ("", "input.csv"),
        ("b\u00fcro.csv", "b\u00fcro.csv"),
        ("\u202efdc.csv", "\ufffdfdc.csv"),
        (f"{'x' * 500}.csv", "x" * MAX_NAME_CHARS),
    ],
)
def test_a_file_is_shown_under_a_name_without_folders(sent: str, name: str) -> None:
    headers = f'name="file"; filename="{sent}"\r\nContent-Type: text/csv'
    _, upload = taken(part(b"x", headers) + END)
    assert upload == Upload("input.csv", name)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        (END, InvalidRequest),
        (part(b"written", 'name="style"') + END, InvalidRequest),
        (part(b"x") + part(b"y") + END, InvalidRequest),
        (part(b"x", 'name="file"; filename="page.html"') + END, UnsupportedMedia),
        (part(b"x", 'name="file"; filename="a.jsonl.gz"') + END, UnsupportedMedia),
        (b"no form at all", MalformedBody),
        (b"--" + BOUNDARY + b"\r\n" + b"X" * 100_000 + END, MalformedBody),
    ],
)
def test_a_form_without_one_archive_is_refused(form: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        taken(form)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("input.jsonl", b"\n\n", "no row"),
        ("input.jsonl", b"{", "the last line is cut off"),
        ("input.jsonl", b'{"body": "a"}\n', "there is no text to read"),
        ("input.csv", b"", "no column `text`"),
        ("input.csv", b"text\n", "no row"),
        ("input.csv", b"body\nweather\n", "no column `text`; name the right one as text_column"),
        ("input.csv", b"Texts,id\nrain,1\n", r"no column `text`; did you mean `Texts`\?"),
        ("input.csv", b'text\n"never closed', "breaks off"),
        ("input.parquet", b"no table", "not a whole Parquet file"),
    ],
)
def test_an_archive_without_a_row_to_score_is_refused(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InvalidRequest, match=reason) as refused:
        check(path, InputColumns())
    assert str(tmp_path) not in str(refused.value)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("columns", "parameter"),
    [
        (InputColumns(text="<script>zanzibar</script>"), "text_column"),
        (InputColumns(title="zanzibar\x1b[2J"), "title_column"),
        (InputColumns(id="zanzibar zanzibar"), "id_column"),
        (InputColumns(target="\u202ezanzibar"), "target_column"),
        (InputColumns(date="zanzibar" * 20), "date_column"),
    ],
)
def test_a_column_is_named_only_by_a_plain_identifier(
    tmp_path: Path, ending: str, columns: InputColumns, parameter: str
) -> None:
    path = tmp_path / f"input.{ending}"
    names = ["text", "<zanzibar>"]
    if ending == "csv":
        path.write_text(",".join(names) + "\nrain,1\n")
    else:
        pq.write_table(pa.table([["rain"], ["1"]], names=names), path)
    with pytest.raises(InvalidRequest) as refused:
        check(path, columns)
    assert parameter in str(refused.value)
    assert "zanzibar" not in str(refused.value)


def test_bad_rows_among_others_are_no_reason_to_refuse(tmp_path: Path) -> None:
    path = tmp_path / "input.jsonl"
    path.write_bytes(b'not JSON\n{"text": "a"}\n')
    check(path, InputColumns())


@pytest.mark.parametrize("content", [b"\n" * 30_000, b" \n" * 30_000 + b'{"text": "a"}\n'])
def test_no_more_than_the_beginning_of_an_archive_is_looked_at(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "input.jsonl"
    path.write_bytes(content)
    check(path, InputColumns())
