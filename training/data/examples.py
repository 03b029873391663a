"""From labelled texts to encoded examples, and from examples to an order of batches."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

from models.article import Article, Options
from models.encoding.packing import pack
from models.encoding.preparation import prepare
from models.encoding.stance_inputs import StanceInput
from models.encoding.tokens import WINDOW_TOKENS, ArticleEncoder, Encoded, tokenizer_from
from models.errors import EmptyArticle
from models.tasks.summary.own_words import OwnWords
from models.text.sentences import split
from models.text.words import normal_words
from training.config import Source
from training.data.alignment import (
    Pair,
    added_words,
    best_source,
    oracle,
    pair,
    summary_sentences,
)
from training.data.labelled import Labelled, digest
from training.errors import DataError
from training.labels import LabelSchema

CHUNK = 64
SEARCHED_WORDS = 8 * WINDOW_TOKENS
"""Serving reads articles in eight windows, and searches for as many words. So does training,
however few tokens of a text it reads."""
MEGABATCH = 50


@dataclass(frozen=True, slots=True)
class Example:
    """A text as the network reads it, with the labels that are known for it.

    `topics` are (topic, weight), `questions` (question, stance), `overall` the stance toward its
    own subject, `salient` the sentences of the oracle (None: no summary is known), `pairs` what the
    writer learns from; `tokens` is what reading it takes.
    """

    source: int
    encoded: Encoded
    topics: tuple[tuple[int, float], ...] = ()
    questions: tuple[tuple[StanceInput, int], ...] = ()
    overall: int | None = None
    salient: tuple[int, ...] | None = None
    pairs: tuple[Pair, ...] = ()
    article_words: frozenset[str] = frozenset()
    tokens: int = 0

    @property
    def whole(self) -> bool:
        """Whether a head learns from the whole text, not from questions alone."""
        return bool(self.topics or self.salient or self.pairs or self.overall is not None)


@dataclass(frozen=True, slots=True)
class ExampleBuilder:
    """Makes examples of one source. Picklable, so that several processes share the work."""

    tokenizer_json: str
    labels: LabelSchema
    own_words: tuple[str, ...]
    source: Source
    number: int

    def encoder(self, windows: int = 1) -> ArticleEncoder:
        """Reads `max_tokens` of a text in that many windows, or in as many as it needs."""
        tokenizer = tokenizer_from(self.tokenizer_json)
        windows = max(windows, math.ceil(self.source.max_tokens / WINDOW_TOKENS))
        return ArticleEncoder(tokenizer, windows, self.source.max_tokens // windows)

    def make(self, labelled: Sequence[Labelled]) -> list[Example]:
        """Every other text is read in at least two windows, so that the model does not take the
        beginning of a later window for the article's lead."""
        encoders, own = (self.encoder(1), self.encoder(2)), OwnWords(self.own_words)
        texts = filter(None, map(condensed, labelled)) if self.source.condensed else labelled
        made = (
            self._example(each, encoders[int(digest(each.text)[-7], 16) % 2], own) for each in texts
        )
        return [example for example in made if example is not None]

    def _example(self, each: Labelled, encoder: ArticleEncoder, own: OwnWords) -> Example | None:
        shown = int(digest(each.text)[-6:], 16) < self.source.title * 16**6
        targets = tuple(target for target in each.stances if target is not None)
        article = Article(each.text, each.title if shown else None, options=Options(targets))
        try:
            prepared = prepare(article, encoder, searched_words=SEARCHED_WORDS)
        except EmptyArticle:
            return None
        encoded = prepared.encoded
        salient, pairs, held = self._summary(each, encoded, encoder, own)
        made = Example(
            source=self.number,
            encoded=encoded,
            topics=self._topics(each),
            questions=tuple(
                (asked, self._stance(each.stances[target])) for target, asked in prepared.questions
            ),
            overall=self._stance(each.stances[None]) if None in each.stances else None,
            salient=salient,
            pairs=pairs,
            article_words=held if pairs else frozenset(),
        )
        return replace(made, tokens=_tokens(made, self.source.max_questions))

    def _stance(self, stance: str) -> int:
        return self._number(stance, self.labels.stance_names)

    def _topics(self, each: Labelled) -> tuple[tuple[int, float], ...]:
        numbers = [self._number(topic, self.labels.topic_names) for topic in each.topics]
        rest = 0.25 / max(len(numbers) - 1, 1)
        main = 1.0 if len(numbers) == 1 else 0.75
        return tuple((number, rest if index else main) for index, number in enumerate(numbers))

    def _number(self, label: str, names: Sequence[str]) -> int:
        if label not in names:
            raise DataError(
                f"{self.source.path}: the label {label!r} is none of the run's; mend the file, or "
                "name a labels file in the config"
            )
        return names.index(label)

    def _summary(
        self, each: Labelled, encoded: Encoded, encoder: ArticleEncoder, own: OwnWords
    ) -> tuple[tuple[int, ...] | None, tuple[Pair, ...], frozenset[str]]:
        if not each.summary:
            return None, (), frozenset()
        lines = summary_sentences(each.summary)
        sentences = [normal_words(each.text[s.start : s.end]) for s in encoded.sentences]
        held = frozenset(normal_words(encoded.text))
        pairs = []
        for line in lines:
            best = best_source(line, sentences)
            if best is not None:
                pairs.append(pair(encoded, encoded.sentences[best], line, own, encoder, held))
        if self.source.condensed:
            return None, tuple(found for found in pairs if found), held
        salient = oracle([_spoken(s) for s in sentences], [_spoken(line) for line in lines])
        return tuple(salient), tuple(found for found in pairs if found), held


