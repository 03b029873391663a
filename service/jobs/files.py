"""Where the files of jobs are.

DATA/jobs/ID/input.jsonl      what was sent
DATA/jobs/ID/out/             the run over it, as `nutgraf score` leaves it
DATA/jobs/ID/results.jsonl    its scores in one file, once it is done
DATA/jobs/ID/.in-use          locked while the job is received or runs: it is not deleted then
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from service.archive.run_config import REJECTED
from service.jobs.in_use import unused
from service.jobs.store import JobRecord, JobStore


class JobFiles:
    """The files of all jobs, in a directory that all replicas share. It is made if need be."""

    def __init__(self, data: Path) -> None:
        self._jobs = data / "jobs"
        self._jobs.mkdir(parents=True, exist_ok=True)

    def directory(self, job: str) -> Path:
        """The directory of a job."""
        return self._jobs / job

    def archive(self, record: JobRecord) -> Path:
        """What was sent."""
        return self.directory(record.id) / record.file

    def output(self, job: str) -> Path:
        """The output directory of the run over the archive."""
        return self.directory(job) / "out"

    def rejected(self, job: str) -> Path:
        """The rows that could not be scored."""
        return self.output(job) / REJECTED

    def results(self, record: JobRecord) -> Path:
        """The scores of a job that is done."""
        return self.directory(record.id) / f"results.{record.asked['format']}"

    def all(self) -> Iterator[Path]:
        """The directories of all jobs, and of uploads that are not jobs yet."""
        return self._jobs.iterdir()


def sweep(files: JobFiles, store: JobStore, retention_s: float) -> None:
    """Delete the jobs that ended long ago, and what a crash has left of uploads."""
    for job in store.expired(retention_s):
        with unused(files.directory(job)) as is_unused:
            if is_unused:
                shutil.rmtree(files.directory(job), ignore_errors=True)
                store.forget(job)
    known = store.all()
    for directory in files.all():
        if directory.name not in known:
            _sweep_upload(directory, store, retention_s)


def _sweep_upload(directory: Path, store: JobStore, retention_s: float) -> None:
    with suppress(FileNotFoundError), unused(directory) as is_unused:
        age_s = time.time() - directory.stat().st_mtime
        if is_unused and age_s > retention_s and directory.name not in store.all():
            shutil.rmtree(directory, ignore_errors=True)
