"""From files of any subset of columns to texts with their labels."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tasks.summary.decision import content_words
from tests.support.training_run import WriteRows
from training.config import Source
from training.data.labelled import COLUMNS, Labelled, held_out, load, split
from training.errors import DataError

ROWS: list[dict[str, Any]] = [
    {"text": "Rain fell.", "topic": "weather", "title": "Rain"},
    {"text": "Rain fell.", "target": "rain", "stance": "favor"},
    {"text": "Rain fell.", "target": "snow", "stance": "unrelated"},
    {"text": "Goals fell.", "topic": "sport", "stance": "neutral", "summary": "Goals."},
]


def by_text(labelled: list[Labelled]) -> dict[str, Labelled]:
    return {each.text: each for each in labelled}


def write_csv(path: Path) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["text", "topic", "title", "target", "stance", "summary"])
        writer.writeheader()
        writer.writerows(ROWS)


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_rows_of_a_text_become_one_in_every_format(
    tmp_path: Path, write_rows: WriteRows, suffix: str
) -> None:
    path = tmp_path / f"rows.{suffix}"
    if suffix == "jsonl":
        write_rows(ROWS)
    elif suffix == "csv":
        write_csv(path)
    else:
        pq.write_table(pa.Table.from_pylist([dict.fromkeys(COLUMNS) | row for row in ROWS]), path)
    found = by_text(load(Source(path=path)))
    assert found == {
        "Rain fell.": Labelled(
            "Rain fell.", "Rain", ["weather"], {"rain": "favor", "snow": "unrelated"}
        ),
        "Goals fell.": Labelled("Goals fell.", None, ["sport"], {None: "neutral"}, "Goals."),
    }


def test_lists_of_targets_and_second_topics_are_read(write_rows: WriteRows) -> None:
    path = write_rows(
        [
            {
                "text": "Rain fell.",
                "topic": "weather",
                "also": ["sport", "weather"],
                "targets": ["rain", "snow"],
                "stances": ["favor", "against"],
                "overall": "neutral",
            },
            {"text": "Goals fell.", "targets": [], "stances": None},
        ]
    )
    found = by_text(load(Source(path=path)))
    assert found["Rain fell."].topics == ["weather", "sport"]
    assert found["Rain fell."].stances == {"rain": "favor", "snow": "against", None: "neutral"}
    assert found["Goals fell."].stances == {}


@pytest.mark.parametrize("column", sorted(COLUMNS - {"text"}))
def test_a_file_may_have_any_one_column_more(write_rows: WriteRows, column: str) -> None:
    value: object = ["a"] if column in ("targets", "stances") else "a"
    row = {"text": "Rain fell.", column: value}
    if column in ("targets", "stances"):
        row |= {"targets": ["a"], "stances": ["a"]}
    (found,) = load(Source(path=write_rows([row])))
    assert found.text == "Rain fell."


def test_columns_may_have_other_names(write_rows: WriteRows) -> None:
    path = write_rows([{"body": "Rain fell.", "category": "weather", "topic_id": 3}])
    (found,) = load(Source(path=path, columns={"text": "body", "topic": "category"}))
    assert found == Labelled("Rain fell.", topics=["weather"])


def test_a_column_that_is_named_stands_in_for_one_of_that_name(write_rows: WriteRows) -> None:
    path = write_rows([{"text": "Rain fell.", "title": "x", "headline": "Rain"}])
    (found,) = load(Source(path=path, columns={"title": "headline"}))
    assert found.title == "Rain"


def test_labels_of_a_column_may_go_unused(write_rows: WriteRows) -> None:
    path = write_rows([{"text": "Rain fell.", "topic": "weather", "overall": "neutral"}])
    (found,) = load(Source(path=path, without=("overall",)))
    assert found == Labelled("Rain fell.", topics=["weather"])


def test_where_keeps_the_rows_with_a_value_or_one_of_some(write_rows: WriteRows) -> None:
    path = write_rows([{"text": f"{x}.", "set": x, "good": x > "b"} for x in "abcd"])
    assert set(by_text(load(Source(path=path, where={"set": "a"})))) == {"a."}
    assert set(by_text(load(Source(path=path, where={"set": ["a", "d"]})))) == {"a.", "d."}
    assert set(by_text(load(Source(path=path, where={"good": True, "set": ["a", "c"]})))) == {"c."}


def test_blank_texts_are_left_out(write_rows: WriteRows) -> None:
    path = write_rows([{"text": text} for text in ("", " \n", None, "Rain.")])
    assert set(by_text(load(Source(path=path)))) == {"Rain."}


def many(count: int = 60) -> list[dict[str, Any]]:
    return [
        {
            "text": f"Text {n}.",
            "topic": ("weather", "sport")[n % 2],
            "target": f"target {n}",
            "stance": ("favor", "against", "neutral")[n % 3],
        }
        for n in range(count)
    ]


def test_caps_hold_and_take_an_even_sample(write_rows: WriteRows) -> None:
    path = write_rows(many())
    topics = Counter(each.topics[0] for each in load(Source(path=path, per_topic=7)))
    assert topics == {"weather": 7, "sport": 7}
    stances = Counter(
        stance for each in load(Source(path=path, per_stance=5)) for stance in each.stances.values()
    )
    assert stances == {"favor": 5, "against": 5, "neutral": 5}
    limited = [int(each.text[5:-1]) for each in load(Source(path=path, limit=20))]
    assert len(limited) == 20
    assert max(limited) > 40  # not the head of the file


def test_the_order_owes_nothing_to_the_files(write_rows: WriteRows) -> None:
    rows = many()
    one = load(Source(path=write_rows(rows, "one.jsonl"), limit=20))
    other = load(Source(path=write_rows(rows[::-1], "other.jsonl"), limit=20))
    assert one == other


@given(st.lists(st.text(min_size=1), max_size=30, unique=True), st.floats(0.01, 0.99))
def test_the_holdout_parts_the_texts_and_is_stable(texts: list[str], share: float) -> None:
    source = Source(path=Path("x"), holdout=share)
    labelled = [Labelled(text) for text in texts]
    train, held = (split(labelled, source, validation) for validation in (False, True))
    assert sorted(e.text for e in (*train, *held)) == sorted(texts)
    again = split(labelled[::-1], source, validation=True)
    assert {e.text for e in again} == {e.text for e in held}
    more = split(labelled, source.model_copy(update={"holdout": min(share + 0.2, 0.99)}), True)
    assert {e.text for e in held} <= {e.text for e in more}


def test_the_holdout_has_about_its_share() -> None:
    assert 150 < sum(held_out(f"text {n}", 0.2) for n in range(1000)) < 250


def test_without_a_holdout_both_parts_are_all() -> None:
    labelled = [Labelled("a")]
    source = Source(path=Path("x"))
    assert split(labelled, source, True) == split(labelled, source, False) == labelled


TARGETS = ["Iran", "the new tram", "trams in towns", "NATO", "gun laws", "vaccines", "a wall"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(TARGETS), st.sampled_from([*TARGETS, "Rain fell", "The vaccine"])
        ),
        min_size=1,
        max_size=8,
    ),
    st.integers(1, 4),
)
def test_unrelated_targets_share_no_word_with_the_text(
    pairs: list[tuple[str, str]], count: int
) -> None:
    from training.data.labelled import _with_unrelated

    labelled = [
        Labelled(f"On {said}, number {n}.", stances={target: "favor"})
        for n, (target, said) in enumerate(pairs)
    ]
    for before, after in zip(labelled, _with_unrelated(labelled, count), strict=True):
        assert after.stances.items() >= before.stances.items()
        drawn = after.stances.keys() - before.stances.keys()
        assert len(drawn) <= count
        for target in drawn:
            assert after.stances[target] == "unrelated"
            assert target is not None
            assert not content_words(target) & content_words(after.text)


def test_unrelated_targets_come_from_other_texts_and_are_always_the_same(
    write_rows: WriteRows,
) -> None:
    path = write_rows(
        [
            {"text": f"{c * 5}.", "target": t, "stance": "favor"}
            for c, t in zip("abcdefg", TARGETS, strict=True)
        ]
    )
    first, again = (load(Source(path=path, unrelated=2)) for _ in range(2))
    assert first == again
    assert all(Counter(each.stances.values())["unrelated"] == 2 for each in first)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"path": Path("nowhere.jsonl")}, "no such file"),
        ({"columns": {"text": "body"}}, "'body', which is not there"),
        ({"columns": {"summary": "text"}}, "no column 'text'"),
        ({"without": ["overal"]}, "'without' names the column 'overal'"),
        ({"where": {"set": "a"}}, "'set', which is not there"),
    ],
)
def test_what_cannot_be_read_is_told(
    write_rows: WriteRows, change: dict[str, Any], message: str
) -> None:
    source = Source(path=write_rows(ROWS)).model_copy(update=change)
    with pytest.raises(DataError, match=message) as caught:
        load(source)
    assert "\n" not in str(caught.value)


def test_a_file_of_another_kind_is_refused(write_rows: WriteRows) -> None:
    with pytest.raises(DataError, match=r"\.jsonl, \.csv or \.parquet"):
        load(Source(path=write_rows(ROWS, "rows.txt")))


@pytest.mark.parametrize(
    "lists", [{"targets": ["a", "b"], "stances": ["favor"]}, {"targets": "a", "stances": "favor"}]
)
def test_targets_without_their_stances_are_refused(
    write_rows: WriteRows, lists: dict[str, Any]
) -> None:
    with pytest.raises(DataError, match="lists of one length"):
        load(Source(path=write_rows([{"text": "Rain fell."} | lists])))
