from __future__ import annotations

import gzip
import io
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from models import registry
from models.article import Article, Options, Style, Tier
from models.errors import ArtifactMissing
from models.registry import Column
from models.tasks.topic.columns import COLUMNS as TOPIC
from service.archive import plan, scorer, scoring
from service.archive.errors import InputRefused, RunBusy, RunChanged, StorageFailed, TooManyRejected
from service.archive.formats import CSV, FORMATS, parquet_table
from service.archive.formats.format import Format
from service.archive.manifest import NAME, Manifest
from service.archive.progress import Silent, Tally
from service.archive.rows import InputColumns
from service.archive.run_config import REJECTED, RunConfig
from service.cli import main as cli
from service.errors import ModelFailed
from service.inference import load
from service.inference.bisection import ModelLost
from service.jobs.bulk_lane import Interrupted
from service.version import package_version
from tests.support import runs
from tests.support.stand_in_model import Failing, Info, Prepared, StandIn

TEXTS = [f"{word} in the news of day {number}" for number, word in enumerate("abcdefghij")]


@pytest.fixture
def archive_file(tmp_path: Path) -> Path:
    return runs.write_jsonl(tmp_path / "in.jsonl", TEXTS)


@pytest.mark.parametrize("form", FORMATS.values())
def test_each_row_is_scored_once_in_input_order(
    tmp_path: Path, archive_file: Path, form: Format
) -> None:
    asked = runs.request(archive_file, output=tmp_path / "out", format=form)
    manifest = runs.score(asked)
    assert manifest.is_finished
    assert runs.rows(asked, "id", "summary") == [[str(n), text[0]] for n, text in enumerate(TEXTS)]
    assert [part.rows for part in manifest.parts] == [4, 4, 2]


