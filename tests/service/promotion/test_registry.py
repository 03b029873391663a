"""A registry says what serves, whatever happens to whoever writes to it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import ArtifactAltered, ArtifactError, ArtifactMissing
from service.archive.errors import StorageFailed
from service.current import artifact_of, is_registry
from service.promotion import registry as module
from service.promotion.errors import NothingToGoBackTo, RegistryBusy
from service.promotion.registry import Action, Author, Registry, Switch
from tests.support.artifacts import write_artifact
from tests.support.paths import ROOT

ANN = Author("ann", "a trial")


def promoted(registry: Registry, source: Path) -> Switch:
    serving = registry.current
    return registry.promote(registry.add(source), ANN, serving.digest if serving else None)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "registry")


@pytest.fixture
def first(tmp_path: Path, registry: Registry) -> str:
    """The digest of a first version, which serves."""
    digest = write_artifact(tmp_path / "first", "1")
    promoted(registry, tmp_path / "first")
    return digest


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """An artifact that does not serve yet."""
    write_artifact(tmp_path / "second", "2")
    return tmp_path / "second"


def serving(registry: Registry) -> str:
    """The digest of what a service would load now."""
    directory = artifact_of(registry.directory)
    found, digest = module._read(directory)
    assert len(found) == 7, "it is whole"
    return digest


def test_a_directory_without_a_current_version_is_an_artifact(tmp_path: Path) -> None:
    assert not is_registry(tmp_path)
    assert artifact_of(tmp_path) == tmp_path


def test_what_is_promoted_serves_and_its_history_is_told(
    registry: Registry, first: str, second: Path
) -> None:
    assert serving(registry) == first
    switch = promoted(registry, second)
    assert serving(registry) == switch.digest != first
    assert (switch.previous, switch.by, switch.why) == (first, "ann", "a trial")
    assert [each.action for each in registry.history] == [Action.PROMOTE] * 2
    assert registry.current == switch
    names = [version.name for version in registry.versions()]
    assert names == [f"desk-1-{first[:12]}", f"desk-2-{switch.digest[:12]}"]


def test_a_version_is_a_copy_that_its_source_does_not_change(
    registry: Registry, first: str, second: Path
) -> None:
    switch = promoted(registry, second)
    (second / "weights.safetensors").write_bytes(b"")
    shutil.rmtree(second)
    assert serving(registry) == switch.digest


def test_rollback_goes_back_and_further_back(registry: Registry, first: str, second: Path) -> None:
    promoted(registry, second)
    switch = registry.rollback(ANN)
    assert (serving(registry), switch.action) == (first, Action.ROLLBACK)
    with pytest.raises(NothingToGoBackTo, match="no version served before"):
        registry.rollback(ANN)
    assert serving(registry) == first


def test_an_empty_registry_has_nothing_to_go_back_to(registry: Registry) -> None:
    assert registry.history == ()
    assert registry.current is None
    assert registry.versions() == []
    with pytest.raises(NothingToGoBackTo):
        registry.rollback(ANN)


@pytest.mark.slow
@settings(max_examples=20)
@given(st.lists(st.one_of(st.integers(0, 3), st.none()), max_size=8))
def test_a_registry_is_a_stack(steps: list[int | None]) -> None:
    """A number promotes an artifact, None goes back."""
    with TemporaryDirectory() as directory:
        place = Path(directory)
        digests = [write_artifact(place / str(n), str(n)) for n in range(4)]
        registry, expected = Registry(place / "registry"), list[str]()
        for step in steps:
            if step is not None:
                promoted(registry, place / str(step))
                expected.append(digests[step])
            elif len(expected) > 1:
                registry.rollback(ANN)
                expected.pop()
            else:
                with pytest.raises(NothingToGoBackTo):
                    registry.rollback(ANN)
            assert [switch.digest for switch in registry.line] == expected
            if expected:
                assert serving(registry) == expected[-1]
        history = registry.history
        assert [s.previous for s in history[1:]] == [s.digest for s in history[:-1]]


class Killed(BaseException):
    """Ends a command as a kill does: nothing catches it to make good."""


@pytest.mark.parametrize("step", ["_sweep", "replace_directory", "asdict", "write_atomically"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_any_step_leaves_one_version_serving(
    registry: Registry,
    first: str,
    second: Path,
    step: str,
    when: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: Callable[..., object] = getattr(module, step)

    def killed(*arguments: object) -> object:
        if when == "after":
            done(*arguments)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(module, step, killed)
        with pytest.raises(Killed):
            promoted(registry, second)
    is_switched = (step, when) == ("write_atomically", "after")
    assert (serving(registry) == first) != is_switched
    if not is_switched:
        promoted(registry, second)
    assert serving(registry) != first
    assert not [path for path in registry.path("").iterdir() if path.name.startswith(".")]


KILLED = """
import os, signal, sys
from pathlib import Path
from service.promotion import registry
registry.write_atomically = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
versions = registry.Registry(Path(sys.argv[1]))
version = versions.add(Path(sys.argv[2]))
versions.promote(version, registry.Author("ann"), versions.current.digest)
"""


def test_a_command_that_is_killed_between_copy_and_switch_changes_nothing(
    registry: Registry, first: str, second: Path
) -> None:
    command = [sys.executable, "-c", KILLED, str(registry.directory), str(second)]
    done = subprocess.run(command, cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    assert len(registry.versions()) == 2, "it was copied"
    assert serving(registry) == first
    assert promoted(registry, second).digest == serving(registry) != first


def test_what_is_left_of_a_killed_copy_is_swept(
    registry: Registry, first: str, second: Path
) -> None:
    left = registry.path(".desk-2-half")
    left.mkdir()
    (left / "weights.safetensors").write_bytes(b"half")
    assert len(registry.versions()) == 1
    promoted(registry, second)
    assert not left.exists()


def test_a_damaged_version_is_copied_again(registry: Registry, first: str, second: Path) -> None:
    version = registry.add(second)
    (registry.path(version.name) / "weights.safetensors").write_bytes(b"damaged")
    with pytest.raises(ArtifactAltered):
        registry.promote(version, ANN, first)
    assert serving(registry) == first
    assert promoted(registry, second).digest == serving(registry)


def test_there_is_no_way_back_to_a_damaged_version(
    registry: Registry, first: str, second: Path
) -> None:
    switch = promoted(registry, second)
    (registry.path(registry.line[0].version) / "weights.safetensors").write_bytes(b"damaged")
    with pytest.raises(ArtifactAltered):
        registry.rollback(ANN)
    assert serving(registry) == switch.digest


@pytest.mark.parametrize("name", ["weights.safetensors", "reader-1.safetensors", "manifest.json"])
def test_a_source_that_is_not_whole_is_refused(
    registry: Registry, first: str, second: Path, name: str
) -> None:
    (second / name).write_bytes(b"other")
    with pytest.raises(ArtifactError) as refused:
        registry.add(second)
    assert str(second) in str(refused.value)
    assert len(registry.versions()) == 1


def test_a_source_that_changed_since_it_was_compared_is_refused(
    registry: Registry, first: str, second: Path
) -> None:
    with pytest.raises(ArtifactAltered, match="changed while it was compared"):
        registry.add(second, expected=first)


def test_a_candidate_is_compared_with_what_serves_at_the_switch(
    registry: Registry, first: str, second: Path, tmp_path: Path
) -> None:
    write_artifact(tmp_path / "third", "3")
    version = registry.add(second)
    promoted(registry, tmp_path / "third")
    with pytest.raises(RegistryBusy, match="another version serves by now"):
        registry.promote(version, ANN, first)


def test_one_command_writes_at_a_time(registry: Registry, first: str, second: Path) -> None:
    with registry._alone(), pytest.raises(RegistryBusy, match="wait for its end"):
        registry.add(second)


def test_a_full_disk_is_told_and_changes_nothing(
    registry: Registry, first: str, second: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "replace_directory", full)
    with pytest.raises(StorageFailed, match="No space left"):
        registry.add(second)
    assert serving(registry) == first


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 100_000,
        b'{"format": 2, "version": "desk-1", "digest": "0", "history": []}',
        b'{"format": 1, "version": "../desk", "digest": "0", "history": []}',
        b'{"format": 1, "version": ".desk", "digest": "0", "history": []}',
        b'{"format": 1, "version": 7, "digest": "0", "history": []}',
    ],
)
def test_a_damaged_file_is_told_in_one_line(registry: Registry, first: str, content: bytes) -> None:
    (registry.directory / "current.json").write_bytes(content)
    with pytest.raises(ArtifactAltered, match="damaged"):
        artifact_of(registry.directory)


def test_a_damaged_history_is_told_and_what_serves_goes_on(registry: Registry, first: str) -> None:
    path = registry.directory / "current.json"
    state = json.loads(path.read_text())
    path.write_text(json.dumps(state | {"history": [{"action": "other"}]}))
    assert serving(registry) == first
    with pytest.raises(ArtifactAltered, match="history"):
        _ = registry.history


def test_a_version_that_is_gone_or_another_is_no_model(
    registry: Registry, first: str, second: Path
) -> None:
    directory = artifact_of(registry.directory)
    shutil.rmtree(directory)
    with pytest.raises(ArtifactMissing):
        artifact_of(registry.directory)
    shutil.copytree(second, directory)
    with pytest.raises(ArtifactAltered, match="not the version that is current"):
        artifact_of(registry.directory)


@pytest.mark.parametrize("name", ["../up", "/etc", "...", "a\\b c", "x" * 500, "Ünï", " "])
def test_any_name_of_a_model_is_a_directory_among_the_versions(
    registry: Registry, tmp_path: Path, name: str
) -> None:
    write_artifact(tmp_path / "named", "1", name)
    switch = promoted(registry, tmp_path / "named")
    assert artifact_of(registry.directory).parent == registry.path("")
    assert len(switch.version) < 100
