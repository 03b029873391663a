"""The measured speed of the model, and from it the size of its batches."""

from __future__ import annotations

import threading

from service.inference.batching import Lane

# The longest time of a batch. An interactive batch is only as large as what waits, and a large one
# reads more tokens a second. A bulk batch is shorter, since an interactive article that comes
# meanwhile waits for it.
SLICE_S = {Lane.INTERACTIVE: 2.0, Lane.BULK: 0.2}
MIN_SLICE_TOKENS = 2048
GROWTH = 1.25
MEMORY_STEPS = 64
_DECAY = 0.9


class Throughput:
    """The budget of a batch, so that it neither takes longer than its lane's slice nor more memory
    than there is; and the tokens read a second.

    A batch that took too long lowers its lane's budget in proportion, one that did not raises it
    again; small batches say nothing of large ones. `parallel` batches are read at once, so it
    is thread-safe.
    """

    def __init__(self, max_batch_tokens: int, parallel: int = 1) -> None:
        self._max_tokens = max_batch_tokens
        self._parallel = parallel
        self._lock = threading.Lock()
        self.memory_tokens = max_batch_tokens
        self._slice_tokens = dict.fromkeys(Lane, max_batch_tokens)
        self._tokens = 0.0
        self._seconds = 0.0

    def record(self, lane: Lane, tokens: int, duration_s: float) -> None:
        """Take in a batch of so many padded tokens that went well."""
        step = max(1, self._max_tokens // MEMORY_STEPS)
        with self._lock:
            self._tokens = _DECAY * self._tokens + tokens
            self._seconds = _DECAY * self._seconds + duration_s
            self.memory_tokens = min(self._max_tokens, self.memory_tokens + step)
            budget = self._slice_tokens[lane]
            if duration_s > SLICE_S[lane]:
                fitting = int(tokens * SLICE_S[lane] / duration_s)
                budget = max(MIN_SLICE_TOKENS, min(budget, fitting))
            elif tokens > budget / GROWTH:
                budget = int(budget * GROWTH)
            self._slice_tokens[lane] = min(self._max_tokens, budget)

    def shrink(self) -> None:
        """Memory ran out: halve what a batch may have. Batches that go well give it back slowly."""
        with self._lock:
            self.memory_tokens = max(1, self.memory_tokens // 2)

    def batch_tokens(self, lane: Lane) -> int:
        """The padded tokens that a batch of this lane may have."""
        return min(self.memory_tokens, self._slice_tokens[lane])

    def seconds_for(self, tokens: int) -> float:
        """How long the model takes to read so many tokens; 0 before anything was measured."""
        with self._lock:
            read = self._tokens * self._parallel
            return tokens * self._seconds / read if read else 0.0
