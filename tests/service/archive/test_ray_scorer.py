"""Runs on a real Ray cluster of this machine, which all tests of this file share."""

from __future__ import annotations

import gc
import json
import os
import socket
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from models.article import Article
from models.errors import ArtifactMissing
from service.archive.errors import ClusterFailed, RunChanged
from service.archive.manifest import Manifest
from service.cli import main as cli
from service.errors import ModelFailed
from tests.support import runs
from tests.support.stand_in_model import Failing, Info, StandIn

ray = pytest.importorskip("ray")

from service.archive import ray_scorer  # noqa: E402
from tests.support import dying_model  # noqa: E402

pytestmark = pytest.mark.cluster

TEXTS = [None if n % 7 == 6 else f"{n % 25} again" for n in range(40)]


@pytest.fixture(scope="module", autouse=True)
def address() -> Iterator[str]:
    with ray_scorer.connected(None):
        yield ray.get_runtime_context().gcs_address
    with warnings.catch_warnings():  # Ray does not wait long for the processes that it ends
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def written(tmp_path: Path, *, at: int = 0, word: str = "") -> Path:
    """An archive of ten shards with repeated and empty rows; one row holds the word."""
    texts = [*TEXTS[:at], f"{word} {TEXTS[at]}", *TEXTS[at + 1 :]]
    return runs.write_jsonl(tmp_path / "in.jsonl", texts)


def test_what_comes_out_is_what_the_local_engine_gives(tmp_path: Path) -> None:
    source = written(tmp_path)
    runs.score(runs.request(source, output=tmp_path / "local"))
    asked = runs.request(source, output=tmp_path / "ray")
    assert dying_model.score(asked, StandIn).is_finished
    assert runs.digest(asked.output) == runs.digest(tmp_path / "local")


def test_what_the_workers_compute_in_is_recorded_and_held(tmp_path: Path) -> None:
    source = written(tmp_path)
    begun = runs.request(source, output=tmp_path / "begun")
    other = Info(dtype="bfloat16")
    with runs.interrupted(model := StandIn(other), 2):
        runs.score(begun, model)
    with pytest.raises(RunChanged, match=r"bfloat16 on cpu, .* computes in float32 on cpu"):
        dying_model.score(begun, StandIn)
    dying_model.score(begun, partial(dying_model.DyingModel, tmp_path, other))
    assert manifest(begun.output).numerics == ("cpu", "bfloat16", "full")


def test_a_shard_whose_worker_is_killed_is_scored_by_another(tmp_path: Path) -> None:
    source = written(tmp_path, at=17, word=dying_model.ONCE)
    runs.score(runs.request(source, output=tmp_path / "local"))
    asked = runs.request(source, output=tmp_path / "ray")
    dying_model.score(asked, partial(dying_model.DyingModel, tmp_path))
    assert (tmp_path / dying_model.ONCE).exists()
    assert runs.digest(asked.output) == runs.digest(tmp_path / "local")


def test_a_shard_that_kills_every_worker_ends_the_run_after_all_before_it(tmp_path: Path) -> None:
    source = written(tmp_path, at=22, word="fatal")
    runs.score(runs.request(source, output=tmp_path / "local"))
    asked = runs.request(source, output=tmp_path / "ray")
    with pytest.raises(ClusterFailed, match="3 workers died of the shard") as stopped:
        dying_model.score(asked, partial(dying_model.DyingModel, tmp_path))
    assert len(str(stopped.value).splitlines()) == 1
    assert [part.number for part in manifest(asked.output).parts] == [0, 1, 2, 3, 4]
    runs.score(asked)
    assert runs.digest(asked.output) == runs.digest(tmp_path / "local")


def manifest(output: Path) -> Manifest:
    found = Manifest.read(output)
    assert found is not None
    return found


