from __future__ import annotations

import asyncio
import json
import math
import os
import sqlite3
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest

from service.api import uploads
from service.api.app import create_app
from service.api.lifecycle import Service
from service.archive import plan
from service.archive.columns import output_columns
from service.archive.formats import FORMATS
from service.archive.formats.format import Format
from service.errors import DatabaseUnreachable
from service.inference import scheduler
from service.jobs import runner
from service.settings import Settings
from tests.service.api.routes.test_analyze import assert_problem
from tests.support import runs
from tests.support.paths import DATA
from tests.support.replicas import NDJSON, ended, scores, shards, until
from tests.support.service_fixtures import Serve
from tests.support.stand_in_model import Failing, Info, StandIn

TEXTS = [f"{word} in the news" for word in ("one", "two", "three", "two", "nan", "")]

pytestmark = pytest.mark.anyio


def body(tmp_path: Path, texts: list[str] | None = None) -> bytes:
    return runs.write_jsonl(tmp_path / "input.jsonl", texts or TEXTS).read_bytes()


async def add(client: httpx.AsyncClient, content: bytes, query: str = "") -> str:
    added = await client.post(f"/v1/jobs{query}", content=content, headers=NDJSON)
    assert added.status_code == 202, added.text
    job = str(added.json()["id"])
    assert added.headers["location"] == f"/v1/jobs/{job}"
    return job


async def test_a_job_gives_what_the_command_gives(
    tmp_path: Path, serve: Serve, stored: dict[str, Any]
) -> None:
    content = body(tmp_path)
    out = tmp_path / "out"
    runs.score(runs.request(tmp_path / "input.jsonl", output=out, input_name="input.jsonl"))
    async with serve(**stored) as client:
        job = await add(client, content)
        found = await ended(client, job)
        assert found["state"] == "done"
        assert (found["progress"]["done"], found["progress"]["rejected"]) == (5, 1)
        results = await client.get(f"/v1/jobs/{job}/results")
        rejected = await client.get(f"/v1/jobs/{job}/rejected")
    assert results.content == scores(out)
    assert rejected.content == (out / "rejected.jsonl").read_bytes()


async def test_what_a_crash_leaves_of_an_upload_expires(tmp_path: Path, serve: Serve) -> None:
    left = tmp_path / "jobs" / "no-job"
    left.mkdir(parents=True)
    async with serve(data=tmp_path, job_retention_s=0.2):
        await until(lambda: not left.exists())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "kind"),
    [
        (FORMATS["jsonl"], "application/x-ndjson"),
        (FORMATS["csv"], "text/csv; charset=utf-8"),
        (FORMATS["parquet"], "application/vnd.apache.parquet"),
    ],
)
async def test_results_come_in_the_format_that_was_asked_for(
    tmp_path: Path, serve: Serve, form: Format, kind: str
) -> None:
    content = body(tmp_path, [f"text {n}" for n in range(1500)])
    asked = runs.request(tmp_path / "input.jsonl", output=tmp_path / "out", format=form)
    runs.score(replace(asked, input_name="input.jsonl"))
    async with serve(data=tmp_path) as client:
        job = await add(client, content, f"?format={form.name}")
        await ended(client, job)
        path = f"/v1/jobs/{job}/results"
        results = await client.get(path)
        etag = results.headers["etag"]
        rest = await client.get(path, headers={"Range": "bytes=100-", "If-Range": etag})
        none = await client.get(path, headers={"Range": f"bytes={len(results.content)}-"})
    assert results.headers["content-type"] == kind
    assert results.headers["content-disposition"] == f'attachment; filename="{job}.{form.name}"'
    names = list(output_columns(full=False))
    found = [list(row) for row in form.decode(results.content, names)]
    assert found == runs.rows(asked, *names)
    assert (rest.status_code, rest.content) == (206, results.content[100:])
    assert_problem(none, 416, "range-refused")


async def test_a_file_is_taken_from_a_form(tmp_path: Path, serve: Serve) -> None:
    table = b"name,text\n1,weather today\n2,sport tomorrow\n"
    async with serve(data=tmp_path) as client:
        added = await client.post(
            "/v1/jobs?id_column=name&tasks=summary", files={"file": ("desk.CSV", table)}
        )
        job = added.json()["id"]
        assert (await ended(client, job))["state"] == "done"
        results = await client.get(f"/v1/jobs/{job}/results")
    found = [json.loads(line) for line in results.text.splitlines()]
    assert [(row["id"], row["summary"]) for row in found] == [("1", "weather"), ("2", "sport")]


