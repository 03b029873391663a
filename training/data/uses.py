"""What a run does with its files, and which of their labels it learns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from training.config import Config, Part, Source
from training.data.labelled import Labelled

SETS = {"topic": "topic", "overall": "overall", "stance": "stance", "genre": "form"}
"""The label set of each column that is counted."""
WHOLE_TEXT = frozenset({"topic", "overall", "genre"})
"""The columns whose labels the encoder learns. A reader learns those of a `stance`."""
MEASURED = "measuring"
"""What stands for a stage where a run only measures by a file."""
Answers = Sequence[tuple[str, str | None, tuple[str, ...]]]
"""What a row answers about its text: the column, the target, and the labels, of which the first
is the main one, or one holds."""


@dataclass(frozen=True, slots=True)
class Use:
    """A file and the stage of a run that learns from it. Without one, any label is of use."""

    source: Source
    stage: str = ""
    part: Part | None = None

    @property
    def is_measured(self) -> bool:
        """Whether nothing is learned from the file."""
        return self.part is None and self.stage == MEASURED

    @property
    def columns(self) -> frozenset[str]:
        """The columns whose labels are learned."""
        if self.part is None:
            return frozenset(SETS)
        return WHOLE_TEXT if self.part is Part.ENCODER else frozenset({"stance"})

    def teaches(self, labelled: Labelled) -> bool:
        """Whether anything is learned from a text."""
        whole = (
            labelled.topics
            or labelled.genre
            or None in labelled.stances
            or labelled.summary
            or labelled.subject
            or labelled.edited
        )
        asked = {*labelled.stances, *labelled.either} - {None}
        made = self.source.questions or (
            labelled.edited and (self.source.news or self.source.statements)
        )
        if self.part is None:
            return bool(whole or asked or made)
        return bool(whole if self.part is Part.ENCODER else asked or made)


def uses(run: Config) -> Iterator[Use]:
    """What a run does with its files."""
    for stage in run.stages:
        for source in stage.data:
            yield Use(source, stage.name, stage.trains)
    for source in run.measured:
        yield Use(source, MEASURED)


def answers_of(labelled: Labelled) -> Iterator[tuple[str, str | None, tuple[str, ...]]]:
    """What is answered about a text."""
    if labelled.topics:
        yield "topic", None, tuple(labelled.topics)
    if labelled.genre:
        yield "genre", None, (labelled.genre,)
    known = {target: (label,) for target, label in labelled.stances.items()} | labelled.either
    for target, labels in known.items():
        yield ("overall" if target is None else "stance"), target, labels
