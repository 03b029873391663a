"""All examples of a stage: what is learned from, and what is chosen by."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from training.config import Stage
from training.data.examples import (
    BatchSampler,
    Example,
    ExampleBuilder,
    make_examples,
    stance_weights,
)
from training.data.labelled import load
from training.data.roles import Role
from training.fitting.losses import Batch
from training.labels import LabelSchema


@dataclass(frozen=True)
class Corpus:
    """The encoded examples of a stage, and what all of them share."""

    stage: Stage
    labels: LabelSchema
    train: Sequence[Example]
    choose: Sequence[Example]

    @cached_property
    def stance_weights(self) -> list[list[float]]:
        """Sampling weights of the stances, for each source."""
        by_source: list[list[Example]] = [[] for _ in self.stage.data]
        for example in self.train:
            by_source[example.source].append(example)
        return [stance_weights(examples, len(self.labels.stance)) for examples in by_source]

    def choosing_batches(self) -> Iterator[Batch]:
        """The examples to choose by, in batches, with the first of their questions."""
        how = self.stage.optimisation
        order = BatchSampler(
            [e.tokens for e in self.choose],
            [0] * len(self.choose),
            [1.0],
            how.batch_tokens * 2,
            how.seed,
        )
        for numbers in order.epoch(0):
            examples = [self.choose[number] for number in numbers]
            yield Batch(examples, [list(example.questions[:8]) for example in examples])


def build(stage: Stage, labels: LabelSchema, tokenizer_json: str) -> Corpus:
    """Reads and encodes all files of a stage. Raises DataError."""
    processes = os.cpu_count() or 1

    def examples(role: Role, most: int | None = None) -> list[Example]:
        found: list[Example] = []
        for number, source in enumerate(stage.data):
            builder = ExampleBuilder(
                tokenizer_json, labels, source, number, stage.trains.reader is not None
            )
            found += make_examples(builder, load(source, role, labels.by_set)[:most], processes)
        return found

    rows = stage.optimisation.choosing_rows
    return Corpus(stage, labels, examples(Role.TRAIN), examples(Role.CHOOSE, rows))
