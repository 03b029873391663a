"""From stance logits to stances: calibrated probabilities, abstention, and evidence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from models.analysis import Score, StanceAnalysis
from models.article import Options
from models.encoding.preparation import Prepared
from models.encoding.stance_inputs import StanceInput
from models.encoding.tokens import ArticleEncoder, Encoded
from models.labels import UNRELATED, Label
from models.network.heads import HeadOutput
from models.network.network import Network
from models.network.states import EncodedArticles
from models.tasks.labelling import are_scores, evidence, ranked, segment_sentences
from models.tasks.model import TaskModel
from models.tasks.stance import calibration
from models.tasks.stance.head import StanceHead, read_targets
from models.tasks.stance.section import StanceSection

Stances = tuple[StanceAnalysis, ...]


class StanceModel(TaskModel[StanceSection, Stances]):
    """The stances of an article toward its targets, or toward its own subject without any."""

    @staticmethod
    def read(section: Mapping[str, Any]) -> StanceSection:
        return StanceSection.from_json(section)

    @staticmethod
    def make_head(section: StanceSection, network: Network) -> StanceHead:
        return StanceHead(network.hidden, len(section.labels))

    def __init__(self, section: StanceSection, network: Network, encoder: ArticleEncoder) -> None:
        self._section, self._network = section, network
        self._head = cast(StanceHead, network.head("stance"))

    @property
    def labels(self) -> Mapping[str, Sequence[Label]]:
        labels, possible = self._section.labels, self._section.overall
        return {"stance": labels, "overall": [each for each in labels if each.name in possible]}

    def answers(
        self, states: EncodedArticles, batch: Sequence[Prepared], rows: Sequence[int]
    ) -> dict[int, Stances]:
        without = [row for row in rows if not batch[row].questions]
        found = self._overall(states, batch, without)
        found |= self._toward_targets(states, batch, [row for row in rows if batch[row].questions])
        return {
            row: stances
            for row, stances in found.items()
            if all(math.isfinite(stance.confidence) for stance in stances)
        }

    def _overall(
        self, states: EncodedArticles, batch: Sequence[Prepared], rows: Sequence[int]
    ) -> dict[int, Stances]:
        if not rows:
            return {}
        output = self._head.overall(*states.sentences)
        return {row: (self.overall(batch[row].encoded, output.row(row)),) for row in rows}

    def _toward_targets(
        self, states: EncodedArticles, batch: Sequence[Prepared], rows: Sequence[int]
    ) -> dict[int, Stances]:
        """The stances toward targets, in the order in which they were named."""
        asked = [(row, *each) for row in rows for each in batch[row].questions]
        if not asked:
            return {}
        inputs = [each for _, _, each in asked]
        output = read_targets(self._network, inputs, states.budget_tokens)
        found: dict[int, dict[str, StanceAnalysis]] = {row: {} for row in rows}
        for number, (row, target, each) in enumerate(asked):
            stance = self.toward(batch[row].encoded, target, each, output.row(number))
            found[row][target] = stance
        return {row: tuple(found[row][t] for t in batch[row].options.targets) for row in rows}

    def overall(self, encoded: Encoded, output: HeadOutput) -> StanceAnalysis:
        """The stance toward the article's own subject, of those that are overall ones."""
        fitted = self._section.calibration
        possible = {n: logit for n, logit in self._logits(output) if n in self._section.overall}
        scores = ranked(calibration.overall(possible, fitted))
        sentences = segment_sentences(encoded)
        return self._stance(None, scores, fitted.overall_threshold, encoded, sentences, output)

    def toward(
        self, encoded: Encoded, target: str, asked: StanceInput, output: HeadOutput
    ) -> StanceAnalysis:
        """The stance toward a target; an article that names it is not unrelated."""
        fitted, logits = self._section.calibration, dict(self._logits(output))
        if asked.named:
            logits.pop(UNRELATED, None)
        sentences = [place.sentence for place in asked.places]
        scores = ranked(calibration.staged(logits, fitted))
        return self._stance(target, scores, fitted.threshold, encoded, sentences, output)

    def _logits(self, output: HeadOutput) -> Iterator[tuple[str, float]]:
        return zip(self._section.names, output.logits.tolist(), strict=True)

    def _stance(
        self,
        target: str | None,
        scores: tuple[Score, ...],
        threshold: float,
        encoded: Encoded,
        sentences: Sequence[int | None],
        output: HeadOutput,
    ) -> StanceAnalysis:
        best, abstained = scores[0], scores[0].probability < threshold
        number = self._section.names.index(best.label)
        return StanceAnalysis(
            target=target,
            label=None if abstained else best.label,
            confidence=best.probability,
            abstained=abstained,
            scores=scores,
            evidence=evidence(encoded, sentences, output.contributions, number),
        )

    def flaw(self, result: Stances, options: Options) -> str | None:
        """One stance for each target; `unrelated` may be missing, where the target is named."""
        possible = set(self._section.names if options.targets else self._section.overall)
        asked = options.targets or (None,)
        right = tuple(stance.target for stance in result) == asked and all(
            are_scores(stance.scores, possible) or are_scores(stance.scores, possible - {UNRELATED})
            for stance in result
        )
        return None if right else "its stances are none of its labels"
