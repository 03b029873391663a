"""What readers said of the summaries or sentences of a sheet, and what it comes to.

The verdicts of a reader are a file of JSON lines, each with the number of a text and a letter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from models.tasks.judged import mean, share
from training.errors import VerdictError
from training.evaluation.sheets import Key

QUESTIONS = ("g", "f", "m", "p")
"""Grammatical, faithful, main news told, would print it unchanged."""
RIGHT = 0.97
"""The share of shown sentences that must be right."""
BINS = 10
Place = tuple[int, str]
"""The number of a text on a sheet, and a letter."""


class Verdict(BaseModel):
    """What a reader said of what stands under a letter."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    number: int
    letter: str
    reason: str = ""


class SummaryVerdict(Verdict):
    """The four answers of `editor.md`, and a reason where one of them is no."""

    g: bool
    f: bool
    m: bool
    p: bool


class SentenceVerdict(Verdict):
    """Whether an article bears a sentence out."""

    verdict: Literal["true", "false", "not settled"]


VerdictT = TypeVar("VerdictT", bound=Verdict)


def read_verdicts(path: Path, key: Key, form: type[VerdictT]) -> dict[Place, VerdictT]:
    """The verdicts of one reader, by text and letter; blank lines are passed over.

    Raises VerdictError, with the line, for a line that is no verdict, a place that the sheet does
    not have, and one that was judged before.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise VerdictError(f"{path}: {error.strerror}; name the file of verdicts") from None
    found: dict[Place, VerdictT] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            verdict = _verdict(line, form, f"{path}:{number}")
            place = verdict.number, verdict.letter
            flaw = _flaw(place, key, found)
            if flaw:
                raise VerdictError(f"{path}:{number}: {flaw}")
            found[place] = verdict
    return found


def _verdict(line: bytes, form: type[VerdictT], where: str) -> VerdictT:
    try:
        return form.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise VerdictError(": ".join(filter(None, (where, field, first["msg"])))) from None


def _flaw(place: Place, key: Key, before: Mapping[Place, Verdict]) -> str | None:
    number, letter = place
    if number not in key.texts:
        return f"the sheet has no text {number}"
    if letter not in key.texts[number].letters:
        return f"text {number} of the sheet has no letter {letter!r}"
    return (
        f"text {number}, letter {letter} was judged on a line before" if place in before else None
    )


def judged_summaries(key: Key, first: Path, second: Path | None = None) -> dict[str, Any]:
    """The figures of each kind by the first reader, and how often a second one agrees.

    Raises VerdictError.
    """
    verdicts = read_verdicts(first, key, SummaryVerdict)
    found = {"kinds": summary_figures(key, verdicts)}
    if second is not None:
        again = read_verdicts(second, key, SummaryVerdict)
        found["agreement"] = agreement(verdicts, again, QUESTIONS)
    return found


def judged_sentences(key: Key, first: Path, second: Path | None = None) -> dict[str, Any]:
    """The figures of sentences by the first reader with the sentences that they are of, and how
    often a second one agrees. `withheld` counts the texts without a summary. Raises VerdictError.
    """
    verdicts = read_verdicts(first, key, SentenceVerdict)
    sentences = supported(key, verdicts)
    found = sentence_figures(sentences)
    if second is not None:
        again = read_verdicts(second, key, SentenceVerdict)
        found["agreement"] = agreement(verdicts, again, ("verdict",))
    withheld = sum(bool(text.withheld) for text in key.texts.values())
    rows = [[each.support, each.verdict] for each in sentences]
    return {"texts": len(key.texts), "withheld": withheld, **found, "rows": rows}


def summary_figures(key: Key, verdicts: Mapping[Place, SummaryVerdict]) -> dict[str, Any]:
    """For each kind of summary the shares of yes (0 to 1) with 95 % intervals, and the reasons.

    `texts` is how many there are on the sheet, `withheld` how many summaries of them the model did
    not show (with its `reasons_withheld`), `without` how many it failed to make, and `judged` how
    many have a verdict.
    """
    kinds = sorted(
        {kind for text in key.texts.values() for each in text.kinds.values() for kind in each}
        | {kind for text in key.texts.values() for kind in (*text.withheld, *text.without)}
    )
    return {kind: _of_kind(kind, key, verdicts) for kind in kinds}


def _of_kind(kind: str, key: Key, verdicts: Mapping[Place, SummaryVerdict]) -> dict[str, Any]:
    given = [v for (n, letter), v in verdicts.items() if kind in key.texts[n].kinds[letter]]
    withheld = [text.withheld[kind] for text in key.texts.values() if kind in text.withheld]
    figures: dict[str, Any] = {
        "texts": len(key.texts),
        "withheld": len(withheld),
        "reasons_withheld": dict(Counter(withheld).most_common()),
        "without": sum(kind in text.without for text in key.texts.values()),
        "judged": len(given),
    }
    for question in QUESTIONS if given else ():
        values = [float(getattr(verdict, question)) for verdict in given]
        figures |= share(question, values)
    failed = [v for v in given if not all(getattr(v, question) for question in QUESTIONS)]
    return {**figures, "reasons": _counted(failed)}


def _counted(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """The reasons that were given, in lower case and without a full stop, most frequent first."""
    reasons = (" ".join(v.reason.lower().rstrip(" .").split()) for v in verdicts)
    return dict(Counter(reason or "none given" for reason in reasons).most_common())


def agreement(
    one: Mapping[Place, VerdictT], other: Mapping[Place, VerdictT], questions: Sequence[str]
) -> dict[str, Any]:
    """How often two readers gave the same answer (0 to 1), among what both of them judged."""
    both = sorted(one.keys() & other.keys())
    shares = {
        question: mean(getattr(one[at], question) == getattr(other[at], question) for at in both)
        for question in (questions if both else ())
    }
    return {"judged_twice": len(both), **shares}


@dataclass(frozen=True, slots=True)
class Supported:
    """A sentence: its text's number, how supported the model says it is, and what a reader said."""

    number: int
    support: float
    verdict: str

    @property
    def is_right(self) -> bool:
        return self.verdict == "true"


