"""Whatever is sent, wherever: no refusal repeats it, none shows a place on the server."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from service.api.app import ROUTERS
from service.archive.formats import FORMATS
from service.http.bodies import FORM, JSON, NDJSON
from service.http.problems import PROBLEM_TYPE
from tests.support.service_fixtures import Listen

WORD = "zanzibar"
CSV, PARQUET = (FORMATS[name].media_types[0] for name in ("csv", "parquet"))
MARKERS = [
    f"<script>{WORD}</script>",
    f"{WORD} {WORD}",
    f"'{WORD}",
    f'"{WORD}"',
    f"../{WORD}",
    f"{WORD}\x1b[2J",
    f"\u202e{WORD}",
    f"{{{WORD}}}",
    f"%s{WORD}",
    f"{WORD}é",
    f"\0{WORD}",
    f"\ud800{WORD}",
    WORD * 9,
]
PARAMETERS = [
    "text_column", "title_column", "id_column", "date_column", "target_column", "target", "tasks",
    "style", "max_words", "full", "format", "limit", "after", "by",
]  # fmt: skip
FIELDS = [
    "text", "html", "title", "targets", "tasks", "summary", "clean", "strict", "max_words",
    "request_id", "topic", "also", "stance", "by", "note",
]  # fmt: skip
HEADERS = [
    "X-Request-Timeout-Ms", "X-Request-ID", "Range", "If-Range", "If-None-Match", "Accept",
    "Authorization", "Origin", "Referer", "Cookie", "Content-Encoding", "traceparent", "Forwarded",
]  # fmt: skip
ROUTES = sorted(
    (method, route.path)
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in route.methods or ()
)


@dataclass
class Sent:
    """A request with a marker in one place or several."""

    method: str
    path: str
    query: str
    headers: list[tuple[bytes, bytes]]
    body: bytes


JOB = Sent(
    "POST",
    "/v1/jobs",
    f"text_column=%3Cscript%3E{WORD}%3C/script%3E",
    [(b"Content-Type", CSV.encode())],
    b"text\nrain\n",
)
marker = st.sampled_from(MARKERS)


def escaped(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@st.composite
def values(draw: st.DrawFn) -> Any:
    inside = draw(marker)
    return draw(st.sampled_from([inside, [inside], {inside: inside}, {"max_words": inside}, 1]))


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, bytes]:
    """A body and its Content-Type."""
    inside, name = draw(marker), draw(st.sampled_from(FIELDS) | marker)
    article = json.dumps({"text": "Rain fell.", name: draw(values())})
    broken = draw(st.sampled_from([article, article[:-3], f"[{article}]", inside, ""]))
    table = raw(f'"{inside}",text\n"{inside}",rain\n')
    kind, content = draw(
        st.sampled_from(
            [
                (JSON, raw(broken)),
                (NDJSON, raw(broken) + b"\n"),
                (CSV, table),
                (CSV, raw(f"{inside},text\n")),
                (PARQUET, table),
                (f'{FORM}; boundary="b"', form(f'name="{inside}"', table)),
                (f"{FORM}; boundary=b", form(f'name="a"; filename="{inside}"', table)),
                (f"{FORM}; boundary=b", form(f'name="a"; filename="{inside}.csv"', table)),
                (f"{FORM}; boundary={WORD * 20}", table),
                (f"{WORD}/{WORD}; charset={WORD}", table),
            ]
        )
    )
    return kind, content


def form(names: str, content: bytes) -> bytes:
    head = f"--b\r\nContent-Disposition: form-data; {names}\r\n\r\n"
    return raw(head) + content + b"\r\n--b--\r\n"


@st.composite
def requests(draw: st.DrawFn) -> Sent:
    method, path = draw(
        st.sampled_from([*ROUTES, ("GET", "/{marker}"), (WORD.upper(), "/v1/jobs")])
    )
    for name in ("{job}", "{feedback}", "{name}", "{marker}"):
        path = path.replace(name, escaped(draw(marker)))
    pairs = draw(st.lists(st.tuples(st.sampled_from(PARAMETERS) | marker, marker), max_size=2))
    headers = draw(st.lists(st.tuples(st.sampled_from(HEADERS), marker), max_size=2))
    kind, body = draw(bodies())
    return Sent(
        method,
        path,
        "&".join(f"{escaped(name)}={escaped(value)}" for name, value in pairs),
        [(b"Content-Type", kind.encode()), *((n.encode(), header(v)) for n, v in headers)],
        body if method == "POST" else b"",
    )


def header(text: str) -> bytes:
    """A text as it may stand in a header: its control characters are percent signs."""
    return bytes(byte if byte >= 0x20 else ord("%") for byte in raw(text))


def test_no_refusal_repeats_what_was_sent(listen: Listen, tmp_path: Path) -> None:
    with listen(data=tmp_path / "kept", keep_texts=True) as port, httpx.Client() as client:

        @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
        @given(requests())
        @example(JOB)
        def check(sent: Sent) -> None:
            answer = client.request(
                sent.method,
                f"http://127.0.0.1:{port}{sent.path}?{sent.query}",
                headers=sent.headers,
                content=sent.body,
            )
            assert answer.status_code != 500
            assert str(tmp_path) not in answer.text
            assert WORD not in str(answer.headers).lower()
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == PROBLEM_TYPE
                assert WORD not in answer.text.lower()
            elif sent.path == "/v1/analyze/batch":
                for line in map(json.loads, answer.text.splitlines()):
                    assert WORD not in str(line.get("problem")).lower()

        check()