def _tokens(example: Example, most: int) -> int:
    """Tokens of an example that is read with at most `most` of its questions."""
    asked = sorted((len(question.ids) for question, _ in example.questions), reverse=True)
    return len(example.encoded.ids) * example.whole + sum(asked[:most])


def condensed(each: Labelled) -> Labelled | None:
    """A text cut down to the sentences that its summary was made from; None if there are none."""
    spans = split(each.text)
    sentences = [normal_words(each.text[span.start : span.end]) for span in spans]
    found = {best_source(line, sentences) for line in summary_sentences(each.summary or "")}
    chosen = sorted(index for index in found if index is not None)
    text = " ".join(each.text[spans[index].start : spans[index].end] for index in chosen)
    return replace(each, text=text) if text else None


def _spoken(line: Iterable[str]) -> list[str]:
    return [word for word in line if any(char.isalnum() for char in word)]


def make_examples(
    maker: ExampleBuilder, labelled: Sequence[Labelled], processes: int
) -> list[Example]:
    """All examples of a source, in its order."""
    chunks = [labelled[at : at + CHUNK] for at in range(0, len(labelled), CHUNK)]
    if processes <= 1 or len(chunks) < 4:
        return [example for chunk in chunks for example in maker.make(chunk)]
    with ProcessPoolExecutor(processes) as pool:
        return [example for made in pool.map(maker.make, chunks) for example in made]


def own_words(labelled: Iterable[Labelled], count: int) -> tuple[str, ...]:
    """The writer's own words, from the summaries of some texts. Word 0 is the end."""
    return tuple(added_words((p for each in labelled for p in _plain_pairs(each)), count))


def _plain_pairs(each: Labelled) -> Iterator[tuple[list[str], list[str]]]:
    sentences = [normal_words(each.text[s.start : s.end]) for s in split(each.text)[:30]]
    for line in summary_sentences(each.summary or ""):
        best = best_source(line, sentences)
        if best is not None:
            yield sentences[best], line


@dataclass(frozen=True, slots=True)
class BatchSampler:
    """Which examples an epoch reads and in which batches; a pure function of seed and epoch.

    Batches hold texts of similar length (`batch_tokens` padded tokens at most), drawn from
    megabatches so that every batch mixes sources.
    """

    lengths: Sequence[int]
    sources: Sequence[int]
    passes: Sequence[float]
    batch_tokens: int
    seed: int

    def epoch(self, number: int) -> list[list[int]]:
        """The batches of an epoch as example numbers."""
        draw = random.Random(f"{self.seed}/{number}")  # noqa: S311 - sampling, not secrecy
        chosen = [
            index for index in range(len(self.lengths)) for _ in range(self._times(index, number))
        ]
        draw.shuffle(chosen)
        tokens, mega, batches = 0, [], []
        for index in chosen:
            mega.append(index)
            tokens += self.lengths[index]
            if tokens >= self.batch_tokens * MEGABATCH:
                batches += self._cut(mega)
                tokens, mega = 0, []
        batches += self._cut(mega)
        draw.shuffle(batches)
        return batches

    def _times(self, index: int, epoch: int) -> int:
        """How often an epoch reads an example: whole passes, and its turn of the fraction left."""
        passes = self.passes[self.sources[index]]
        start = passes * epoch + index * 0.6180339887498949  # evenly spread over the file
        return int(start + passes) - int(start)

    def _cut(self, mega: Sequence[int]) -> list[list[int]]:
        groups = pack([self.lengths[index] for index in mega], self.batch_tokens)
        return [[mega[place] for place in group] for group in groups]


def sampled_questions(
    example: Example, most: int, weights: Sequence[float], draw: random.Random
) -> list[tuple[StanceInput, int]]:
    """At most `most` of an example's questions, rarer stances of its source likelier."""
    questions = list(example.questions)
    if len(questions) <= most:
        return questions
    keyed = [
        (draw.random() ** (1 / max(weights[stance], 1e-6)), i)
        for i, (_, stance) in enumerate(questions)
    ]
    return [questions[index] for _, index in sorted(keyed, reverse=True)[:most]]


def stance_weights(examples: Iterable[Example], stances: int) -> list[float]:
    """Sampling weights that balance the stances of a source: the inverse of their counts."""
    counts = Counter(stance for example in examples for _, stance in example.questions)
    return [1 / counts[stance] if counts[stance] else 0.0 for stance in range(stances)]
