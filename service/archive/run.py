"""A run over an archive, from where it stopped: shards are scored and written in order."""

from __future__ import annotations

import json
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from models import files
from models.article import Article
from service.archive import plan, readers
from service.archive.columns import output_columns, record_of
from service.archive.errors import RunChanged, TooManyRejected
from service.archive.formats.format import Record
from service.archive.formats.jsonl import json_line
from service.archive.manifest import Manifest, Part
from service.archive.progress import Progress, Tally
from service.archive.rows import Check, Rejected, Row
from service.archive.run_config import REJECTED, REPEATED, RunConfig
from service.archive.scorer import Failure, RowOutcome, ScoredShard, Scorer

WITHHELD = "(withheld)"
"""The name, in counts, of the rows for which the model was not sure enough to give a label."""


@dataclass(slots=True)
class _Shard:
    """The rows of a shard, each with its outcome where that is known before it is scored."""

    number: int
    rows: list[tuple[Row | Rejected, RowOutcome | None]] = field(default_factory=list)

    @property
    def missing(self) -> list[Row]:
        """The rows that the model has to read."""
        return [row for row, known in self.rows if known is None and isinstance(row, Row)]

    def outcomes(self, scored: Iterable[RowOutcome]) -> Iterator[tuple[Row | Rejected, RowOutcome]]:
        """Each row with its outcome, those of the missing rows in order from `scored`."""
        fresh = iter(scored)
        for row, known in self.rows:
            if isinstance(row, Rejected):
                yield row, Failure(row.reason)
            else:
                yield row, next(fresh) if known is None else known


