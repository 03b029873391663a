"""The two formats of the log."""

from __future__ import annotations

import io
import json
import logging
import sys

import pytest

from service.api.access_log import JsonLines, TextLines, log_to_stderr


def record(message: str, level: int = logging.INFO, **extra: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"msg": message, "levelno": level, "name": "nutgraf.test"})
    made.levelname = logging.getLevelName(level)
    vars(made).update(extra)
    return made


def raised(message: str) -> logging.LogRecord:
    try:
        raise ValueError(message)
    except ValueError:
        return record("unexpected error", logging.ERROR, exc_info=sys.exc_info(), request_id="a1")


def test_text_is_the_time_the_message_and_what_belongs_to_it() -> None:
    line = TextLines().format(record("request", status=200, route="/livez", key=None, more={}))
    assert line[2] == line[5] == ":"
    assert line[9:] == "request status=200 route=/livez"


def test_a_traceback_is_readable_in_text_and_one_line_in_json() -> None:
    text = TextLines().format(raised("out of ink"))
    assert "error: unexpected error request_id=a1\nTraceback (most recent call last):\n" in text
    assert text.endswith("\nValueError: out of ink")
    line = JsonLines().format(raised("out of ink"))
    assert "\n" not in line
    assert json.loads(line)["traceback"].endswith("\nValueError: out of ink")


@pytest.mark.parametrize("steering", ["\x1b[2J", "\x1b]0;owned\x07", "\x9b31m", "\r", "\x00"])
def test_no_text_steers_the_terminal(steering: str) -> None:
    for made in (raised(steering), record(steering), record("request", route=steering)):
        line = TextLines().format(made)
        assert steering not in line
        assert line.replace("\n", "").replace("\t", "").isprintable()


class Terminal(io.StringIO):
    """Standard error at a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("form", "stream", "is_text"),
    [
        ("auto", Terminal(), True),
        ("auto", io.StringIO(), False),
        ("json", Terminal(), False),
        ("text", io.StringIO(), True),
    ],
)
def test_auto_is_text_at_a_terminal(
    monkeypatch: pytest.MonkeyPatch, form: str, stream: io.StringIO, is_text: bool
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    monkeypatch.setattr(sys, "stderr", stream)
    log_to_stderr(form)  # type: ignore[arg-type]
    logging.getLogger("nutgraf.test").warning("rain")
    assert stream.getvalue().startswith("{") is not is_text
    assert "rain" in stream.getvalue()
