"""A sheet tells a judge nothing of where a summary comes from; its key tells everything."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models.analysis import Analysis
from models.article import Article, Options, Style, Tier
from models.artifact.artifact import load
from models.engine import Engine
from tests.support.articles import SAMPLES, Sample
from tests.support.training_run import WriteRows, in_role
from training.data.labelled import Labelled
from training.data.roles import Role, role_of
from training.errors import DataError, SheetError
from training.evaluation.sheets import (
    BESIDE,
    MAIN,
    SENTENCE_GUIDE,
    SUMMARY_GUIDE,
    About,
    Entry,
    description,
    drawn,
    of_sentences,
    of_summaries,
    read_key,
    write,
)
from training.fitting.start import labels
from training.tiny import write_tiny


def beginning(sample: Sample) -> str:
    return "\n\n".join(sample.text.split("\n\n")[:2])


@pytest.fixture
def data(write_rows: WriteRows) -> Path:
    """Short texts of all roles, each with an id."""
    return write_rows(
        {"id": f"{role}-{n}", "title": sample.title, "text": in_role(beginning(sample), role)}
        for n, sample in enumerate(SAMPLES)
        for role in Role
    )


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    directory = tmp_path_factory.mktemp("other") / "tiny"
    write_tiny(directory, labels(None), seed=1)
    return Engine.load(directory, device="cpu", dtype="float32")


def about(sentences: bool) -> About:
    used = {"artifact": "tiny"}
    return About(sentences=sentences, data="news", role=Role.REPORT, seed=3, artifacts=used)


def written(
    entries: Iterable[Entry], folder: Path, sentences: bool = False
) -> tuple[list[dict[str, Any]], Path, Path]:
    """The lines of a sheet, and where it and its key are."""
    sheet, key = folder / "sheet.jsonl", folder / "key.json"
    write(list(entries), sheet, key, about(sentences))
    return [json.loads(line) for line in sheet.read_text("utf-8").splitlines()], sheet, key


def test_only_texts_of_a_role_are_drawn_and_the_same_for_the_same_seed(data: Path) -> None:
    texts = drawn(data, Role.REPORT, 8, seed=3)
    assert len({each.id for each in texts}) == 8
    assert {role_of(each.text) for each in texts} == {Role.REPORT}
    assert drawn(data, Role.REPORT, 8, seed=3) == texts
    assert drawn(data, Role.REPORT, 8, seed=4) != texts
    assert len(drawn(data, Role.REPORT, 900, seed=3)) == len(SAMPLES)
    assert {role_of(each.text) for each in drawn(data, Role.CHOOSE, 8, 3)} == {Role.CHOOSE}


def test_texts_may_be_drawn_from_some_ids(data: Path, tmp_path: Path) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_text("report-3\n\nreport-5\n")
    assert {each.id for each in drawn(data, Role.REPORT, 8, 0, ids)} == {"report-3", "report-5"}
    assert len(drawn(data, Role.REPORT, 1, 0, ids)) == 1
    ids.write_text("train-3\n")
    with pytest.raises(DataError, match="no text with the role report has the id 'train-3'"):
        drawn(data, Role.REPORT, 8, 0, ids)
    assert [each.id for each in drawn(data, Role.REPORT, 8, 0, ids, "^train-3$")] == ["train-3"]


def test_what_cannot_be_drawn_is_told(write_rows: WriteRows, tmp_path: Path, data: Path) -> None:
    none = write_rows([{"text": in_role("It rained.", Role.TRAIN)}], "none.jsonl")
    for arguments, message in (
        ((none, Role.REPORT, 8, 0), "no text has the role report"),
        ((data, Role.REPORT, 8, 0, tmp_path / "nowhere"), "no file of ids"),
        ((data, Role.REPORT, 8, 0, None, "("), "is no regular expression"),
    ):
        with pytest.raises(DataError, match=message) as caught:
            drawn(*arguments)
        assert "\n" not in str(caught.value)


def test_every_summary_is_on_the_sheet_once_and_the_key_has_its_kinds(
    engine: Engine, other: Engine, data: Path, tmp_path: Path
) -> None:
    texts = drawn(data, Role.REPORT, 4, seed=3)
    entries = list(of_summaries({MAIN: engine, BESIDE: other}, texts, seed=3))
    (head, *lines), sheet, key = written(entries, tmp_path)
    assert head["instructions"] == SUMMARY_GUIDE.read_text("utf-8")
    found = read_key(sheet, key)
    assert [line["number"] for line in lines] == list(found.texts) == list(range(1, 5))
    engines = {"written": engine, "extracts": engine}
    engines |= {"beside written": other, "beside extracts": other}
    served = {kind: summarised(each, texts, style_of(kind)) for kind, each in engines.items()}
    for number, (line, text) in enumerate(zip(lines, texts, strict=True)):
        assert line.keys() == {"number", "title", "text", "summaries"}
        assert (line["text"], line["title"]) == (text.text, text.title)
        entry = found.texts[line["number"]]
        assert entry.id == text.id
        by_kind = {
            kind: line["summaries"][letter]
            for letter, kinds in entry.kinds.items()
            for kind in kinds
        }
        assert by_kind | dict.fromkeys(entry.withheld, "") == {
            kind: summaries[number] for kind, summaries in served.items()
        }
        assert len(set(line["summaries"].values())) == len(line["summaries"])
    orders = [tuple(kinds[0] for kinds in found.texts[n].kinds.values()) for n in found.texts]
    assert len(set(orders)) > 1


def style_of(kind: str) -> Style:
    return Style.WRITTEN if kind.endswith("written") else Style.EXTRACTIVE


def summarised(
    engine: Engine, texts: Sequence[Labelled], style: Style, reader: Tier | None = None
) -> list[str]:
    """The summaries that are served, by default or with a reader."""
    options = Options(style=style, reader=reader)
    articles = [Article(each.text, each.title, options=options) for each in texts]
    answers = engine.analyze([engine.prepare(article) for article in articles])
    return [a.summary.text for a in answers if isinstance(a, Analysis) and a.summary]


def test_the_sheet_does_not_name_a_kind(engine: Engine, data: Path, tmp_path: Path) -> None:
    texts = drawn(data, Role.REPORT, 3, 3)
    (_, *lines), _, _ = written(of_summaries({MAIN: engine}, texts, 3), tmp_path)
    for line in lines:
        assert set(line["summaries"]) <= set("ABCD")
        assert "written" not in set(line) | set(line["summaries"])


def test_a_text_without_a_summary_is_in_the_key_alone(engine: Engine, tmp_path: Path) -> None:
    texts = [Labelled(" ")]
    (_, *lines), sheet, key = written(of_summaries({MAIN: engine}, texts, 0), tmp_path)
    assert lines == []
    assert read_key(sheet, key).texts[1].without == ("written", "extracts")
    (_, *lines), sheet, key = written(of_sentences(engine, texts), tmp_path, sentences=True)
    assert lines == []
    assert read_key(sheet, key, sentences=True).texts[1].without == ("written",)


def test_a_summary_that_is_withheld_is_in_the_key_alone_with_the_reason(
    engine: Engine, tmp_path: Path
) -> None:
    texts = [Labelled("Rain fell on the town all day.")]
    (_, *lines), sheet, key = written(of_summaries({MAIN: engine}, texts, 0), tmp_path)
    assert lines == []
    (found,) = read_key(sheet, key).texts.values()
    assert found.withheld.keys() == {"written", "extracts"}
    assert all(found.withheld.values())
    assert not found.without
    (_, *lines), sheet, key = written(of_sentences(engine, texts), tmp_path, sentences=True)
    assert lines == []
    assert read_key(sheet, key, sentences=True).texts[1].withheld.keys() == {"written"}


@pytest.mark.parametrize("reader", [None, *Tier])
def test_sentences_stand_alone_with_how_supported_they_are(
    engine: Engine, data: Path, tmp_path: Path, reader: Tier | None
) -> None:
    texts = drawn(data, Role.REPORT, 6, seed=3)
    entries = of_sentences(engine, texts, reader)
    (head, *lines), sheet, key = written(entries, tmp_path, sentences=True)
    assert head["instructions"] == SENTENCE_GUIDE.read_text("utf-8")
    found = read_key(sheet, key, sentences=True)
    summaries = summarised(engine, texts, Style.WRITTEN, reader)
    shown = {line["number"]: line["sentences"] for line in lines}
    for (number, entry), summary in zip(found.texts.items(), summaries, strict=True):
        sentences = shown.get(number, {})
        assert " ".join(sentences.values()) == summary
        assert bool(summary) != bool(entry.withheld)
        assert entry.supports.keys() == sentences.keys()
        assert all(0 <= support <= 1 for support in entry.supports.values())


def test_an_artifact_is_named_with_the_reader_that_checks(engine: Engine, tiny: Path) -> None:
    artifact = f"tiny 0 {engine.info.digest}"
    assert description(engine, None) == f"{artifact} full"
    assert description(engine, Tier.FAST) == f"{artifact} fast"
    network = replace(load(tiny), readers={})
    network.network.readers.clear()
    without = Engine.over(network, device="cpu", dtype="float32")
    assert description(without, None) == artifact
    with pytest.raises(SheetError, match="tiny 0 has no reader 'fast'; leave out --reader"):
        description(without, Tier.FAST)


def test_a_key_fits_its_own_sheet_only(engine: Engine, data: Path, tmp_path: Path) -> None:
    entries = list(of_summaries({MAIN: engine}, drawn(data, Role.REPORT, 2, 3), 3))
    _, sheet, key = written(entries, tmp_path)
    with pytest.raises(SheetError, match="it has whole summaries; leave out --sentences"):
        read_key(sheet, key, sentences=True)
    with pytest.raises(SheetError, match="No such file or directory; name the sheet, then its key"):
        read_key(tmp_path / "nowhere", key)
    sheet.write_text(sheet.read_text() + "\n")
    with pytest.raises(SheetError, match="the key of another sheet"):
        read_key(sheet, key)
    with pytest.raises(SheetError, match="no key of a sheet"):
        read_key(sheet, sheet)
    with pytest.raises(SheetError, match="No such file or directory; give another place"):
        write(entries, tmp_path / "no" / "where", key, about(False))
