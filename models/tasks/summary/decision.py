"""Which sentences make the summary, and in which words.

Extractive: the sentences that carry the story, without repeating each other, in the article's
order. Written: the same are picked, then rewritten by the writer (select, then rewrite: Chen and
Bansal 2018, P18-1063); where its checks fail, the source sentence stands in and the answer says so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from models.analysis import Span, Summary, SummarySentence
from models.article import Style
from models.encoding.tokens import Encoded
from models.tasks.summary import surface
from models.tasks.summary.own_words import OwnWords
from models.tasks.summary.writer import MAX_SOURCE_WORDS, Draft, Request
from models.text.words import WORD, is_content, normal_words

MIN_SENTENCE_WORDS = 5
MAX_SENTENCE_WORDS = 70
SPARE = 0.2
"""A summary is long enough when at most this share of its words is left."""
REPEATS = 0.55
"""A sentence that shares this much of its content words with those picked before adds nothing."""
DANGLING_COST = 0.7
"""What an opening such as `He` or `But` costs, unless the sentence before it is in the summary."""
QUOTED_COST = 1.0
NO_STOP_COST = 2.0
LATE_COST = 0.2
"""What the logarithm of a sentence's place costs: news puts first what matters most."""
WRITTEN_WORDS = 11
"""About as many words as a rewritten sentence has: how many are drafted follows from it."""
_QUOTED = re.compile(r"[\"“].*[\"”]|[^\"“”]*[\"”]", re.DOTALL)  # a quotation without its speaker
_STOPPED = re.compile(r"[.!?…][\"”’')\]]*$")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may stand in the summary: its number, its score and its words.

    It `dangles` where it opens with a word that hangs on the sentence before.
    """

    index: int
    score: float
    dangles: bool
    words: int
    content: frozenset[str]


def count_words(text: str) -> int:
    """Words as people count them: runs between spaces that hold a letter or a digit."""
    return sum(any(char.isalnum() for char in run) for run in text.split())


def content_words(text: str) -> frozenset[str]:
    """The words of a text that carry content, as they are compared."""
    return frozenset(word for word in normal_words(text) if is_content(word))


def all_words(text: str) -> frozenset[str]:
    """All words of a text, as they are compared."""
    return frozenset(normal_words(text))


def candidates(encoded: Encoded, salience: Sequence[float]) -> list[Candidate]:
    """The sentences worth quoting, in the article's order."""
    found = []
    for index, (sentence, score) in enumerate(zip(encoded.sentences, salience, strict=True)):
        text = encoded.text[sentence.start : sentence.end]
        words = count_words(text)
        if MIN_SENTENCE_WORDS <= words <= MAX_SENTENCE_WORDS:
            cost = LATE_COST * math.log1p(index)
            cost += QUOTED_COST * bool(_QUOTED.fullmatch(text))
            cost += NO_STOP_COST * (not _STOPPED.search(text))
            dangles = bool(index and encoded.language.grammar.dangling.match(text))
            found.append(Candidate(index, score - cost, dangles, words, content_words(text)))
    return found


def _take_best(waiting: list[Candidate], picked: Sequence[Candidate]) -> Candidate:
    """Takes out the candidate that goes best with what is picked."""
    there = {candidate.index for candidate in picked}

    def worth(one: Candidate) -> tuple[float, int]:
        hangs = one.dangles and one.index - 1 not in there
        return one.score - DANGLING_COST * hangs, -one.index

    best = max(waiting, key=worth)
    waiting.remove(best)
    return best


def repeats(content: frozenset[str], chosen: Sequence[frozenset[str]]) -> bool:
    """Whether content words say again what was chosen."""
    return any(
        len(content & other) >= REPEATS * max(1, min(len(content), len(other))) for other in chosen
    )


