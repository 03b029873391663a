"""Labels are read however people write them."""

from __future__ import annotations

import pytest

from models.labels import Label
from training.data.names import LabelNames, shown
from training.fitting.start import labels

NAMES = LabelNames(
    [Label("sport", "medtop:15000000"), Label("Arts, Culture"), Label("a"), Label("A")]
)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("sport", "sport"),
        (" SPORT\t", "sport"),
        ("arts,\u00a0 culture", "Arts, Culture"),
        ("ＳＰＯＲＴ", "sport"),
        ("medtop:15000000", "sport"),
        ("MEDTOP:15000000 ", "sport"),
        ("A", "A"),
        ("a", "a"),
        ("sports", "sports"),
        ("", ""),
    ],
)
def test_case_spaces_and_codes_are_forgiven_and_nothing_else(written: str, name: str) -> None:
    assert NAMES.read(written) == name


def test_words_of_a_file_that_stand_for_labels_are_kept() -> None:
    names = LabelNames([Label("favor")], {"Yes": "favor", "no": "against"})
    assert [names.read(each) for each in ("Yes", "yes", "NO", "Favor")] == [
        "Yes",
        "Yes",
        "no",
        "favor",
    ]


def test_the_nearest_name_is_found() -> None:
    topics = LabelNames(labels(None).topic)
    assert topics.nearest("Sports") == "sport"
    assert topics.nearest("politics & government") == "politics and government"
    assert topics.nearest("zzz") is None


def test_every_label_of_the_shipped_set_is_read_by_name_and_code() -> None:
    for each in labels(None).by_set.values():
        names = LabelNames(each)
        for label in each:
            assert names.read(label.name.upper()) == label.name
            assert names.read(label.code or label.name) == label.name


def test_a_label_as_long_as_a_text_is_not_repeated() -> None:
    assert shown("a\x1b[2J") == "'a\\x1b[2J'"
    assert shown("x" * 1234) == "of 1,234 characters"
