"""Windows of tokens put together into batches, under a budget of padded tokens. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol


class Windowed(Protocol):
    """What is read as so many windows of tokens, none longer than `longest_tokens`."""

    @property
    def windows(self) -> int: ...
    @property
    def longest_tokens(self) -> int: ...


def padded_tokens(batch: Iterable[Windowed]) -> int:
    """The work of a batch: every window is padded to the length of the longest."""
    batch = list(batch)
    return sum(one.windows for one in batch) * max((one.longest_tokens for one in batch), default=0)


def pack(
    lengths: Sequence[int], budget_tokens: int, windows: Sequence[int] | None = None
) -> list[list[int]]:
    """Groups items of similar length, longest first, so that padded tokens keep the budget.

    Item i has `windows[i]` windows of `lengths[i]` tokens; without `windows`, one. Every item is
    in exactly one group. One that is larger than the budget has a group of its own.
    """
    groups: list[list[int]] = []
    count = longest = 0
    for item in sorted(range(len(lengths)), key=lambda item: (-lengths[item], item)):
        its_windows = 1 if windows is None else windows[item]
        if groups and longest * (count + its_windows) <= budget_tokens:
            groups[-1].append(item)
            count += its_windows
        else:
            groups.append([item])
            count, longest = its_windows, lengths[item]
    return groups
