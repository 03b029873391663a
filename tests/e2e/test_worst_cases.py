"""No input takes code here more than linear time: all worst cases end, in a process of their own.

A pattern that backtracks holds the interpreter's lock, so nothing in the process could end it. The
limit is generous: what is linear takes a tenth of it, and what is not a thousand times as long.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from models.artifact.artifact import Artifact
from models.text.html import extract
from tests.support.paths import ROOT

LIMIT_S = 240
PARAGRAPH = "<p>The council voted on Monday to reopen the harbour bridge, said Ann Lee.</p>"
TEXT = f"<article>{PARAGRAPH * 6}</article>"


def run(*arguments: str, given: str = "") -> str:
    """What the worst cases print. Raises TimeoutExpired, and the process is ended."""
    command = [sys.executable, "-m", "tests.support.worst_cases", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, input=given, capture_output=True, text=True, timeout=LIMIT_S, check=True
    )
    return done.stdout


def test_matching_takes_linear_time() -> None:
    assert int(run("patterns")) > 30


def test_preparing_takes_linear_time(tiny_artifact: Artifact) -> None:
    run("prepare", "20000", "2000000", given=tiny_artifact.tokenizer.to_str())


def test_summaries_take_linear_time(tiny_artifact: Artifact) -> None:
    run("summarise", "400000", given=tiny_artifact.tokenizer.to_str())


@pytest.mark.parametrize(
    "page",
    [
        *(
            f'<html><head><script type="application/ld+json">{{{pair * 8000}</script></head>'
            f"<body>{TEXT}</body></html>"
            for pair in ('"author":x,', '"publisher":x,', '"person"x,', '"@type":"Person"x')
        ),
        f"<!DOCTYPE html {'/' * 200_000}>{TEXT}",
        f"<html {' '.join(f'a{n}=1' for n in range(5_000))}><body>{TEXT}</body></html>",
        f"<html><body>{TEXT}{'<!--' * 20_000}</body></html>",
        f"<html><head><title>{'t ' * 200_000}</title></head><body>{TEXT}</body></html>",
        f"<html><body><h1>{'h ' * 200_000}</h1>{TEXT}</body></html>",
        f"<html><head>{'<meta property=x>' * 9_000}</head><body>{TEXT}</body></html>",
    ],
    ids=range(10),
)
def test_what_surrounds_the_article_costs_no_more_than_its_length(page: str) -> None:
    text, _ = extract(page)
    assert "harbour bridge" in text
