"""Scores an archive: every row once and in order. After a stop, a run goes on where it was.

    DIR/scores/part-00000.parquet   the rows of a shard, in input order
    DIR/rejected.jsonl              the rows that could not be scored, and why
    DIR/manifest.jsonl              what the run depends on, and a line for each finished shard
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
from service.archive.columns import output_columns
from service.archive.errors import RunBusy, RunChanged, storage
from service.archive.manifest import NAME, OR_RESTART, Manifest
from service.archive.progress import Progress
from service.archive.rows import Check
from service.archive.run import Run
from service.archive.run_config import REJECTED, REPEATED, SCORES, RunConfig
from service.archive.scorer import Scorer
from service.version import package_version

LOCK, REPLANNED = ".lock", ".again.sqlite"


def score(
    config: RunConfig,
    model_digest: str,
    open_scorer: Callable[[], AbstractContextManager[Scorer]],
    progress: Progress,
    *,
    max_rejected: int | None = None,
    restart: bool = False,
    check: Check = lambda: None,
) -> Manifest:
    """Scores what is missing; the scorer is opened only if something is. Raises an ArchiveError.

    `check` is called between the steps of reading the input. What it raises ends the run.
    """
    files = readers.find(config.inputs)
    with _alone(config.output):
        if restart:
            _clear(config.output)
        progress.stage("reading")
        manifest = _manifest(config, files, model_digest, check)
        _check_parts(config, manifest)
        run = Run(config, manifest, progress, max_rejected, check)
        if not manifest.is_finished:
            run.check_rejected()
            with open_scorer() as scorer, storage(str(config.output)):
                _check_numerics(config, manifest, scorer)
                run.score(scorer)
        return manifest


@contextmanager
def _alone(output: Path) -> Iterator[None]:
    """Locks the directory against other processes. The lock of a killed process is free again."""
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


def _manifest(config: RunConfig, files: Sequence[Path], digest: str, check: Check) -> Manifest:
    """The manifest to go on with, or a new one. Raises RunChanged."""
    output = config.output
    manifest = Manifest.read(output)
    if manifest is None:
        if any((output / SCORES).glob("part-*")):
            raise RunChanged(f"{output} holds scores without a {NAME}; {OR_RESTART}")
        manifest = Manifest(
            output,
            asked=config.asked(),
            model=digest,
            plan=_plan(config, files, REPEATED, check),
            columns=_columns(config),
            version=package_version(),
        )
        with storage(NAME):
            manifest.write()
        return manifest
    _check_asked(config, manifest, digest)
    if not manifest.is_finished:
        _check_version(config, manifest)
    if not manifest.plan.is_as_found(files):
        fresh = _plan(config, files, REPLANNED, check)
        (output / REPLANNED).unlink()
        if fresh.digest != manifest.plan.digest:
            raise RunChanged(f"the input is not what {output} was begun with; {OR_RESTART}")
        manifest.plan = fresh
        with storage(NAME):
            manifest.write()
    return manifest


def _plan(config: RunConfig, files: Sequence[Path], table: str, check: Check) -> plan.Plan:
    path = config.output / table
    with storage(table):
        return plan.make(files, config.columns, config.shard_rows, config.limit, path, check)


def _check_asked(config: RunConfig, manifest: Manifest, digest: str) -> None:
    asked = config.asked()
    changed = [name for name in {**asked, **manifest.asked}
               if asked.get(name) != manifest.asked.get(name)]  # fmt: skip
    if manifest.model != digest:
        changed.insert(0, "model")
    if changed:
        raise RunChanged(
            f"{config.output} was begun with another {', '.join(changed)}; {OR_RESTART}"
        )


def _columns(config: RunConfig) -> dict[str, str]:
    return {name: kind.__name__ for name, kind in output_columns(full=config.full).items()}


def _check_version(config: RunConfig, manifest: Manifest) -> None:
    """Another version may write other columns, or prepare the same article in another way."""
    if list(manifest.columns.items()) != list(_columns(config).items()):  # in their order too
        difference = "with other columns"
    elif manifest.version != package_version():
        difference = f"and this is {package_version()}"
    else:
        return
    raise RunChanged(
        f"{config.output} was begun by nutgraf {manifest.version}, {difference}; install that "
        f"version to go on, or {OR_RESTART}"
    )


def _check_numerics(config: RunConfig, manifest: Manifest, scorer: Scorer) -> None:
    """All of a run is computed alike. The first scorer that is opened decides how."""
    now = scorer.numerics._replace(reader=config.reader(scorer.numerics.reader))
    if manifest.numerics is None:
        manifest.numerics = now
        manifest.write()
    elif manifest.numerics != now:
        raise RunChanged(
            f"{config.output} was begun in {manifest.numerics}, and this machine computes in "
            f"{now}; set NUTGRAF_DEVICE, NUTGRAF_DTYPE and NUTGRAF_READER to the former, or "
            f"{OR_RESTART}"
        )


def _check_parts(config: RunConfig, manifest: Manifest) -> None:
    for part in manifest.parts:
        path = config.part(part.number)
        if not path.is_file() or path.stat().st_size != part.bytes:
            raise RunChanged(f"{path} is not what was written; {OR_RESTART}")
