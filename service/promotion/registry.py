"""A registry: the versions of a model that are there, and which of them serves.

    current.json                           the version that serves, and the history of all changes
    versions/NAME-VERSION-DIGEST/          an artifact; the digest's first 12 digits tell it apart
    versions/NAME-VERSION-DIGEST.json      the report by which it was promoted

A version is whole before it is named and never changes, so an engine may read a part of it late.
`current.json` is replaced in one step and last of all: a kill at any point leaves what served
serving. No version is deleted here; one that neither serves nor is to be gone back to may be.
"""

from __future__ import annotations

import fcntl
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from models.artifact.files import replace_directory
from models.artifact.manifest import (
    CONFIG,
    MANIFEST,
    READER_FILES,
    digest,
    digest_of,
    from_json,
    read_reader,
    read_verified,
    to_json,
)
from models.errors import ArtifactAltered, ArtifactError
from models.files import MAX_MANIFEST_BYTES, read_regular, write_atomically
from service import current
from service.archive.errors import storage
from service.current import CURRENT, FORMAT, VERSIONS
from service.promotion.errors import NothingToGoBackTo, RegistryBusy

LOCK = ".lock"
DIGEST_CHARS = 12
MAX_NAME_CHARS = 60


class Action(StrEnum):
    """What changed the version that serves."""

    PROMOTE = "promote"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes what serves, and why."""

    by: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Switch:
    """A change of what serves: to `version`, from the one with the digest `previous`, if any.

    `at` is the time, in UTC, as ISO 8601 has it.
    """

    action: Action
    version: str
    digest: str
    previous: str | None
    at: str
    by: str
    why: str

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Switch:
        """Raises KeyError, TypeError or ValueError."""
        return cls(**{**data, "action": Action(data["action"])})


@dataclass(frozen=True, slots=True)
class Version:
    """A version that is there: its directory's name, and its digest (None: it is damaged)."""

    name: str
    digest: str | None


