"""What is wrong with labelled files, before anything is learned from them.

Files are read once, row by row; no text is kept. What a row says is read as training reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from models.engine import Engine
from training.config import Config, Part, Source
from training.data.balance import spelt_twice, unbalanced
from training.data.columns import COLUMNS, plain, way_out
from training.data.files import Row
from training.data.labelled import Labelled, of_row
from training.data.names import LabelNames, Labels, shown
from training.data.places import Broken, Place
from training.data.report import Counted, Findings, Level, Report, Seen
from training.data.roles import Role
from training.data.rows import has_text, is_untargeted, read, role_in
from training.data.texts import Text, Texts
from training.data.uses import SETS, WHOLE_TEXT, Answers, Use, answers_of, uses

if TYPE_CHECKING:
    from training.data.suspects import TextStates

NO_TARGET = (
    "a stance without a target, so it is left out; give the target, or name the column of stances "
    'toward the text\'s own subject: columns = { overall = "…" }'
)
SHOWN_GROUPS = 5


def of_files(paths: Iterable[Path], checker: Checker, columns: dict[str, str]) -> Report:
    """Checks files by themselves."""
    for path in paths:
        checker.add(Use(Source(path=path, columns=columns)))
    return checker.report()


def of_run(run: Config, checker: Checker) -> Report:
    """Checks all files of a run, each for the stages that learn from it."""
    for use in uses(run):
        checker.add(use)
    return checker.report()


class Checker:
    """Checks files one after the other.

    `labels` are the sets that labels must be from; without them, any label goes. `group` is a
    column whose values should not be in two roles. `engine` reads the texts, to find labels that
    look wrong.
    """

    def __init__(
        self, labels: Labels | None = None, group: str | None = None, engine: Engine | None = None
    ) -> None:
        self._labels = labels or {}
        self._names = {name: LabelNames(of) for name, of in self._labels.items() if of}
        self._findings = Findings()
        self._texts = Texts(self._findings)
        self._groups = None if group is None else Groups(group)
        self._judged = None if engine is None else JudgedLabels(engine)
        self._counted: list[Counted] = []
        self._trained: dict[tuple[str, str], Counter[str]] = {}

    def add(self, use: Use) -> None:
        """Checks a file. What is wrong with it is found, not raised."""
        counted = Counted(str(use.source.path), use.stage)
        self._counted.append(counted)
        columns: frozenset[str] = frozenset()
        taught = Counter[Role]()
        also = [self._groups.column] if self._groups else []
        try:
            for row in read(use.source, self._labels, also):
                counted.rows += 1
                if isinstance(row, Broken):
                    self._findings.broken(row)
                else:
                    columns = row.columns
                    self._row(use, row, counted, taught)
        except Broken as broken:
            self._findings.broken(broken)
            return
        if columns:
            self._nothing_learned(use, columns, counted, taught)
            self._unread_columns(use, columns)
            self._count(use, counted)

    def report(self) -> Report:
        """What was found in all files."""
        for (stage, column), table in self._trained.items():
            names = self._names.get(SETS[column])
            counts = {name: table[name] for name in (names.names if names else table)}
            about = f"stage {stage!r}, {column}" if stage else f"all files, {column}"
            for kind, what in unbalanced(counts):
                self._findings.whole(Level.WARNING, kind, about, what)
        if self._groups is not None:
            self._groups.find(self._findings)
        if self._judged is not None:
            self._judged.find(self._findings)
        return Report(self._counted, self._findings.all())

    def _row(self, use: Use, row: Row, counted: Counted, taught: Counter[Role]) -> None:
        if not has_text(row):
            what = "no text, so the row is left out"
            self._findings.row(Level.WARNING, "empty", what, Seen(row.place))
            return
        try:
            labelled = of_row(row, use.source)
        except Broken as broken:
            self._findings.broken(broken)
            return
        role = role_in(use.source, row)
        counted.roles[role] += 1
        taught[role] += use.teaches(labelled)
        if is_untargeted(row):
            self._findings.row(Level.WARNING, "no-target", NO_TARGET, Seen(row.place))
        answers = list(answers_of(labelled))
        for column, _, labels in answers:
            if column in use.columns:
                if len(labels) == 1 or column == "topic":  # else one holds, and which is not known
                    counted.count(column, labels[0], role)
                self._known(use, column, labels, row.place)
        text = self._texts.add(labelled.text, row.place, role)
        self._texts.answered(text, answers, row.place)
        if self._judged is not None:
            self._judged.add(text, labelled, answers, row.place)
        if self._groups is not None:
            self._groups.add(row, role)

    def _known(self, use: Use, column: str, labels: Iterable[str], place: Place) -> None:
        """Looks for labels that are in no label set. Where nothing is learned they do no harm."""
        names = self._names.get(SETS[column])
        for label in labels:
            if names is None or label in names.names:
                continue
            nearest = names.nearest(label)
            meant = f", and {shown(nearest)} comes closest" if nearest else ""
            what = (
                f"the {column} {shown(label)} is none of the labels{meant}; mend the file, or "
                f"name a labels file in the config; they are: {'; '.join(names.names)}"
            )
            level = Level.WARNING if use.is_measured else Level.REFUSED
            self._findings.row(level, "unknown-label", what, Seen(place), column + label)

    def _nothing_learned(
        self, use: Use, columns: frozenset[str], counted: Counted, taught: Counter[Role]
    ) -> None:
        """Looks whether a file has any label that is of use where it is named."""
        if use.is_measured or taught[Role.TRAIN] or (use.part is None and taught.total()):
            return
        learner = f"the stage {use.stage!r}" if use.stage else "a model"
        missing = [name for name in LABELS_OF[use.part] if name not in columns]
        if taught.total():
            what = (
                f"none of its {counted.roles.total():,} texts is to train on and has a label that "
                f"{learner} learns from; have some hundreds of texts"
            )
        elif missing:
            what = f"no label that {learner} learns from; {way_out(missing, sorted(columns))}"
        else:
            what = f"no label that {learner} learns from: the columns are there, and empty"
        self._findings.whole(Level.REFUSED, "no-labels", str(use.source.path), what)

    def _unread_columns(self, use: Use, columns: frozenset[str]) -> None:
        """Looks for columns that are nearly called as ours are."""
        for name in sorted(columns.difference(COLUMNS, use.source.without)):
            ours = plain(name)
            if ours in COLUMNS - columns:
                named = f'columns = {{ {ours} = "{name}" }}'
                what = f"the column {shown(name)} is not read; {named} reads it as {ours!r}"
                self._findings.whole(Level.WARNING, "unread-column", str(use.source.path), what)

    def _count(self, use: Use, counted: Counted) -> None:
        """Counts the rows to train on of each label, in all files of a stage."""
        caps = {"topic": use.source.per_topic, "stance": use.source.per_stance}
        for column, of in counted.labels.items():
            if SETS[column] not in self._names:
                for what in spelt_twice(column, of):
                    self._findings.whole(Level.WARNING, "spelling", counted.file, what)
            if not use.is_measured:
                table = self._trained.setdefault((use.stage, column), Counter())
                for label, roles in of.items():
                    table[label] += min(roles[Role.TRAIN], caps.get(column) or roles[Role.TRAIN])


LABELS_OF: Mapping[Part | None, tuple[str, ...]] = {
    None: ("topic", "stance"),
    Part.ENCODER: ("topic",),
    Part.FULL: ("target", "stance"),
    Part.FAST: ("target", "stance"),
}
"""The columns to name where a file has no label that is of use."""


class Groups:
    """The values of a column, such as outlets, and the roles that their texts have."""

    def __init__(self, column: str) -> None:
        self.column = column
        self._groups: dict[str, dict[Role, set[Place]]] = {}

    def add(self, row: Row, role: Role) -> None:
        name = row.values.get(self.column)
        if name is not None:
            self._groups.setdefault(str(name), {}).setdefault(role, set()).add(row.place)

    def find(self, findings: Findings) -> None:
        """Finds those whose texts are in more than one role."""
        about = f"the column {self.column!r}"
        if not self._groups:
            what = "no row has a value in it; correct --group"
            findings.whole(Level.REFUSED, "group", about, what)
        split = [(name, roles) for name, roles in self._groups.items() if len(roles) > 1]
        if split:
            split.sort(key=lambda item: -sum(map(len, item[1].values())))
            examples = "; ".join(_group(name, roles) for name, roles in split[:SHOWN_GROUPS])
            what = (
                f"{len(split):,} of {len(self._groups):,} groups are in more than one role, "
                f"because roles go by the text alone: {examples}; keep whole groups for reporting "
                "by 'report_ids', or in a file that no stage names"
            )
            findings.whole(Level.WARNING, "group", about, what)


def _group(name: str, roles: Mapping[Role, set[Place]]) -> str:
    return f"{shown(name)} " + ", ".join(f"{len(roles.get(each, ()))} to {each}" for each in Role)


class JudgedLabels:
    """The labels of texts, and what a model makes of the texts."""

    def __init__(self, engine: Engine) -> None:
        from training.data.suspects import TextStates  # scikit-learn takes a second

        self._states: TextStates = TextStates(engine)
        self._judged: dict[str, list[tuple[int, tuple[str, ...], Place]]] = {}

    def add(self, text: Text, labelled: Labelled, answers: Answers, place: Place) -> None:
        """Has a text read, once, where it has a label."""
        judged = [(column, labels) for column, _, labels in answers if column in WHOLE_TEXT]
        if judged and text.state is None and self._states.add(labelled.text, labelled.title):
            text.state = self._states.count - 1
            for column, labels in judged:
                self._judged.setdefault(column, []).append((text.state, labels, place))

    def find(self, findings: Findings) -> None:
        """Finds labels that look wrong."""
        from training.data.suspects import suspects

        for column, judged in self._judged.items():
            numbers, labels, places = zip(*judged, strict=True)
            what = f"the {column} looks wrong; read the text, and correct the label where it is"
            for each in suspects(self._states.all()[list(numbers)], labels):
                note = f"{shown(labels[each.number][0])}, {shown(each.likelier)} is likelier"
                seen = Seen(places[each.number], f"{note} ({each.likely:.2f} and {each.given:.2f})")
                findings.row(Level.WARNING, "suspect", what, seen, column)
