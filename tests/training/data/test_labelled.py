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

from models.tasks.summary.drafts import content_words
from tests.support.training_run import WriteRows, in_role
from training.config import Source
from training.data.columns import COLUMNS, LIST_COLUMNS
from training.data.labelled import Edited, Labelled, load
from training.data.roles import Role, role_of
from training.errors import DataError

ROWS: list[dict[str, Any]] = [
    {"text": "Rain fell.", "topic": "weather", "title": "Rain"},
    {"text": "Rain fell.", "target": "rain", "stance": "favor"},
    {"text": "Rain fell.", "target": "snow", "stance": "unrelated"},
    {"text": "Goals fell.", "topic": "sport", "overall": "neutral", "summary": "Goals."},
]


def read(source: Source) -> list[Labelled]:
    """The texts of a file, whatever their role."""
    return [each for role in Role for each in load(source, role)]


def by_text(labelled: list[Labelled]) -> dict[str, Labelled]:
    return {each.text: each for each in labelled}


def write_csv(path: Path) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(
            file, ["text", "topic", "title", "target", "stance", "overall", "summary"]
        )
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
    found = by_text(read(Source(path=path)))
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
    found = by_text(read(Source(path=path)))
    assert found["Rain fell."].topics == ["weather", "sport"]
    assert found["Rain fell."].stances == {"rain": "favor", "snow": "against", None: "neutral"}
    assert found["Goals fell."].stances == {}


@pytest.mark.parametrize("column", sorted(COLUMNS - {"text"}))
def test_a_file_may_have_any_one_column_more(write_rows: WriteRows, column: str) -> None:
    listed: dict[str, object] = {"targets": ["a"], "stances": ["a"], "kinds": ["claim"]}
    listed |= {"evidence": [[[0, 4]]], "starts": [0], "ends": [4], "sentences": ["It rained."]}
    row = {"text": "Rain fell.", column: listed.get(column, "a")}
    if column in LIST_COLUMNS:
        row |= {name: listed[name] for name in ("targets", "stances")}
    (found,) = read(Source(path=write_rows([row])))
    assert found.text == "Rain fell."


def test_columns_may_have_other_names(write_rows: WriteRows) -> None:
    path = write_rows([{"body": "Rain fell.", "category": "weather", "topic_id": 3}])
    (found,) = read(Source(path=path, columns={"text": "body", "topic": "category"}))
    assert found == Labelled("Rain fell.", topics=["weather"])


def test_a_column_that_is_named_stands_in_for_one_of_that_name(write_rows: WriteRows) -> None:
    path = write_rows([{"text": "Rain fell.", "title": "x", "headline": "Rain"}])
    (found,) = read(Source(path=path, columns={"title": "headline"}))
    assert found.title == "Rain"


def test_labels_of_a_column_may_go_unused(write_rows: WriteRows) -> None:
    path = write_rows([{"text": "Rain fell.", "topic": "weather", "overall": "neutral"}])
    (found,) = read(Source(path=path, without=("overall",)))
    assert found == Labelled("Rain fell.", topics=["weather"])


def test_where_keeps_the_rows_with_a_value_or_one_of_some(write_rows: WriteRows) -> None:
    path = write_rows([{"text": f"{x}.", "set": x, "good": x > "b"} for x in "abcd"])
    assert set(by_text(read(Source(path=path, where={"set": "a"})))) == {"a."}
    assert set(by_text(read(Source(path=path, where={"set": ["a", "d"]})))) == {"a.", "d."}
    assert set(by_text(read(Source(path=path, where={"good": True, "set": ["a", "c"]})))) == {"c."}


def test_a_pattern_keeps_the_rows_it_finds_something_in(write_rows: WriteRows) -> None:
    rows = [
        {"text": "Rain fell.", "title": "Opinion: rain"},
        {"text": "Snow fell.", "title": "Snow"},
        {"text": "Hail fell.", "title": None},
    ]
    (found,) = read(Source(path=write_rows(rows), matching={"title": "^Opinion"}))
    assert found.text == "Rain fell."


