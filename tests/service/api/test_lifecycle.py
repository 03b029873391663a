"""The service as a process: started, reloaded, drained, lost, and refused."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.api.server import EXIT_MODEL_FAILED
from tests.service.http.test_protocol import wait_for
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

CLI = "tests.support.cli_with_stand_in"
ARTICLE = {"text": "Rain fell on the harbour."}


class Process:
    """A running service and what it has logged."""

    def __init__(self, *flags: str, **environment: str) -> None:
        command = [sys.executable, "-m", CLI, "serve", "--port", "0", *flags]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True
        )
        self.log = ""
        self._reading = threading.Thread(target=self._read)
        self._reading.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.log += line
        self._process.stderr.close()

    @property
    def url(self) -> str:
        wait_for(lambda: "ready: http" in self.log or self._process.poll() is not None)
        return str(re.findall(r"ready: (http://[\d.:]+)", self.log)[-1])

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def descendants(self) -> list[int]:
        """The processes that it has started, and those that they have."""
        found = [self._process.pid]
        for pid in found:
            tasks = Path(f"/proc/{pid}/task").glob("*/children")
            found += [int(child) for task in tasks for child in task.read_text().split()]
        return found[1:]

    def exit_status(self) -> int:
        status = self._process.wait(60)
        self._reading.join(60)
        return status

    def kill(self) -> None:
        self._process.kill()
        self.exit_status()


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    path = tmp_path / "model"
    path.write_text("first")
    return path


@pytest.fixture
def start(artifact: Path) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def starting(*flags: str, **environment: str) -> Process:
        process = Process("--model", str(artifact), *flags, **environment)
        started.append(process)
        return process

    yield starting
    for process in started:
        process.kill()


def metric(url: str, name: str) -> float:
    text = httpx.get(f"{url}/metrics").text
    return float(re.findall(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)[0])


@contextmanager
def posting(url: str, count: int, text: str = ARTICLE["text"]) -> Iterator[list[Any]]:
    """So many requests under way, accepted by the service; their responses when it ends."""
    with ThreadPoolExecutor(count) as pool, httpx.Client(timeout=60) as client:
        futures = [
            pool.submit(client.post, f"{url}/v1/analyze", json={"text": text}) for _ in range(count)
        ]
        wait_for(lambda: metric(url, 'nutgraf_queue_items{lane="interactive"}') == count)
        responses: list[Any] = []
        yield responses
        responses += [future.result() for future in futures]


def test_sigterm_ends_the_service_while_articles_are_stuck(start: Callable[..., Process]) -> None:
    process = start(NUTGRAF_PREPARE_PROCESSES="2", NUTGRAF_TEST_PREPARE_CPU_S="1")
    with posting(process.url, 6, "spin") as responses:
        process.signal(signal.SIGTERM)
    assert [response.status_code for response in responses] == [422] * 6
    assert process.exit_status() == 0


def test_a_killed_service_leaves_no_process(start: Callable[..., Process]) -> None:
    process = start(NUTGRAF_PREPARE_PROCESSES="2", NUTGRAF_TEST_PREPARE_CPU_S="600")
    assert httpx.post(f"{process.url}/v1/analyze", json=ARTICLE).status_code == 200
    template, *workers = process.descendants()
    process.kill()
    wait_for(lambda: not any(map(is_running, (template, *workers))))


def is_running(pid: int) -> bool:
    """Whether a process is there, and has not ended unnoticed by whoever started it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_sigterm_answers_all_that_was_accepted(
    start: Callable[..., Process], tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    process = start(STAND_IN_GATE=str(gate))
    with posting(process.url, 100) as responses:
        process.signal(signal.SIGTERM)
        wait_for(lambda: "Shutting down" in process.log)
        gate.touch()
    assert [response.status_code for response in responses] == [200] * 100
    assert process.exit_status() == 0


def test_what_cannot_be_answered_in_time_is_503(
    start: Callable[..., Process], tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    process = start("--drain-timeout-s", "0.1", STAND_IN_GATE=str(gate))
    with posting(process.url, 10) as responses:
        process.signal(signal.SIGTERM)
        wait_for(lambda: "Shutting down" in process.log)
    gate.touch()
    assert [response.status_code for response in responses] == [503] * 10
    assert all(response.headers["retry-after"] for response in responses)
    assert process.exit_status() == 0


def test_sighup_swaps_the_model_and_a_bad_one_leaves_the_old(
    start: Callable[..., Process], artifact: Path
) -> None:
    process = start()
    url = process.url
    statuses = []

    def name() -> str:
        response = httpx.post(f"{url}/v1/analyze", json=ARTICLE)
        statuses.append(response.status_code)
        return str(response.json()["model"]["name"])

    assert name() == "first"
    artifact.write_text("second")
    process.signal(signal.SIGHUP)
    wait_for(lambda: name() == "second")
    artifact.unlink()
    process.signal(signal.SIGHUP)
    wait_for(lambda: "reload refused" in process.log)
    assert name() == "second"
    assert set(statuses) == {200}


def test_a_lost_device_ends_the_process_with_a_status_that_restarts_it(
    start: Callable[..., Process],
) -> None:
    process = start()
    lost = httpx.post(f"{process.url}/v1/analyze", json={"text": "assert"}, timeout=60)
    assert lost.status_code == 503
    assert lost.headers["retry-after"]
    assert process.exit_status() == EXIT_MODEL_FAILED != 0


def test_a_worker_that_loses_its_device_is_replaced(start: Callable[..., Process]) -> None:
    process = start("--workers", "2")
    url = process.url
    wait_for(lambda: process.log.count('"message": "ready"') == 2)
    assert httpx.post(f"{url}/v1/analyze", json={"text": "assert"}).status_code == 503
    wait_for(lambda: process.log.count('"message": "ready"') == 3)
    assert httpx.post(f"{url}/v1/analyze", json=ARTICLE).status_code == 200
    process.signal(signal.SIGTERM)
    assert process.exit_status() == 0


def test_workers_answer_and_stop_together(start: Callable[..., Process]) -> None:
    process = start("--workers", "2")
    url = process.url
    wait_for(lambda: process.log.count('"message": "ready"') == 2)
    assert {httpx.post(f"{url}/v1/analyze", json=ARTICLE).status_code for _ in range(8)} == {200}
    wait_for(lambda: metric(url, 'nutgraf_articles_total{lane="interactive"}') == 8)
    process.signal(signal.SIGHUP)
    wait_for(lambda: process.log.count('"message": "reloaded"') == 2)
    process.signal(signal.SIGTERM)
    assert process.exit_status() == 0


def test_workers_do_not_outlive_their_parent(start: Callable[..., Process]) -> None:
    process = start("--workers", "2")
    wait_for(lambda: process.log.count('"message": "ready"') == 2)
    process.signal(signal.SIGKILL)
    process.exit_status()
    assert process.log.count("Finished server process") == 2


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        pytest.param(["--host", "0.0.0.0"], "set NUTGRAF_API_KEYS", id="open to others"),
        pytest.param(["--port", "high"], "NUTGRAF_PORT: ", id="no port"),
        pytest.param(["--api-keys", "desk:short"], "shorter than 16", id="a short key"),
        pytest.param(["--model", "nowhere"], "no model is there", id="no model"),
        pytest.param(["--workers", "2", "--model", "nowhere"], "no model is there", id="workers"),
        pytest.param(["--drain-timeout-s", "inf"], "NUTGRAF_DRAIN_TIMEOUT_S: ", id="endless"),
        pytest.param(["--api-kyes", "desk:12345678901234567"], "--api-keys?", id="no flag"),
        pytest.param(["--host", "203.0.113.1", "--allow-open"], "no such address", id="no address"),
        pytest.param(["--host", "a..b", "--allow-open"], "no such host", id="no host"),
        pytest.param(["--data", "/dev/null/jobs"], "no place for the database", id="no place"),
        pytest.param(["--workers=2", "--data=/dev/null/jobs"], "no place", id="workers' place"),
    ],
)
def test_what_cannot_be_served_is_refused_in_one_line(
    start: Callable[..., Process], flags: list[str], reason: str
) -> None:
    process = start(*flags)
    assert process.exit_status() == 2
    assert process.log.startswith("nutgraf: ")
    assert process.log.count("\n") == 1
    assert reason in process.log
    assert json.dumps(flags[-1]) not in process.log


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_taken_port_is_refused_before_torch_is_imported(taken: int, workers: str) -> None:
    """By the command itself, with the shipped model."""
    code = (
        "import atexit, sys; from service.cli.main import main; "
        "atexit.register(lambda: print('torch' in sys.modules, 'fastapi' in sys.modules)); main()"
    )
    flags = ["serve", "--port", str(taken), "--workers", workers]
    done = subprocess.run(
        [sys.executable, "-c", code, *flags], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"nutgraf: port {taken} of 127.0.0.1 is taken; ")
    assert done.stderr.count("\n") == 1
    assert done.stdout == "False False\n"


@pytest.mark.parametrize("form", ["text", "auto", "json"])
def test_the_log_is_text_or_json(start: Callable[..., Process], form: str) -> None:
    process = start(NUTGRAF_LOG_FORMAT=form)
    url = process.url
    process.signal(signal.SIGTERM)
    assert process.exit_status() == 0
    (ready,) = [line for line in process.log.splitlines() if "nutgraf is ready" in line]
    if form == "text":
        assert ready.endswith(f"nutgraf is ready: {url} (docs: /docs)")
    else:
        assert json.loads(ready)["url"] == url
    assert all(line.startswith("{") is (form != "text") for line in process.log.splitlines())
