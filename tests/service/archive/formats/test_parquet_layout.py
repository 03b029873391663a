"""What a Parquet file says of its pages is read as pyarrow reads it, and from any bytes."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.archive.formats.parquet_layout import Chunk, Malformed, groups, pages
from tests.support.damaged_parquet import WRITTEN


def written(**options: Any) -> bytes:
    rows = [{"text": f"Rain fell on {n} towns.", "n": n, "tags": [n] * 3} for n in range(5000)]
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), file, **options)
    return file.getvalue()


def footer(content: bytes) -> bytes:
    return content[-8 - int.from_bytes(content[-8:-4], "little") : -8]


@pytest.mark.parametrize(
    "options", [*WRITTEN, {"data_page_size": 1}, {"write_page_index": True, "write_batch_size": 7}]
)
def test_a_footer_says_what_pyarrow_reads(options: dict[str, Any]) -> None:
    content = written(**options)
    metadata = pq.read_metadata(io.BytesIO(content))
    found = list(groups(footer(content), {0, 1}))
    assert len(found) == metadata.num_row_groups
    for number, group in enumerate(found):
        known = metadata.row_group(number)
        assert (group.rows, group.size_bytes) == (known.num_rows, known.total_byte_size)
        assert [chunk.column for chunk in group.chunks] == [0, 1]
        for chunk in group.chunks:
            column = known.column(chunk.column)
            assert chunk.begin == (column.dictionary_page_offset or column.data_page_offset)
            assert chunk.end - chunk.begin == column.total_compressed_size
            assert chunk.values == column.num_values
            there = list(pages(lambda at, most: content[at : at + most], chunk))
            assert sum(page.values for page in there) == chunk.values
            assert sum(page.packed_bytes for page in there) < chunk.end - chunk.begin
            headers = column.total_compressed_size - sum(page.packed_bytes for page in there)
            assert column.total_uncompressed_size == headers + sum(p.size_bytes for p in there)


@given(st.binary(max_size=200))
def test_any_bytes_are_pages_or_malformed(content: bytes) -> None:
    with suppress(Malformed):
        list(groups(content, {0}))
    with suppress(Malformed):
        chunk = Chunk(0, 0, len(content), 1000)
        list(pages(lambda at, most: content[at : at + most], chunk))


HEADER = bytes.fromhex("1500 1514 1514 2c 1502 1500 0000")
"""A data page of ten bytes that holds a value: type, sizes, and a header of its own."""


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(bytes.fromhex("1500 1513 1514 2c 1502 1500 0000"), id="a size below 0"),
        pytest.param(
            bytes.fromhex("1500 15ffffffff7f 1514 2c 1502 1500 0000"),
            id="a size of more than 31 bits",
        ),
        pytest.param(
            bytes.fromhex("1500 1614 1514 2c 1502 1500 0000"), id="a size of another type"
        ),
        pytest.param(bytes.fromhex("1500 1514 050414 1514 2c 1502 1500 0000"), id="a size twice"),
        pytest.param(
            bytes.fromhex("1500 1514 1514 2c 1502 1500 00 2c 1502 1500 0000"), id="two headers"
        ),
        pytest.param(
            bytes.fromhex("1500 1514 1514 00"), id="no header, until there are no more bytes"
        ),
        pytest.param(b"\x1c" * 100, id="structs in structs"),
    ],
)
def test_a_page_that_could_be_read_in_two_ways_is_malformed(header: bytes) -> None:
    chunk = Chunk(0, 0, len(HEADER) + 10, 1)
    content = HEADER + bytes(10)
    (page,) = pages(lambda at, most: content[at : at + most], chunk)
    assert page == (10, 10, 1, 0)
    bad = header + bytes(10)
    with pytest.raises(Malformed):
        list(pages(lambda at, most: bad[at : at + most], Chunk(0, 0, len(bad), 1)))