def test_a_run_killed_with_its_driver_goes_on_and_ray_is_not_heard(
    tmp_path: Path, address: str
) -> None:
    """In the run that goes on a worker dies, of which Ray tells at length."""
    source = written(tmp_path, at=30, word=f"{dying_model.HELD} {dying_model.ONCE}")
    runs.score(runs.request(source, output=tmp_path / "local"))
    os.mkfifo(tmp_path / dying_model.HELD)
    output = tmp_path / "ray"
    command = [sys.executable, "-m", "tests.support.dying_model", str(source), str(output)]
    command += [str(tmp_path), address]
    process = subprocess.Popen(command)
    runs.wait_for_part(process, output, 6)
    process.kill()
    process.wait()
    assert 0 < len(manifest(output).parts) < 8
    (tmp_path / dying_model.HELD).unlink()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert (tmp_path / dying_model.ONCE).exists()
    assert (done.stdout, done.stderr) == ("", "")
    assert runs.digest(output) == runs.digest(tmp_path / "local")


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For the engine of this process; a worker on Ray has one by itself."""
    monkeypatch.setenv("NUTGRAF_THREADS", "1")
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
def test_the_command_scores_alike_on_ray_and_here(tmp_path: Path, tiny: Path) -> None:
    texts = [f"The tram came back to town {n}. " * (1 + n % 9) for n in range(50)]
    source = runs.write_jsonl(tmp_path / "in.jsonl", texts)
    command = ["score", str(source), "--model", str(tiny), "--format", "jsonl", "--json-progress"]
    for engine in ("local", "ray"):
        output = str(tmp_path / engine)
        result = CliRunner().invoke(cli.app, [*command, "--output", output, "--engine", engine])
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["rows"] == len(texts)
        assert [json.loads(line)["done"] for line in result.stderr.splitlines()][-1] == len(texts)
    assert runs.digest(tmp_path / "ray") == runs.digest(tmp_path / "local")


def test_few_shards_are_read_ahead() -> None:
    read = 0

    def shards() -> Iterator[Sequence[Article]]:
        nonlocal read
        for _ in range(30):
            read += 1
            yield [Article("one text")]

    with dying_model.opened(StandIn) as scorer:
        for done, _ in enumerate(scorer(shards())):
            assert read - done <= 2 * ray_scorer.SHARDS_AHEAD
    assert read == 30


def test_more_workers_than_find_room_keep_nothing_waiting() -> None:
    size = ray_scorer.Size(workers=2 + (os.cpu_count() or 1))
    with dying_model.opened(StandIn, size) as scorer:
        assert len(list(scorer([[Article("one text")]] * 4))) == 4


def test_another_model_on_a_machine_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(ClusterFailed, match="another model than this run's"),
        dying_model.opened(partial(dying_model.DyingModel, tmp_path, Info(digest="1" * 64))),
    ):
        pass


def test_workers_that_compute_differently_are_refused(tmp_path: Path) -> None:
    """Here a worker that died is started again on another kind of machine."""
    load = partial(dying_model.changing_format, tmp_path)
    with (
        pytest.raises(ClusterFailed, match="NUTGRAF_DTYPE"),
        dying_model.opened(load, ray_scorer.Size(1)) as scorer,
    ):
        list(scorer([[Article(dying_model.ONCE)]]))


def test_what_keeps_a_model_from_loading_is_told() -> None:
    with (
        pytest.raises(ArtifactMissing, match="no model is there"),
        dying_model.opened(dying_model.without_a_model),
    ):
        pass


@pytest.mark.parametrize("nan", [False, True])
@pytest.mark.parametrize("after", [0, 3])
def test_a_model_that_does_not_work_ends_the_run_and_costs_no_row(
    tmp_path: Path, after: int, nan: bool
) -> None:
    source = written(tmp_path)
    runs.score(runs.request(source, output=tmp_path / "local"))
    asked = runs.request(source, output=tmp_path / "ray")
    with pytest.raises(ModelFailed, match="no kernel is there") as stopped:
        dying_model.score(asked, partial(Failing, after, nan=nan))
    assert len(str(stopped.value).splitlines()) == 1
    runs.score(asked)
    assert runs.digest(asked.output) == runs.digest(tmp_path / "local")


def test_workers_that_die_of_loading_end_the_run() -> None:
    with (
        pytest.raises(ClusterFailed, match="no worker is left"),
        dying_model.opened(dying_model.dead_on_loading, ray_scorer.Size(1)),
    ):
        pass


def test_a_worker_that_fits_no_machine_is_refused() -> None:
    with (
        pytest.raises(ClusterFailed, match="no machine of the cluster has 100000 cores"),
        dying_model.opened(StandIn, ray_scorer.Size(threads=100_000)),
    ):
        pass


def test_an_address_where_nobody_is_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(ClusterFailed, match=f"no Ray cluster at {address}"):
            ray_scorer.connected(address).__enter__()


def test_without_ray_the_command_says_what_to_install(
    tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "service.archive.ray_scorer")
    monkeypatch.delattr("service.archive.ray_scorer")
    source = written(tmp_path)
    command = ["score", str(source), "--output", str(tmp_path / "out"), "--model", str(tiny)]
    result = CliRunner().invoke(cli.app, [*command, "--engine", "ray"])
    assert result.exit_code == 2
    assert result.stderr == (
        "nutgraf: ray is not installed; --engine ray needs: pip install 'nutgraf[ray]'\n"
    )


def test_flags_of_ray_are_refused_without_it(tmp_path: Path) -> None:
    command = ["score", "in.jsonl", "--output", str(tmp_path), "--workers", "2"]
    result = CliRunner().invoke(cli.app, command)
    assert result.exit_code == 2
    assert "--engine ray" in result.stderr
