"""Scores an archive: every row once, in order, and after any stop exactly on from there.

    DIR/scores/part-00000.parquet   the rows of a shard, in input order
    DIR/rejected.jsonl              the rows that could not be scored, and why
    DIR/manifest.jsonl              what was asked, and a line for each finished shard
    DIR/repeated.sqlite             the articles that occur more than once, and their answers

A shard's rows and rejections are on disk before its line in the manifest; a shard without one is
scored again, to the same bytes. Shards are finished in order, wherever they are scored.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from service.archive import plan, readers
from service.archive.errors import RunBusy, RunChanged, storage
from service.archive.manifest import ANEW, NAME, Manifest
from service.archive.progress import Progress
from service.archive.rows import Check
from service.archive.run import Run
from service.archive.run_config import REJECTED, REPEATED, SCORES, RunConfig
from service.archive.scorer import Scorer

LOCK, REPLANNED = ".lock", ".again.sqlite"


def score(
    request: RunConfig,
    model_digest: str,
    open_scorer: Callable[[], AbstractContextManager[Scorer]],
    progress: Progress,
    *,
    max_rejected: int | None = None,
    restart: bool = False,
    check: Check = lambda: None,
) -> Manifest:
    """Scores what is missing; the scorer is opened only if something is. Raises an ArchiveError.

    `check` is called time and again while the input is read, and ends the run by what it raises.
    """
    files = readers.find(request.inputs)
    with _alone(request.output):
        if restart:
            _clear(request.output)
        progress.stage("reading")
        manifest = _manifest(request, files, model_digest, check)
        _check_parts(request, manifest)
        run = Run(request, manifest, progress, max_rejected, check)
        if not manifest.is_finished:
            run.check_rejected()
            with open_scorer() as scorer, storage(str(request.output)):
                run.score(scorer)
        return manifest


@contextmanager
def _alone(output: Path) -> Iterator[None]:
    """Holds the directory against other processes; a killed one lets go of it."""
    with storage(str(output)):
        (output / SCORES).mkdir(parents=True, exist_ok=True)
        lock = (output / LOCK).open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunBusy(f"{output}: another process is writing there; wait for its end") from None
        yield


def _clear(output: Path) -> None:
    """Removes what a run leaves, the manifest first."""
    with storage(str(output)):
        for name in (NAME, REJECTED, REPEATED):
            (output / name).unlink(missing_ok=True)
        for part in (output / SCORES).glob("part-*"):
            part.unlink()


def _manifest(request: RunConfig, files: Sequence[Path], digest: str, check: Check) -> Manifest:
    """The manifest to go on with, or a new one. Raises RunChanged."""
    output = request.output
    manifest = Manifest.read(output)
    if manifest is None:
        if any((output / SCORES).glob("part-*")):
            raise RunChanged(f"{output} holds scores without a {NAME}; {ANEW}")
        manifest = Manifest(output, request.asked(), digest, _plan(request, files, REPEATED, check))
        with storage(NAME):
            manifest.begin()
        return manifest
    _check_asked(request, manifest, digest)
    if not manifest.plan.is_as_found(files):
        fresh = _plan(request, files, REPLANNED, check)
        (output / REPLANNED).unlink()
        if fresh.digest != manifest.plan.digest:
            raise RunChanged(f"the input is not what {output} was begun with; {ANEW}")
        manifest.plan = fresh
        with storage(NAME):
            manifest.begin()
    return manifest


def _plan(request: RunConfig, files: Sequence[Path], table: str, check: Check) -> plan.Plan:
    path = request.output / table
    with storage(table):
        return plan.make(files, request.columns, request.shard_rows, request.limit, path, check)


def _check_asked(request: RunConfig, manifest: Manifest, digest: str) -> None:
    asked = request.asked()
    changed = [name for name in {**asked, **manifest.asked}
               if asked.get(name) != manifest.asked.get(name)]  # fmt: skip
    if manifest.model != digest:
        changed.insert(0, "model")
    if changed:
        raise RunChanged(f"{request.output} was begun with another {', '.join(changed)}; {ANEW}")


def _check_parts(request: RunConfig, manifest: Manifest) -> None:
    for part in manifest.parts:
        path = request.part(part.number)
        if not path.is_file() or path.stat().st_size != part.bytes:
            raise RunChanged(f"{path} is not what was written; {ANEW}")
