"""The files of labelled articles, read row by row, with the line of each.

A row that cannot be read is a `Broken` in its place. It is raised where it is the whole file.
"""

from __future__ import annotations

import csv
import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import ClassLabel, load_dataset
from datasets.exceptions import DatasetGenerationError

from training.data.encodings import PARQUET, looks_like, text_lines
from training.data.names import shown
from training.data.places import Broken, Place

if TYPE_CHECKING:
    import _csv

SEPARATORS = ",;\t|"
MISSING = frozenset(
    {"", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "Null", "null", "None", "<NA>"}
)
"""What stands in the cell of a value that is missing, as pandas reads it."""
MAX_CELL_CHARS = 2**24
PARQUET_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """The values of a row by column. `columns` are those of its file."""

    place: Place
    values: dict[str, Any]
    columns: frozenset[str]


class Table(ABC):
    """A file with rows. `wanted` are columns that help to find out how it is written.

    Raises Broken where it is no file of the kind.
    """

    unit = "line"

    def __init__(self, path: Path, wanted: Collection[str] = ()) -> None:
        self.path = path
        self.wanted = frozenset(wanted)
        self.columns = self._columns()
        self._there = frozenset(self.columns)

    @abstractmethod
    def _columns(self) -> tuple[str, ...]:
        """The names of its columns."""

    @abstractmethod
    def rows(self, columns: Collection[str]) -> Iterator[Row | Broken]:
        """Its rows with the values of some columns; one that a row lacks is not in it."""

    def _row(self, line: int, values: dict[str, Any]) -> Row:
        return Row(Place(self.path, line, self.unit), values, self._there)

    def _broken(self, line: int, reason: str) -> Broken:
        return Broken(Place(self.path, line, self.unit), reason)

    def _refuse(self, reason: str) -> NoReturn:
        raise Broken(Place(self.path), reason)

    def _distinct(self, names: Sequence[str]) -> tuple[str, ...]:
        twice = sorted({name for name in names if name and names.count(name) > 1})
        if twice:
            self._refuse(f"it has two columns {shown(twice[0])}; rename or remove one")
        return tuple(names)


class CsvTable(Table):
    """CSV. Columns may be separated by a comma, a semicolon, a tab or a bar.

    The line of a row is the one on which it begins. A value that is missing is None.
    """

    def _columns(self) -> tuple[str, ...]:
        """Those of the first line, with the separator that has those that are wanted in it, or
        else the most."""
        headers = [self._header(separator) for separator in SEPARATORS]

        def fit(number: int) -> tuple[int, int]:
            return len(self.wanted.intersection(headers[number])), len(headers[number])

        best = max(range(len(headers)), key=fit)
        self._separator = SEPARATORS[best]
        if not headers[best]:
            self._refuse("its first line is empty, and must name the columns; write the file again")
        return self._distinct(headers[best])

    def _header(self, separator: str) -> list[str]:
        try:
            return [name.strip() for name in next(self._reader(separator, strict=False), [])]
        except csv.Error as error:  # a cell without an end
            raise self._broken(1, _why_no_csv(str(error))) from None

    def _reader(self, separator: str, strict: bool) -> _csv.Reader:
        csv.field_size_limit(MAX_CELL_CHARS)  # the module knows one limit, for all readers
        return csv.reader(text_lines(self.path), delimiter=separator, strict=strict)

    def rows(self, columns: Collection[str]) -> Iterator[Row | Broken]:
        reader = self._reader(self._separator, strict=True)
        read = [(at, name) for at, name in enumerate(self.columns) if name in columns]
        line = 1
        try:
            next(reader)
            line = reader.line_num + 1
            for cells in reader:
                if len(cells) == len(self.columns):
                    values = {n: None if cells[at] in MISSING else cells[at] for at, n in read}
                    yield self._row(line, values)
                elif cells:
                    yield self._broken(line, self._cells(len(cells)))
                line = reader.line_num + 1
        except csv.Error as error:
            yield self._broken(line, _why_no_csv(str(error)))

    def _cells(self, count: int) -> str:
        more = "a text with a separator in it needs quotation marks around it"
        fewer = "the row breaks off, or cells are missing"
        return (
            f"the row has {count} cells and the first line {len(self.columns)}; mend it: "
            f"{more if count > len(self.columns) else fewer}"
        )


def _why_no_csv(error: str) -> str:
    if "end of data" in error or "limit" in error:
        return "a quotation mark that opens here is never closed; close it, or double it ('\"\"')"
    return (
        "a quotation mark stands where none may, and the rest is not read; put the cell into "
        "quotation marks, and double those inside it"
    )


