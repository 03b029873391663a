"""How good summaries are. The gold of a text is the summary that a person wrote.

ROUGE is a library of training; nothing that serves imports this module.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from rouge_score.rouge_scorer import RougeScorer
from rouge_score.scoring import Score

from models.article import Options, Style
from models.tasks.evaluation import Answered, Evaluation
from models.tasks.judged import interval, mean
from models.text.words import normal

LENGTHS = {60: 3, 40: 2}
"""Words of the summaries that are measured, each beside that many first sentences (the lead)."""
ROUGE = ("rouge1", "rouge2", "rougeL")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def asked(_: str) -> Sequence[Options]:
    """Both styles at each of the lengths."""
    tasks = frozenset({"summary"})
    return [
        Options(tasks=tasks, style=style, max_words=words) for words in LENGTHS for style in Style
    ]


def figures(answered: Sequence[Answered]) -> dict[str, dict[str, Any]]:
    """ROUGE F1 (0 to 100) of both styles beside the lead, at each of the lengths."""
    of_length = {
        words: [each for each in answered if each.options.max_words == words] for words in LENGTHS
    }
    return {"summary": {f"{words} words": _of_length(of_length[words], words) for words in LENGTHS}}


def _of_length(answered: Sequence[Answered], max_words: int) -> dict[str, Any]:
    scorer = RougeScorer(list(ROUGE), use_stemmer=True)
    leads = {each.text: " ".join(each.sentences[: LENGTHS[max_words]]) for each in answered}
    gold = {each.text: each.gold for each in answered}
    by_lead = {text: scorer.score(gold[text], lead) for text, lead in leads.items()}
    found: dict[str, Any] = {
        "texts": len(leads),
        "lead": _scores(list(by_lead.values()), list(leads.values())),
    }
    for style in Style:
        of_style = [each for each in answered if each.options.style is style]
        rouge = [scorer.score(each.gold, each.result.text) for each in of_style]
        found[style.value] = _of_style(of_style, rouge, by_lead)
    return found


def _of_style(
    answered: Sequence[Answered],
    rouge: Sequence[Mapping[str, Score]],
    by_lead: Mapping[str, Mapping[str, Score]],
) -> dict[str, Any]:
    above = [
        100 * (score["rouge1"].fmeasure - by_lead[each.text]["rouge1"].fmeasure)
        for each, score in zip(answered, rouge, strict=True)
    ]
    shown = [sentence for each in answered for sentence in each.result.sentences]
    supported = [sentence.support for sentence in shown if sentence.support is not None]
    return {
        **_scores(rouge, [each.result.text for each in answered]),
        **_points("rouge1_above_lead", above),
        "withheld": mean(each.result.withheld is not None for each in answered),
        **({"edited": mean(sentence.edited for sentence in shown)} if shown else {}),
        **({"support": mean(supported)} if supported else {}),
        "new_numbers": sum(
            bool(_numbers(each.result.text) - _numbers(each.text)) for each in answered
        ),
    }


def _numbers(text: str) -> set[str]:
    return set(_NUMBER.findall(normal(text)))


def _scores(rouge: Sequence[Mapping[str, Score]], summaries: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ROUGE:
        found |= _points(name, [100 * score[name].fmeasure for score in rouge])
    return {**found, "words": round(statistics.fmean(len(s.split()) for s in summaries), 1)}


def _points(name: str, values: Sequence[float]) -> dict[str, Any]:
    """The mean of some points and its interval, to two decimals."""
    low, high = interval(values)
    limits = round(low, 2), round(high, 2)
    return {name: round(statistics.fmean(values), 2), f"{name}_95": limits}


EVALUATION = Evaluation(asked=asked, figures=figures)