def supported(key: Key, verdicts: Mapping[Place, SentenceVerdict]) -> list[Supported]:
    """The sentences that were judged, the least supported first."""
    found = [
        Supported(number, key.texts[number].supports[letter], verdict.verdict)
        for (number, letter), verdict in verdicts.items()
    ]
    return sorted(found, key=lambda each: (each.support, each.number))


def sentence_figures(sentences: Sequence[Supported], limit: float | None = None) -> dict[str, Any]:
    """How many are true, the calibration curve of support, and those at or above a limit: by
    default the least from which 97 % are true.

    The curve has ten bins with as many sentences each. Raises VerdictError where none was judged.
    """
    if not sentences:
        raise VerdictError("no sentence was judged; give the verdicts of a reader")
    bins = np.array_split(np.arange(len(sentences)), min(BINS, len(sentences)))
    return {
        "sentences": len(sentences),
        "verdicts": dict(Counter(each.verdict for each in sentences)),
        **_true(sentences),
        "curve": [_bin([sentences[n] for n in numbers]) for numbers in bins],
        "threshold": _threshold_figures(
            sentences, least_threshold(sentences) if limit is None else limit
        ),
    }


def _bin(sentences: Sequence[Supported]) -> dict[str, Any]:
    return {
        "from": sentences[0].support,
        "to": sentences[-1].support,
        "support": mean(each.support for each in sentences),
        "sentences": len(sentences),
        **_true(sentences),
    }


def _true(sentences: Sequence[Supported]) -> dict[str, Any]:
    values = [float(each.is_right) for each in sentences]
    return share("true", values, [each.number for each in sentences])


def _threshold_figures(sentences: Sequence[Supported], limit: float | None) -> dict[str, Any]:
    if limit is None:
        return {}
    shown = [each for each in sentences if each.support >= limit]
    return {"support": limit, "shown": round(len(shown) / len(sentences), 4), **_true(shown)}


def least_threshold(sentences: Sequence[Supported], right: float = RIGHT) -> float | None:
    """The least support at and above which a share `right` of the sentences is true.

    None: there is none, whatever is withheld.
    """
    limits = sorted({each.support for each in sentences})
    for limit in limits:
        shown = [each.is_right for each in sentences if each.support >= limit]
        if sum(shown) >= right * len(shown) - 1e-9:
            return limit
    return None
