"""From form logits to the form of a text: a calibrated probability, and abstention."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from models.analysis import FormAnalysis
from models.article import Options
from models.encoding.preparation import Prepared
from models.encoding.tokens import ArticleEncoder
from models.labels import Label
from models.network.heads import PooledHead
from models.network.network import Network
from models.network.states import EncodedArticles
from models.tasks.calibration import tempered
from models.tasks.form.section import FormSection
from models.tasks.labelling import are_scores, ranked
from models.tasks.limits import why_withheld
from models.tasks.model import TaskModel


class FormModel(TaskModel[FormSection, FormAnalysis]):
    """The form of a text, by a `PooledHead` over its sentences."""

    @staticmethod
    def read(section: Mapping[str, Any]) -> FormSection:
        return FormSection.from_json(section)

    @staticmethod
    def make_head(section: FormSection, network: Network) -> PooledHead:
        return PooledHead(network.hidden, len(section.labels))

    def __init__(self, section: FormSection, network: Network, encoder: ArticleEncoder) -> None:
        self._section, self._head = section, network.head("form")

    @property
    def labels(self) -> Mapping[str, Sequence[Label]]:
        return {"form": self._section.labels}

    def answers(
        self, states: EncodedArticles, batch: Sequence[Prepared], rows: Sequence[int]
    ) -> dict[int, FormAnalysis]:
        logits = self._head(*states.sentences).logits
        found = {row: self.form(logits[row], batch[row].options.max_error) for row in rows}
        return {row: form for row, form in found.items() if math.isfinite(form.confidence)}

    def form(self, logits: Tensor, max_error: float | None = None) -> FormAnalysis:
        """The form of a text by the head's logits for it, (labels)."""
        fitted = self._section.calibration
        named = dict(zip(self._section.names, logits.tolist(), strict=True))
        scores = ranked(tempered(named, fitted.temperature))
        best, table = scores[0], self._section.limits.get("form", ())
        withheld = why_withheld(best.probability, fitted.threshold, table, max_error)
        return FormAnalysis(
            label=None if withheld else best.label,
            confidence=best.probability,
            abstained=withheld is not None,
            scores=scores,
            withheld=withheld,
        )

    def flaw(self, result: FormAnalysis, options: Options) -> str | None:
        right = are_scores(result.scores, self._section.names)
        return None if right else "its forms are none of its labels"
