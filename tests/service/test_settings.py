"""The settings: from the environment or from flags, the same for workers, and safe by default."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from service.settings import Settings, SettingsRefused, read, unknown_variables
from tests.support.running import settings_of

KEY = "desk:correct-horse-battery"


def test_what_is_given_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUTGRAF_MAX_QUEUE_ITEMS", "7")
    monkeypatch.setenv("NUTGRAF_PORT", "1234")
    settings = read(port="4321", api_keys=KEY)
    assert (settings.max_queue_items, settings.port) == (7, 4321)
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


def numbers() -> list[str]:
    """The variables of all settings that are numbers."""
    fields = Settings.model_fields.items()
    kinds = (int, float, int | None)
    return [f"NUTGRAF_{name.upper()}" for name, field in fields if field.annotation in kinds]


@pytest.mark.parametrize(
    "value", ["inf", "-inf", "nan", "1e400", "1e300", "9" * 400, "9" * 5000, "-1", "1_0x", ""]
)
@pytest.mark.parametrize("name", numbers())
def test_a_number_is_finite_and_within_its_bounds(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsRefused) as refused:
        read()
    assert str(refused.value).startswith(f"{name}: ")
    assert "\n" not in str(refused.value)
    assert not value or value not in str(refused.value).removeprefix(name)


@pytest.mark.parametrize(
    "device",
    ["cuda:99999999999999", "cuda:100", "cuda:-1", "cuda:", "cuda:1 ", "cuda:\u0661", "tpu"],
)
def test_a_device_is_one_of_four_forms(monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    monkeypatch.setenv("NUTGRAF_DEVICE", device)
    with pytest.raises(SettingsRefused, match=r"^NUTGRAF_DEVICE: A device is written auto, cpu"):
        read()


def test_a_variable_that_is_no_setting_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NUTGRAF_APIKEYS", KEY)
    monkeypatch.setenv("NUTGRAF_PORT", "8123")
    assert read().port == 8123
    warned = capsys.readouterr().err
    assert warned == (
        "nutgraf: NUTGRAF_APIKEYS is no setting and has no effect; did you mean NUTGRAF_API_KEYS?\n"
    )


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("NUTGRAF_PROT", "did you mean NUTGRAF_PORT?"),
        ("NUTGRAF_LOGFORMAT", "did you mean NUTGRAF_LOG_FORMAT?"),
        ("NUTGRAF_", "`nutgraf serve --help` lists them"),
        ("NUTGRAF_\x1b[31m", "`nutgraf serve --help` lists them"),
    ],
)
def test_the_nearest_setting_is_named(name: str, advice: str) -> None:
    (warning,) = unknown_variables({name: "secret"})
    assert warning.endswith(advice)
    assert warning.isprintable()
    assert "secret" not in warning


def test_what_nutgraf_and_its_tests_set_themselves_is_not_warned_of() -> None:
    own = {
        "NUTGRAF_TEST_POSTGRES_URL": "",
        "NUTGRAF_RUN_DIRECTORY": "",
        "PATH": "",
        "nutgraf_port": "",
    }
    assert list(unknown_variables({**Settings().environment(), **own})) == []
