"""Labels that look wrong are found among states that tell them apart."""

from __future__ import annotations

import numpy as np

from models.engine import Engine
from tests.support.articles import SAMPLES
from training.data.suspects import TextStates, suspects

LABELS = "economy", "sport", "weather"


def states_of(
    labels: list[str], noise: float = 0.3
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """States that lie around a point for each label."""
    draw = np.random.default_rng(0)
    centres = draw.normal(size=(len(LABELS), 16))
    points = [centres[LABELS.index(label)] + draw.normal(size=16) * noise for label in labels]
    return np.array(points, np.float32)


def test_labels_that_were_changed_are_found_with_the_right_one() -> None:
    right = [LABELS[n % 3] for n in range(240)]
    states = states_of(right)
    assert suspects(states, [(label,) for label in right]) == []
    given = list(right)
    for n in (0, 50, 100, 151):
        given[n] = LABELS[(n + 1) % 3]
    found = suspects(states, [(label,) for label in given])
    assert {suspect.number: suspect.likelier for suspect in found} == {
        n: right[n] for n in (0, 50, 100, 151)
    }
    assert all(suspect.likely > suspect.given for suspect in found)


def test_a_label_that_holds_too_is_no_reason_for_doubt() -> None:
    right = [LABELS[n % 3] for n in range(240)]
    given = [(label,) for label in right]
    given[0], given[3] = ("sport", "economy"), ("sport",)  # type: ignore[assignment]
    found = suspects(states_of(right), given)
    assert [suspect.number for suspect in found] == [3]


def test_labels_with_too_few_texts_are_left_out() -> None:
    right = ["sport"] * 40 + ["weather"] * 3
    assert suspects(states_of(right), [(label,) for label in right]) == []


def test_texts_have_states_and_empty_ones_have_none(engine: Engine) -> None:
    states = TextStates(engine)
    assert [states.add(text, None) for text in (SAMPLES[0].text, " ", SAMPLES[1].text)] == [
        True,
        False,
        True,
    ]
    found = states.all()
    assert len(found) == states.count == 2
    assert not np.allclose(found[0], found[1])
