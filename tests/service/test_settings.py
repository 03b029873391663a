"""The settings: from the environment or from flags, the same for workers, and safe by default."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from service.cli import read_settings
from service.settings import Settings
from tests.service.conftest import settings_of

KEY = "desk:correct-horse-battery"


def test_every_setting_is_a_variable_and_a_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUTGRAF_MAX_QUEUE_ITEMS", "7")
    monkeypatch.setenv("NUTGRAF_PORT", "1234")
    settings = read_settings(["--port", "4321", "--allow-open", "--api-keys", KEY])
    assert (settings.max_queue_items, settings.port) == (7, 4321)
    assert settings.allow_open
    assert [key.name for key in settings.api_keys] == ["desk"]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_says_what_it_does(name: str) -> None:
    assert Settings.model_fields[name].description


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]


def test_a_worker_reads_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        port=0, api_keys=KEY, admin_keys=f"a{KEY}", allowed_hosts="a.b,c", threads=2
    )
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings
    assert "correct-horse" not in "".join(settings.environment().values())


@pytest.mark.parametrize(
    ("given", "exposed"),
    [
        ({}, False),
        ({"host": "localhost"}, False),
        ({"host": "::1"}, False),
        ({"host": "0.0.0.0"}, True),
        ({"host": "news.example"}, True),
        ({"host": "0.0.0.0", "api_keys": KEY}, False),
        ({"host": "0.0.0.0", "allow_open": True}, False),
    ],
)
def test_without_a_key_only_this_machine_is_served(given: dict[str, Any], exposed: bool) -> None:
    assert settings_of(**given).is_exposed is exposed


def test_on_loopback_only_its_own_names_are_answered() -> None:
    assert Settings().hosts == ("localhost", "127.0.0.1", "[::1]")
    assert settings_of(host="0.0.0.0").hosts == ()
    assert settings_of(allowed_hosts="nutgraf.example").hosts == ("nutgraf.example",)


def test_no_key_and_no_path_is_public() -> None:
    assert not {"api_keys", "admin_keys", "model", "host"} & set(settings_of(api_keys=KEY).public())


def test_two_keys_do_not_share_a_name() -> None:
    with pytest.raises(ValidationError, match="share a name"):
        settings_of(api_keys=KEY, admin_keys=f"{KEY}2")
