"""docs/reference says what the code says: every setting, command, route and metric."""

from __future__ import annotations

import os

import pytest

from docs.generate import PAGES, REFERENCE


@pytest.mark.skipif("NUTGRAF_TEST_NEWEST" in os.environ, reason="not the versions of the lock")
@pytest.mark.parametrize("name", PAGES)
def test_the_reference_is_what_the_code_gives(name: str) -> None:
    text = PAGES[name]()
    is_current = (REFERENCE / name).read_text("utf-8") == text
    assert is_current, f"docs/reference/{name} is out of date; run `make docs`"
    assert "|  |" not in text, "an entry has no description; write one in the code"


def test_the_reference_has_no_other_pages() -> None:
    assert {path.name for path in REFERENCE.iterdir()} == set(PAGES)
