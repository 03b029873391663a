"""Whatever stands in a header or a URL, the service answers for it; nothing is guessed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.api.app import create_app
from service.api.lifecycle import Service
from service.http.header_values import parse_value
from service.settings import Settings
from tests.service.api.routes.test_analyze import assert_problem
from tests.support.service_fixtures import Serve
from tests.support.stand_in_model import StandIn

ODD = [
    "charset*=a%00b''x", "charset*=" + "1" * 5000 + "''x", "charset*" + "1" * 5000 + "=x",
    "boundary*=x", "boundary*" + "9" * 5000 + "*=x", "charset*0=u; charset*1=tf-8",
    'charset="utf-8', "charset=utf-8; charset=latin-1", "charset", "; =",
    'x="\\"', "=?utf-8?q?=00?=",
]  # fmt: skip
NAMES = [
    "content-type", "content-encoding", "origin", "range", "if-range", "if-none-match", "host",
    "traceparent", "tracestate", "baggage", "x-request-id", "x-request-timeout-ms", "accept",
    "authorization", "x-api-key", "cookie", "expect", "upgrade", "forwarded", "x-forwarded-for",
]  # fmt: skip
PIECES = [
    *ODD, "application/json", "multipart/form-data; boundary=x", "http://[", "http://test", "null",
    "bytes=", "0-", "-0", "5-1", ",", "9" * 5000, "-1", "1e9", "00-", "f" * 32, "-01", "Bearer ",
    "\x01", "\xff\xfe", "%00", "[::1]", ":99999", '"', "\\", "*", "\t", "W/", "; q=", "{}",
]  # fmt: skip
VALUES = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=4).map(
    lambda pieces: "".join(pieces).encode("latin-1", "replace")
)
PATHS = ["/v1/analyze", "/v1/analyze/batch", "/v1/jobs", "/v1/jobs/%00/results", "/v1/model/reload"]
PATHS += ["/v1/jobs/%ff%fe", "/livez", "/docs", "/%", "/v1/labels/..%2f..", "/v1/model", "//"]
QUERIES = ["", "?after=%00", "?limit=" + "9" * 5000, "?text_column=%ED%A0%80", "?%", "?a=%ff&&=;"]


@pytest.mark.anyio
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x"])
async def test_an_odd_content_type_is_refused(
    serve: Serve, tmp_path: Any, kind: str, odd: str
) -> None:
    path = "/v1/analyze" if kind == "application/json" else "/v1/jobs"
    async with serve(data=tmp_path) as client:
        headers = {"content-type": f"{kind}; {odd}"}
        answer = await client.post(path, content=b'{"text": "a"}', headers=headers)
    assert_problem(answer, 415, "unsupported-media")


@pytest.mark.anyio
@pytest.mark.parametrize("boundary", ["", '""', "x" * 71, '"a b "', '"a\\"b"', "\xe9"])
async def test_an_odd_boundary_is_refused(serve: Serve, tmp_path: Any, boundary: str) -> None:
    async with serve(data=tmp_path) as client:
        headers = {b"content-type": f"multipart/form-data; boundary={boundary}".encode("latin-1")}
        answer = await client.post("/v1/jobs", content=b"--x--", headers=headers)
    assert answer.status_code in (400, 415)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "origin", ["http://[", "http://]", "null", "", "test", "http://test:99999999", "//test"]
)  # fmt: skip
async def test_an_odd_origin_is_forbidden(serve: Serve, tmp_path: Any, origin: str) -> None:
    files = {"file": ("a.jsonl", b'{"text": "a"}\n')}
    async with serve(data=tmp_path) as client:
        forbidden = await client.post("/v1/jobs", files=files, headers={"origin": origin})
        taken = await client.post("/v1/jobs", files=files, headers={"origin": "http://TEST"})
    assert_problem(forbidden, 403, "forbidden")
    assert taken.status_code == 202


@pytest.mark.anyio
async def test_two_content_types_are_refused(serve: Serve) -> None:
    headers = [("content-type", "application/json"), ("content-type", "text/plain")]
    async with serve() as client:
        answer = await client.post("/v1/analyze", content=b'{"text": "a"}', headers=headers)
    assert_problem(answer, 415, "unsupported-media")


@pytest.fixture
def ask(model: StandIn, tmp_path: Any) -> Iterator[Any]:
    """A service that is asked from a test which is no coroutine."""
    app = create_app(Service(Settings(data=tmp_path, allowed_hosts=("test",)), lambda _: model))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")
    with asyncio.Runner() as runner:
        lifespan = app.router.lifespan_context(app)
        runner.run(lifespan.__aenter__())
        yield lambda *given, **more: runner.run(client.request(*given, **more))
        runner.run(client.aclose())
        runner.run(lifespan.__aexit__(None, None, None))


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(["GET", "POST", "DELETE", "HEAD", "OPTIONS", "PROPFIND"]),
    st.sampled_from(PATHS),
    st.sampled_from(QUERIES),
    st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=4),
)
def test_no_header_and_no_url_is_a_fault_of_the_service(
    ask: Any, method: str, path: str, query: str, headers: list[tuple[str, bytes]]
) -> None:
    answer = ask(method, path + query, headers=headers, content=b'{"text": "a"}')
    assert answer.status_code < 500


@given(st.text(max_size=60) | VALUES.map(lambda value: value.decode("latin-1")))
def test_any_text_is_a_value_or_none(text: str) -> None:
    parse_value(text)


@pytest.mark.parametrize(
    ("text", "name", "parameters"),
    [
        ("text/csv", "text/csv", {}),
        ("Text/CSV; Charset=UTF-8 ;", "text/csv", {"charset": "UTF-8"}),
        ('a/b;x="1;\\"2" ; y=\t', None, {}),
        ('form-data; name="f"; filename="a;b\\\\c.csv"', "form-data", {"filename": "a;b\\c.csv"}),
        ("a/b; x=1; X=2", None, {}),
        ("a/b c", None, {}),
        ("a/", None, {}),
        ("", None, {}),
        ("a/b; x=" + "y" * 2000, None, {}),
    ],
)
def test_values_are_read_as_the_rfc_has_them(
    text: str, name: str | None, parameters: dict[str, str]
) -> None:
    value = parse_value(text)
    assert (value and value.name) == name
    if value is not None:
        assert parameters.items() <= value.parameters.items()
