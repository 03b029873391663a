"""Probabilities of stances are shared out in two stages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tasks.calibration import tempered
from models.tasks.stance.calibration import staged
from models.tasks.stance.section import StanceCalibration


@given(
    logits=st.dictionaries(
        st.sampled_from(["favor", "against", "neutral", "unrelated"]),
        st.floats(-1e4, 1e4),
        min_size=1,
    ),
    temperature=st.floats(0.25, 5),
    bias=st.floats(-4, 4),
)
def test_stages_share_out_all_there_is_and_change_nothing_when_neutral(
    logits: dict[str, float], temperature: float, bias: float
) -> None:
    fitted = StanceCalibration(
        temperature=temperature, unrelated_temperature=2.0, unrelated_bias=bias
    )
    assert sum(staged(logits, fitted).values()) == pytest.approx(1)
    assert staged(logits, StanceCalibration()) == pytest.approx(tempered(logits, 1.0), abs=1e-9)


def test_how_sure_a_stance_is_leaves_alone_whether_it_is_one() -> None:
    logits = {"favor": 3.0, "against": 0.0, "unrelated": 1.0}
    plain, warm = (staged(logits, StanceCalibration(temperature=t)) for t in (1.0, 3.0))
    assert warm["unrelated"] == pytest.approx(plain["unrelated"])
    assert warm["favor"] < plain["favor"]
    sure = staged(logits, StanceCalibration(unrelated_temperature=0.5))
    assert sure["unrelated"] < plain["unrelated"]
    assert sure["favor"] / sure["against"] == pytest.approx(plain["favor"] / plain["against"])
