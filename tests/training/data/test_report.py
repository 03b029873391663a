"""What was found is told in lines that a terminal shows as they are."""

from __future__ import annotations

import json
from pathlib import Path

from training.data.places import Place
from training.data.report import SHOWN_LABELS, Counted, Finding, Level, Report, Seen
from training.data.roles import Role


def places(*lines: int) -> list[Seen]:
    return [Seen(Place(Path("a.csv"), line), "as line 1" * (line == 2)) for line in lines]


def finding(
    *lines: int, level: Level = Level.WARNING, kind: str = "odd", what: str = "odd; mend it"
) -> Finding:
    return Finding(level, kind, "a.csv", what, places(*lines))


def test_a_finding_is_one_line_with_its_places() -> None:
    assert str(finding()) == "a.csv: odd; mend it"
    assert str(finding(3)) == "a.csv, line 3: odd; mend it"
    assert str(finding(2)) == "a.csv, line 2 (as line 1): odd; mend it"
    assert str(finding(2, 4, 5, 6, 7, 8, 9)) == (
        "a.csv, 7 rows: odd; mend it; lines 2 (as line 1), 4, 5, 6, 7 and 2 more"
    )


def test_what_is_refused_stands_last_and_much_of_a_kind_is_counted() -> None:
    found = [finding(n, level=Level.REFUSED, kind="bad", what=f"bad {n}") for n in range(1, 14)]
    told = str(Report([], [*found, finding(3)])).splitlines()
    assert told[0] == "warning: a.csv, line 3: odd; mend it"
    assert told[-2] == "refused: and 3 more of the kind 'bad', which --json lists"
    assert told[-1] == "data check: 13 refused, 1 warning"
    assert len(json.loads(Report([], found).as_json())["findings"]) == 13


def test_labels_are_a_table_in_which_nothing_moves_the_cursor() -> None:
    counted = Counted("a.csv", "topics", rows=1200)
    for number in range(SHOWN_LABELS + 2):
        counted.count("topic", f"label {number:02}\x1b[2J", Role.TRAIN)
    counted.count("topic", "a" * 99, Role.REPORT)
    counted.count("topic", "a" * 99, Role.TRAIN)
    counted.roles[Role.TRAIN] = 1200
    first, head, row, *rows, last = counted.lines()
    assert first == "a.csv, for topics: 1,200 rows, 1,200 to train, 0 to choose, 0 to report"
    assert head.split() == ["topic", "rows", "train", "choose", "report"]
    assert row.split() == ["a" * 49 + "…", "2", "1", "0", "1"]
    assert rows[0].startswith("  label 00\\x1b[2J ")
    assert last == "  and 3 more"