def extractive(encoded: Encoded, salience: Sequence[float], max_words: int) -> Summary:
    """The article's own sentences, at most `max_words` words."""
    picked: list[Candidate] = []
    left, waiting = max_words, candidates(encoded, salience)
    while waiting and left > SPARE * max_words:
        candidate = _take_best(waiting, picked)
        if candidate.words <= left and not repeats(candidate.content, [p.content for p in picked]):
            picked.append(candidate)
            left -= candidate.words
    numbers = sorted(candidate.index for candidate in picked)
    sentences = [_quoted(encoded, number) for number in numbers]
    return _summary(Style.EXTRACTIVE, sentences or [_cut(encoded, salience, max_words)], 1.0)


def _quoted(encoded: Encoded, number: int) -> SummarySentence:
    sentence = encoded.sentences[number]
    text = " ".join(encoded.text[sentence.start : sentence.end].split())
    return SummarySentence(text, Span(sentence.start, sentence.end), rewritten=False)


def _cut(encoded: Encoded, salience: Sequence[float], max_words: int) -> SummarySentence:
    """The beginning of the best sentence, visibly cut: for limits that no sentence keeps."""
    best = max(range(len(encoded.sentences)), key=lambda index: (salience[index], -index))
    sentence = _quoted(encoded, best)
    runs = sentence.text.split()
    while count_words(" ".join(runs)) > max_words:
        runs.pop()
    text = " ".join(runs)
    return SummarySentence(text if text == sentence.text else f"{text} …", sentence.source, False)


def _summary(style: Style, sentences: Sequence[SummarySentence], support: float) -> Summary:
    text = " ".join(sentence.text for sentence in sentences)
    return Summary(text, style, count_words(text), support, tuple(sentences))


def requests(
    article: int, encoded: Encoded, salience: Sequence[float], max_words: int
) -> list[Request]:
    """The sentences to draft for a written summary, best first."""
    most = max_words // WRITTEN_WORDS + 1
    held = all_words(encoded.text)
    spellings = frozenset(match.group() for match in WORD.finditer(encoded.text))
    picked: list[Candidate] = []
    waiting = candidates(encoded, salience)
    while waiting and len(picked) < most:
        candidate = _take_best(waiting, picked)
        if not repeats(candidate.content, [p.content for p in picked]):
            picked.append(candidate)
    chosen = [encoded.sentences[candidate.index] for candidate in picked]
    return [
        Request(article, encoded, s, encoded.words(s)[:MAX_SOURCE_WORDS], held, spellings)
        for s in chosen
    ]


def written(
    encoded: Encoded,
    salience: Sequence[float],
    max_words: int,
    drafted: Sequence[tuple[Request, Draft]],
    own: OwnWords,
) -> Summary:
    """The written summary from what was drafted for `requests`, at most `max_words` words."""
    picked: list[SummarySentence] = []
    contents: list[frozenset[str]] = []
    left = max_words
    for request, draft in drafted:
        if left <= SPARE * max_words:
            break
        sentence = _sentence(request, surface.written(draft, request, own))
        words, content = count_words(sentence.text), content_words(sentence.text)
        if words <= left and not repeats(content, contents):
            picked.append(sentence)
            contents.append(content)
            left -= words
    if not picked:
        picked = [_cut(encoded, salience, max_words)]
    picked.sort(key=lambda sentence: sentence.source.start)
    text = " ".join(sentence.text for sentence in picked)
    return _summary(Style.WRITTEN, picked, support(text, all_words(encoded.text)))


def support(text: str, article_words: frozenset[str]) -> float:
    """The share of a summary's content words that the article holds, 0 to 1."""
    content = content_words(text)
    return len(content & article_words) / len(content) if content else 1.0


def _sentence(request: Request, text: str | None) -> SummarySentence:
    source = request.sentence
    if text is None:
        text = " ".join(request.encoded.text[source.start : source.end].split())
        return SummarySentence(text, Span(source.start, source.end), rewritten=False)
    return SummarySentence(text, Span(source.start, source.end), rewritten=True)
