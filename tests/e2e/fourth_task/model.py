"""The section, the head and the decision of the task `toy`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.article import Options
from models.encoding.preparation import Prepared
from models.encoding.tokens import ArticleEncoder
from models.labels import Label, read_labels
from models.network.heads import PooledHead
from models.network.network import Network
from models.network.states import EncodedArticles
from models.tasks.model import TaskModel
from tests.e2e.fourth_task.task import Loudness


@dataclass(frozen=True, slots=True)
class ToySection:
    """The labels, in the order of the head's outputs."""

    labels: tuple[Label, ...] = (Label("loud"), Label("calm"))


class ToyModel(TaskModel[ToySection, Loudness]):
    """Loud or calm, by a pooled head."""

    @staticmethod
    def read(section: Mapping[str, Any]) -> ToySection:
        return ToySection(read_labels(section["labels"]))

    @staticmethod
    def make_head(section: ToySection, network: Network) -> PooledHead:
        return PooledHead(network.hidden, len(section.labels))

    def __init__(self, section: ToySection, network: Network, encoder: ArticleEncoder) -> None:
        self._section, self._head = section, network.head("toy")

    @property
    def labels(self) -> Mapping[str, Sequence[Label]]:
        return {"toy": self._section.labels}

    def answers(
        self, states: EncodedArticles, batch: Sequence[Prepared], rows: Sequence[int]
    ) -> dict[int, Loudness]:
        probabilities = self._head(*states.sentences).logits.softmax(-1).tolist()
        best = {row: max(zip(probabilities[row], self._names, strict=True)) for row in rows}
        return {row: Loudness(name, p) for row, (p, name) in best.items() if math.isfinite(p)}

    def flaw(self, result: Loudness, options: Options) -> str | None:
        return None if result.label in self._names else "it is neither loud nor calm"

    @property
    def _names(self) -> list[str]:
        return [label.name for label in self._section.labels]
