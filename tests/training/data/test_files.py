"""Files are read with the line of each row; what cannot be read is named by file and line."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, Features, Value

from tests.support.fitting import Fit
from training.config import Source
from training.data.files import open_table
from training.data.places import Broken
from training.data.roles import Role
from training.data.rows import read, rows

SECRET = "Ombudsman Quillfeather"
TEXT = f"{SECRET} met the harbour board on Monday. It lasted for three hours."
GOOD = json.dumps({"text": TEXT, "topic": "sport"})


def table_of(*columns: tuple[str, list[Any]]) -> bytes:
    """A Parquet file."""
    sink = io.BytesIO()
    arrays = [pa.array(values) for _, values in columns]
    pq.write_table(pa.Table.from_arrays(arrays, names=[name for name, _ in columns]), sink)
    return sink.getvalue()


def damaged_table() -> bytes:
    """A Parquet file whose second group of rows is overwritten."""
    sink = io.BytesIO()
    table = pa.table({"text": [f"{TEXT} {n}" for n in range(200)], "topic": ["sport"] * 200})
    pq.write_table(table, sink, row_group_size=100, use_dictionary=False, compression="gzip")
    whole = bytearray(sink.getvalue())
    group = pq.ParquetFile(io.BytesIO(bytes(whole))).metadata.row_group(1).column(0)
    at = group.data_page_offset
    whole[at : at + group.total_compressed_size] = b"\xff" * group.total_compressed_size
    return bytes(whole)


def csv_of(*lines: str) -> bytes:
    return "\n".join(lines).encode() + b"\n"


def jsonl(**values: Any) -> bytes:
    """A good row, and one with other values."""
    return csv_of(GOOD, json.dumps({"text": f"{TEXT} Again.", "topic": "sport"} | values))


ROW = f'"{TEXT}",sport'
HEAD = "text,topic"
BROKEN: dict[str, tuple[str, bytes, str]] = {
    "more cells": ("csv", csv_of(HEAD, ROW, f"{ROW},sport"), ", line 3: the row has 3 cells"),
    "a trailing comma": ("csv", csv_of(HEAD, ROW, ROW + ","), ", line 3: the row has 3 cells"),
    "an unquoted comma": (
        "csv", csv_of(HEAD, f"{TEXT}, they said,sport"), ", line 2: the row has 3 cells and the"
    ),
    "fewer cells": ("csv", csv_of(HEAD, ROW, ROW, f'"{TEXT}"'), ", line 4: the row has 1 cells"),
    "lines within cells": (
        "csv", csv_of(HEAD, f'"{TEXT}\n\n{TEXT}",sport', TEXT), ", line 5: the row has 1 cells"
    ),
    "an open quotation": (
        "csv", csv_of(HEAD, ROW, f'"{TEXT},sport', TEXT), ", line 3: a quotation mark that opens"
    ),
    "a stray quotation mark": (
        "csv", csv_of(HEAD, ROW, f'"{TEXT}"s,sport'), ", line 3: a quotation mark stands where"
    ),
    "a column twice": ("csv", csv_of("text,topic,topic", ROW + ",a"), ": it has two columns 'topi"),
    "no header": ("csv", csv_of(ROW, ROW), "no column 'text'; its first line names no columns"),
    "a header in capitals": (
        "csv", csv_of("Text,TOPIC", ROW), 'as in columns = { text = "Text", topic = "TOPIC" }'
    ),
    "other names": (
        "csv", csv_of("body,section", ROW), 'columns = { text = "body", topic = "section" }'
    ),
    "an empty file": ("csv", b"", ": its first line is empty"),
    "an empty JSON file": ("jsonl", b"", ": no column 'text'"),
    "UTF-16": ("csv", "text,topic\nAha,sport".encode("utf-16"), ", line 1: not UTF-8, it looks li"),
    "UTF-16 without a mark": (
        "csv", csv_of(HEAD, ROW).decode().encode("utf-16-le"), "it looks like utf-16-le; save the"
    ),
    "UTF-32": ("jsonl", GOOD.encode("utf-32"), ", line 1: not UTF-8, it looks like utf-32"),
    "Mac Roman": (
        "csv", csv_of(HEAD, ROW) + "Café à l’Étoile,sport".encode("mac_roman"),
        ", line 3: not UTF-8, it looks like mac_roman; save",
    ),
    "no encoding at all": (
        "csv", csv_of(HEAD, ROW) + b"\x81\xfe\x90,sport", ", line 3: not UTF-8; save the file as"
    ),
    "half a character at the end": ("jsonl", GOOD.encode() + b"\n\xe2\x80", ", line 2: not UTF-8"),
    "a null byte": ("csv", csv_of(HEAD, ROW, ROW, "a\0b,sport"), ", line 4: it has a null byte"),
    "an Excel table": ("csv", b"PK\x03\x04" + b"x" * 99, "no text (it looks like a ZIP archive or"),
    "gzip": ("jsonl", b"\x1f\x8b\x08" + b"x" * 99, ": no text (it looks like gzip); give the file"),
    "a list of JSON": ("jsonl", csv_of(GOOD, "[1, 2]"), ", line 2: no JSON object; write each row"),
    "a broken array": ("json", b'[{"text": "a"},\n{"text": }]', ", line 2: no JSON: Expecting val"),
    "a key twice": (
        "jsonl", csv_of(GOOD, '{"text": "a", "topic": "b", "topic": "c"}'),
        ", line 2: no JSON that can be read: a key stands twice",
    ),
    "deep JSON": ("jsonl", csv_of(GOOD, "[" * 99999), ", line 2: no JSON that can be read"),
    "a cut line": ("jsonl", csv_of(GOOD, GOOD[:40]), ", line 2: no JSON: Invalid control"),
    "a list for a text": (
        "jsonl", jsonl(text=[TEXT]), ", line 2: 'text' is a list, and must be text; mend the row"
    ),
    "an object for a title": ("jsonl", jsonl(title={"a": TEXT}), ", line 2: 'title' is an object"),
    "a truth as a label": ("jsonl", jsonl(topic=True), ", line 2: 'topic' is true or false, and"),
    "a number as a label": ("jsonl", jsonl(topic=3), ", line 2: the topic '3' is none of the labe"),
    "an endless label": ("jsonl", jsonl(topic="y" * 576), ", line 2: the topic of 576 character"),
    "half of a character": ("jsonl", jsonl(title="a\ud800"), ", line 2: 'title' has half of a cha"),
    "a number in a list": ("jsonl", jsonl(targets=[1], stances=["favor"]), ", line 2: 'targets' h"),
    "lists of two lengths": (
        "jsonl", jsonl(targets=["a", "b"], stances=["favor"]), ", line 2: 'targets' and 'stances' m"
    ),
    "spans beyond the text": (
        "jsonl", jsonl(starts=[0], ends=[9999], sentences=["a"]), ", line 2: 'starts' has a span"
    ),
    "a list as text in CSV": (
        "csv", csv_of("text,topic,targets,stances", f'{ROW},"[""a""]","[""favor""]"'),
        ", line 2: 'stances' is text, and must be a list",
    ),
    "a label nearly right": (
        "jsonl", jsonl(topic="Sports"), ", line 2: the topic 'Sports' is none of the labels, and 's"
    ),
    "a label of nothing": ("jsonl", jsonl(topic="qqq"), "they are: arts, culture, entertainment a"),
    "a Parquet file cut off": (
        "parquet", table_of(("text", [TEXT]), ("topic", ["sport"]))[:-20],
        ": cut off; write it again",
    ),
    "no Parquet": ("parquet", b"\x1f\x8b\x08 zip", ": no Parquet file (it looks like gzip); wri"),
    "a damaged Parquet file": ("parquet", damaged_table(), ": damaged: its rows 101 to 200 cannot"),
    "an empty Parquet file": (
        "parquet", table_of(("text", []), ("topic", [])),
        ": it has no rows",
    ),
    "a Parquet column twice": (
        "parquet", table_of(("text", [TEXT]), ("text", [TEXT])), ": it has two columns 'text'"
    ),
    "bytes for a text": (
        "parquet", table_of(("text", [TEXT.encode()]), ("topic", ["sport"])),
        ", row 1: 'text' is bytes, and must be text",
    ),
    "labels that are all NaN": (
        "parquet", table_of(("text", [TEXT] * 3), ("topic", [float("nan")] * 3)),
        ": no label that the stage 'only' learns from",
    ),
    "labels that are NaN in JSON": (
        "jsonl", csv_of(*['{"text": "Rain fell on Monday.", "topic": NaN}'] * 3),
        ": no label that the stage 'only' learns from",
    ),
    "another ending": ("xlsx", b"PK", ": no format that is read; give a .jsonl, .csv or .parquet"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_named_with_its_line_and_nothing_is_trained(
    tmp_path: Path, fit: Fit, name: str
) -> None:
    suffix, content, message = BROKEN[name]
    path = tmp_path / f"broken.{suffix}"
    path.write_bytes(content)
    status, line, told = fit(path)
    assert status == 2
    assert line.startswith(f"training: nothing is trained: {path}")
    assert message in line
    assert SECRET not in told
    assert "Traceback" not in told


def test_all_broken_lines_are_found_at_once(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(csv_of(GOOD, "{", GOOD, "", "]"))
    found = list(read(Source(path=path)))
    broken = [each.place.line for each in found if isinstance(each, Broken)]
    assert (len(found), broken) == (4, [2, 5])
    with pytest.raises(Broken, match="line 2: no JSON"):
        list(rows(Source(path=path), Role.TRAIN))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_separator_is_found_out_and_a_mark_is_no_part_of_the_name(
    tmp_path: Path, separator: str, mark: str
) -> None:
    path = tmp_path / "rows.csv"
    lines = [("topic", "text", "a,b"), ("sport", "Rain; it fell, a lot", "1"), ("x", "y", "")]
    quoted = "\r\n".join(separator.join(f'"{cell}"' for cell in cells) for cells in lines)
    path.write_bytes((mark + quoted).encode())
    table = open_table(path, ["text"])
    assert table.columns == ("topic", "text", "a,b")
    found = [(row.place.line, row.values) for row in table.rows(["text", "a,b"])
             if not isinstance(row, Broken)]  # fmt: skip
    assert found == [
        (2, {"text": "Rain; it fell, a lot", "a,b": "1"}),
        (3, {"text": "y", "a,b": None}),
    ]


def test_lines_are_those_on_which_rows_begin(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('text,topic\n"a\nb",sport\n\nc,"NaN"\n')
    found = list(open_table(path).rows(["text", "topic"]))
    assert [str(row.place) for row in found] == [f"{path}, line 2", f"{path}, line 5"]
    assert [row.values for row in found if not isinstance(row, Broken)] == [
        {"text": "a\nb", "topic": "sport"},
        {"text": "c", "topic": None},
    ]


def test_an_array_of_objects_has_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(' [{"text": "a"},\n\n {"text": "b", "topic": "c"}, 7]')
    table = open_table(path)
    assert table.columns == ("text", "topic")
    first, second, third = table.rows(["text", "topic"])
    assert not isinstance(first, Broken)
    assert not isinstance(second, Broken)
    assert (first.values, second.values) == ({"text": "a"}, {"text": "b", "topic": "c"})
    assert str(third) == f"{path}, row 3: {third.reason}" if isinstance(third, Broken) else False


def test_classes_of_a_dataset_are_read_by_their_names(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    features = Features({"text": Value("string"), "topic": ClassLabel(names=["sport", "weather"])})
    table = Dataset.from_dict({"text": ["a", "b", "c"], "topic": [1, 0, None]}, features)
    table.to_parquet(str(path))
    found = [row.values["topic"] for row in read(Source(path=path)) if not isinstance(row, Broken)]
    assert found == ["weather", "sport", None]


@pytest.mark.parametrize("write", [Path.mkdir, lambda path: None])
def test_what_is_no_file_is_told(tmp_path: Path, write: Callable[[Path], None]) -> None:
    path = tmp_path / "rows.csv"
    write(path)
    with pytest.raises(Broken, match="no such file"):
        open_table(path)


def test_conditions_hold_for_the_cells_of_csv_too(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,year,good\na,2025,True\nb,2024,true\nc,2025,false\n")

    def taken(**where: Any) -> list[str]:
        found = read(Source(path=path, where=where))
        return [row.values["text"] for row in found if not isinstance(row, Broken)]

    assert taken(year=2025) == ["a", "c"]
    assert taken(year=[2024, 2025], good=True) == ["a", "b"]
    assert taken(year="2024") == ["b"]
