"""All examples of a run: what is learned from, and what is chosen by."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from models.encoding.tokens import ArticleEncoder
from models.tasks.summary.own_words import OwnWords
from training.config import Config, Optimisation, Source
from training.data.examples import (
    BatchSampler,
    Example,
    ExampleBuilder,
    make_examples,
    own_words,
    stance_weights,
)
from training.data.labelled import Labelled, load
from training.data.roles import Role
from training.fitting.losses import Batch
from training.labels import LabelSchema


@dataclass(frozen=True)
class Corpus:
    """The encoded examples of a config, and what all of them share."""

    config: Config
    labels: LabelSchema
    own: OwnWords
    tokenizer_json: str
    train: Sequence[Example]
    validation: Sequence[Example]

    @cached_property
    def write_id(self) -> int:
        return self._encoder.write_id

    @cached_property
    def own_pieces(self) -> list[int]:
        """The first word piece of each of the writer's own words."""
        return [self._encoder.first_piece(word) for word in self.own.words]

    @cached_property
    def _encoder(self) -> ArticleEncoder:
        return ExampleBuilder(
            self.tokenizer_json, self.labels, (), self.config.train[0], 0
        ).encoder()

    @cached_property
    def stance_weights(self) -> list[list[float]]:
        """Sampling weights of the stances, for each source."""
        by_source: list[list[Example]] = [[] for _ in self.config.train]
        for example in self.train:
            by_source[example.source].append(example)
        return [stance_weights(examples, len(self.labels.stance)) for examples in by_source]

    def validation_batches(self, how: Optimisation) -> Iterator[Batch]:
        """The examples to choose by, in batches, with the first of their questions."""
        order = BatchSampler(
            [e.tokens for e in self.validation],
            [0] * len(self.validation),
            [1.0],
            how.batch_tokens * 2,
            how.seed,
        )
        for numbers in order.epoch(0):
            examples = [self.validation[number] for number in numbers]
            yield Batch(examples, [list(example.questions[:8]) for example in examples])


def build(
    config: Config, labels: LabelSchema, tokenizer_json: str, words: tuple[str, ...] = ()
) -> Corpus:
    """Reads and encodes all files of a config. Raises DataError.

    `words` are the writer's own; without any they are taken from the summaries.
    """
    processes = os.cpu_count() or 1
    loaded = [load(source, Role.TRAIN) for source in config.train]
    summaries = [each for texts in loaded for each in texts if each.summary]
    words = words or own_words(summaries[:4000], config.model.writer_words)
    own = OwnWords(words)

    def encode(source: Source, texts: Sequence[Labelled], number: int) -> list[Example]:
        return make_examples(
            ExampleBuilder(tokenizer_json, labels, words, source, number), texts, processes
        )

    train = [e for n, texts in enumerate(loaded) for e in encode(config.train[n], texts, n)]
    rows = config.optimisation.validation_rows
    held = [load(source, Role.CHOOSE)[:rows] for source in config.validation]
    validation = [e for n, texts in enumerate(held) for e in encode(config.validation[n], texts, n)]
    return Corpus(config, labels, own, tokenizer_json, train, validation)
