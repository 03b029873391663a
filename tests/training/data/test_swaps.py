"""Names are swapped everywhere in a text or nowhere, and labels stay."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.analysis import Span
from models.article import Kind
from training.data.labelled import Edited, Labelled
from training.data.swaps import SWAPPINGS, with_names_swapped

NAMES = sorted({word for swapping in SWAPPINGS for word in swapping.partners})
OTHERS = ["", "a", "an", "An", "New", "said", "Germanic", "GOP", "Christmas", "st.", "Sea", "city,"]
texts = st.lists(st.sampled_from([*NAMES, *OTHERS]), min_size=1, max_size=8).map(" ".join)
TEXT = "An Iranian boat left. Sarah met Republican senators. The Norwegian crew thanked Sarah."
SWAPPED = "A Norwegian boat left. Aisha met Democratic senators. The Iranian crew thanked Aisha."


@given(texts, st.sampled_from(["favor", "against"]))
def test_swapping_twice_gives_the_text_as_it_was(text: str, stance: str) -> None:
    labelled = Labelled(text, title=text, topics=["sport"], stances={text: stance, None: "neutral"})
    once = with_names_swapped(labelled)
    assert with_names_swapped(once) == labelled
    assert once.title == once.text
    assert once.stances == {once.text: stance, None: "neutral"}
    assert once.topics == labelled.topics


@given(st.sampled_from(NAMES), st.sampled_from(["x", "er", "é", "7"]))
def test_no_half_word_is_swapped(name: str, more: str) -> None:
    for text in (f"Some {name}{more} here.", f"Some {more}{name} here."):
        for swapping in SWAPPINGS:
            longer = [word for word in swapping.partners if word in text and word != name]
            if not longer:
                assert not swapping.applies(Labelled(text))


def test_no_two_swappings_have_a_name_in_common_or_keep_one_of_anothers() -> None:
    assert len(NAMES) == sum(len(swapping.partners) for swapping in SWAPPINGS)
    for swapping in SWAPPINGS:
        others = {word for other in SWAPPINGS if other is not swapping for word in other.partners}
        assert not any(swapping.unfit.search(word) for word in others)


def test_names_are_swapped_in_all_that_is_known_of_a_text() -> None:
    labelled = Labelled(
        TEXT,
        title="Iranian boat",
        summary="Sarah met senators.",
        stances={"the Iranian boat": "favor"},
        either={"Sarah": ("favor", "neutral")},
        kinds={"the Iranian boat": Kind.ENTITY},
        groups={"Sarah": "rain"},
        evidence={"the Iranian boat": (Span(0, 21), Span(53, len(TEXT)))},
        edited=(Edited(22, 52, "Sarah met Republican senators."),),
    )
    assert with_names_swapped(labelled) == replace(
        labelled,
        text=SWAPPED,
        title="Norwegian boat",
        summary="Aisha met senators.",
        stances={"the Norwegian boat": "favor"},
        either={"Aisha": ("favor", "neutral")},
        kinds={"the Norwegian boat": Kind.ENTITY},
        groups={"Aisha": "rain"},
        evidence={"the Norwegian boat": (Span(0, 22), Span(54, len(SWAPPED)))},
        edited=(Edited(23, 53, "Aisha met Democratic senators."),),
    )


@pytest.mark.parametrize(
    "text",
    ["The Germanic tribes of Germany.", "MEXICO: rain in Mexico.", "New Mexico is dry.",
     "The GOP and the Republicans.", "Mosque and Christmas.", "St. Peter met Mary.",
     "Labour won; the Conservative Party lost.", "The Christian Democrats lost to Republicans."],
)  # fmt: skip
def test_a_text_with_a_form_that_has_no_partner_is_left_alone(text: str) -> None:
    assert with_names_swapped(Labelled(text)) == Labelled(text)


def test_a_span_that_cuts_a_name_keeps_it() -> None:
    labelled = Labelled("Germany won.", edited=(Edited(3, 12, "It won."),))
    assert with_names_swapped(labelled) == labelled


def test_a_share_of_texts_is_drawn_always_the_same() -> None:
    labelled = [Labelled(f"Day {number}: Germany won.") for number in range(400)]
    for share, least, most in ((0.0, 0, 0), (0.25, 60, 140), (1.0, 400, 400)):
        drawn = [each for each in labelled if with_names_swapped(each, share) != each]
        assert least <= len(drawn) <= most
