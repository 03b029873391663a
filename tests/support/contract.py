"""`st`, schemathesis' command, where NDJSON can be sent too: `python -m tests.support.contract`."""

from __future__ import annotations

from typing import Any

import schemathesis
from schemathesis.cli import schemathesis as command


@schemathesis.serializer("application/x-ndjson")
def ndjson(_: object, value: Any) -> bytes:
    """The body is a text; what is none is sent as its representation."""
    return str(value).encode("utf-8", "replace")


if __name__ == "__main__":
    command()
