"""Questions about texts that nobody labelled: names that a text mentions, its own sentences as
claims, and such with one thing turned: a number, a name, a denial.

Of those that an editor took, the text bears out the first and not the second. Of others a teacher
says what is right.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from models.article import Kind
from models.tasks.summary.mentions import names
from models.text.english import ENGLISH
from models.text.sentences import split
from training.config import Statements
from training.data.labelled import Labelled, digest

MIN_WORDS, MAX_WORDS = 8, 40
_NUMBER = re.compile(r"\b\d+\b")


def with_questions(labelled: Labelled, count: int, labels: tuple[str, ...]) -> Labelled:
    """A text with at most `count` questions, of which any of the labels may be right."""
    draw = random.Random(digest(labelled.text))  # noqa: S311 - sampling, not secrecy
    asked = dict(_questions(labelled.text, draw))
    chosen = draw.sample(sorted(asked), min(count, len(asked)))
    return replace(
        labelled,
        either={**labelled.either, **dict.fromkeys(chosen, labels)},
        kinds={**labelled.kinds, **{target: asked[target] for target in chosen}},
    )


def with_statements(labelled: Labelled, statements: Statements) -> Labelled:
    """A text with claims made of the sentences that an editor took, as they stand and as edited."""
    draw = random.Random(digest(labelled.text))  # noqa: S311 - sampling, not secrecy
    others = sorted({name.name for name in names(labelled.text) if name.is_full})
    right: dict[str | None, str] = {}
    turned: dict[str | None, tuple[str, ...]] = {}
    for one in labelled.edited:
        own = " ".join(labelled.text[one.start : one.end].split())
        right |= dict.fromkeys((own, one.text), statements.right)
        false = draw.choice(TURNS)(draw.choice((own, one.text)), others, draw)
        if false is not None:
            turned[false] = statements.turned
    turned = {claim: labels for claim, labels in turned.items() if claim not in right}
    return replace(
        labelled,
        stances={**labelled.stances, **right},
        either={**labelled.either, **turned},
        kinds={**labelled.kinds, **dict.fromkeys(map(str, (*right, *turned)), Kind.CLAIM)},
    )


def _questions(text: str, draw: random.Random) -> Iterator[tuple[str, Kind]]:
    named = Counter(name.name for name in names(text) if name.is_full)
    for name, _ in named.most_common(3):
        yield name, Kind.ENTITY
    spans = [span for span in split(text) if _is_statement(text[span.start : span.end])]
    others = sorted(named)
    for span in draw.sample(spans, min(3, len(spans))):
        statement = " ".join(text[span.start : span.end].split())
        turned = draw.choice(TURNS)(statement, others, draw)
        yield turned or statement, Kind.CLAIM


def _is_statement(sentence: str) -> bool:
    return MIN_WORDS <= len(sentence.split()) <= MAX_WORDS and sentence.rstrip().endswith(".")


def _as_it_is(statement: str, others: list[str], draw: random.Random) -> str | None:
    return statement


def _other_number(statement: str, others: list[str], draw: random.Random) -> str | None:
    found = list(_NUMBER.finditer(statement))
    if not found:
        return None
    number = draw.choice(found)
    other = str(int(number.group()[:9]) + draw.choice((-3, -1, 1, 2, 10)))
    return statement[: number.start()] + other.lstrip("-") + statement[number.end() :]


def _other_name(statement: str, others: list[str], draw: random.Random) -> str | None:
    here = [name for name in others if name in statement]
    rest = [name for name in others if name not in statement]
    return statement.replace(draw.choice(here), draw.choice(rest)) if here and rest else None


def _denied(statement: str, others: list[str], draw: random.Random) -> str | None:
    """With the other of a verb and its denial, as `is` and `is not`."""
    pairs = [pair for pair in ENGLISH.grammar.denials if f" {pair[0]} " in statement]
    if not pairs:
        return None
    plain, denied = draw.choice(pairs)
    return statement.replace(f" {plain} ", f" {denied} ", 1)


TURNS: tuple[Callable[[str, list[str], random.Random], str | None], ...] = (
    _as_it_is, _other_number, _other_name, _denied,
)  # fmt: skip
