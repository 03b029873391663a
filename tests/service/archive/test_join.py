"""The scores of a run in one file: the rows of `nutgraf score`, once each and in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.api.downloads import Download
from service.archive.join import gather
from service.archive.writers import Format, columns, read_columns
from service.errors import ServiceError
from service.http.problems import problem_response
from tests.support import runs

CONTENT = bytes(range(100))


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize("rows", [0, 1, 10])
def test_all_rows_are_in_one_file(tmp_path: Path, form: Format, rows: int) -> None:
    texts = [f'{n} "said, so"\n' for n in range(rows)] or [""]
    source = runs.write_jsonl(tmp_path / "in.jsonl", texts)
    asked = runs.request(source, output=tmp_path / "out", format=form)
    runs.score(asked)
    path = tmp_path / f"results.{form}"
    gather(asked, path)
    found = [list(row) for row in read_columns(path.read_bytes(), form, list(columns(full=False)))]
    assert found == runs.rows(asked, *columns(full=False))
    assert len(found) == rows
    if form is Format.CSV:
        assert path.read_bytes().startswith(b"file,line,id,")
    assert not list(tmp_path.glob(".*"))


@pytest.fixture
def client(tmp_path: Path) -> httpx.AsyncClient:
    """Of a service that has one file."""
    path = tmp_path / "file"
    path.write_bytes(CONTENT)

    async def download(_: Request) -> Response:
        return Download(path, media_type="text/csv", filename="a.csv")

    async def problem(_: Request, error: Any) -> Response:
        return problem_response(error)

    app = Starlette(routes=[Route("/", download)], exception_handlers={ServiceError: problem})
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("asked", "status", "expected"),
    [
        ("bytes=5-19", 206, CONTENT[5:20]),
        ("bytes=90-", 206, CONTENT[90:]),
        ("bytes=-7", 206, CONTENT[-7:]),
        ("bytes=95-1000", 206, CONTENT[95:]),
        ("bytes=0-0", 206, CONTENT[:1]),
    ],
)
async def test_ranges_are_answered(
    client: httpx.AsyncClient, asked: str, status: int, expected: bytes
) -> None:
    answer = await client.get("/", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (status, expected)
    assert answer.headers["content-range"].endswith("/100")
    assert answer.headers["content-type"].startswith("text/csv")


@pytest.mark.anyio
async def test_the_file_is_whole_without_a_range(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-disposition"] == 'attachment; filename="a.csv"'


@pytest.mark.anyio
async def test_several_ranges_come_in_parts(client: httpx.AsyncClient) -> None:
    answer = await client.get("/", headers={"Range": "bytes=0-1,50-51"})
    assert answer.status_code == 206
    assert answer.headers["content-type"].startswith("multipart/byteranges")
    assert CONTENT[:2] in answer.content
    assert CONTENT[50:52] in answer.content


@pytest.mark.anyio
async def test_a_download_goes_on_only_with_the_file_that_it_began_with(
    client: httpx.AsyncClient,
) -> None:
    etag = (await client.get("/")).headers["etag"]
    same = await client.get("/", headers={"Range": "bytes=50-", "If-Range": etag})
    other = await client.get("/", headers={"Range": "bytes=50-", "If-Range": '"another"'})
    assert (same.status_code, same.content) == (206, CONTENT[50:])
    assert (other.status_code, other.content) == (200, CONTENT)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("asked", "status", "kind"),
    [
        ("bytes=100-", 416, "range-refused"),
        ("bytes=5-2", 400, "malformed-request"),
        ("lines=1-2", 400, "malformed-request"),
        ("bytes", 400, "malformed-request"),
    ],
)
async def test_a_range_that_is_none_is_a_problem(
    client: httpx.AsyncClient, asked: str, status: int, kind: str
) -> None:
    answer = await client.get("/", headers={"Range": asked})
    assert answer.status_code == status
    assert answer.json()["type"] == f"urn:nutgraf:problem:{kind}"
    assert answer.headers.get("content-range") == ("bytes */100" if status == 416 else None)
