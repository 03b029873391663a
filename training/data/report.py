"""What a check of labelled files found, for people and for machines. No text is repeated."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from typing import Any

from training.data.places import Broken, Place
from training.data.roles import Role

SHOWN_PLACES = 5
SHOWN_OF_A_KIND = 10
SHOWN_LABELS = 40
WIDEST = 50


class Level(StrEnum):
    """How bad a finding is: nothing is trained, or somebody should look at it."""

    REFUSED = "refused"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Seen:
    """Where something was found, and what more is known of it, such as the row it is like."""

    place: Place
    note: str = ""


@dataclass(slots=True)
class Finding:
    """One thing that was found, in all places where it was. `what` says the way out too.

    A finding without places is about `about`, such as a file or a stage.
    """

    level: Level
    kind: str
    about: str
    what: str
    seen: list[Seen] = field(default_factory=list)

    def __str__(self) -> str:
        """The finding in one line."""
        if not self.seen:
            return f"{self.about}: {self.what}"
        if len(self.seen) == 1:
            (only,) = self.seen
            return f"{only.place}{only.note and f' ({only.note})'}: {self.what}"
        unit = self.seen[0].place.unit
        where = [f"{one.place.line}{one.note and f' ({one.note})'}" for one in self.seen]
        more = len(where) - SHOWN_PLACES
        shown = ", ".join(where[:SHOWN_PLACES]) + (f" and {more:,} more" if more > 0 else "")
        return f"{self.about}, {len(where):,} rows: {self.what}; {unit}s {shown}"

    def as_json(self) -> dict[str, Any]:
        places = [
            {"file": str(one.place.path), one.place.unit: one.place.line, "note": one.note or None}
            for one in self.seen
        ]
        return {
            "level": str(self.level),
            "kind": self.kind,
            "about": self.about,
            "what": self.what,
            "rows": len(self.seen),
            "places": places,
        }


class Findings:
    """What was found so far, each thing once, however many stages read a file."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, ...], Finding] = {}
        self._seen: set[tuple[str, Place]] = set()

    def row(self, level: Level, kind: str, what: str, seen: Seen, of: str = "") -> None:
        """Keeps what is found in a row: one of a kind, or one for each of what it is `of`."""
        if (kind + of, seen.place) not in self._seen:
            self._seen.add((kind + of, seen.place))
            self._finding(level, kind, str(seen.place.path), what).seen.append(seen)

    def whole(self, level: Level, kind: str, about: str, what: str) -> None:
        """Keeps what is found of a whole file or stage."""
        self._finding(level, kind, about, what)

    def broken(self, broken: Broken) -> None:
        """Keeps that a row or a file cannot be read."""
        level, place = Level.REFUSED, broken.place
        if place.line is None:
            self.whole(level, "unreadable", str(place.path), broken.reason)
        else:
            self.row(level, "unreadable", broken.reason, Seen(place))

    def all(self) -> list[Finding]:
        return list(self._found.values())

    def _finding(self, level: Level, kind: str, about: str, what: str) -> Finding:
        fresh = Finding(level, kind, about, what)
        return self._found.setdefault((level, kind, about, what), fresh)


@dataclass(slots=True)
class Counted:
    """What was counted of a file, as a stage of a run uses it. `labels` has a table per column."""

    file: str
    use: str = ""
    rows: int = 0
    roles: Counter[Role] = field(default_factory=Counter)
    labels: dict[str, dict[str, Counter[Role]]] = field(default_factory=dict)

    def count(self, column: str, label: str, role: Role) -> None:
        self.labels.setdefault(column, {}).setdefault(label, Counter())[role] += 1

    def as_json(self) -> dict[str, Any]:
        labels = {
            column: {label: _by_role(roles) for label, roles in of.items()}
            for column, of in self.labels.items()
        }
        counted = {"rows": self.rows, "roles": _by_role(self.roles), "labels": labels}
        return {"file": self.file, "use": self.use or None, **counted}

    def lines(self) -> Iterator[str]:
        use = f", for {self.use}" if self.use else ""
        roles = ", ".join(f"{self.roles[role]:,} to {role}" for role in Role)
        yield f"{self.file}{use}: {self.rows:,} rows, {roles}"
        for column, of in self.labels.items():
            yield from _table(column, of)


def _by_role(counts: Counter[Role]) -> dict[str, int]:
    return {str(role): counts[role] for role in Role}


def _table(column: str, of: dict[str, Counter[Role]]) -> Iterator[str]:
    """A line a label, the most frequent first."""
    order = sorted(of.items(), key=lambda item: (-item[1].total(), item[0]))
    names = [_cell(label) for label, _ in order[:SHOWN_LABELS]]
    width = max(map(len, [column, *names]))
    head = "".join(f"{name:>9}" for name in ("rows", *Role))
    yield f"  {column:<{width}}{head}"
    for name, (_, roles) in zip(names, order, strict=False):
        figures = "".join(f"{count:>9,}" for count in (roles.total(), *(roles[r] for r in Role)))
        yield f"  {name:<{width}}{figures}"
    if len(order) > SHOWN_LABELS:
        yield f"  and {len(order) - SHOWN_LABELS:,} more"


def _cell(label: str) -> str:
    """A label as a cell of a table: what a terminal would act on is escaped."""
    plain = label if label.isprintable() else repr(label)[1:-1]
    return plain if len(plain) <= WIDEST else f"{plain[: WIDEST - 1]}…"


@dataclass(frozen=True, slots=True)
class Report:
    """The files that were checked, and what was found."""

    files: Sequence[Counted]
    findings: Sequence[Finding]

    def of(self, level: Level) -> list[Finding]:
        return [finding for finding in self.findings if finding.level is level]

    @property
    def refused(self) -> list[Finding]:
        return self.of(Level.REFUSED)

    def as_json(self) -> str:
        return json.dumps(
            {
                "refused": len(self.refused),
                "warnings": len(self.of(Level.WARNING)),
                "files": [file.as_json() for file in self.files],
                "findings": [finding.as_json() for finding in self.findings],
            }
        )

    def __str__(self) -> str:
        tables = (line for file in self.files for line in (*file.lines(), ""))
        return "\n".join([*tables, *self._finding_lines(), self._sum()])

    def _finding_lines(self) -> Iterator[str]:
        for level in (Level.WARNING, Level.REFUSED):
            kinds = groupby(sorted(self.of(level), key=lambda f: f.kind), key=lambda f: f.kind)
            for kind, group in kinds:
                found = list(group)
                yield from (f"{level}: {finding}" for finding in found[:SHOWN_OF_A_KIND])
                if len(found) > SHOWN_OF_A_KIND:
                    more = len(found) - SHOWN_OF_A_KIND
                    yield f"{level}: and {more:,} more of the kind {kind!r}, which --json lists"

    def _sum(self) -> str:
        refused, warnings = (len(self.of(level)) for level in Level)
        return f"data check: {refused:,} refused, {warnings:,} warning{'s' * (warnings != 1)}"
