"""The lines of a text file in UTF-8, and for one in another encoding which it looks like."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from training.data.places import Broken, Place

HEAD_BYTES = 4096
BOMS = {
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
"""What a file in another encoding may begin with, the longer ones first."""
PARQUET = b"PAR1"
MAGIC = {
    PARQUET: "Parquet",
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "a ZIP archive or an Excel table",
    b"\x28\xb5\x2f\xfd": "zstandard",
}
"""What files begin with that are no text at all."""
ONE_BYTE = "cp1252", "mac_roman"
USUAL = frozenset("‘’“”–—…•€£§©®°·½ «»¡¿áàâäãåæçéèêëíìîïñóòôöõøœšßúùûüýžÁÀÂÄÃÅÆÇÉÈÊËÍÎÏÑÓÔÖÕØŒŠÚÜŽ")
"""Characters beyond ASCII that are frequent in Western languages."""


def text_lines(path: Path) -> Iterator[str]:
    """The lines of a file, each with its end. A byte order mark is left out. Raises Broken."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        _check_head(path, head)
        file.seek(0)
        encoding = "utf-8-sig"
        for number, line in enumerate(file, 1):
            try:
                text = line.decode(encoding)
            except UnicodeDecodeError:
                _no_utf8(Place(path, number), one_byte_encoding(line))
            if "\0" in text:
                raise Broken(Place(path, number), "it has a null byte; write the file again")
            yield text
            encoding = "utf-8"


def _check_head(path: Path, head: bytes) -> None:
    wide = next((name for mark, name in BOMS.items() if head.startswith(mark)), None)
    if wide is None and head.count(0) > len(head) / 4:
        wide = "utf-16-le" if head[1::2].count(0) > len(head) / 4 else "utf-16-be"
    if wide is not None:
        _no_utf8(Place(path, 1), wide)
    if guess := looks_like(head):
        raise Broken(Place(path), f"no text{guess}; give the file the ending of what it is")


def _no_utf8(place: Place, encoding: str | None) -> NoReturn:
    guess = f", it looks like {encoding}" if encoding else ""
    way = f": iconv -f {encoding} -t utf-8" if encoding else ""
    raise Broken(place, f"not UTF-8{guess}; save the file as UTF-8{way}")


def looks_like(head: bytes) -> str:
    """What a file seems to be that begins like this, to be put behind "no text"; or nothing."""
    found = next((name for magic, name in MAGIC.items() if head.startswith(magic)), None)
    return f" (it looks like {found})" if found else ""


def one_byte_encoding(line: bytes) -> str | None:
    """The encoding in which all that is beyond ASCII in a line is usual; None if in none."""
    beyond = bytes(byte for byte in line if byte > 127)
    for encoding in ONE_BYTE:
        if USUAL.issuperset(beyond.decode(encoding, "replace")):
            return encoding
    return None