class JsonTable(Table):
    """JSON, an object a line; or one array of objects, which is read whole."""

    def _columns(self) -> tuple[str, ...]:
        self._is_array = next(self._filled(), "").lstrip().startswith("[")
        if self._is_array:
            self.unit = "row"
        names: dict[str, None] = {}
        for _, found in self._objects():
            if isinstance(found, dict):
                names.update(dict.fromkeys(found))
        return tuple(names)

    def rows(self, columns: Collection[str]) -> Iterator[Row | Broken]:
        for line, found in self._objects():
            if isinstance(found, str):
                yield self._broken(line, found)
            else:
                values = {name: found[name] for name in found.keys() & columns}
                yield self._row(line, values)

    def _filled(self) -> Iterator[str]:
        return (line for line in text_lines(self.path) if not line.isspace())

    def _objects(self) -> Iterator[tuple[int, dict[str, Any] | str]]:
        """The objects by line, or why there is none."""
        if self._is_array:
            yield from enumerate(map(_object, self._array()), 1)
            return
        for number, line in enumerate(text_lines(self.path), 1):
            if not line.isspace():
                yield number, _parsed(line)

    def _array(self) -> list[Any]:
        try:
            found = json.loads("".join(text_lines(self.path)), object_pairs_hook=_once)
        except json.JSONDecodeError as error:
            reason = f"no JSON: {error.msg.removesuffix(' at')}, character {error.colno}; mend it"
            raise Broken(Place(self.path, error.lineno), reason) from None
        except (ValueError, RecursionError) as error:
            self._refuse(f"no JSON that can be read: {error}")
        return found if isinstance(found, list) else [found]


def _parsed(line: str) -> dict[str, Any] | str:
    try:
        return _object(json.loads(line, object_pairs_hook=_once))
    except json.JSONDecodeError as error:
        return f"no JSON: {_why_no_json(error)}; mend the line: one object a line"
    except (ValueError, RecursionError) as error:
        return f"no JSON that can be read: {error}"


def _why_no_json(error: json.JSONDecodeError) -> str:
    return f"{error.msg.removesuffix(' at')}, character {error.colno}"


def _object(found: Any) -> dict[str, Any] | str:
    if isinstance(found, dict):
        return found
    return 'no JSON object; write each row as one, such as {"text": …, "topic": …}'


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object. Raises ValueError where a key stands twice, of which JSON keeps the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in an object; remove one")
    return found


class ParquetTable(Table):
    """Parquet, by `datasets`, which keeps what it read in its cache. Rows have numbers."""

    unit = "row"

    def _columns(self) -> tuple[str, ...]:
        try:
            schema = pq.read_schema(self.path)
        except (pa.ArrowException, OSError):
            with self.path.open("rb") as file:
                head = file.read(len(PARQUET))
            what = "cut off" if head == PARQUET else f"no Parquet file{looks_like(head)}"
            self._refuse(f"{what}; write it again")
        return self._distinct(schema.names)

    def rows(self, columns: Collection[str]) -> Iterator[Row | Broken]:
        if not pq.read_metadata(self.path).num_rows:
            return
        try:
            table = load_dataset("parquet", data_files=str(self.path), split="train")
        except (DatasetGenerationError, pa.ArrowException, OSError, ValueError, TypeError):
            self._refuse(f"damaged: {self._damage()} cannot be read; write the file again")
        table = table.select_columns([name for name in self.columns if name in columns])
        classes = {n: each.names for n, each in table.features.items() if type(each) is ClassLabel}
        batches = table.with_format("arrow").iter(PARQUET_ROWS)
        for number, batch in enumerate(batches):
            for line, values in enumerate(batch.to_pylist(), number * PARQUET_ROWS + 1):
                for name, labels in classes.items():
                    number = values[name]
                    values[name] = None if number is None or number < 0 else labels[number]
                yield self._row(line, values)

    def _damage(self) -> str:
        """The rows of the first group that cannot be read."""
        with pq.ParquetFile(self.path) as file:
            first = 1
            for number in range(file.num_row_groups):
                last = first + file.metadata.row_group(number).num_rows - 1
                try:
                    file.read_row_group(number)
                except (pa.ArrowException, OSError):
                    return f"its rows {first} to {last}"
                first = last + 1
        return "a type of its columns"


FORMATS: dict[str, type[Table]] = {
    ".csv": CsvTable,
    ".jsonl": JsonTable,
    ".json": JsonTable,
    ".parquet": ParquetTable,
}


def open_table(path: Path, wanted: Collection[str] = ()) -> Table:
    """The file as a table. Raises Broken."""
    if not path.is_file():
        raise Broken(Place(path), "no such file; correct the path")
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise Broken(Place(path), "no format that is read; give a .jsonl, .csv or .parquet file")
    return found(path, wanted)
