"""What every task does once a model is loaded."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from models.article import Options
from models.encoding.preparation import Prepared
from models.encoding.tokens import ArticleEncoder
from models.labels import Label
from models.network.heads import Head
from models.network.network import Network
from models.network.states import EncodedArticles

SectionT = TypeVar("SectionT")
ResultT = TypeVar("ResultT")


class TaskModel(ABC, Generic[SectionT, ResultT]):
    """A task of a loaded model.

    Its section of the artifact's config.json is a dataclass of values that JSON holds. The section
    says what the head looks like; both together answer.
    """

    @staticmethod
    @abstractmethod
    def read(section: Mapping[str, Any]) -> SectionT:
        """The section from JSON. Raises KeyError, TypeError or ValueError for other data."""

    @staticmethod
    @abstractmethod
    def make_head(section: SectionT, network: Network) -> Head:
        """A head with fresh weights, for a network whose encoder is there."""

    @abstractmethod
    def __init__(self, section: SectionT, network: Network, encoder: ArticleEncoder) -> None:
        """`network` has the task's head. `encoder` tokenises as the model does."""

    @property
    def labels(self) -> Mapping[str, Sequence[Label]]:
        """The label sets that the task tells apart, by name; none where it has no labels."""
        return {}

    @abstractmethod
    def answers(
        self, states: EncodedArticles, batch: Sequence[Prepared], rows: Sequence[int]
    ) -> dict[int, ResultT]:
        """The results of the articles of a batch that ask for the task, by their number.

        An article without finite scores is left out.
        """

    @abstractmethod
    def flaw(self, result: ResultT, options: Options) -> str | None:
        """What is wrong with a result, if anything: a model must show right ones at its start."""