async def test_an_archive_keeps_the_name_that_a_form_gives_it(
    tmp_path: Path, serve: Serve, stored: dict[str, Any]
) -> None:
    table = b"text\nweather today\n \n"
    name = "Büro [2026]*.csv"
    async with serve(**stored) as client:
        added = await client.post("/v1/jobs", files={"file": (f"../desk/{name}", table)})
        path = f"/v1/jobs/{added.json()['id']}"
        assert (await ended(client, added.json()["id"]))["file"] == name
        results = await client.get(f"{path}/results")
        rejected = await client.get(f"{path}/rejected")
    assert [json.loads(each.text)["file"] for each in (results, rejected)] == [name, name]


async def test_a_job_keeps_the_limit_on_errors_of_its_query_or_of_the_operator(
    tmp_path: Path, serve: Serve
) -> None:
    async with serve(data=tmp_path / "data", max_error=0.05) as client:
        found = [
            (
                await client.post(
                    "/v1/jobs", params=query, files={"file": ("a.jsonl", body(tmp_path))}
                )
            ).json()["asked"]["max_error"]
            for query in ({}, {"max_error": 0.02})
        ]
    assert found == [0.05, 0.02]


async def test_a_form_from_another_sites_page_is_refused(tmp_path: Path, serve: Serve) -> None:
    """No browser asks first before it sends one."""
    form = {"file": ("a.jsonl", body(tmp_path))}
    async with serve(data=tmp_path / "data") as client:
        for origin, status in (("http://test", 202), ("https://evil.example", 403), ("null", 403)):
            sent = await client.post("/v1/jobs", files=form, headers={"Origin": origin})
            assert sent.status_code == status


async def test_a_job_goes_on_after_the_service_has_stopped(
    tmp_path: Path, model: StandIn, serve: Serve, stored: dict[str, Any]
) -> None:
    texts = [f"text {n}" for n in range(2500)]
    async with serve(**stored) as client:
        model.gate.clear()
        job = await add(client, body(tmp_path, texts))
        while not model.batches:
            await asyncio.sleep(0.01)
        model.gate.set()
    read = sum(map(len, model.batches))
    async with serve(**stored) as client:
        found = await ended(client, job)
        lines = (await client.get(f"/v1/jobs/{job}/results")).text.splitlines()
    assert found["state"] == "done"
    assert len(lines) == 2500
    assert read < 2500


async def test_a_job_that_is_cancelled_in_the_middle_stops_and_has_no_results(
    tmp_path: Path, model: StandIn, serve: Serve, stored: dict[str, Any]
) -> None:
    texts = [f"text {n}" for n in range(5000)]
    async with serve(**stored) as client:
        job = await add(client, body(tmp_path, texts))
        await until(lambda: shards(tmp_path / "data" / "jobs" / job / "out") > 0)
        model.gate.clear()
        assert (await client.delete(f"/v1/jobs/{job}")).json()["state"] == "cancelled"
        assert_problem(await client.get(f"/v1/jobs/{job}/results"), 409, "job-unfinished")
        other = await add(client, body(tmp_path))
        model.gate.set()
        assert (await ended(client, other))["state"] == "done"
        assert (await client.get(f"/v1/jobs/{job}")).json()["state"] == "cancelled"
    assert sum(map(len, model.batches)) < 5000


async def test_jobs_are_listed_page_by_page(
    tmp_path: Path, serve: Serve, stored: dict[str, Any]
) -> None:
    async with serve(**stored) as client:
        added = [await add(client, body(tmp_path)) for _ in range(3)]
        first = (await client.get("/v1/jobs?limit=2")).json()
        second = (await client.get(f"/v1/jobs?limit=2&after={first['after']}")).json()
    listed = [job["id"] for page in (first, second) for job in page["jobs"]]
    assert sorted(listed) == sorted(added)
    assert second["after"] is None


async def test_an_ended_job_expires_with_its_files(
    tmp_path: Path, serve: Serve, stored: dict[str, Any]
) -> None:
    async with serve(**stored, job_retention_s=0.5) as client:
        job = await add(client, body(tmp_path))
        while (await client.get(f"/v1/jobs/{job}")).status_code != 404:
            await asyncio.sleep(0.01)
        while (tmp_path / "data" / "jobs" / job).exists():
            await asyncio.sleep(0.01)