class Shown(Silent):
    """Keeps what was shown: articles read, of them in shards that are done, and scored."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int, int]] = []

    def show(self, tally: Tally) -> None:
        self.seen.append((tally.seen, tally.done, tally.scored))


def test_progress_is_shown_within_a_shard_and_a_shard_counts_once_it_is_done(
    tmp_path: Path, model: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scorer, "SLICE_ROWS", 2)
    texts = [f"text {number}" for number in range(7)]
    asked = runs.request(runs.write_jsonl(tmp_path / "in.jsonl", texts), output=tmp_path / "out")
    shown = Shown()
    scoring.score(asked, "0" * 64, lambda: runs.opened(asked, model), shown)
    assert shown.seen == [
        (0, 0, 0), (2, 0, 0), (4, 0, 0), (4, 4, 4), (6, 4, 4), (7, 4, 4), (7, 7, 7),
    ]  # fmt: skip


def test_a_batch_keeps_the_budget_and_is_of_one_shard(tmp_path: Path) -> None:
    texts = [f"{n} " * (1 + n % 30) for n in range(40)]
    asked = runs.request(
        runs.write_jsonl(tmp_path / "in.jsonl", texts), output=tmp_path / "out", shard_rows=20
    )
    runs.score(asked, model := StandIn())
    for batch in model.batches:
        longest = max(len(text.split()) for text in batch)
        assert len(batch) == 1 or longest * len(batch) <= runs.BUDGET_TOKENS
        assert len({texts.index(text) // 20 for text in batch}) == 1
    assert len(model.batches) < 25


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_stopped_run_goes_on_to_the_same_bytes(
    tmp_path: Path, archive_file: Path, after: int
) -> None:
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    runs.score(runs.request(archive_file, output=whole))
    asked = runs.request(archive_file, output=stopped)
    with runs.interrupted(model := StandIn(), after):
        runs.score(asked, model)
    runs.score(asked, rest := StandIn())
    assert runs.digest(stopped) == runs.digest(whole)
    assert sum(map(len, rest.batches)) == len(TEXTS) - 4 * max(0, after - 1) - 4 * (after > 0)


def test_a_run_killed_at_any_moment_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    texts = [None if n % 7 == 0 else f"{n % 50} again" for n in range(60)]
    path = runs.write_jsonl(tmp_path / "in.jsonl", texts)
    runs.score(runs.request(path, output=tmp_path / "whole"))
    killed = tmp_path / "killed"
    command = [sys.executable, "-m", "tests.support.runs", str(path), str(killed)]
    for part in (0, 5, 9):
        process = subprocess.Popen(command)
        runs.wait_for_part(process, killed, part)
        process.kill()
        process.wait()
    subprocess.run(command, check=True)
    assert runs.digest(killed) == runs.digest(tmp_path / "whole")


def test_what_a_crash_left_unfinished_is_overwritten(tmp_path: Path, archive_file: Path) -> None:
    whole = tmp_path / "whole"
    runs.score(runs.request(archive_file, output=whole))
    asked = runs.request(archive_file, output=tmp_path / "torn")
    with runs.interrupted(model := StandIn(), 2):
        runs.score(asked, model)
    with (asked.output / NAME).open("ab") as manifest:
        manifest.write(b'{"number": 2, "rows')
    with (asked.output / REJECTED).open("ab") as rejected:
        rejected.write(b'{"file": "half a li')
    (asked.output / "scores" / "part-00002.jsonl").write_bytes(b"half a part")
    runs.score(asked)
    assert runs.digest(asked.output) == runs.digest(whole)


def test_a_finished_run_needs_no_model(tmp_path: Path, archive_file: Path) -> None:
    asked = runs.request(archive_file, output=tmp_path / "out")
    runs.score(asked)
    manifest = scoring.score(asked, "0" * 64, runs.unopened, Silent())
    assert manifest.is_finished


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"full": True}, "full"),
        ({"target": "the tram"}, "target"),
        ({"format": CSV}, "format"),
        ({"limit": 3}, "limit"),
        ({"max_batch_tokens": 32}, "max_batch_tokens"),
    ],
)
def test_a_changed_option_is_named_and_refused(
    tmp_path: Path, archive_file: Path, change: dict[str, Any], named: str
) -> None:
    runs.score(runs.request(archive_file, output=tmp_path / "out"))
    with pytest.raises(RunChanged, match=f"another {named}; .*--restart"):
        runs.score(runs.request(archive_file, output=tmp_path / "out", **change))


def test_a_changed_style_is_refused(tmp_path: Path, archive_file: Path) -> None:
    asked = runs.request(archive_file, output=tmp_path / "out")
    runs.score(asked)
    other = replace(asked, options=replace(asked.options, style=Style.EXTRACTIVE))
    with pytest.raises(RunChanged, match="another style"):
        runs.score(other)


BEGUN_ELSEWHERE = Info(device="cuda:1", dtype="bfloat16")


def test_a_run_goes_on_only_with_the_device_and_number_format_that_it_was_begun_with(
    tmp_path: Path, archive_file: Path
) -> None:
    asked = runs.request(archive_file, output=tmp_path / "out")
    with runs.interrupted(model := StandIn(BEGUN_ELSEWHERE), 1):
        runs.score(asked, model)
    with pytest.raises(RunChanged) as refused:
        runs.score(asked, other := StandIn())
    assert str(refused.value).endswith(
        "was begun in bfloat16 on cuda, judged by the reader full, and this machine computes in "
        "float32 on cpu, judged by the reader full; set NUTGRAF_DEVICE, NUTGRAF_DTYPE and "
        "NUTGRAF_READER to the former, or name another --output, or start again with --restart"
    )
    assert other.batches == []
    again = replace(BEGUN_ELSEWHERE, device="cuda:0")
    assert runs.score(asked, StandIn(again)).is_finished


def test_repeated_articles_are_scored_on_one_machine_too(tmp_path: Path) -> None:
    source = runs.write_jsonl(tmp_path / "in.jsonl", ["twice", "twice", "once"])
    asked = runs.request(source, output=tmp_path / "out")
    with runs.interrupted(model := StandIn(BEGUN_ELSEWHERE), 1):
        runs.score(asked, model)
    with pytest.raises(RunChanged, match="was begun in bfloat16 on cuda"):
        runs.score(asked)


def test_a_run_that_no_scorer_was_opened_for_takes_any(tmp_path: Path, archive_file: Path) -> None:
    asked = runs.request(archive_file, output=tmp_path / "out")

    def unopened() -> Any:
        raise ModelFailed("the model does not work")

    with pytest.raises(ModelFailed):
        scoring.score(asked, "0" * 64, unopened, Silent())
    runs.score(asked, StandIn(BEGUN_ELSEWHERE))
    assert read_manifest(asked).numerics == ("cuda", "bfloat16", "full")


FAST_FIRST = Info(readers=(Tier.FAST, Tier.FULL))


def test_a_run_goes_on_with_the_reader_that_it_was_begun_with(
    tmp_path: Path, archive_file: Path
) -> None:
    asked = runs.request(archive_file, output=tmp_path / "out")
    with runs.interrupted(model := StandIn(), 1):
        runs.score(asked, model)
    assert read_manifest(asked).numerics == ("cpu", "float32", "full")
    with pytest.raises(RunChanged, match=r"judged by the reader full.*NUTGRAF_READER"):
        runs.score(asked, StandIn(FAST_FIRST))
    assert runs.score(asked).is_finished


@pytest.mark.parametrize(
    ("options", "reader"),
    [
        (Options(reader=Tier.FULL), "full"),
        (Options(tasks=frozenset({"topic"})), None),
        (Options(tasks=frozenset({"stance"})), None),
        (Options(style=Style.EXTRACTIVE), None),
    ],
)
def test_the_models_own_reader_counts_only_where_it_judges(
    tmp_path: Path, archive_file: Path, options: Options, reader: str | None
) -> None:
    asked = runs.request(archive_file, output=tmp_path / "out", options=options)
    with runs.interrupted(model := StandIn(), 1):
        runs.score(asked, model)
    numerics = read_manifest(asked).numerics
    assert numerics is not None
    assert numerics.reader == reader
    assert runs.score(asked, StandIn(FAST_FIRST)).is_finished


def test_a_reader_judges_stances_toward_the_target_of_a_run_or_a_row(tmp_path: Path) -> None:
    stances = Options(tasks=frozenset({"stance"}))
    plain = runs.request(tmp_path, output=tmp_path / "out", options=stances)
    assert plain.reader("full") is None
    assert replace(plain, target="the tram").reader("full") == "full"
    columns = replace(plain.columns, target="about")
    assert replace(plain, columns=columns).reader("full") == "full"
    asked = replace(plain, target="the tram", options=replace(stances, reader=Tier.FAST))
    assert asked.reader("full") == "fast"


def test_a_run_stops_where_its_reader_cannot_be_loaded_and_goes_on_once_it_can(
    tmp_path: Path, archive_file: Path
) -> None:
    asked = runs.request(archive_file, output=tmp_path / "out")
    model = StandIn()
    model.unreadable = Tier.FULL
    with pytest.raises(ArtifactMissing, match=r"secret/place: no readable reader-1\.safetensors"):
        runs.score(asked, model)
    assert not (asked.output / REJECTED).exists()
    assert runs.score(asked).is_finished


def test_a_finished_run_is_finished_on_any_machine(tmp_path: Path, archive_file: Path) -> None:
    asked = runs.request(archive_file, output=tmp_path / "out")
    runs.score(asked, StandIn(BEGUN_ELSEWHERE))
    assert runs.score(asked).is_finished


def read_manifest(asked: RunConfig) -> Manifest:
    found = Manifest.read(asked.output)
    assert found is not None
    return found


def test_the_command_records_what_was_resolved(
    tmp_path: Path, tiny: Path, archive_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "load_engine", lambda _: StandIn(BEGUN_ELSEWHERE))
    output = tmp_path / "out"
    command = ["score", str(archive_file), "--output", str(output), "--model", str(tiny)]
    assert CliRunner().invoke(cli.app, command).exit_code == 0
    found = Manifest.read(output)
    assert found is not None
    assert found.numerics == ("cuda", "bfloat16", "full")
    assert "auto" not in found.asked.values()


def test_another_version_does_not_go_on_with_a_run(
    tmp_path: Path, archive_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = runs.request(archive_file, output=tmp_path / "out")
    with runs.interrupted(model := StandIn(), 1):
        runs.score(asked, model)
    begun = package_version()
    monkeypatch.setattr(scoring, "package_version", lambda: "999.1")
    with pytest.raises(RunChanged) as refused:
        runs.score(asked)
    assert str(refused.value) == (
        f"{asked.output} was begun by nutgraf {begun}, and this is 999.1; install that version to "
        "go on, or name another --output, or start again with --restart"
    )
    assert runs.score(asked, restart=True).version == "999.1"


def test_a_version_with_other_columns_does_not_go_on_with_a_run(
    tmp_path: Path, archive_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = runs.request(archive_file, output=tmp_path / "out")
    with runs.interrupted(model := StandIn(), 1):
        runs.score(asked, model)
    others: list[dict[str, Column]] = [
        {**TOPIC, "topic": (int, len)},
        dict(reversed(list(TOPIC.items()))),
    ]
    for columns in others:
        with monkeypatch.context() as patched:
            topic = replace(registry.get("topic"), columns=columns)
            patched.setitem(registry._TASKS, "topic", topic)
            with pytest.raises(RunChanged, match="with other columns; install that version"):
                runs.score(asked)
    assert runs.score(asked).is_finished


def test_a_finished_run_is_finished_for_any_version(
    tmp_path: Path, archive_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = runs.request(archive_file, output=tmp_path / "out")
    runs.score(asked)
    monkeypatch.setattr(scoring, "package_version", lambda: "999.1")
    monkeypatch.setitem(TOPIC, "new", (int, lambda _: 1))
    assert scoring.score(asked, "0" * 64, runs.unopened, Silent()).is_finished


def test_another_model_is_refused(tmp_path: Path, archive_file: Path) -> None:
    asked = runs.request(archive_file, output=tmp_path / "out")
    runs.score(asked)
    with pytest.raises(RunChanged, match="another model"):
        runs.score(asked, digest="1" * 64)


def test_a_changed_input_is_refused_and_a_touched_one_is_not(
    tmp_path: Path, archive_file: Path
) -> None:
    asked = runs.request(archive_file, output=tmp_path / "out")
    runs.score(asked)
    os.utime(archive_file, ns=(1, 1))
    scoring.score(asked, "0" * 64, runs.unopened, Silent())
    runs.write_jsonl(archive_file, [*TEXTS[:-1], "another end"])
    with pytest.raises(RunChanged, match="the input"):
        runs.score(asked)


def test_an_input_that_changes_while_it_is_read_is_noticed(
    tmp_path: Path, archive_file: Path
) -> None:
    asked = runs.request(archive_file, output=tmp_path / "out")

    def opened() -> Any:
        runs.write_jsonl(archive_file, [*TEXTS[:-1], "another end"])
        return runs.opened(asked, StandIn())

    with pytest.raises(RunChanged, match="while it was read"):
        scoring.score(asked, "0" * 64, opened, Silent())


def test_scores_that_were_tampered_with_are_refused(tmp_path: Path, archive_file: Path) -> None:
    asked = runs.request(archive_file, output=tmp_path / "out")
    runs.score(asked)
    asked.part(1).write_bytes(b"")
    with pytest.raises(RunChanged, match="part-00001"):
        runs.score(asked)


def test_restart_drops_what_is_there(tmp_path: Path, archive_file: Path) -> None:
    runs.score(runs.request(archive_file, output=tmp_path / "out"))
    asked = runs.request(archive_file, output=tmp_path / "out", limit=2)
    runs.score(asked, restart=True)
    assert runs.rows(asked, "id") == [["0"], ["1"]]


def test_a_run_over_some_rows_counts_only_those_and_goes_on(
    tmp_path: Path, archive_file: Path
) -> None:
    rows = [{"text": text, "kind": "x" if n % 2 else "y"} for n, text in enumerate(TEXTS * 2)]
    archive_file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    some = InputColumns(where=(("kind", "x"),))
    whole = runs.request(archive_file, output=tmp_path / "whole", columns=some)
    assert runs.score(whole).plan.rows == len(TEXTS)
    assert runs.rows(whole, "line") == [[line] for line in range(2, 21, 2)]
    stopped = runs.request(archive_file, output=tmp_path / "stopped", columns=some)
    with runs.interrupted(model := StandIn(), 2):
        runs.score(stopped, model)
    runs.score(stopped)
    assert runs.digest(stopped.output) == runs.digest(whole.output)
    with pytest.raises(RunChanged, match="another where"):
        runs.score(runs.request(archive_file, output=tmp_path / "whole"))


def test_two_runs_never_write_to_one_directory(tmp_path: Path, archive_file: Path) -> None:
    asked = runs.request(archive_file, output=tmp_path / "out")

    def opened() -> Any:
        with pytest.raises(RunBusy):
            runs.score(asked)
        return runs.opened(asked, StandIn())

    scoring.score(asked, "0" * 64, opened, Silent())


def test_the_same_text_is_scored_once_and_fanned_out(tmp_path: Path) -> None:
    texts = ["same old story", "b", "c", "d", "e", "same old story", "f", "b", "same old story"]
    asked = runs.request(runs.write_jsonl(tmp_path / "in.jsonl", texts), output=tmp_path / "out")
    manifest = runs.score(asked, model := StandIn())
    read = [text for batch in model.batches for text in batch]
    assert sorted(read) == sorted(set(texts))
    assert manifest.plan.duplicates == 3
    assert runs.rows(asked, "id", "summary") == [
        [str(n), text.split()[0]] for n, text in enumerate(texts)
    ]


def test_a_repeated_text_that_fails_is_rejected_wherever_it_stands(tmp_path: Path) -> None:
    texts = ["nan", "b", "c", "d", "e", "nan"]
    asked = runs.request(runs.write_jsonl(tmp_path / "in.jsonl", texts), output=tmp_path / "out")
    runs.score(asked)
    assert [one["line"] for one in runs.rejected(asked)] == [1, 6]
    assert len(runs.rows(asked, "id")) == 4


def test_rejected_rows_name_their_place_and_harm_no_other(tmp_path: Path) -> None:
    texts = ["good", "poison", "", 7, "nan", "fine"]
    asked = runs.request(runs.write_jsonl(tmp_path / "in.jsonl", texts), output=tmp_path / "out")
    manifest = runs.score(asked)
    assert runs.rows(asked, "summary") == [["good"], ["fine"]]
    assert [(one["line"], one["id"]) for one in runs.rejected(asked)] == [
        (2, "1"), (3, "2"), (4, "3"), (5, "4"),
    ]  # fmt: skip
    assert manifest.rejected == 4
    assert not any("poison" in one["reason"] for one in runs.rejected(asked))


class Unprepared(StandIn):
    """Some articles raise an error while they are prepared, which repeats their text."""

    def __init__(self, error: type[Exception]) -> None:
        super().__init__()
        self.error = error

    @property
    def preparer(self) -> Callable[[Article], Prepared]:
        def prepare(article: Article) -> Prepared:
            if "secret" in (article.text or ""):
                raise self.error(article.text)
            return super(Unprepared, self).preparer(article)

        return prepare


@pytest.mark.parametrize("error", [KeyError, RuntimeError, MemoryError])
def test_an_unexpected_error_while_preparing_rejects_the_row_alone(
    tmp_path: Path, error: type[Exception]
) -> None:
    texts = ["one", "a secret", "two", "twice a secret", "twice a secret"]
    asked = runs.request(runs.write_jsonl(tmp_path / "in.jsonl", texts), output=tmp_path / "out")
    assert runs.score(asked, Unprepared(error)).is_finished
    assert runs.rows(asked, "summary") == [["one"], ["two"]]
    assert [(one["line"], one["reason"]) for one in runs.rejected(asked)] == [
        (line, f"preparing the article failed unexpectedly ({error.__name__})")
        for line in (2, 4, 5)
    ]


@pytest.mark.parametrize("error", [Interrupted, OSError])
def test_what_is_no_fault_of_an_article_stops_the_run_while_preparing(
    tmp_path: Path, error: type[Exception]
) -> None:
    source = runs.write_jsonl(tmp_path / "in.jsonl", ["one", "a secret"])
    asked = runs.request(source, output=tmp_path / "out")
    with pytest.raises((Interrupted, StorageFailed)):
        runs.score(asked, Unprepared(error))
    assert not (asked.output / REJECTED).exists()


@pytest.mark.parametrize("nan", [False, True])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_model_that_stops_working_ends_the_run_and_costs_no_row(
    tmp_path: Path, archive_file: Path, after: int, nan: bool
) -> None:
    whole = runs.request(archive_file, output=tmp_path / "whole")
    runs.score(whole)
    asked = runs.request(archive_file, output=tmp_path / "out")
    with pytest.raises(ModelFailed, match="RuntimeError: no kernel is there") as stopped:
        runs.score(asked, Failing(after, nan=nan))
    assert "\n" not in str(stopped.value)
    assert len(list((asked.output / "scores").iterdir())) <= after
    assert runs.score(asked).is_finished
    assert runs.rejected(asked) == []
    assert runs.digest(asked.output) == runs.digest(whole.output)


def test_repeated_articles_are_not_rejected_for_the_models_fault(tmp_path: Path) -> None:
    source = runs.write_jsonl(tmp_path / "in.jsonl", ["twice", "once", "twice"])
    asked = runs.request(source, output=tmp_path / "out")
    with pytest.raises(ModelFailed):
        runs.score(asked, Failing(0))
    runs.score(asked)
    assert runs.rows(asked, "summary") == [["twice"], ["once"], ["twice"]]


@pytest.mark.parametrize("text", ["poison", "nan", "large"])
def test_an_archive_of_bad_articles_is_rejected_where_the_model_works(
    tmp_path: Path, text: str
) -> None:
    source = runs.write_jsonl(tmp_path / "in.jsonl", [f"{text} {n}" for n in range(6)])
    asked = runs.request(source, output=tmp_path / "out")
    assert runs.score(asked).is_finished
    assert len(runs.rejected(asked)) == 6


def test_a_lost_device_ends_the_run_in_one_line(tmp_path: Path) -> None:
    source = runs.write_jsonl(tmp_path / "in.jsonl", ["fine", "assert"])
    asked = runs.request(source, output=tmp_path / "out")
    with pytest.raises(ModelLost, match="run the same command again") as stopped:
        runs.score(asked)
    assert isinstance(stopped.value, ModelFailed)


@pytest.mark.parametrize("nan", [False, True])
def test_the_command_does_not_begin_with_a_model_that_does_not_work(
    tmp_path: Path, tiny: Path, archive_file: Path, monkeypatch: pytest.MonkeyPatch, nan: bool
) -> None:
    monkeypatch.setattr(load, "load_engine", lambda _: Failing(0, nan=nan))
    output = tmp_path / "out"
    command = ["score", str(archive_file), "--output", str(output), "--model", str(tiny)]
    result = CliRunner().invoke(cli.app, command)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == (
        "nutgraf: the model does not work (RuntimeError: no kernel is there); run the same "
        "command again once it does"
    )
    assert not (output / REJECTED).exists() or not (output / REJECTED).read_bytes()
    monkeypatch.setattr(load, "load_engine", lambda _: StandIn())
    assert CliRunner().invoke(cli.app, command).exit_code == 0


def test_too_many_rejected_stops_and_a_higher_bound_goes_on(tmp_path: Path) -> None:
    texts = ["a", "", "", "b", "c", "d", "", "e", "f"]
    asked = runs.request(runs.write_jsonl(tmp_path / "in.jsonl", texts), output=tmp_path / "out")
    with pytest.raises(TooManyRejected):
        runs.score(asked, max_rejected=1)
    with pytest.raises(TooManyRejected):
        scoring.score(asked, "0" * 64, runs.unopened, Silent(), max_rejected=1)
    assert runs.score(asked, max_rejected=3).is_finished


def test_a_full_disk_ends_the_run_and_leaves_what_was_finished(
    tmp_path: Path, archive_file: Path
) -> None:
    whole = tmp_path / "whole"
    runs.score(runs.request(archive_file, output=whole))
    asked = runs.request(archive_file, output=tmp_path / "full", shard_rows=1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def opened() -> Any:
        resource.setrlimit(
            resource.RLIMIT_FSIZE, ((asked.output / NAME).stat().st_size + 900, hard)
        )
        return runs.opened(asked, StandIn())

    try:
        with pytest.raises(StorageFailed, match="run the same command again"):
            scoring.score(asked, "0" * 64, opened, Silent())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    manifest = runs.score(asked)
    assert manifest.is_finished
    assert len(runs.rows(asked, "id")) == len(TEXTS)


def test_memory_of_a_run_does_not_hold_the_archive(tmp_path: Path) -> None:
    """No more than a few shards are read ahead of what is on disk."""
    path = tmp_path / "in.jsonl.gz"
    with gzip.open(path, "wt") as file:
        file.writelines(f'{{"text": "text {n}"}}\n' for n in range(400))
    asked = runs.request(path, output=tmp_path / "out")
    ahead = []

    class Watched(StandIn):
        @property
        def preparer(self) -> Any:
            return self.watched

        def watched(self, article: Any) -> Any:
            done = len(list((asked.output / "scores").glob("part-*")))
            ahead.append(int(article.text.split()[1]) // 4 - done)
            return super().preparer(article)

    runs.score(asked, Watched())
    assert max(ahead) <= 4


LONG_TEXTS = [f"{word * 30} of day {number % 9}" for number, word in enumerate("abcdefghij" * 3)]


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_shard_ends_early_where_its_articles_are_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    monkeypatch.setattr(plan, "SHARD_CHARS", 100)
    path = runs.write_jsonl(tmp_path / "in.jsonl", [*LONG_TEXTS, *["a short one"] * 9])
    whole = runs.request(path, output=tmp_path / "whole", shard_rows=20)
    manifest = runs.score(whole)
    rows = [part.rows for part in manifest.parts]
    assert sum(rows) == len(LONG_TEXTS) + 9
    assert rows[:3] == [3, 3, 3]
    assert rows[-1] == 9, "what is repeated is held once"
    stopped = runs.request(path, output=tmp_path / "stopped", shard_rows=20)
    with runs.interrupted(model := StandIn(), after):
        runs.score(stopped, model)
    runs.score(stopped)
    assert runs.digest(stopped.output) == runs.digest(whole.output)


def stop_after(steps: int) -> Callable[[], None]:
    """A check that stops a run once it has been asked so often."""
    left = iter(range(steps))

    def check() -> None:
        if next(left, None) is None:
            raise Interrupted("the job is stopped")

    return check


@pytest.mark.parametrize("steps", [0, 3, 12, 20])
def test_a_run_that_is_told_to_stop_stops_and_goes_on_to_the_same_bytes(
    tmp_path: Path, archive_file: Path, steps: int
) -> None:
    """While it plans, and while it reads."""
    whole = runs.request(archive_file, output=tmp_path / "whole", shard_rows=1)
    runs.score(whole)
    asked = runs.request(archive_file, output=tmp_path / "out", shard_rows=1)
    with pytest.raises(Interrupted):
        runs.score(asked, check=stop_after(steps))
    runs.score(asked)
    assert runs.digest(asked.output) == runs.digest(whole.output)


def test_what_unfolds_to_too_much_is_resumed_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_table, "UNFOLDED_SPARE_BYTES", 2**22)
    bomb = tmp_path / "a.parquet"
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 9000, pa.int32()), ["rain " * 20_000])
    pq.write_table(pa.table({"text": text}), bomb, compression="zstd")
    whole = runs.request(bomb, output=tmp_path / "whole", shard_rows=500)
    manifest = runs.score(whole)
    assert manifest.rejected == 1
    assert manifest.plan.articles == 1
    assert 1000 < manifest.plan.rows < 9000
    stopped = runs.request(bomb, output=tmp_path / "stopped", shard_rows=500)
    with pytest.raises(Interrupted):
        runs.score(stopped, check=stop_after(manifest.plan.rows + 800))
    runs.score(stopped)
    assert runs.digest(stopped.output) == runs.digest(whole.output)


@pytest.mark.parametrize("form", FORMATS.values())
@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet"])
def test_a_file_whose_name_is_not_utf8_is_named_with_what_is_not_escaped(
    tmp_path: Path, form: Format, ending: str
) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9" + ending.encode()))
    content = io.BytesIO()
    if ending == ".parquet":
        pq.write_table(pa.table({"text": [*TEXTS, None]}), content)
    elif ending == ".csv":
        content.write("\n".join(["text", *TEXTS, '" "']).encode())
    else:
        content.write("".join(json.dumps({"text": text}) + "\n" for text in [*TEXTS, 7]).encode())
    path.write_bytes(content.getvalue())
    asked = runs.request(path, output=tmp_path / "out", format=form)
    with runs.interrupted(model := StandIn(), 1):
        runs.score(asked, model)
    os.utime(path, ns=(1, 1))
    runs.score(asked)
    name = f"{tmp_path}/caf\\udce9{ending}"
    assert runs.rows(asked, "file") == [[name]] * len(TEXTS)
    assert [one["file"] for one in runs.rejected(asked)] == [name]


def test_messages_name_such_a_file_too(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.csv"))
    for output in (tmp_path / "out", path.with_suffix("")):
        with pytest.raises(InputRefused) as refused:
            runs.score(runs.request(path, output=output))
        assert "caf\\udce9.csv" in str(refused.value)
        str(refused.value).encode()
    path.write_text("body\nRain fell.\n")
    with pytest.raises(InputRefused, match="no column 'text'") as refused:
        runs.score(runs.request(path, output=tmp_path / "out"))
    str(refused.value).encode()
