"""From labelled texts to encoded examples, and from examples to an order of batches."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

from models.analysis import Span
from models.article import Article
from models.encoding.packing import pack
from models.encoding.preparation import prepare
from models.encoding.questions import NEWS, PASSAGE_TOKENS, Passages, Place, Question
from models.encoding.tokens import WINDOW_TOKENS, ArticleEncoder, Encoded, Integers, tokenizer_from
from models.errors import EmptyArticle
from models.tasks.subject.candidates import Candidate, candidates
from models.tasks.subject.metrics import SAME, alike
from models.tasks.summary.mentions import Mentions
from training.config import Source
from training.data.corruption import corrupted
from training.data.edited import sentence_labels
from training.data.labelled import Edited, Labelled, digest
from training.data.oracle import oracle
from training.data.swaps import with_names_swapped
from training.data.unlabelled import with_questions, with_statements
from training.errors import DataError
from training.labels import LabelSchema

CHUNK = 64
SEARCHED_WORDS = 8 * WINDOW_TOKENS
"""Serving reads articles in eight windows, and searches for as many words. So does training,
however few tokens of a text it reads."""
MEGABATCH = 50
LEAST_ALIKE, SHARPNESS = 0.3, 0.1
"""Below this likeness no candidate stands for a name; e times the share for so much more of it."""
SAME_SHARE = 0.5
"""A sentence is one that was marked where they share this much of the shorter of the two."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question with the labels of which one is right, and whether each place is evidence.

    `evidence` is None where nobody marked any, and None for a place where nobody could, the title.
    """

    question: Question
    labels: tuple[int, ...]
    evidence: tuple[bool | None, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class News:
    """The question which sentences tell the news, and the numbers of those of its places that an
    editor took."""

    question: Question
    told: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """What may name the subject of a text, how much of the name that people gave each is (`about`,
    which adds up to 1, or is empty), and the numbers of what they asked about (`targets`)."""

    candidates: tuple[Candidate, ...]
    about: tuple[float, ...]
    targets: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A text as the network reads it, with the labels that are known for it.

    - `topics` are (topic, weight), `genre` is the form, `overall` the stance
      toward its own subject.
    - `questions` are what readers learn from, and `news` where an editor told it.
    - `chosen` are the numbers of the sentences that an editor took for a summary, `extracts` those
      of them that stand alone as they are; `alone` says of sentences whether they do.
    - `named` is what may name its subject.
    - `spans` are ranges of tokens, and whether the editor left them out.
    - `forms` are sentences to be read alone, and whether they are well formed.
    - `tokens` is what reading it takes.
    """

    source: int
    encoded: Encoded
    topics: tuple[tuple[int, float], ...] = ()
    genre: int | None = None
    overall: int | None = None
    questions: tuple[Asked, ...] = ()
    news: News | None = None
    chosen: tuple[int, ...] = ()
    extracts: tuple[int, ...] = ()
    alone: tuple[tuple[int, bool], ...] = ()
    spans: tuple[tuple[int, int, bool], ...] = ()
    named: Named | None = None
    forms: tuple[tuple[Integers, bool], ...] = ()
    tokens: int = 0

    @property
    def whole(self) -> bool:
        """Whether a head learns from the states of the text, not from questions alone."""
        heads = self.topics, self.chosen, self.alone, self.spans
        labels = self.genre, self.overall, self.named
        return any(heads) or any(label is not None for label in labels)


