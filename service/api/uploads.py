"""An archive as it is sent: the body itself, or the one file of a form."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath, PureWindowsPath
from typing import IO, Self

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser
from starlette.requests import Request

from service.archive import readers
from service.archive.errors import ColumnMissing, InputRefused
from service.archive.formats import FORMATS
from service.archive.formats.format import Format
from service.archive.rows import InputColumns, Rejected
from service.errors import (
    BodyTooLarge,
    Forbidden,
    InvalidRequest,
    MalformedBody,
    UnsupportedMedia,
)
from service.http.bodies import FORM, media_type, read_chunks
from service.http.header_values import HeaderValue, parse_value
from service.printable import printable_line
from service.validation import is_nameable, nearest

RECEIVED = "received"
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")  # RFC 2046
CHECKED_STEPS = 10_000
"""Lines, rows and pages that are looked at before an archive is taken."""


MAX_NAME_CHARS = 200


@dataclass(frozen=True, slots=True)
class Upload:
    """An archive that was received: its `file` in the directory, and what the client calls it."""

    file: str
    name: str

    @classmethod
    def unnamed(cls, its_format: Format) -> Self:
        """An archive for which the client gives no name."""
        stored = _stored_name(its_format)
        return cls(stored, stored)


def _by_media_type() -> dict[str, Format]:
    return {name: one for one in FORMATS.values() for name in one.media_types}


def _by_ending() -> dict[str, Format]:
    return {ending: one for one in FORMATS.values() for ending in one.endings}


def _stored_name(its_format: Format) -> str:
    """The name under which an archive is stored."""
    return f"input{its_format.endings[0]}"


async def receive(request: Request, directory: Path, limit_bytes: int, timeout_s: float) -> Upload:
    """Writes the archive to a directory, for good.

    Raises BodyTooLarge past `limit_bytes`, ReceiptTimeout, UnsupportedMedia, MalformedBody for a
    form that is none or breaks off, and InvalidRequest where there is no archive.
    """
    by_media_type = _by_media_type()
    sent_type = media_type(request, {*by_media_type, FORM})
    form = _form(request, sent_type) if sent_type.name == FORM else None
    path = directory / RECEIVED
    size_bytes = 0
    with path.open("wb") as file:
        async for chunk in read_chunks(request, timeout_s):
            size_bytes += len(chunk)
            if size_bytes > limit_bytes:
                raise BodyTooLarge(f"The archive is longer than {limit_bytes} bytes; send parts.")
            await asyncio.to_thread(_keep, chunk, form, file)
        upload = form.end() if form else Upload.unnamed(by_media_type[sent_type.name])
        if not file.tell():
            raise InvalidRequest("Send the archive as the body, or as the file of a form.")
        await asyncio.to_thread(_flush, file)
    path.rename(directory / upload.file)
    return upload


class _Enough(Exception):
    """So much of an archive is looked at."""


def check(path: Path, columns: InputColumns) -> None:
    """Raises InvalidRequest for an archive of which no row can be scored, as far as one sees."""
    steps = itertools.count()

    def look() -> None:
        if next(steps) >= CHECKED_STEPS:
            raise _Enough

    try:
        rows = readers.read(path, columns, check=look)
        first, second = next(rows, None), next(rows, None)
    except _Enough:
        return
    except ColumnMissing as missing:
        raise InvalidRequest(_without_column(missing, columns)) from None
    except InputRefused:
        raise InvalidRequest("The archive cannot be read; send it again.") from None
    if first is None:
        raise InvalidRequest("There is no row in the archive.")
    if isinstance(first, Rejected) and second is None:
        raise InvalidRequest(f"There is no row to score in the archive: {first.reason}.")


def _without_column(missing: ColumnMissing, columns: InputColumns) -> str:
    """That a column is not in the archive; its name and that of the nearest, if they are plain."""
    asked = next(name for name, value in asdict(columns).items() if value == missing.column)
    parameter = f"{asked}_column"
    if not is_nameable(missing.column):
        return f"The archive has no column of the name that the query gives as {parameter}."
    near = nearest(missing.column, filter(is_nameable, missing.names))
    told = f"did you mean `{near}`?" if near else f"name the right one as {parameter} in the query."
    return f"The archive has no column `{missing.column}`; {told}"


def _keep(chunk: bytes, form: Form | None, file: IO[bytes]) -> None:
    file.write(form.take(chunk) if form else chunk)


def _flush(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _form(request: Request, sent_type: HeaderValue) -> Form:
    """The form of a request. Raises Forbidden for one that another site's page has sent."""
    host = request.headers.get("host", "").lower()
    own = {f"http://{host}", f"https://{host}"}
    if not own.issuperset(map(str.lower, request.headers.getlist("origin"))):
        raise Forbidden("Forms are taken from this service's own pages only; send the file itself.")
    boundary = sent_type.parameters.get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise MalformedBody("The Content-Type of a form names its boundary, as RFC 2046 has it.")
    return Form(boundary.encode())


def _shown(name: str) -> str:
    """A name that a client gives a file, as others may see it: one line, no folders, not long.

    Browsers send UTF-8, and old ones the whole path.
    """
    text = name.encode("latin-1").decode("utf-8", "replace")
    return printable_line(PureWindowsPath(text).name)[:MAX_NAME_CHARS]


class Form:
    """The one file of a form (RFC 7578), taken out as the form comes."""

    def __init__(self, boundary: bytes) -> None:
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._add_name,
                "on_header_value": self._add_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": self._add_content,
                "on_end": self._end,
            },
        )
        self._content = bytearray()
        self._headers: dict[str, str] = {}
        self._name = self._value = b""
        self._upload: Upload | None = None
        self._is_whole = False

    def take(self, chunk: bytes) -> bytes:
        """What a part of the form holds of the file."""
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise MalformedBody("The form cannot be read.") from None
        content = bytes(self._content)
        self._content.clear()
        return content

    def end(self) -> Upload:
        """What the file is called, once the form is all there."""
        if not self._is_whole:
            raise MalformedBody("The form breaks off.")
        if self._upload is None:
            raise InvalidRequest("There is no file in the form.")
        return self._upload

    def _begin_part(self) -> None:
        if self._upload is not None:
            raise InvalidRequest("Send one file a form, and options in the query.")
        self._headers.clear()

    def _add_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value.decode("latin-1")
        self._name = self._value = b""

    def _end_headers(self) -> None:
        disposition = parse_value(self._headers.get("content-disposition", ""))
        if disposition is None or disposition.name != "form-data":
            raise MalformedBody("A part of the form has no Content-Disposition as RFC 7578 has it.")
        name = disposition.parameters.get("filename")
        if name is None:
            raise InvalidRequest("Send one file a form, and options in the query.")
        sent_type = parse_value(self._headers.get("content-type", ""))
        by_type = _by_media_type().get(sent_type.name) if sent_type else None
        by_ending = _by_ending()
        found = by_ending.get(PurePath(name).suffix.lower()) or by_type
        if found is None:
            raise UnsupportedMedia(f"Send a file that ends in {', '.join(by_ending)}.")
        stored = _stored_name(found)
        self._upload = Upload(stored, _shown(name) or stored)

    def _add_content(self, data: bytes, start: int, end: int) -> None:
        self._content += data[start:end]

    def _end(self) -> None:
        self._is_whole = True