class Run:
    """Scores what is missing of a run."""

    def __init__(
        self,
        config: RunConfig,
        manifest: Manifest,
        progress: Progress,
        max_rejected: int | None,
        check: Check,
    ) -> None:
        self._config = config
        self._manifest = manifest
        self._progress = progress
        self._max_rejected = max_rejected
        self._check = check
        self._tally = Tally(manifest.plan.articles, 0, rejected=manifest.rejected)
        self._tokens = self._padded_tokens = 0
        self._since_s = time.monotonic()

    def check_rejected(self) -> None:
        """Raises TooManyRejected."""
        most, found = self._max_rejected, self._manifest.rejected
        if most is not None and found > most:
            raise TooManyRejected(
                f"{found} rows were rejected, more than {most}; see {REJECTED}, then run again "
                "with a higher --max-rejected"
            )

    def score(self, scorer: Scorer) -> None:
        """Score the repeated articles, then the shards."""
        with plan.DuplicateStore(self._config.output / REPEATED) as repeated:
            self._tally.done = repeated.answered + sum(p.articles for p in self._manifest.parts)
            self._tally.began_s = self._since_s = time.monotonic()
            self._progress.stage("scoring")
            self._progress.show(self._tally)
            self._score_repeated(repeated, scorer)
            self._score_shards(repeated, scorer)

    def _score_repeated(self, repeated: plan.DuplicateStore, scorer: Scorer) -> None:
        begin = repeated.answered
        articles = (self._config.article(*parts) for parts in repeated.articles(begin))
        for scored in scorer(_chunks(articles, self._config.shard_rows), self._read):
            repeated.answer(begin, map(_packed, scored.outcomes))
            begin += len(scored.outcomes)
            self._note(scored)
            self._progress.show(self._tally)

    def _score_shards(self, repeated: plan.DuplicateStore, scorer: Scorer) -> None:
        """The scorer reads ahead. The shards that it has taken wait here for their outcomes."""
        waiting: deque[_Shard] = deque()

        def articles() -> Iterator[Sequence[Article]]:
            for shard in self._shards(repeated):
                waiting.append(shard)
                yield [self._config.article(r.text, r.title, r.target) for r in shard.missing]

        for scored in scorer(articles(), self._read):
            self._note(scored)
            self._finish(waiting.popleft(), scored)
            self._progress.show(self._tally)
            self.check_rejected()

    def _shards(self, repeated: plan.DuplicateStore) -> Iterator[_Shard]:
        """The shards that are missing. Raises RunChanged where a file changed since the plan."""
        parts, planned = self._manifest.parts, self._manifest.plan
        done = sum(part.rows + part.rejected for part in parts)
        files = [(Path(file.path), file.rows) for file in planned.files]
        rows = readers.read_from(files, self._config.columns, done, self._check)
        number = len(parts)
        while done < planned.rows:
            shard = self._shard(number, islice(rows, planned.rows - done), repeated)
            done += len(shard.rows)
            number += 1
            yield shard

    def _shard(
        self, number: int, rows: Iterator[Row | Rejected], repeated: plan.DuplicateStore
    ) -> _Shard:
        shard, digest = _Shard(number), plan.shard_digest()
        size = plan.ShardSize(self._config.shard_rows)
        for row in rows:
            digest.update(row.fingerprint)
            known = repeated.find(row.digest) if isinstance(row, Row) else None
            if isinstance(row, Row) and known:
                shard.rows.append((row.place(), _unpacked(known)))
            else:
                shard.rows.append((row, None))
            if size.add(row):
                break
        if digest.digest() != repeated.shard_digest(number):
            raise RunChanged("the input was changed while it was read; run again with --restart")
        return shard

    def _read(self, articles: int) -> None:
        self._tally.read += articles
        self._progress.show(self._tally)

    def _note(self, scored: ScoredShard) -> None:
        self._tokens += scored.tokens
        self._padded_tokens += scored.padded_tokens
        self._tally.add(len(scored.outcomes), scored.tokens)

    def _finish(self, shard: _Shard, scored: ScoredShard) -> None:
        """Writes a shard to disk: its rows, its rejections, its line in the manifest."""
        config, manifest = self._config, self._manifest
        records: list[Record] = []
        rejected = b""
        for row, outcome in shard.outcomes(scored.outcomes):
            if isinstance(outcome, Failure):
                place = {"file": config.shown(row.file), "line": row.line, "id": row.id}
                rejected += json_line({**place, "reason": outcome.reason})
            elif isinstance(row, Row):
                records.append(record_of(row, config.shown(row.file), outcome, manifest.model))
        content = config.format.encode(records, output_columns(full=config.full))
        files.write_atomically(config.part(shard.number), content)
        end = files.append_at(config.output / REJECTED, rejected, manifest.rejected_bytes)
        manifest.add(self._part(shard, records, scored, len(content), end))
        self._tally.rejected = manifest.rejected

    def _part(
        self,
        shard: _Shard,
        records: Sequence[Record],
        scored: ScoredShard,
        size_bytes: int,
        end: int,
    ) -> Part:
        now_s = time.monotonic()
        part = Part(
            number=shard.number,
            rows=len(records),
            rejected=len(shard.rows) - len(records),
            bytes=size_bytes,
            rejected_bytes=end,
            articles=len(scored.outcomes),
            tokens=self._tokens,
            padded_tokens=self._padded_tokens,
            seconds=round(now_s - self._since_s, 3),
            topics=_counts(records, "topic"),
            stances=_counts(records, "stance"),
        )
        self._tokens = self._padded_tokens = 0
        self._since_s = now_s
        return part


def _counts(records: Iterable[Record], column: str) -> Mapping[str, int]:
    counts = Counter(record[column] or WITHHELD for record in records if column in record)
    return dict(sorted(counts.items()))


def _chunks(articles: Iterator[Article], most: int) -> Iterator[Sequence[Article]]:
    """At most so many articles at a time, and fewer where they are long."""
    chunk: list[Article] = []
    chars = 0
    for article in articles:
        chunk.append(article)
        chars += len(article.text or "")
        if len(chunk) == most or chars >= plan.SHARD_CHARS:
            yield chunk
            chunk, chars = [], 0
    if chunk:
        yield chunk


def _packed(outcome: RowOutcome) -> str:
    """An outcome as the table of repeated articles keeps it."""
    if isinstance(outcome, Failure):
        return json.dumps({"reason": outcome.reason})
    return json.dumps({"answer": outcome}, ensure_ascii=False)


def _unpacked(packed: str) -> RowOutcome:
    found = json.loads(packed)
    answer: dict[str, object] = found.get("answer")
    return Failure(found["reason"]) if answer is None else answer