CSV = {"Content-Type": "text/csv"}
PARQUET = {"Content-Type": "application/vnd.apache.parquet"}
FORM = {"Content-Type": "multipart/form-data; boundary=b"}


@pytest.mark.parametrize(
    ("query", "headers", "content", "status", "kind"),
    [
        ("", {"Content-Type": "image/png"}, b"x", 415, "unsupported-media"),
        ("", {**NDJSON, "Content-Encoding": "gzip"}, b"x", 415, "unsupported-media"),
        ("", NDJSON, b"", 422, "invalid-request"),
        ("", NDJSON, b"\n\n", 422, "invalid-request"),
        ("", NDJSON, b'{"text":', 422, "invalid-request"),
        ("", NDJSON, b"x" * 2000, 413, "body-too-large"),
        ("", CSV, b"body\nweather\n", 422, "invalid-request"),
        ("?text_column=body&id_column=name", CSV, b"body\nx\n", 422, "invalid-request"),
        ("", PARQUET, b"no table", 422, "invalid-request"),
        ("", FORM, b"no form", 400, "malformed-body"),
        ("", FORM, b"--b--\r\n", 422, "invalid-request"),
        ("", {"Content-Type": "multipart/form-data"}, b"--b--\r\n", 400, "malformed-body"),
        ("?tasks=topic,weather", NDJSON, b"x", 422, "invalid-request"),
        ("?max_words=5", NDJSON, b"x", 422, "invalid-request"),
        ("?format=xml", NDJSON, b"x", 422, "invalid-request"),
        ("?targets=rain", NDJSON, b"x", 422, "invalid-request"),
        ("?target=...", NDJSON, b"x", 422, "invalid-request"),
        (f"?target={'x' * 501}", NDJSON, b"x", 422, "invalid-request"),
        ("?target=a&target=b", NDJSON, b"x", 422, "invalid-request"),
    ],
)
async def test_a_bad_job_is_refused_and_leaves_nothing(
    tmp_path: Path,
    serve: Serve,
    query: str,
    headers: dict[str, str],
    content: bytes,
    status: int,
    kind: str,
) -> None:
    async with serve(data=tmp_path, max_job_bytes=1024) as client:
        refused = await client.post(f"/v1/jobs{query}", content=content, headers=headers)
        assert_problem(refused, status, kind)
        assert str(tmp_path) not in refused.text
        assert (await client.get("/v1/jobs")).json() == {"jobs": [], "after": None}
        assert not list((tmp_path / "jobs").iterdir())


@pytest.mark.parametrize(
    ("method", "query", "detail"),
    [
        ("POST", "targets=a", "There is no query parameter `targets`; did you mean `target`?"),
        ("POST", "a=1&target=b", "There is no query parameter `a`; there are text_column, "),
        ("POST", "target=b&<b>=1", "The name of query parameter 2 is not known; there are text_"),
        ("POST", "style=x", "`query.style`: It is not one of 'written' or 'extractive'."),
        ("POST", "max_words=x", "`query.max_words`: It is not a whole number."),
        (
            "POST",
            "tasks=x",
            "`query.tasks`: It is not one of 'topic', 'stance', 'summary', 'subject' or 'form'.",
        ),
        ("GET", "limits=2", "There is no query parameter `limits`; did you mean `limit`?"),
        ("GET", "limit=0", "`query.limit`: It is less than 1."),
        ("GET", "limit=2&limit=3", "`query.limit`: It is there twice; keep one of them."),
        ("GET", "after=%00", "`query.after`: It is no id of this service."),
    ],
)
async def test_a_bad_query_is_told_in_plain_words(
    tmp_path: Path, serve: Serve, method: str, query: str, detail: str
) -> None:
    async with serve(data=tmp_path) as client:
        refused = await client.request(
            method, f"/v1/jobs?{query}", content=b'{"text": "a"}\n', headers=NDJSON
        )
    assert_problem(refused, 422, "invalid-request")
    assert refused.json()["detail"].startswith(detail)


@pytest.mark.parametrize("job", ["x", "%00", "%F0%9F%9A%80", "A" * 32, "a" * 33, "a" * 32 + "%0A"])
async def test_what_is_no_id_of_a_job_is_404(
    serve: Serve, stored: dict[str, Any], job: str
) -> None:
    async with serve(**stored) as client:
        for method, path in (
            ("GET", ""),
            ("DELETE", ""),
            ("GET", "/results"),
            ("GET", "/rejected"),
        ):
            answer = await client.request(method, f"/v1/jobs/{job}{path}")
            assert_problem(answer, 404, "job-unknown")


