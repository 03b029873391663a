"""How far a run is: a bar on a terminal, lines in a log, JSON for machines."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

LINE_EVERY_S = 10.0
JSON_EVERY_S = 1.0


@dataclass(slots=True)
class Tally:
    """Articles to score and scored, in all and since `began_s`, and rows rejected.

    An article that occurs in many rows counts once. `read` are those whose shard is not done yet: a
    run that is killed now reads them again.
    """

    articles: int
    done: int
    read: int = 0
    rejected: int = 0
    scored: int = 0
    tokens: int = 0
    began_s: float = field(default_factory=time.monotonic)

    def add(self, articles: int, tokens: int) -> None:
        """Some that were read are scored: their shard is done."""
        self.read -= articles
        self.done += articles
        self.scored += articles
        self.tokens += tokens

    @property
    def seen(self) -> int:
        """Articles that the model has read."""
        return self.done + self.read

    @property
    def seconds(self) -> float:
        return max(time.monotonic() - self.began_s, 1e-9)

    @property
    def articles_per_s(self) -> float:
        return (self.scored + self.read) / self.seconds

    @property
    def tokens_per_s(self) -> float:
        """By the articles of finished shards, whose tokens are known; 0 before there is one."""
        return self.articles_per_s * self.tokens / self.scored if self.scored else 0.0

    @property
    def eta_s(self) -> float | None:
        """Seconds to go at the pace so far; None before there is one."""
        pace = self.articles_per_s
        return (self.articles - self.seen) / pace if pace else None

    def to_json(self) -> dict[str, float | None]:
        """The tally for programs."""
        eta_s = self.eta_s
        return {
            **{name: value for name, value in asdict(self).items() if name != "began_s"},
            "seconds": round(self.seconds, 1),
            "articles_per_s": round(self.articles_per_s, 2),
            "tokens_per_s": round(self.tokens_per_s, 1),
            "eta_s": None if eta_s is None else round(eta_s, 1),
        }


class Progress(Protocol):
    """Shows the tally as articles are read, and the name of each stage before it begins."""

    def stage(self, name: str) -> None: ...
    def show(self, tally: Tally) -> None: ...


class Silent:
    """Shows nothing."""

    def stage(self, name: str) -> None: ...
    def show(self, tally: Tally) -> None: ...


class Lines:
    """Writes a line now and then, and one at the end."""

    def __init__(
        self, write: Callable[[Tally], str], every_s: float, file: TextIO | None = None
    ) -> None:
        self._write = write
        self._every_s = every_s
        self._file = file or sys.stderr
        self._shown_s = float("-inf")

    def stage(self, name: str) -> None: ...

    def show(self, tally: Tally) -> None:
        now_s = time.monotonic()
        if now_s - self._shown_s >= self._every_s or tally.done >= tally.articles:
            self._shown_s = now_s
            print(self._write(tally), file=self._file, flush=True)


class Bar(AbstractContextManager["Bar"]):
    """A bar on a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._bar: RichProgress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"), console=Console(stderr=True),
        )  # fmt: skip
        self._task: TaskID = self._bar.add_task("", total=None, pace="")

    def __enter__(self) -> Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def stage(self, name: str) -> None:
        self._bar.update(self._task, description=name)

    def show(self, tally: Tally) -> None:
        self._bar.update(self._task, total=tally.articles, completed=tally.seen, pace=pace(tally))


def log_lines(file: TextIO | None = None) -> Lines:
    """Plain lines for a log."""
    return Lines(
        lambda tally: f"{tally.seen:,} of {tally.articles:,} articles, {pace(tally)}",
        LINE_EVERY_S,
        file,
    )


def json_lines(file: TextIO | None = None) -> Lines:
    """Lines of JSON for machines."""
    return Lines(lambda tally: json.dumps(tally.to_json()), JSON_EVERY_S, file)


def pace(tally: Tally) -> str:
    """Rates, time to go and rejects in a few words."""
    rates = f"{tally.articles_per_s:,.1f} articles/s"
    if tally.tokens:
        rates += f", {tally.tokens_per_s:,.0f} tokens/s"
    eta_s = tally.eta_s
    to_go = "" if eta_s is None else f", {duration(eta_s)} to go"
    return f"{rates}{to_go}, {tally.rejected:,} rejected"


def duration(seconds: float) -> str:
    """Hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
