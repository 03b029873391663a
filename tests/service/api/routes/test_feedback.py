"""Feedback over HTTP: corrected, listed, disputed, erased, and what to label next."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest

from service.errors import DatabaseFull
from service.feedback.sql_store import SqlFeedbackStore
from tests.service.api.routes.test_analyze import assert_problem
from tests.support.feedback import TABLES
from tests.support.service_fixtures import Serve

pytestmark = pytest.mark.anyio

SECRET = "zanzibar"
KEYS = {
    "api_keys": "desk:correct-horse-battery,web:correct-horse-staples",
    "admin_keys": "chief:correct-horse-admin-key",
}
DESK, WEB, CHIEF = (
    {"x-api-key": f"correct-horse-{rest}"} for rest in ("battery", "staples", "admin-key")
)


async def analyze(client: httpx.AsyncClient, text: str, **headers: str) -> str:
    answer = await client.post("/v1/analyze", json={"text": text}, headers=headers)
    assert answer.status_code == 200
    return answer.headers["x-request-id"]


async def correct(client: httpx.AsyncClient, **said: Any) -> dict[str, Any]:
    headers = said.pop("headers", {})
    added = await client.post("/v1/feedback", json={"by": "ann", **said}, headers=headers)
    assert added.status_code == 201, added.text
    found: dict[str, Any] = added.json()
    return found


async def test_the_whole_path(serve: Serve, stored: dict[str, Any]) -> None:
    async with serve(**stored, keep_texts=True) as client:
        request = await analyze(client, "Rain fell on the port.")
        made = await correct(client, request_id=request, topic="sport", note="It was a match.")
        assert (made["topic"], made["text"]) == ("sport", "Rain fell on the port.")
        assert made["answered"] == {
            "model": "0" * 64,
            "topic": "weather",
            "stance": [{"target": None, "label": None}],
            "summary": "Rain",
        }
        assert made["disputed"] is False
        other = await correct(client, request_id=request, topic="weather", by="bob")
        assert other["disputed"] is True
        page = (await client.get("/v1/feedback")).json()
        assert [each["by"] for each in page["feedback"]] == ["bob", "ann"]
        assert [each["topic"] for each in page["feedback"]] == ["weather", "sport"]
        assert all(each["disputed"] for each in page["feedback"])
        erased = await client.delete(f"/v1/feedback/{other['id']}")
        assert erased.json() == {"erased": 1}
        (left,) = (await client.get("/v1/feedback")).json()["feedback"]
        assert left == {**made, "disputed": False}
        assert (await client.delete("/v1/feedback?by=ann")).json() == {"erased": 1}
        assert (await client.get("/v1/feedback")).json() == {"feedback": [], "after": None}
        gone = await client.post(
            "/v1/feedback", json={"request_id": request, "topic": "sport", "by": "ann"}
        )
        assert_problem(gone, 404, "answer-unknown")


async def test_texts_are_kept_only_where_the_operator_says_so(tmp_path: Path, serve: Serve) -> None:
    async with serve(data=tmp_path) as client:
        request = await analyze(client, f"Rain fell on {SECRET}.")
        said = {"text": f"Rain fell on {SECRET}.", "topic": "sport", "by": "ann"}
        refused = await client.post("/v1/feedback", json=said)
        assert_problem(refused, 409, "texts-not-kept")
        assert "NUTGRAF_KEEP_TEXTS=true" in refused.json()["detail"]
        said = {"request_id": request, "topic": "sport", "by": "ann"}
        assert_problem(await client.post("/v1/feedback", json=said), 404, "answer-unknown")
    assert not any(SECRET.encode() in each.read_bytes() for each in tmp_path.glob("*.db*"))


async def test_without_a_place_there_is_no_feedback(serve: Serve) -> None:
    async with serve() as client:
        refused = await client.get("/v1/feedback")
    assert_problem(refused, 503, "feedback-off")
    assert "NUTGRAF_DATA" in refused.json()["detail"]


async def test_pages_follow_each_other(tmp_path: Path, serve: Serve) -> None:
    async with serve(data=tmp_path, keep_texts=True) as client:
        made = [(await correct(client, text=f"News {n}.", topic="sport"))["id"] for n in range(5)]
        seen: list[str] = []
        query = "?limit=2"
        while True:
            page = (await client.get(f"/v1/feedback{query}")).json()
            seen += [each["id"] for each in page["feedback"]]
            if page["after"] is None:
                break
            query = f"?limit=2&after={page['after']}"
    assert seen == made[::-1]


async def test_a_key_sees_its_own_and_an_admin_key_all(tmp_path: Path, serve: Serve) -> None:
    async with serve(data=tmp_path, keep_texts=True, **KEYS) as client:
        request = await analyze(client, "Rain fell.", **DESK)
        mine = await correct(client, headers=DESK, request_id=request, topic="sport")
        assert (mine["key"], mine["disputed"]) == ("desk", False)
        theirs = await correct(client, headers=WEB, text="Rain fell.", topic="weather")
        assert theirs["disputed"] is False  # what others say is not theirs to know
        said = {"request_id": request, "topic": "sport", "by": "eve"}
        refused = await client.post("/v1/feedback", json=said, headers=WEB)
        assert_problem(refused, 404, "answer-unknown")
        refused = await client.delete(f"/v1/feedback/{mine['id']}", headers=WEB)
        assert_problem(refused, 404, "feedback-unknown")
        pages = [await client.get("/v1/feedback", headers=key) for key in (DESK, WEB, CHIEF)]
        found = [[each["key"] for each in page.json()["feedback"]] for page in pages]
        assert found == [["desk"], ["web"], ["web", "desk"]]
        assert all(each["disputed"] for each in pages[2].json()["feedback"])
        assert_problem(await client.get("/v1/feedback"), 401, "unauthorized")
        erased = await client.delete("/v1/feedback?by=ann", headers=CHIEF)
    assert erased.json() == {"erased": 2}
    with sqlite3.connect(tmp_path / "jobs.db") as database:
        for table in TABLES:
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    database.close()


async def test_the_queue_offers_what_nobody_has_corrected(tmp_path: Path, serve: Serve) -> None:
    async with serve(data=tmp_path, keep_texts=True) as client:
        requests = [
            await analyze(client, text)
            for text in ("Rain fell on the old port.", "Goals fell.", "Taxes rose.")
        ]
        await correct(client, request_id=requests[1], topic="sport")
        found = (await client.get("/v1/feedback/queue?limit=5")).json()["answers"]
    assert {each["request_id"] for each in found} == {requests[0], requests[2]}
    assert found[0]["scores"][0] == {"label": "weather", "probability": 0.75}
    assert found[0]["reason"].startswith("weather (75%) or sport (25%): the first is 0.50 ahead;")
    assert (found[0]["text"], found[0]["chars"]) == ("Rain fell on the old port.", 26)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"topic": "wether"}, "`topic`: It is no label of the model; did you mean `weather`?"),
        ({"stance": [{"label": SECRET}]}, "`stance.0.label`: It is no label of the model; "),
        ({"topics": SECRET}, "There is no field `topics`; did you mean `topic`?"),
        ({}, "Send what is right: topic, stance or summary."),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_repeated(
    tmp_path: Path,
    serve: Serve,
    caplog: pytest.LogCaptureFixture,
    said: dict[str, Any],
    told: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with serve(data=tmp_path, keep_texts=True) as client:
        sent = {"text": f"Rain fell on {SECRET}.", "by": SECRET, **said}
        refused = await client.post("/v1/feedback", json=sent)
    assert_problem(refused, 422, "invalid-request")
    assert told in refused.json()["detail"]
    assert SECRET not in refused.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", "/v1/feedback", 422),
        ("DELETE", "/v1/feedback?by=", 422),
        ("DELETE", "/v1/feedback?by=a%00b", 422),
        ("DELETE", "/v1/feedback/zanzibar", 404),
        ("DELETE", f"/v1/feedback/{'0' * 32}", 404),
        ("GET", "/v1/feedback?after=zanzibar", 422),
        ("GET", "/v1/feedback?limit=101", 422),
        ("GET", "/v1/feedback/queue?limit=51", 422),
        ("GET", "/v1/feedback?by=zanzibar", 422),
        ("GET", f"/v1/feedback/{'0' * 32}", 405),
    ],
)
async def test_what_is_asked_wrongly_is_refused(
    tmp_path: Path, serve: Serve, method: str, path: str, status: int
) -> None:
    async with serve(data=tmp_path) as client:
        refused = await client.request(method, path)
    assert refused.status_code == status
    assert refused.headers["content-type"] == "application/problem+json"
    assert SECRET not in refused.text


async def test_an_outage_of_the_database_stops_feedback_and_no_analysis(
    tmp_path: Path, serve: Serve
) -> None:
    async with serve(data=tmp_path, keep_texts=True) as client:
        request = await analyze(client, "Rain fell.")
        made = await correct(client, request_id=request, topic="sport")
        rename(tmp_path, "nutgraf_{}", "away_{}")
        for number in range(3):
            await analyze(client, f"News {number}.")
        said = {"request_id": request, "topic": "sport", "by": "ann"}
        for refused in (
            await client.post("/v1/feedback", json=said),
            await client.get("/v1/feedback"),
            await client.get("/v1/feedback/queue"),
            await client.delete("/v1/feedback?by=ann"),
            await client.delete(f"/v1/feedback/{made['id']}"),
        ):
            assert_problem(refused, 503, "database-unreachable")
            assert refused.headers["retry-after"] == "5"
        rename(tmp_path, "away_{}", "nutgraf_{}")
        found = (await client.get("/v1/feedback")).json()["feedback"]
    assert [each["id"] for each in found] == [made["id"]]


def rename(data: Path, old: str, new: str) -> None:
    with sqlite3.connect(data / "jobs.db") as database:
        for name in ("text", "answer", "correction"):
            database.execute(f"ALTER TABLE {old.format(name)} RENAME TO {new.format(name)}")
    database.close()


async def test_a_full_disk_is_told(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> NoReturn:
        raise DatabaseFull("The disk of the database is full; make room there.")

    async with serve(data=tmp_path, keep_texts=True) as client:
        monkeypatch.setattr(SqlFeedbackStore, "add", full)
        said = {"text": "Rain fell.", "topic": "sport", "by": "ann"}
        refused = await client.post("/v1/feedback", json=said)
    assert_problem(refused, 507, "database-full")


async def test_corrections_are_counted_by_task_and_change(tmp_path: Path, serve: Serve) -> None:
    async with serve(data=tmp_path, keep_texts=True) as client:
        request = await analyze(client, "Rain fell.")
        stance = [{"target": SECRET, "label": "favor"}]
        await correct(client, request_id=request, topic="sport", summary="Rain", stance=stance)
        metrics = (await client.get("/metrics")).text
    for task, changed in (("topic", "yes"), ("summary", "no"), ("stance", "unknown")):
        assert f'nutgraf_corrections_total{{changed="{changed}",task="{task}"}} 1.0' in metrics
    assert SECRET not in metrics


async def test_the_document_has_an_example_of_everything(serve: Serve) -> None:
    async with serve() as client:
        document = (await client.get("/openapi.json")).json()
    paths = {path: each for path, each in document["paths"].items() if "feedback" in path}
    assert {(path, method) for path, each in paths.items() for method in each} == {
        ("/v1/feedback", "post"),
        ("/v1/feedback", "get"),
        ("/v1/feedback", "delete"),
        ("/v1/feedback/queue", "get"),
        ("/v1/feedback/{feedback}", "delete"),
    }
    for operation in (each for path in paths.values() for each in path.values()):
        assert operation["summary"]
        good = next(value for status, value in operation["responses"].items() if status < "300")
        assert good["content"]["application/json"]["example"]
    assert len(document["components"]["schemas"]["Correction"]["examples"]) == 2