@dataclass(frozen=True, slots=True)
class ExampleBuilder:
    """Makes examples of one source. Picklable, so that several processes share the work.

    `reads`: for a reader, which learns from questions alone.
    """

    tokenizer_json: str
    labels: LabelSchema
    source: Source
    number: int
    reads: bool

    def encoder(self, windows: int = 1) -> ArticleEncoder:
        """Reads `max_tokens` of a text in that many windows, or in as many as it needs."""
        tokenizer = tokenizer_from(self.tokenizer_json)
        windows = max(windows, math.ceil(self.source.max_tokens / WINDOW_TOKENS))
        return ArticleEncoder(tokenizer, windows, self.source.max_tokens // windows)

    def make(self, labelled: Sequence[Labelled]) -> list[Example]:
        """Every other text is read in at least two windows, so that the model does not take the
        beginning of a later window for the article's lead."""
        encoders = self.encoder(1), self.encoder(2)
        texts = (
            self._with_questions(with_names_swapped(each, self.source.swapped)) for each in labelled
        )
        made = (self._example(each, encoders[int(digest(each.text)[-7], 16) % 2]) for each in texts)
        return [example for example in made if example is not None and example.tokens]

    def _with_questions(self, each: Labelled) -> Labelled:
        count, names = self.source.questions, self.labels.stance_names
        if self.source.statements is not None:
            each = with_statements(each, self.source.statements)
        return with_questions(each, count, names) if count else each

    def _example(self, each: Labelled, encoder: ArticleEncoder) -> Example | None:
        shown = int(digest(each.text)[-6:], 16) < self.source.title * 16**6
        article = Article(each.text, each.title if shown else None)
        try:
            encoded = prepare(article, encoder, searched_words=SEARCHED_WORDS).encoded
        except EmptyArticle:
            return None
        made = (
            Example(
                self.number,
                encoded,
                questions=tuple(self._asked(each, encoded, encoder)),
                news=_news(each, encoded, encoder) if self.source.news else None,
            )
            if self.reads
            else self._whole(each, encoded, encoder)
        )
        return replace(made, tokens=_tokens(made, self.source.max_questions))

    def _whole(self, each: Labelled, encoded: Encoded, encoder: ArticleEncoder) -> Example:
        made = Example(
            source=self.number,
            encoded=encoded,
            topics=self._topics(each),
            genre=self._number(each.genre, self.labels.form_names) if each.genre else None,
            overall=self._stance(each.stances[None]) if None in each.stances else None,
            named=_named(each, encoded) if each.subject else None,
        )
        if each.edited:
            return _with_edits(made, each.edited, encoder)
        if each.summary:
            return replace(made, chosen=oracle(encoded, each.summary))
        return made

    def _asked(self, each: Labelled, encoded: Encoded, encoder: ArticleEncoder) -> Iterable[Asked]:
        passages = Passages(encoded)
        known = {target: (label,) for target, label in each.stances.items()} | each.either
        for target, labels in known.items():
            if target is None:
                continue
            kind = each.kinds.get(target)
            question = passages.question(
                encoder.target(target), target, kind, self._room(each.text, target)
            )
            evidence = _evidence(question.places, encoded, each.evidence.get(target, ()))
            yield Asked(question, tuple(self._stance(label) for label in labels), evidence)

    def _room(self, text: str, target: str) -> int:
        """The length of the passage for a target, drawn from those of the source."""
        drawn = self.source.passage_tokens or (PASSAGE_TOKENS,)
        return drawn[int(digest(text + target)[-8:], 16) % len(drawn)]

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


def _news(each: Labelled, encoded: Encoded, encoder: ArticleEncoder) -> News | None:
    """What an editor told of a text as the news, beside others of its sentences: early ones are
    likelier, as they are where a model chooses those that it asks about."""
    draw = random.Random(digest(each.text))  # noqa: S311 - sampling, not secrecy
    taken = {index for one in each.edited if (index := _sentence_at(encoded, one)) is not None}
    order = sorted(
        range(len(encoded.sentences)), key=lambda n: (n not in taken, draw.random() * (n + 2))
    )
    question = Passages(encoded).news(encoder.target(NEWS), order)
    told = tuple(n for n, place in enumerate(question.places) if place.sentence in taken)
    return News(question, told) if told else None


def _named(each: Labelled, encoded: Encoded) -> Named | None:
    """What may name the subject of a text, and what comes closest to what people named."""
    found = tuple(candidates(encoded))
    about = _shares(found, each.subject or "")
    targets = {n for target in each.named for n in _closest(found, target)}
    return Named(found, about, tuple(sorted(targets))) if about or targets else None


def _shares(found: Sequence[Candidate], name: str) -> tuple[float, ...]:
    """How much of a name each candidate is: most is left to those whose words are most like it."""
    likeness = [alike(candidate.key, name) for candidate in found]
    if max(likeness, default=0.0) < LEAST_ALIKE:
        return ()
    powers = [math.exp((each - 1) / SHARPNESS) * (each > 0) for each in likeness]
    return tuple(power / math.fsum(powers) for power in powers)


def _closest(found: Sequence[Candidate], name: str) -> tuple[int, ...]:
    """The numbers of the candidates that are most like a name, if any is like it."""
    shares = [alike(candidate.key, name) for candidate in found]
    most = max(shares, default=0.0)
    return tuple(n for n, share in enumerate(shares) if most >= SAME and share == most)


def _with_edits(example: Example, edited: Sequence[Edited], encoder: ArticleEncoder) -> Example:
    """An example with what an editor's sentences say of those that they were made from."""
    encoded = example.encoded
    chosen, extracts, alone, spans = [], [], [], []
    found = {index: one for one in edited if (index := _sentence_at(encoded, one)) is not None}
    mentions = Mentions(encoded.text, encoded.sentences, encoded.language)
    needs = mentions.introductions([encoded.sentences[index] for index in found])
    for (index, one), needed in zip(found.items(), needs, strict=True):
        sentence = encoded.sentences[index]
        labels = sentence_labels(
            encoded.text, sentence, one.text, needed.introductions, encoded.language
        )
        chosen.append(index)
        alone.append((index, labels.alone))
        extracts += [index] * labels.is_extract
        for span, deleted in labels.deleted:
            first, last = encoded.tokens(sentence, span.start, span.end)
            spans += [(first, last, deleted)] * (first < last)
    return replace(
        example,
        chosen=tuple(chosen),
        extracts=tuple(extracts),
        alone=tuple(alone),
        spans=tuple(spans),
        forms=tuple(_forms([one.text for one in edited], encoder)),
    )


def _sentence_at(encoded: Encoded, span: Span) -> int | None:
    """The number of the sentence that an editor's span is of."""
    same = (n for n, sentence in enumerate(encoded.sentences) if _is_same(sentence, span))
    return next(same, None)


def _forms(sentences: Sequence[str], encoder: ArticleEncoder) -> Iterator[tuple[Integers, bool]]:
    """Sentences that are well formed, each beside one that is not."""
    for sentence in sentences:
        draw = random.Random(digest(sentence))  # noqa: S311 - sampling, not secrecy
        broken = corrupted(sentence, draw)
        yield encoder.sentence(sentence), True
        if broken is not None:
            yield encoder.sentence(broken), False


def _tokens(example: Example, most: int) -> int:
    """Tokens of an example that is read with at most `most` of its questions."""
    asked = sorted((len(each.question.ids) for each in example.questions), reverse=True)
    news = len(example.news.question.ids) if example.news else 0
    formed = sum(len(ids) for ids, _ in example.forms)
    return len(example.encoded.ids) * example.whole + sum(asked[:most]) + news + formed


def _evidence(
    places: Sequence[Place], encoded: Encoded, marked: Sequence[Span]
) -> tuple[bool | None, ...] | None:
    if not marked:
        return None
    return tuple(
        None
        if place.sentence is None
        else any(_is_same(encoded.sentences[place.sentence], span) for span in marked)
        for place in places
    )


def _is_same(one: Span, other: Span) -> bool:
    """Whether two spans are about the same sentence, however each was split."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared > SAME_SHARE * min(one.end - one.start, other.end - other.start)


def make_examples(
    maker: ExampleBuilder, labelled: Sequence[Labelled], processes: int
) -> list[Example]:
    """All examples of a source, in its order."""
    chunks = [labelled[at : at + CHUNK] for at in range(0, len(labelled), CHUNK)]
    if processes <= 1 or len(chunks) < 4:
        return [example for chunk in chunks for example in maker.make(chunk)]
    with ProcessPoolExecutor(processes) as pool:
        return [example for made in pool.map(maker.make, chunks) for example in made]


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
) -> list[Asked]:
    """At most `most` of an example's questions, rarer stances of its source likelier."""
    if len(example.questions) <= most:
        return list(example.questions)
    keyed = [
        (draw.random() ** (1 / max(weights[each.labels[0]], 1e-6)), i)
        for i, each in enumerate(example.questions)
    ]
    return [example.questions[index] for _, index in sorted(keyed, reverse=True)[:most]]


def stance_weights(examples: Iterable[Example], stances: int) -> list[float]:
    """Sampling weights that balance the stances of a source: the inverse of their counts."""
    counts = Counter(each.labels[0] for example in examples for each in example.questions)
    return [1 / counts[stance] if counts[stance] else 0.0 for stance in range(stances)]
