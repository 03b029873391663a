"""The service on the real engine, with random weights: the same answer, however it is asked."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.article import Article, Options, Style
from models.engine import Engine
from service.api.app import create_app
from service.api.lifecycle import Service
from service.inference.answer import as_json
from service.inference.load import load_engine
from tests.service.api.routes.test_analyze import assert_problem
from tests.support import articles
from tests.support.service_fixtures import ndjson, settings_of

pytestmark = pytest.mark.anyio

TEXTS = [sample.text for sample in (*articles.SAMPLES[::3], articles.SECTIONS)]


@asynccontextmanager
async def serving(tiny: Path, **given: Any) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_of(model=tiny, device="cpu", dtype="float32", allowed_hosts="test", **given)
    app = create_app(Service(settings, load_engine))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test", timeout=60) as client,
    ):
        yield client


def requests() -> list[dict[str, Any]]:
    """Articles of very different lengths, some asked for extracts, in no order."""
    chance = random.Random(7)
    texts = [text[: chance.choice([200, 700, len(text)])] for text in TEXTS] + [" ".join(TEXTS)]
    styles = ["written", "extractive"]
    found = [{"text": text, "summary": {"style": style}} for text in texts for style in styles]
    chance.shuffle(found)
    return found


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without what differs between two runs."""
    return {name: part for name, part in answer.items() if name not in ("timing_ms", "model")}


def alone(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    options = Options(style=Style(request["summary"]["style"]))
    (analysis,) = engine.analyze([engine.prepare(Article(request["text"], options=options))])
    assert not isinstance(analysis, Exception)
    return json.loads(as_json(analysis))  # type: ignore[no-any-return]


def assert_same(found: Any, expected: Any) -> None:
    """Equal but for the last digits of probabilities."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for name in expected:
            assert_same(found[name], expected[name])
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, abs=1e-5)
    else:
        assert found == expected


async def test_an_article_gets_the_same_answer_alone_and_among_others(
    tiny: Path, engine: Engine
) -> None:
    asked = requests()
    expected = [alone(engine, request) for request in asked]
    async with serving(tiny) as client:
        single = await asyncio.gather(
            *(client.post("/v1/analyze", json=request) for request in asked)
        )
        bulk = await client.post("/v1/analyze/batch", **ndjson(asked))
    lines = sorted(map(json.loads, bulk.text.splitlines()), key=lambda line: line["index"])
    for response, line, answer in zip(single, lines, expected, strict=True):
        assert_same(told(response.json()), answer)
        assert_same(told(line["answer"]), answer)


async def test_what_cannot_be_seen_changes_nothing_but_itself(tiny: Path) -> None:
    marks = "\x00 \u200b \u202e \ufeff"
    text = f"{marks}{TEXTS[0]}{marks}"
    async with serving(tiny) as client:
        lone = await client.post("/v1/analyze", json={"text": text})
        others = [{"text": text}, *requests()]
        bulk = await client.post("/v1/analyze/batch", **ndjson(others))
    assert lone.status_code == 200
    first = next(line for line in map(json.loads, bulk.text.splitlines()) if line["index"] == 0)
    assert_same(told(first["answer"]), told(lone.json()))


async def test_a_long_article_is_cut_and_says_so_or_refused(tiny: Path) -> None:
    text = " ".join(TEXTS * 20)
    async with serving(tiny) as client:
        cut = await client.post("/v1/analyze", json={"text": text})
        strict = await client.post("/v1/analyze", json={"text": text, "strict": True})
        metrics = (await client.get("/metrics")).text
    assert cut.json()["input"]["truncated"] is True
    assert_problem(strict, 422, "article-too-long")
    assert "nutgraf_truncations_total 1.0" in metrics


async def test_a_page_is_read_and_a_page_without_an_article_is_422(tiny: Path) -> None:
    paragraphs = "".join(f"<p>{part}</p>" for part in TEXTS[0].split("\n\n"))
    page = f"<html><body><nav>Home</nav><article>{paragraphs}</article></body></html>"
    async with serving(tiny) as client:
        read = await client.post("/v1/analyze", json={"html": page})
        empty = await client.post("/v1/analyze", json={"html": "<html><body></body></html>"})
    assert read.status_code == 200, read.text
    assert read.json()["input"]["text"]
    assert empty.status_code == 422


@pytest.mark.parametrize("damage", ["cut", "altered", "gone", "pickled"])
async def test_a_damaged_artifact_is_not_loaded_and_the_old_one_goes_on(
    tiny: Path, tmp_path: Path, damage: str
) -> None:
    model = tmp_path / "model"
    shutil.copytree(tiny, model)
    admin = {"X-API-Key": "staple-correct-horse"}
    async with serving(model, admin_keys=f"boss:{admin['X-API-Key']}") as client:
        weights = model / "weights.safetensors"
        content = weights.read_bytes()
        if damage == "gone":
            weights.unlink()
        else:
            changed = {"cut": content[:-1], "altered": content[:-1] + b"!", "pickled": b"\x80\x04."}
            weights.write_bytes(changed[damage])
        refused = await client.post("/v1/model/reload", headers=admin)
        answer = await client.post("/v1/analyze", json={"text": TEXTS[0]}, headers=admin)
    assert_problem(refused, 422, "artifact-refused")
    assert answer.status_code == 200


async def test_the_model_says_what_it_is(tiny: Path, engine: Engine) -> None:
    async with serving(tiny) as client:
        model = (await client.get("/v1/model")).json()
    assert model["digest"] == engine.info.digest
    assert model["max_tokens"] == engine.info.max_tokens
