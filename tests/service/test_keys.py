"""API keys: written two ways, never kept or shown in the clear."""

from __future__ import annotations

import pytest

from service.keys import find_key, new_key, parse_keys

SECRET = "correct-horse-battery"


def test_a_key_is_found_by_its_secret() -> None:
    keys = parse_keys(f"desk:{SECRET}, archive:{SECRET}2")
    found = find_key(keys, f"{SECRET}2")
    assert found is not None
    assert found.name == "archive"
    assert find_key(keys, "") is None
    assert find_key(keys, SECRET[:-1]) is None
    assert find_key((), SECRET) is None


def test_a_key_stands_without_its_secret() -> None:
    (key,) = parse_keys(f"desk:{SECRET}")
    assert SECRET not in f"{key} {key!r}"
    assert parse_keys(str(key)) == (key,)
    assert find_key(parse_keys(str(key)), SECRET) == key


def test_a_new_key_opens() -> None:
    secret, key = new_key("desk")
    assert find_key((key,), secret) is key
    assert new_key("desk")[0] != secret


@pytest.mark.parametrize(
    "entries",
    ["desk", "desk:", "desk:short", f":{SECRET}", f"a b:{SECRET}", f"a:{SECRET},a:{SECRET}2"],
)
def test_a_bad_entry_is_refused_without_showing_it(entries: str) -> None:
    with pytest.raises(ValueError, match="key") as refused:
        parse_keys(entries)
    assert SECRET not in str(refused.value)
    assert "short" not in str(refused.value).replace("shorter", "")
