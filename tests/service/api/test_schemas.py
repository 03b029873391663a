"""What a request may hold: null is the same as absent, for each field and at every depth."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from pydantic import BaseModel

from models.article import MAX_TARGET_CHARS
from service.api.schemas import AnalyzeRequest, SummaryOptions, read_article
from service.errors import InvalidRequest

OPTIONAL = sorted(set(AnalyzeRequest.model_fields) - {"text"})
SOME = [*combinations(OPTIONAL, 1), *combinations(OPTIONAL, 2), tuple(OPTIONAL)]
PLAIN = read_article({"text": "Rain fell."})


@pytest.mark.parametrize("fields", SOME)
def test_null_is_absent(fields: tuple[str, ...]) -> None:
    assert read_article({"text": "Rain fell.", **dict.fromkeys(fields)}) == PLAIN


@pytest.mark.parametrize("name", sorted(SummaryOptions.model_fields))
def test_null_is_absent_in_an_object_too(name: str) -> None:
    assert read_article({"text": "Rain fell.", "summary": {name: None}}) == PLAIN
    style = {"text": "Rain fell.", "summary": {"style": "extractive", "max_words": None}}
    assert read_article(style).options.max_words == PLAIN.options.max_words


def test_a_page_may_come_with_a_text_that_is_null() -> None:
    article = read_article({"text": None, "html": "<p>Rain fell."})
    assert (article.text, article.html) == (None, "<p>Rain fell.")


@pytest.mark.parametrize(
    "value", [{}, {"text": None}, {"text": None, "html": None}, {"html": None, "title": "Rain"}]
)
def test_neither_text_nor_html_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="Send either text or html"):
        read_article(value)


@pytest.mark.parametrize("value", [{"targets": [None]}, {"tasks": [None]}, {"titel": None}])
def test_null_is_no_item_and_no_unknown_field(value: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        read_article({"text": "Rain fell.", **value})


@pytest.mark.parametrize("kind", [AnalyzeRequest, SummaryOptions])
def test_the_document_says_that_each_field_may_be_null(kind: type[BaseModel]) -> None:
    schema = kind.model_json_schema()
    assert "required" not in schema
    for name, field in schema["properties"].items():
        assert {"type": "null"} in field["anyOf"], name


def test_the_document_says_that_one_of_text_and_html_is_a_string() -> None:
    assert AnalyzeRequest.model_json_schema()["oneOf"] == [
        {"required": [name], "properties": {name: {"type": "string"}}} for name in ("text", "html")
    ]


def test_auto_stands_for_the_targets_that_the_article_suggests() -> None:
    for targets in ("auto", ["auto"]):
        assert read_article({"text": "Rain fell.", "targets": targets}).options.is_auto
    assert not read_article({"text": "Rain fell.", "targets": ["Auto"]}).options.is_auto
    with pytest.raises(InvalidRequest):
        read_article({"text": "Rain fell.", "targets": "the mayor"})


def test_no_targets_are_none_and_an_empty_title_is_no_title() -> None:
    assert read_article({"text": "Rain fell.", "targets": [], "title": ""}) == PLAIN


def test_a_target_may_be_a_claim_of_some_length() -> None:
    claim = "x" * MAX_TARGET_CHARS
    assert MAX_TARGET_CHARS == 500
    assert read_article({"text": "a", "targets": [claim]}).options.targets == (claim,)