class Registry:
    """The registry in a directory, which need not be there yet."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @property
    def history(self) -> tuple[Switch, ...]:
        """All changes of what serves, the oldest first. Raises ArtifactAltered."""
        if not current.is_registry(self.directory):
            return ()
        _, history = current.read(self.directory)
        try:
            return tuple(map(Switch.from_json, history))
        except (KeyError, TypeError, ValueError):
            damaged = ArtifactAltered(f"the history in {CURRENT} is damaged, or another version's")
            damaged.directory = self.directory
            raise damaged from None

    @property
    def current(self) -> Switch | None:
        """The change that put the version in place that serves."""
        return next(reversed(self.history), None)

    @property
    def line(self) -> tuple[Switch, ...]:
        """The promotions that lead to the version that serves, which is the last: a rollback takes
        one off, so that a second one goes back further."""
        found: list[Switch] = []
        for switch in self.history:
            if switch.action is Action.PROMOTE:
                found.append(switch)
            elif found:
                found.pop()
        return tuple(found)

    def path(self, version: str) -> Path:
        """The directory of a version."""
        return self.directory / VERSIONS / version

    def versions(self) -> list[Version]:
        """All versions that are there, by name."""
        found = sorted(self.path("").glob("*/"))
        return [Version(p.name, _digest(p)) for p in found if not p.name.startswith(".")]

    def add(self, source: Path, expected: str | None = None) -> Version:
        """Copies an artifact into the registry, where it does not serve yet.

        Every byte is verified on its way. It is a copy and no link, so that nobody who writes to
        the source changes what serves. Raises ArtifactError, also where the source has another
        digest than is `expected`, RegistryBusy or StorageFailed.
        """
        files, found = _read(source)
        if expected not in (None, found):
            changed = ArtifactAltered("it changed while it was compared; run the command again")
            changed.directory = source
            raise changed
        version = Version(_name(from_json(files[CONFIG]), found), found)
        with self._alone():
            _sweep(self.path(""))
            if not _is_whole(self.path(version.name), found):
                replace_directory(self.path(version.name), files)
        return version

    def keep_report(self, version: Version, report: Mapping[str, Any]) -> None:
        """Writes the report of a version beside it. Raises RegistryBusy or StorageFailed."""
        with self._alone():
            write_atomically(self.path(f"{version.name}.json"), to_json(report))

    def promote(self, version: Version, author: Author, compared: str | None) -> Switch:
        """Lets a version serve that was compared with the one of the digest `compared`.

        Raises RegistryBusy where another one serves by now, ArtifactError where the version is
        damaged, or StorageFailed.
        """
        found = str(version.digest)
        with self._alone():
            serving = self.current
            if (serving.digest if serving else None) != compared:
                raise RegistryBusy("another version serves by now; compare with that one")
            return self._switch(Action.PROMOTE, version.name, found, author)

    def rollback(self, author: Author) -> Switch:
        """Lets the version serve again that the current one has replaced.

        Raises NothingToGoBackTo, RegistryBusy, ArtifactError where the version is damaged, or
        StorageFailed.
        """
        with self._alone():
            line = self.line
            if len(line) < 2:
                raise NothingToGoBackTo(
                    f"{self.directory}: no version served before this one; promote another"
                )
            return self._switch(Action.ROLLBACK, line[-2].version, line[-2].digest, author)

    def _switch(self, action: Action, version: str, its_digest: str, author: Author) -> Switch:
        _, found = _read(self.path(version))
        if found != its_digest:
            other = ArtifactAltered("it is not the version that was promoted; promote one again")
            other.directory = self.path(version)
            raise other
        history, serving = self.history, self.current
        previous = serving.digest if serving else None
        at = datetime.now(UTC).isoformat(timespec="seconds")
        switch = Switch(action, version, found, previous, at, author.by, author.why)
        state = {
            "format": FORMAT,
            "version": version,
            "digest": found,
            "history": [asdict(each) for each in (*history, switch)],
        }
        write_atomically(self.directory / CURRENT, to_json(state))
        return switch

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keeps other commands from writing meanwhile. The lock of a killed one is free again."""
        with storage(str(self.directory)):
            self.path("").mkdir(parents=True, exist_ok=True)
            with (self.directory / LOCK).open("w") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    raise RegistryBusy(
                        f"{self.directory}: another command is writing there; wait for its end"
                    ) from None
                yield


def _read(directory: Path) -> tuple[dict[str, bytes], str]:
    """All files of an artifact, verified, and its digest. Raises ArtifactError."""
    try:
        files, found = read_verified(directory)
        files |= dict(zip(READER_FILES, read_reader(directory, found), strict=False))
        files[MANIFEST] = read_regular(directory / MANIFEST, MAX_MANIFEST_BYTES + 1)
        if digest_of(files[MANIFEST]) != found:
            raise ArtifactAltered("it changed while it was read; run the command again")
        return files, found
    except ArtifactError as error:
        error.directory = directory
        raise


def _is_whole(directory: Path, expected: str) -> bool:
    try:
        return _read(directory)[1] == expected
    except ArtifactError:
        return False


def _digest(directory: Path) -> str | None:
    try:
        return digest(directory)
    except ArtifactError:
        return None


def _sweep(versions: Path) -> None:
    """Removes what commands that were killed have begun to write."""
    for begun in versions.glob(".*"):
        shutil.rmtree(begun) if begun.is_dir() else begun.unlink()


def _name(config: Mapping[str, Any], its_digest: str) -> str:
    """What a version is called, in characters that any file system takes."""
    parts: Sequence[str] = (config["name"], config["version"])
    plain = re.sub(r"[^A-Za-z0-9._+-]+", "_", "-".join(parts)).lstrip(".")[:MAX_NAME_CHARS]
    return f"{plain or 'model'}-{its_digest[:DIGEST_CHARS]}"
