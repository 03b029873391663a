"""What is wrong with a row has its place, from another process too."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from training.data.places import Broken, Place


@pytest.mark.parametrize(
    ("place", "named"),
    [
        (Place(Path("a.csv")), "a.csv"),
        (Place(Path("a.csv"), 3), "a.csv, line 3"),
        (Place(Path("a.parquet"), 3, "row"), "a.parquet, row 3"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(place: Place, named: str) -> None:
    broken = Broken(place, "odd; mend it")
    assert str(broken) == f"{named}: odd; mend it"
    again = pickle.loads(pickle.dumps(broken))
    assert (again.place, again.reason, str(again)) == (place, "odd; mend it", str(broken))