async def test_a_target_of_a_row_may_be_a_claim_of_some_length(
    tmp_path: Path, serve: Serve
) -> None:
    rows = [{"text": f"Rain in {size}", "claim": "x" * size} for size in (500, 501)]
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    async with serve(data=tmp_path) as client:
        job = await add(client, content, f"?target_column=claim&target={'x' * 500}")
        assert (await ended(client, job))["state"] == "done"
        rejected = await client.get(f"/v1/jobs/{job}/rejected")
    (row,) = map(json.loads, rejected.text.splitlines())
    assert row["line"] == 2
    assert "longer than 500 characters" in row["reason"]


async def test_a_job_that_cannot_go_on_says_why_without_its_place(
    tmp_path: Path, model: StandIn, serve: Serve
) -> None:
    async with serve(data=tmp_path / "data") as client:
        model.gate.clear()
        waits = await add(client, body(tmp_path))
        job = await add(client, body(tmp_path))
        (tmp_path / "data" / "jobs" / job / "input.jsonl").unlink()
        model.gate.set()
        assert (await ended(client, waits))["state"] == "done"
        found = await ended(client, job)
    assert found["state"] == "failed"
    assert "no such file" in found["error"]
    assert str(tmp_path) not in found["error"]


@pytest.mark.parametrize("nan", [False, True])
async def test_a_model_that_stops_working_costs_a_job_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nan: bool
) -> None:
    monkeypatch.setattr(scheduler, "RESTART_DELAYS_S", (0.001,) * 100_000)
    monkeypatch.setattr(runner, "IDLE_S", 0.01)
    failing = Failing(math.inf, nan=nan)
    settings = Settings(data=tmp_path / "data", allowed_hosts=("test",))
    app = create_app(Service(settings, lambda _: failing))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        failing.after = 2
        job = await add(client, body(tmp_path, [f"{n} in the news" for n in range(2000)]))
        proven = failing.warm_ups
        await until(lambda: failing.warm_ups > proven + 3)
        failing.after = math.inf
        found = await ended(client, job)
    assert found["state"] == "done"
    assert found["progress"]["rejected"] == 0


@pytest.mark.slow
async def test_a_job_is_scored_by_one_model(tmp_path: Path, model: StandIn, serve: Serve) -> None:
    """Where another has taken over in between, it begins anew."""
    content = body(tmp_path, [f"text {n}" for n in range(9000)])
    async with serve(data=tmp_path / "data") as client:
        job = await add(client, content)
        output = tmp_path / "data" / "jobs" / job / "out"
        await until(lambda: shards(output) > 0)
    assert shards(output) < 9
    model.batches.clear()
    model.info = Info(digest="1" * 64)
    async with serve(data=tmp_path / "data") as client:
        assert (await ended(client, job))["state"] == "done"
        results = await client.get(f"/v1/jobs/{job}/results")
    assert {json.loads(line)["model"] for line in results.text.splitlines()} == {"1" * 64}
    assert sum(map(len, model.batches)) == 9000


async def test_jobs_are_seen_by_the_key_that_sent_them(tmp_path: Path, serve: Serve) -> None:
    ann, bob = ({"X-API-Key": f"secret-of-{name}-0123456789"} for name in ("ann", "bob"))
    keys = ",".join(f"{name}:secret-of-{name}-0123456789" for name in ("ann", "bob"))
    async with serve(data=tmp_path, api_keys=keys) as client:
        added = await client.post("/v1/jobs", content=body(tmp_path), headers={**NDJSON, **ann})
        path = f"/v1/jobs/{added.json()['id']}"
        assert (await client.get(path, headers=ann)).status_code == 200
        for method in ("GET", "DELETE"):
            assert (await client.request(method, path, headers=bob)).status_code == 404
        assert (await client.get("/v1/jobs", headers=bob)).json()["jobs"] == []
        assert (await client.get("/v1/jobs")).status_code == 401


async def test_without_a_place_for_them_no_jobs_are_taken(serve: Serve) -> None:
    async with serve() as client:
        answer = await client.get("/v1/jobs")
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:nutgraf:problem:jobs-off"


