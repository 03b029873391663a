"""What the routes answer, and how they refuse."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from models.article import Tier
from service.api.schemas import AnalyzeRequest
from service.http.problems import PROBLEM_TYPE
from tests.support.service_fixtures import Serve, ndjson
from tests.support.stand_in_model import StandIn

pytestmark = pytest.mark.anyio

SECRET_WORD = "zanzibar"


def as_json(body: bytes | str, **headers: str) -> dict[str, Any]:
    return {"content": body, "headers": {"content-type": "application/json", **headers}}


async def test_an_article_gets_topic_stance_and_summary(serve: Serve) -> None:
    async with serve() as client:
        response = await client.post("/v1/analyze", json={"text": "Rain fell.", "targets": ["x"]})
    answer = response.json()
    assert response.status_code == 200, answer
    assert answer["topic"]["label"] == "weather"
    assert [stance["target"] for stance in answer["stance"]] == ["x"]
    assert answer["summary"]["text"] == "Rain"
    assert answer["model"] == {"name": "stand-in", "version": "1", "digest": "0" * 64}
    assert set(answer["timing_ms"]) == {"queue", "prepare", "model"}


async def test_only_the_tasks_asked_for_are_answered(serve: Serve) -> None:
    async with serve() as client:
        response = await client.post("/v1/analyze", json={"text": "Rain.", "tasks": ["topic"]})
    assert response.json()["topic"] is not None
    assert response.json()["stance"] is None
    assert response.json()["summary"] is None


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        pytest.param(b'{"text": NaN}', 422, "invalid-request", id="NaN"),
        pytest.param(b'{"text": "a", "summary": {"max_words": Infinity}}', 422, None, id="inf"),
        pytest.param(rb'{"text": "zanzibar \ud800"}', 422, "invalid-request", id="surrogate"),
        pytest.param(rb'{"\ud800": "zanzibar"}', 422, "invalid-request", id="surrogate key"),
        pytest.param(b'{"text": "zanzibar \xff"}', 400, "malformed-body", id="not UTF-8"),
        pytest.param('{"text": "zanzibar"}'.encode("utf-16"), 400, "malformed-body", id="UTF-16"),
        pytest.param(b"[" * 100_000, 400, "malformed-body", id="100,000 deep"),
        pytest.param(b'{"text":' * 900 + b"1" + b"}" * 900, 400, "malformed-body", id="900 deep"),
        pytest.param(b"9" * 5000, 400, "malformed-body", id="5,000 digits"),
        pytest.param(b'{"text": "a", "text": "zanzibar"}', 400, "malformed-body", id="key twice"),
        pytest.param(b"", 400, "malformed-body", id="no body"),
        pytest.param(b"zanzibar", 400, "malformed-body", id="no JSON"),
        pytest.param(b'"zanzibar"', 422, "invalid-request", id="a string"),
        pytest.param(b'{"text": ""}', 422, "invalid-request", id="empty"),
        pytest.param(b'{"text": " \\n"}', 422, "invalid-request", id="blank"),
        pytest.param(b'{"text": "... !"}', 422, "invalid-request", id="no letter"),
        pytest.param(b'{"html": "<p class=a></p>"}', 422, "invalid-request", id="no text"),
        pytest.param(b"{}", 422, "invalid-request", id="nothing"),
        pytest.param(b'{"text": "a", "html": "zanzibar"}', 422, None, id="text and html"),
        pytest.param(b'{"text": ["zanzibar"]}', 422, None, id="wrong type"),
        pytest.param(b'{"text": "a", "<zanzibar>": 1}', 422, None, id="unknown field"),
        pytest.param(b'{"text": "a", "tasks": ["zanzibar"]}', 422, None, id="unknown task"),
        pytest.param(b'{"text": "a", "tasks": []}', 422, None, id="no task"),
        pytest.param(b'{"text": "a", "clean": "zanzibar"}', 422, None, id="no boolean"),
        pytest.param(b'{"text": "a", "summary": {"max_words": "60"}}', 422, None, id="no number"),
        pytest.param(b'{"text": "a", "summary": {"max_words": 9}}', 422, None, id="too short"),
        pytest.param(
            json.dumps({"text": "a", "targets": ["zanzibar"] * 21}).encode(), 422, None, id="many"
        ),
        pytest.param(
            json.dumps({"text": "a", "targets": [SECRET_WORD * 63]}).encode(), 422, None, id="long"
        ),
        pytest.param(b"[" + b"[]," * 400_000 + b"[]]", 400, "malformed-body", id="many parts"),
    ],
)
async def test_a_bad_body_is_a_problem_that_does_not_repeat_it(
    serve: Serve, body: bytes, status: int, kind: str | None
) -> None:
    async with serve() as client:
        response = await client.post("/v1/analyze", **as_json(body))
        ready = await client.get("/readyz")
    assert_problem(response, status, kind)
    assert SECRET_WORD not in response.text
    assert ready.status_code == 200


def assert_problem(response: httpx.Response, status: int, kind: str | None = None) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM_TYPE
    problem = response.json()
    assert problem["status"] == status
    assert problem["request_id"] == response.headers["x-request-id"]
    assert problem["detail"].endswith((".", "?"))
    if kind is not None:
        assert problem["type"] == f"urn:nutgraf:problem:{kind}"


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": ""},
        {"content-type": "application/json; charset=utf-16"},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
)
async def test_another_media_type_is_415(serve: Serve, headers: dict[str, str]) -> None:
    async with serve() as client:
        response = await client.post("/v1/analyze", content=b"{}", headers=headers)
    assert_problem(response, 415, "unsupported-media")


async def test_a_body_over_the_limit_is_413(serve: Serve) -> None:
    async with serve(max_body_bytes=2000) as client:
        response = await client.post("/v1/analyze", json={"text": "rain " * 1000})
    assert_problem(response, 413, "body-too-large")


async def test_the_models_refusals_are_the_senders(serve: Serve, model: StandIn) -> None:
    async with serve() as client:
        nan = await client.post("/v1/analyze", json={"text": "nan"})
        poison = await client.post("/v1/analyze", json={"text": "poison"})
        large = await client.post("/v1/analyze", json={"text": "large"})
    assert_problem(nan, 500, "analysis-failed")
    assert_problem(poison, 500, "analysis-failed")
    assert_problem(large, 503, "out-of-memory")
    assert large.headers["retry-after"] == "30"


async def test_the_reader_and_the_kind_that_are_asked_for_are_in_the_answer(serve: Serve) -> None:
    asked = {"text": "Rain fell.", "targets": ["It rained."], "kind": "claim", "reader": "fast"}
    async with serve() as client:
        answer = (await client.post("/v1/analyze", json=asked)).json()
        plain = (await client.post("/v1/analyze", json={"text": "Rain fell."})).json()
        topic = {"text": "Rain fell.", "tasks": ["topic"], "reader": None}
        unread = (await client.post("/v1/analyze", json=topic)).json()
        unknown = await client.post("/v1/analyze", json={"text": "Rain.", "reader": "slow"})
    assert answer["reader"] == "fast"
    assert [stance["kind"] for stance in answer["stance"]] == ["claim"]
    assert plain["reader"] == "full"
    assert unread["reader"] is None
    assert_problem(unknown, 422, "invalid-request")


async def test_the_limit_on_errors_is_the_requests_or_the_operators(serve: Serve) -> None:
    async with serve(max_error=0.05) as client:
        found = []
        for asked in ({}, {"max_error": 0.02}, {"max_error": None}):
            answer = await client.post("/v1/analyze", json={"text": "Rain fell.", **asked})
            found.append(answer.json()["stance"][0]["withheld"])
        refused = await client.post("/v1/analyze", json={"text": "Rain.", "max_error": 0.5})
    assert found == ["max_error 0.05", "max_error 0.02", "max_error 0.05"]
    assert_problem(refused, 422, "invalid-request")


async def test_a_reader_that_cannot_be_loaded_is_503_and_what_needs_none_is_answered(
    serve: Serve, model: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    model.unreadable = Tier.FULL
    article = {"text": "Rain fell."}
    async with serve() as client:
        warm_ups = model.warm_ups
        refused = await client.post("/v1/analyze", json=article)
        others = [
            await client.post("/v1/analyze", json={**article, **more})
            for more in ({"reader": "fast"}, {"tasks": ["topic"]})
        ]
        ready = await client.get("/readyz")
        model.unreadable = None
        again = await client.post("/v1/analyze", json=article)
    assert_problem(refused, 503, "reader-unavailable")
    assert "secret" not in refused.text
    assert "secret/place: no readable reader-1.safetensors" in caplog.text
    assert [each.status_code for each in (*others, ready, again)] == [200] * 4
    assert model.warm_ups == warm_ups


async def test_unknown_paths_and_methods_are_problems_too(serve: Serve) -> None:
    async with serve() as client:
        assert_problem(await client.get("/nowhere"), 404)
        wrong_method = await client.get("/v1/analyze")
        assert_problem(wrong_method, 405)
        assert wrong_method.headers["allow"] == "POST"


async def test_a_full_queue_is_429_and_says_when_to_come_back(serve: Serve, model: StandIn) -> None:
    cap, excess = 5, 3
    model.gate.clear()
    async with serve(max_queue_items=cap) as client:
        sent = [
            asyncio.ensure_future(client.post("/v1/analyze", json={"text": "Rain."}))
            for _ in range(cap + excess)
        ]
        while sum(one.done() for one in sent) < excess:
            await asyncio.sleep(0.001)
        model.gate.set()
        responses = await asyncio.gather(*sent)
    rejected = [response for response in responses if response.status_code != 200]
    assert len(rejected) == excess
    for response in rejected:
        assert_problem(response, 429, "queue-full")
        assert int(response.headers["retry-after"]) >= 1


async def test_past_its_deadline_a_request_is_504(serve: Serve, model: StandIn) -> None:
    model.gate.clear()
    async with serve() as client:
        held = asyncio.ensure_future(client.post("/v1/analyze", json={"text": "held"}))
        while not model.batches:
            await asyncio.sleep(0.001)
        late = await client.post(
            "/v1/analyze", json={"text": "late"}, headers={"X-Request-Timeout-Ms": "10"}
        )
        model.gate.set()
        assert (await held).status_code == 200
    assert_problem(late, 504, "deadline-passed")
    assert model.batches == [["held"]]


BAD_TIMEOUTS = ["0", "-1", "soon", "1e3", "1e400", "10.0", "", " ", "1, 2", "9" * 400, "zanzibar"]


@pytest.mark.parametrize("timeout", [*BAD_TIMEOUTS, "30001", "600001"])
async def test_a_timeout_out_of_range_is_422_and_says_the_range(serve: Serve, timeout: str) -> None:
    async with serve(request_timeout_ms=30_000) as client:
        response = await client.post(
            "/v1/analyze", json={"text": "a"}, headers={"X-Request-Timeout-Ms": timeout}
        )
    assert_problem(response, 422, "invalid-request")
    assert "from 1 to 30000" in response.json()["detail"]
    assert response.json()["errors"][0]["field"] == "header.X-Request-Timeout-Ms"
    assert SECRET_WORD not in response.text


@pytest.mark.parametrize("timeout", [*BAD_TIMEOUTS, "600001"])
async def test_a_bulk_call_has_its_own_range(serve: Serve, timeout: str) -> None:
    async with serve(request_timeout_ms=30_000) as client:
        response = await client.post(
            "/v1/analyze/batch", content=b"{}", headers={"X-Request-Timeout-Ms": timeout}
        )
    assert_problem(response, 422, "invalid-request")
    assert "from 1 to 600000" in response.json()["detail"]


async def test_a_timeout_within_the_range_is_taken(serve: Serve) -> None:
    async with serve(request_timeout_ms=30_000) as client:
        for path, sent, timeout in (
            ("/v1/analyze", as_json(b'{"text": "a"}'), "30000"),
            ("/v1/analyze/batch", ndjson([{"text": "a"}]), "600000"),
        ):
            sent["headers"]["X-Request-Timeout-Ms"] = timeout
            assert (await client.post(path, **sent)).status_code == 200


async def test_a_timeout_that_is_sent_twice_is_422(serve: Serve) -> None:
    headers = [("X-Request-Timeout-Ms", "10"), ("X-Request-Timeout-Ms", "20")]
    async with serve() as client:
        response = await client.post("/v1/analyze", json={"text": "a"}, headers=headers)
    assert_problem(response, 422, "invalid-request")


async def test_null_is_absent(serve: Serve) -> None:
    absent = dict.fromkeys(set(AnalyzeRequest.model_fields) - {"text"})
    article = {"text": "Rain fell.", **absent}
    async with serve() as client:
        alone = await client.post("/v1/analyze", json=article)
        bulk = await client.post("/v1/analyze/batch", **ndjson([article] * 2))
        neither = await client.post("/v1/analyze", json={"text": None, "html": None})
    assert alone.status_code == 200, alone.text
    for line in bulk.text.splitlines():
        assert json.loads(line)["answer"]["summary"] == alone.json()["summary"]
    assert_problem(neither, 422, "invalid-request")
    assert neither.json()["detail"] == "Send either text or html."


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("text=a", "There is no query parameter `text`; none is taken here."),
        ("<zanzibar>=1", "The name of query parameter 1 is not known; none is taken here."),
        ("a%20b", "The name of query parameter 1 is not known; none is taken here."),
        ("=", "The name of query parameter 1 is not known; none is taken here."),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/analyze"),
        ("POST", "/v1/analyze/batch"),
        ("GET", "/v1/labels"),
        ("GET", "/v1/model"),
        ("POST", "/v1/model/reload"),
    ],
)
async def test_an_unknown_query_parameter_is_422(
    serve: Serve, method: str, path: str, query: str, detail: str
) -> None:
    async with serve() as client:
        response = await client.request(method, f"{path}?{query}", json={"text": "a"})
        assert (await client.get(f"/livez?{query}")).status_code == 200
    assert_problem(response, 422, "invalid-request")
    assert response.json()["detail"] == detail
    assert len(response.json()["errors"]) == 1


async def test_each_request_has_an_id_and_harmless_ones_are_kept(serve: Serve) -> None:
    async with serve() as client:
        own = await client.get("/livez", headers={"X-Request-ID": "desk-1.2_3"})
        forged = await client.get("/livez", headers={"X-Request-ID": "a b\tc"})
    assert own.headers["x-request-id"] == "desk-1.2_3"
    assert forged.headers["x-request-id"] != "a b\tc"


async def test_every_answer_has_strict_headers(serve: Serve) -> None:
    async with serve() as client:
        response = await client.get("/livez")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    assert "access-control-allow-origin" not in response.headers
