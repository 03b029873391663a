"""The table of a card is written from the figures."""

from __future__ import annotations

from training.evaluation.card import with_figures

METRICS = {
    "date": "2026-11-27",
    "command": "python -m training evaluate models/mine run.toml --most 400",
    "role": "report",
    "files": {
        "news": {
            "stance": {"pairs": 12, "macro_f1": 0.5312, "macro_f1_95": (0.4, 0.61)},
            "summary": {"60 words": {"written": {"rouge1": 31.61, "rouge1_95": (30.0, 33.0)}}},
        }
    },
}


def test_a_figure_stands_beside_its_interval() -> None:
    lines = with_figures("# mine\n", METRICS).splitlines()
    assert lines[:3] == ["# mine", "", "## Figures"]
    assert lines[-3:] == [
        "| news | stance | pairs | 12 |  |",
        "| news | stance | macro_f1 | 0.5312 | 0.4 / 0.61 |",
        "| news | summary | 60 words, written, rouge1 | 31.61 | 30.0 / 33.0 |",
    ]


def test_figures_take_the_place_of_older_ones() -> None:
    once = with_figures("# mine", METRICS)
    assert with_figures(once, METRICS) == once


def test_the_curve_of_support_stands_in_the_card() -> None:
    row = {"from": 0.1, "to": 0.9, "support": 0.5, "sentences": 30, "true": 0.9}
    figures = {
        "sentences": 30,
        "true": 0.9,
        "curve": [{**row, "true_95": (0.8, 1.0)}],
        "threshold": {"support": 0.25, "shown": 0.98, "true": 0.97},
    }
    card = with_figures("# mine", {**METRICS, "support": {"full": figures}})
    assert "| 0.500 | 30 | 0.9 | 0.8 / 1.0 |" in card
    assert "at or above its limit, 0.25, 0.97 are, and 0.98 are shown" in card


FAIRNESS = {
    "date": "2026-11-27",
    "command": "python -m training fairness models/mine",
    "figures": {
        "all": {"texts": 3, "topic": 0.25, "topic_95": (0.0, 0.5), "full stance shift": {}},
        "groups": {"party": {"texts": 2, "topic": 0.5, "topic_95": (0.0, 1.0)}},
        "forms": {"articles": {"texts": 1}},
        "pairs": {},
    },
}


def test_what_moves_with_a_name_stands_in_the_card_by_group() -> None:
    card = with_figures("# mine", {**METRICS, "fairness": FAIRNESS})
    assert card.splitlines()[-5:] == [
        "| of | texts | topic |",
        "|---|---|---|",
        "| party | 2 | 0.500 (0.000 to 1.000) |",
        "| articles | 1 |  |",
        "| all | 3 | 0.250 (0.000 to 0.500) |",
    ]
    assert "| news | stance | pairs | 12 |" in card


def test_a_card_has_the_figures_that_there_are() -> None:
    lines = with_figures("# mine", {"fairness": FAIRNESS}).splitlines()
    assert lines[:4] == ["# mine", "", "## Figures", ""]
    assert lines[4].startswith("Names swapped in 3 texts")
