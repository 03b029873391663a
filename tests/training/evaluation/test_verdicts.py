"""Verdicts are counted as they were given; a file that does not fit is refused with its line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.data.roles import Role
from training.errors import VerdictError
from training.evaluation.sheets import Key, KeyText
from training.evaluation.verdicts import (
    SentenceVerdict,
    SummaryVerdict,
    Supported,
    judged_sentences,
    judged_summaries,
    least_threshold,
    read_verdicts,
    sentence_figures,
)

YES = {"g": True, "f": True, "m": True, "p": True}


def key(texts: Mapping[int, KeyText], sentences: bool = False) -> Key:
    return Key(
        sheet="",
        sentences=sentences,
        data="",
        role=Role.REPORT,
        seed=0,
        artifacts={},
        texts=texts,
    )


SUMMARIES = key(
    {
        1: KeyText(kinds={"A": ("extracts",), "B": ("written",)}),
        2: KeyText(kinds={"A": ("written", "extracts")}),
        3: KeyText(kinds={"A": ("extracts",)}, without=("written",)),
        4: KeyText(withheld={"written": "too short", "extracts": "too short"}),
        5: KeyText(withheld={"written": "too short"}, without=("extracts",)),
        6: KeyText(withheld={"written": "nothing"}, without=("extracts",)),
    }
)
SENTENCES = key(
    {n: KeyText(supports={"A": n / 10, "B": n / 10}) for n in range(1, 10)}
    | {10: KeyText(withheld={"written": "too short"})},
    True,
)


def verdicts(path: Path, *lines: Mapping[str, Any] | str) -> Path:
    path.write_text(
        "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    )
    return path


def test_each_kind_has_its_shares_and_reasons(tmp_path: Path) -> None:
    given = verdicts(
        tmp_path / "one.jsonl",
        {"number": 1, "letter": "A", **YES},
        {"number": 1, "letter": "B", **YES, "f": False, "p": False, "reason": "Denial dropped."},
        "",
        {"number": 2, "letter": "A", **YES, "p": False, "reason": "denial  dropped"},
        {"number": 3, "letter": "A", **YES, "m": False, "p": False},
    )
    found = judged_summaries(SUMMARIES, given)
    assert found.keys() == {"kinds"}
    written, extracts = found["kinds"]["written"], found["kinds"]["extracts"]
    assert (written["texts"], written["without"], written["judged"]) == (6, 1, 2)
    assert written["withheld"] == 3
    assert written["reasons_withheld"] == {"too short": 2, "nothing": 1}
    assert (extracts["withheld"], extracts["without"]) == (1, 2)
    assert [written[question] for question in "gfmp"] == [1, 0.5, 1, 0]
    assert written["reasons"] == {"denial dropped": 2}
    assert extracts["judged"] == 3
    assert extracts["p"] == pytest.approx(1 / 3, abs=1e-4)
    assert extracts["reasons"] == {"denial dropped": 1, "none given": 1}
    low, high = extracts["p_95"]
    assert 0 <= low < extracts["p"] < high <= 1


def test_two_readers_are_compared_on_what_both_judged(tmp_path: Path) -> None:
    first = verdicts(
        tmp_path / "one.jsonl",
        {"number": 1, "letter": "A", **YES},
        {"number": 1, "letter": "B", **YES},
        {"number": 2, "letter": "A", **YES},
    )
    second = verdicts(
        tmp_path / "two.jsonl",
        {"number": 2, "letter": "A", **YES},
        {"number": 1, "letter": "A", **YES, "p": False},
    )
    found = judged_summaries(SUMMARIES, first, second)["agreement"]
    assert found == {"judged_twice": 2, "g": 1, "f": 1, "m": 1, "p": 0.5}
    alone = judged_summaries(SUMMARIES, first, verdicts(tmp_path / "none.jsonl"))["agreement"]
    assert alone == {"judged_twice": 0}


def test_a_kind_that_nobody_judged_has_no_shares(tmp_path: Path) -> None:
    found = judged_summaries(SUMMARIES, verdicts(tmp_path / "none.jsonl"))["kinds"]["written"]
    assert found == {
        "texts": 6,
        "withheld": 3,
        "reasons_withheld": {"too short": 2, "nothing": 1},
        "without": 1,
        "judged": 0,
        "reasons": {},
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "Invalid JSON"),
        ("[1]", "object"),
        ({"number": 1, "letter": "A", "g": True, "f": True, "m": True}, "p: Field required"),
        ({"number": 1, "letter": "A", **YES, "g": "true"}, "g: Input should be a valid boolean"),
        ({"number": "1", "letter": "A", **YES}, "number: Input should be a valid integer"),
        ({"number": 1, "letter": "A", **YES, "why": ""}, "why: Extra inputs are not permitted"),
        ({"number": 9, "letter": "A", **YES}, "the sheet has no text 9"),
        ({"number": 4, "letter": "A", **YES}, "text 4 of the sheet has no letter 'A'"),
        ({"number": 1, "letter": "C", **YES}, "text 1 of the sheet has no letter 'C'"),
        ({"number": 2, "letter": "A", **YES}, "text 2, letter A was judged on a line before"),
    ],
)
def test_a_line_that_does_not_fit_is_told_with_its_number(
    tmp_path: Path, line: Mapping[str, Any] | str, message: str
) -> None:
    path = verdicts(tmp_path / "one.jsonl", {"number": 2, "letter": "A", **YES}, "", line)
    with pytest.raises(VerdictError) as caught:
        read_verdicts(path, SUMMARIES, SummaryVerdict)
    assert str(caught.value).startswith(f"{path}:3: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_file_or_no_verdict_on_sentences_is_told(tmp_path: Path) -> None:
    with pytest.raises(VerdictError, match="No such file or directory; name the file of verdicts"):
        read_verdicts(tmp_path / "nowhere", SENTENCES, SentenceVerdict)
    path = verdicts(tmp_path / "one.jsonl", {"number": 1, "letter": "A", "verdict": "maybe"})
    with pytest.raises(VerdictError, match=r"one\.jsonl:1: verdict: Input should be 'true'"):
        judged_sentences(SENTENCES, path)
    with pytest.raises(VerdictError, match="no sentence was judged"):
        judged_sentences(SENTENCES, verdicts(tmp_path / "none.jsonl"))


def test_support_is_held_against_what_is_true(tmp_path: Path) -> None:
    """Sentences below 0.4 are false or not settled, all others true."""
    path = verdicts(
        tmp_path / "one.jsonl",
        *(
            {"number": n, "letter": letter, "verdict": "true" if n > 3 else untrue}
            for n in range(9, 0, -1)
            for letter, untrue in (("A", "false"), ("B", "not settled"))
        ),
    )
    found = judged_sentences(SENTENCES, path, path)
    assert (found["texts"], found["withheld"]) == (10, 1)
    assert found["verdicts"] == {"false": 3, "not settled": 3, "true": 12}
    assert found["true"] == pytest.approx(12 / 18, abs=1e-4)
    assert found["threshold"]["support"] == 0.4
    assert found["threshold"]["true"] == 1
    assert found["threshold"]["shown"] == pytest.approx(12 / 18, abs=1e-4)
    assert found["agreement"] == {"judged_twice": 18, "verdict": 1}
    curve = found["curve"]
    assert len(curve) == 10
    assert sum(each["sentences"] for each in curve) == 18
    assert [each["true"] for each in curve] == sorted(each["true"] for each in curve)
    assert found["rows"][0] == [0.1, "false"]
    assert found["rows"][-1] == [0.9, "true"]


SUPPORTED = st.builds(
    Supported,
    st.integers(1, 5),
    st.sampled_from([0.1, 0.4, 0.5, 0.9, 1.0]),
    st.sampled_from(["true", "true", "false", "not settled"]),
)


@given(st.lists(SUPPORTED, min_size=1, max_size=40), st.floats(0.5, 1))
def test_the_threshold_is_the_least_under_which_enough_is_right(
    sentences: list[Supported], right: float
) -> None:
    def share(limit: float) -> float:
        shown = [each.is_right for each in sentences if each.support >= limit]
        return sum(shown) / len(shown)

    found = least_threshold(sentences, right)
    reached = [each.support for each in sentences if share(each.support) >= right - 1e-9]
    assert found == min(reached, default=None)


@settings(max_examples=20)
@given(st.lists(SUPPORTED, min_size=1, max_size=40))
def test_a_curve_holds_each_sentence_once(sentences: list[Supported]) -> None:
    found = sentence_figures(sorted(sentences, key=lambda each: each.support))
    assert sum(each["sentences"] for each in found["curve"]) == found["sentences"] == len(sentences)
    for each in found["curve"]:
        assert each["from"] <= each["support"] + 1e-3
        assert each["support"] <= each["to"] + 1e-3
        assert 0 <= each["true_95"][0] <= each["true_95"][1] <= 1