@pytest.mark.parametrize(
    ("source", "genre"),
    [
        ({}, "book review"),
        ({"genre": "opinion"}, "opinion"),
        ({"genres": {"review": "review", "report": "."}}, "review"),
        ({"genres": {"report": "brief"}}, None),
    ],
)
def test_the_form_of_a_text_is_the_files_or_what_it_calls_it(
    write_rows: WriteRows, source: dict[str, Any], genre: str | None
) -> None:
    path = write_rows([{"text": "Rain fell.", "genre": "book review"}])
    (found,) = read(Source(path=path, **source))
    assert found.genre == genre


def test_blank_texts_are_left_out(write_rows: WriteRows) -> None:
    path = write_rows([{"text": text} for text in ("", " \n", None, "Rain.")])
    assert set(by_text(read(Source(path=path)))) == {"Rain."}


def many(count: int = 90) -> list[dict[str, Any]]:
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
    for role, most in ((Role.TRAIN, 7), (Role.CHOOSE, 1)):
        capped = load(Source(path=path, per_topic=most), role)
        assert Counter(each.topics[0] for each in capped) == {"weather": most, "sport": most}
        capped = load(Source(path=path, per_stance=most), role)
        stances = Counter(stance for each in capped for stance in each.stances.values())
        assert stances == {"favor": most, "against": most, "neutral": most}
    limited = [int(each.text[5:-1]) for each in load(Source(path=path, limit=20), Role.TRAIN)]
    assert len(limited) == 20
    assert max(limited) > 40  # not the head of the file


def test_the_order_owes_nothing_to_the_files(write_rows: WriteRows) -> None:
    rows = many()
    one = read(Source(path=write_rows(rows, "one.jsonl"), limit=20))
    other = read(Source(path=write_rows(rows[::-1], "other.jsonl"), limit=20))
    assert one == other


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
            {"text": in_role(f"{c * 5}.", Role.TRAIN), "target": t, "stance": "favor"}
            for c, t in zip("abcdefg", TARGETS, strict=True)
        ]
    )
    first, again = (load(Source(path=path, unrelated=2), Role.TRAIN) for _ in range(2))
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
        read(source)
    assert "\n" not in str(caught.value)


def test_a_file_of_another_kind_is_refused(write_rows: WriteRows) -> None:
    with pytest.raises(DataError, match=r"\.jsonl, \.csv or \.parquet"):
        read(Source(path=write_rows(ROWS, "rows.txt")))


def test_targets_without_their_stances_are_refused(write_rows: WriteRows) -> None:
    rows = [{"text": "Rain fell."}, {"text": "It did.", "targets": ["a", "b"], "stances": ["a"]}]
    with pytest.raises(DataError, match=r"line 2: .*lists of one length"):
        read(Source(path=write_rows(rows)))


TEXT = "Rain fell on the fair. The mayor praised the rain. Farmers cursed it."
TARGETS_OF_TEXT = ["the mayor", "rain on fairs", "The fair was dry."]


def row(**changes: Any) -> dict[str, Any]:
    """A row with three targets, and all that is known of them."""
    return {
        "id": 7,
        "text": TEXT,
        "targets": TARGETS_OF_TEXT,
        "stances": ["neutral", "against", "against"],
        "kinds": ["entity", "issue", "claim"],
        "evidence": [[[23, 50]], [[23, 50], [51, 69]], None],
        "starts": [23, 0],
        "ends": [50, 22],
        "sentences": ["Mayor Ann Bo praised the rain.", "Rain fell on the fair."],
    } | changes