async def test_without_their_database_jobs_are_unavailable_and_the_rest_goes_on(
    tmp_path: Path, serve: Serve
) -> None:
    async with serve(data=tmp_path) as client:
        with sqlite3.connect(tmp_path / "jobs.db") as database:
            database.execute("DROP TABLE nutgraf_job")
        database.close()
        refused = await client.get("/v1/jobs")
        answer = await client.post("/v1/analyze", json={"text": "Rain fell."})
    assert_problem(refused, 503, "database-unreachable")
    assert refused.headers["retry-after"]
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql+psycopg://ann:secret@127.0.0.1:1/jobs", "NUTGRAF_DATABASE_URL"),
        ("postgresql+asyncmy://ann:secret@127.0.0.1/jobs", "NUTGRAF_DATABASE_URL"),
        ("no url, but a secret", "NUTGRAF_DATABASE_URL"),
        ("sqlite:////nowhere/jobs.db", "NUTGRAF_DATA"),
    ],
)
def test_a_service_without_a_place_for_jobs_does_not_start(
    tmp_path: Path, model: StandIn, url: str, told: str
) -> None:
    settings = Settings(data=tmp_path, database_url=url)
    with pytest.raises(DatabaseUnreachable, match=told) as refused:
        Service(settings, lambda _: model)
    assert "secret" not in str(refused.value)


async def test_a_job_is_cancelled_and_the_service_stopped_while_it_plans(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    planning = threading.Event()

    def plan_on(*given: Any) -> NoReturn:
        planning.set()
        while True:
            given[-1]()
            os.sched_yield()

    monkeypatch.setattr(plan, "make", plan_on)
    async with serve(data=tmp_path / "data", job_lease_s=0.5) as client:
        first = await add(client, body(tmp_path))
        await until(planning.is_set)
        assert (await client.delete(f"/v1/jobs/{first}")).json()["state"] == "cancelled"
        planning.clear()
        await add(client, body(tmp_path))
        await until(planning.is_set)


async def test_an_upload_that_takes_longer_than_the_retention_is_not_swept(
    tmp_path: Path, serve: Serve
) -> None:
    data = tmp_path / "data"
    content = body(tmp_path)

    async def slowly() -> AsyncIterator[bytes]:
        """Until an upload that was begun with it, and is no longer, is swept."""
        yield content[:10]
        left = data / "jobs" / "no-job"
        left.mkdir()
        await until(lambda: not left.exists())
        yield content[10:]

    async with serve(data=data, job_retention_s=0.2) as client:
        added = await client.post("/v1/jobs", content=slowly(), headers=NDJSON)
        assert added.status_code == 202, added.text
        assert (await ended(client, added.json()["id"]))["state"] == "done"


async def test_a_cancelled_job_is_not_swept_before_its_run_has_ended(
    tmp_path: Path, model: StandIn, serve: Serve
) -> None:
    async with serve(data=tmp_path / "data", job_retention_s=0.2, job_lease_s=60.0) as client:
        model.gate.clear()
        job = await add(client, body(tmp_path))
        await until(lambda: bool(model.batches))
        await client.delete(f"/v1/jobs/{job}")
        directory, left = tmp_path / "data" / "jobs" / job, tmp_path / "data" / "jobs" / "no-job"
        for _ in range(2):
            left.mkdir()
            await until(lambda: not left.exists())
        assert (directory / "input.jsonl").exists()
        model.gate.set()


async def test_archives_are_looked_into_one_at_a_time(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking = threading.Lock()
    looked = []

    def look(path: Path, _: object) -> None:
        assert looking.acquire(blocking=False)
        os.sched_yield()
        looked.append(path)
        looking.release()

    monkeypatch.setattr(uploads, "check", look)
    async with serve(data=tmp_path / "data") as client:
        posts = (client.post("/v1/jobs", content=body(tmp_path), headers=NDJSON) for _ in range(8))
        answers = await asyncio.gather(*posts)
    assert [answer.status_code for answer in answers] == [202] * 8
    assert len(looked) == 8


@pytest.mark.parametrize("name", ["fuzz_IndexError.parquet", "damaged_metadata.parquet"])
async def test_a_damaged_archive_is_refused(tmp_path: Path, serve: Serve, name: str) -> None:
    content = (DATA / name).read_bytes()
    async with serve(data=tmp_path) as client:
        refused = await client.post("/v1/jobs", content=content, headers=PARQUET)
        assert_problem(refused, 422, "invalid-request")
    assert "damaged" in refused.json()["detail"]
