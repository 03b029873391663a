"""Which articles go through the model together: pure functions, without clock or I/O.

There is no wait timer (as in text-embeddings-inference): a batch is formed when the model is free,
from what waits. The oldest article is in it, and those whose length is nearest to its own.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Generic, TypeVar

MAX_PASSES = 8
MIN_LENGTH_RATIO = 0.5
BULK_SHARE = 0.25
"""The share of the model that bulk gets while interactive articles wait too."""
LONG_TOKENS = 2048
"""An article of more keeps a thread of the model for longer than others like to wait."""

Key = TypeVar("Key", bound=Hashable)


class Lane(StrEnum):
    """Someone waits for an interactive article; bulk and archives take what is left."""

    INTERACTIVE = "interactive"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What batching knows of an article, or of several that are to be read together.

    `ticket` is its place in the order of arrival. It is read as `windows` rows of at most
    `longest_tokens`. Only articles of one `group` share a batch. `passes` counts the batches that
    took a younger article and not this one.
    """

    ticket: int
    windows: int
    longest_tokens: int
    group: Hashable = None
    passes: int = 0

    @property
    def tokens(self) -> int:
        return self.windows * self.longest_tokens

    @property
    def is_long(self) -> bool:
        return self.tokens > LONG_TOKENS


def padded_tokens(batch: Iterable[Waiting]) -> int:
    """The work of a batch: every row as long as the longest."""
    batch = list(batch)
    return sum(one.windows for one in batch) * max((one.longest_tokens for one in batch), default=0)


def formed(batch: Sequence[Waiting]) -> Waiting:
    """A batch that was formed elsewhere, as one that waits: it is read whole, and alone."""
    first = batch[0].ticket
    longest_tokens = max(one.longest_tokens for one in batch)
    return Waiting(first, sum(one.windows for one in batch), longest_tokens, group=(first,))


def form_batch(
    waiting: Sequence[Waiting], budget_tokens: int
) -> tuple[list[Waiting], list[Waiting]]:
    """The next batch, and what goes on waiting; `waiting` is in order of arrival, not empty.

    Promises: the oldest article, or the oldest that was passed over MAX_PASSES times, is in the
    batch; none is passed over more often; a batch of two or more keeps the budget of padded
    tokens, and the lengths in it differ by no more than MIN_LENGTH_RATIO, overdue ones aside.
    """
    overdue = [one for one in waiting if one.passes >= MAX_PASSES]
    batch, all_in = _in_order(overdue or waiting[:1], budget_tokens)
    if all_in:
        batch = _fill(batch, waiting, budget_tokens)
    taken = {one.ticket for one in batch}
    youngest = max(taken)
    rest = [
        replace(one, passes=one.passes + 1) if one.ticket < youngest else one
        for one in waiting
        if one.ticket not in taken
    ]
    return batch, rest


def _in_order(due: Sequence[Waiting], budget_tokens: int) -> tuple[list[Waiting], bool]:
    """As many of those due as go together, in order, and whether that is all of them."""
    batch = [due[0]]
    for one in due[1:]:
        together = [*batch, one]
        if one.group != batch[0].group or padded_tokens(together) > budget_tokens:
            return batch, False
        batch = together
    return batch, True


def _fill(batch: list[Waiting], waiting: Sequence[Waiting], budget_tokens: int) -> list[Waiting]:
    """The batch with what else fits it, nearest in length first, then the oldest."""
    first = batch[0]
    taken = {one.ticket for one in batch}
    others = [one for one in waiting if one.group == first.group and one.ticket not in taken]
    others.sort(key=lambda one: (abs(one.longest_tokens - first.longest_tokens), one.ticket))
    rows = sum(one.windows for one in batch)
    widest = max(one.longest_tokens for one in batch)
    shortest = longest = first.longest_tokens
    for one in others:
        low, high = min(shortest, one.longest_tokens), max(longest, one.longest_tokens)
        padded = (rows + one.windows) * max(widest, high)
        if padded <= budget_tokens and low >= MIN_LENGTH_RATIO * high:
            batch = [*batch, one]
            rows += one.windows
            shortest, longest, widest = low, high, max(widest, high)
    return batch


@dataclass(frozen=True, slots=True)
class FairScheduler(Generic[Key]):
    """Whose turn it is: weighted fair queueing (Demers, Keshav and Shenker 1989).

    Each queue has a clock that runs with its work over its share, and the queue that is behind goes
    next. The clock of one with nothing to do keeps up, so that none saves up turns.
    """

    shares: Mapping[Key, float]
    clocks: Mapping[Key, float] = field(default_factory=dict)

    @staticmethod
    def of_lanes(bulk_share: float = BULK_SHARE) -> FairScheduler[Lane]:
        """Turns of the lanes: bulk gets its share while both lanes wait."""
        return FairScheduler({Lane.INTERACTIVE: 1.0 - bulk_share, Lane.BULK: bulk_share})

    @staticmethod
    def of_lengths() -> FairScheduler[bool]:
        """Turns of the articles that are not long, and of those that are: as much of each."""
        return FairScheduler({False: 0.5, True: 0.5})

    def next(self, waiting: Collection[Key]) -> Key:
        """The queue whose turn it is; of two that are level the one that is named first."""
        order = list(self.shares)
        return min(waiting, key=lambda key: (self.clocks.get(key, 0.0), order.index(key)))

    def after(self, key: Key, tokens: int, waiting: Collection[Key]) -> FairScheduler[Key]:
        """The turns after a batch of `tokens` was taken from a queue, out of those `waiting`."""
        now = self.clocks.get(key, 0.0)
        clocks = {
            one: self.clocks.get(one, 0.0)
            if one in waiting
            else max(self.clocks.get(one, 0.0), now)
            for one in self.shares
        }
        clocks[key] = now + tokens / self.shares[key]
        return replace(self, clocks=clocks)