def test_all_that_is_listed_of_targets_and_edits_is_read(write_rows: WriteRows) -> None:
    (found,) = read(Source(path=write_rows([row()])))
    assert found.id == "7"
    assert found.kinds == dict(zip(TARGETS_OF_TEXT, ("entity", "issue", "claim"), strict=True))
    marked = {
        name: [TEXT[s.start : s.end] for s in spans] for name, spans in found.evidence.items()
    }
    assert marked == {
        "the mayor": ["The mayor praised the rain."],
        "rain on fairs": ["The mayor praised the rain.", "Farmers cursed it."],
        "The fair was dry.": [],
    }
    assert found.edited == (
        Edited(23, 50, "Mayor Ann Bo praised the rain."),
        Edited(0, 22, "Rain fell on the fair."),
    )
    gold = found.gold("stances")["rain on fairs"]
    assert (gold.stance, gold.kind, gold.group) == ("against", "issue", None)
    assert gold.evidence == found.evidence["rain on fairs"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kinds": ["entity"]}, "'kinds' and 'evidence' must be lists as long as 'targets'"),
        ({"kinds": "claim"}, "line 1: 'kinds' is text, and must be a list of texts"),
        ({"kinds": ["entity", "issue", "place"]}, "entity, issue, claim, and not 'place'"),
        ({"evidence": [[]]}, "'kinds' and 'evidence' must be lists"),
        ({"evidence": [[[0, 900]], [], []]}, "'evidence' has a span that is not in the text"),
        ({"evidence": [[[9, 9]], [], []]}, "'evidence' has a span"),
        ({"evidence": [[[9]], [], []]}, "'evidence' has a span"),
        ({"starts": [0]}, "'starts', 'ends' and 'sentences' must be lists of one length"),
        ({"ends": [49, 900]}, "'starts' has a span that is not in the text"),
        ({"starts": [-1, 0]}, "'starts' has a span that is not in the text"),
    ],
)
def test_what_does_not_fit_the_targets_or_the_text_is_refused(
    write_rows: WriteRows, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read(Source(path=write_rows([row(**change)])))
    assert "\n" not in str(caught.value)


CLAIMS = [
    {"text": TEXT, "claim": claim, "label": label, "kind": error}
    for claim, label, error in (
        ("Rain fell.", "entailment", "edit"),
        ("Snow fell.", "contradiction", "who"),
        ("The fair lost money.", "neutral", "unsaid"),
        ("The fair closed early.", "not_entailment", "unsaid"),
    )
]
MEANINGS: dict[str, str | tuple[str, ...]] = {
    "entailment": "favor",
    "contradiction": "against",
    "not_entailment": ("against", "neutral"),
}


def test_labels_of_another_set_are_mapped_and_open_ones_are_no_gold(write_rows: WriteRows) -> None:
    source = Source(
        path=write_rows(CLAIMS),
        columns={"target": "claim", "stance": "label", "group": "kind"},
        stances=MEANINGS,
        kind="claim",
    )
    (found,) = read(source)
    assert found.stances == {
        "Rain fell.": "favor",
        "Snow fell.": "against",
        "The fair lost money.": "neutral",
    }
    assert found.either == {"The fair closed early.": ("against", "neutral")}
    assert found.groups["Snow fell."] == "who"
    assert set(found.kinds.values()) == {"claim"}
    gold = found.gold("stances")
    assert "The fair closed early." not in gold
    assert (gold["Snow fell."].kind, gold["Snow fell."].group) == ("claim", "who")


def test_a_label_that_is_sure_stands_above_an_open_one(write_rows: WriteRows) -> None:
    pairs = [{"text": TEXT, "target": "rain", "stance": stance} for stance in ("either", "against")]
    source = Source(path=write_rows(pairs), stances={"either": ("against", "neutral")})
    for order in (pairs, pairs[::-1]):
        write_rows(order)
        (found,) = read(source)
        assert (found.stances, found.either) == ({"rain": "against"}, {})


def test_an_open_target_is_not_drawn_as_an_unrelated_one(write_rows: WriteRows) -> None:
    rows = [
        {"text": "aaaa.", "target": "trams", "stance": "open"},
        {"text": "bbbb.", "target": "trams", "stance": "favor"},
    ]
    source = Source(path=write_rows(rows), stances={"open": ("favor", "neutral")}, unrelated=3)
    assert by_text(read(source))["aaaa."].stances == {}


def test_a_row_is_loaded_in_its_role_only(write_rows: WriteRows) -> None:
    rows = [row | {"id": f"{'w-B' if n % 9 == 0 else 'a'}{n}"} for n, row in enumerate(many())]
    path = write_rows(rows)
    found = {role: load(Source(path=path, report_ids="^w-B"), role) for role in Role}
    assert sum(map(len, found.values())) == len(rows)
    for role, texts in found.items():
        assert {role_of(each.text, each.id, "^w-B") for each in texts} == {role}
    assert {each.id for each in found[Role.REPORT]} >= {f"w-B{n}" for n in range(0, 90, 9)}


def test_ids_that_are_reported_need_a_column(write_rows: WriteRows) -> None:
    with pytest.raises(DataError, match="'report_ids' names the column 'id', which is not there"):
        load(Source(path=write_rows(many()), report_ids="^w-"), Role.REPORT)
