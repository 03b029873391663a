"""One job: a run of `scoring.score` over the archive that was sent.

It has the shards, windows and batches of `nutgraf score`. The model reads each batch alone, in the
scheduler's bulk lane. So the numbers are those of the command. What a killed replica has finished
is on disk, and whoever takes the job over goes on from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from functools import partial
from typing import Any

from service.archive import scoring
from service.archive.errors import RunChanged
from service.archive.formats import FORMATS
from service.archive.join import gather
from service.archive.progress import Tally
from service.archive.rows import InputColumns
from service.archive.run_config import RunConfig
from service.archive.scorer import LocalScorer
from service.jobs.bulk_lane import BulkLane
from service.jobs.files import JobFiles
from service.jobs.in_use import in_use
from service.jobs.store import JobRecord
from service.options import of_json


class JobProgress:
    """How far a run is, for the lease that is renewed beside it. `moved` once a shard is done."""

    def __init__(self) -> None:
        self.counts: Mapping[str, Any] = {}
        self.moved = False

    def stage(self, name: str) -> None: ...

    def show(self, tally: Tally) -> None:
        self.counts = tally.to_json()
        self.moved = self.moved or tally.scored > 0


def score(
    record: JobRecord,
    files: JobFiles,
    lane: BulkLane,
    progress: JobProgress,
    budget_tokens: int,
) -> None:
    """Score the archive of a job, to its end. Called in a thread.

    Raises Interrupted, ArchiveError, and ModelFailed.
    """
    model = lane.model
    config = _config(record, files, budget_tokens)
    scorer = LocalScorer(
        model, budget_tokens, full=config.full, prepare=lane.prepare, begin=lane.begin
    )
    run = partial(
        scoring.score,
        config,
        model.info.digest,
        lambda: nullcontext(scorer),
        progress,
        check=lane.check,
    )
    try:
        with in_use(files.directory(record.id)):
            try:
                run()
            except RunChanged:  # there is another model or version now, and no job is scored by two
                run(restart=True)
            gather(config, files.results(record), lane.check)
    finally:
        lane.stop()


def _config(record: JobRecord, files: JobFiles, budget_tokens: int) -> RunConfig:
    asked = record.asked
    return RunConfig(
        inputs=(str(files.archive(record)),),
        output=files.output(record.id),
        max_batch_tokens=budget_tokens,
        columns=InputColumns(**asked["columns"]),
        options=of_json(asked),
        target=asked["target"],
        format=FORMATS[asked["format"]],
        full=asked["full"],
        input_name=record.name,
    )
