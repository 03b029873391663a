"""Probabilities of stances are shared out in two stages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.article import Kind, Tier
from models.tasks.calibration import tempered
from models.tasks.stance.calibration import group_of, staged, threshold
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
        fast_temperature=temperature, fast_unrelated_temperature=2.0, fast_unrelated_bias=bias
    )
    assert sum(staged(logits, fitted, "fast").values()) == pytest.approx(1)
    for group in ("fast_claim", "full", "full_claim"):
        assert staged(logits, fitted, group) == pytest.approx(tempered(logits, 1.0), abs=1e-9)


def test_how_sure_a_stance_is_leaves_alone_whether_it_is_one() -> None:
    logits = {"favor": 3.0, "against": 0.0, "unrelated": 1.0}
    plain, warm = (
        staged(logits, StanceCalibration(full_temperature=t), "full") for t in (1.0, 3.0)
    )
    assert warm["unrelated"] == pytest.approx(plain["unrelated"])
    assert warm["favor"] < plain["favor"]
    sure = staged(logits, StanceCalibration(full_unrelated_temperature=0.5), "full")
    assert sure["unrelated"] < plain["unrelated"]
    assert sure["favor"] / sure["against"] == pytest.approx(plain["favor"] / plain["against"])


def test_each_reader_has_a_calibration_for_claims_and_one_for_all_else() -> None:
    fitted = StanceCalibration(full_threshold=0.1, full_claim_threshold=0.2, fast_threshold=0.3)
    groups = [group_of(tier, kind) for tier in Tier for kind in Kind]
    assert set(groups) == {"full", "full_claim", "fast", "fast_claim"}
    assert [threshold(fitted, group) for group in groups] == [0.1, 0.1, 0.2, 0.3, 0.3, 0.0]
