"""Web pages: the article comes out, whatever the page throws in."""

from __future__ import annotations

import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.errors import UnreadableHtml
from models.text.html import MAX_TAGS, extract

PARAGRAPHS = [
    "The harbour town of Velmora voted on Sunday to close its coal terminal, ending a dispute "
    "that has divided residents for nearly ten years.",
    "Mayor Ines Hollander said the terminal would stop loading ships by the end of next year, "
    "and that its 340 workers would be offered places in a retraining scheme.",
    "The operator, which bought the site in 2009, has not said whether it will go to court.",
]
BODY = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
PAGE = f"""<!DOCTYPE html><html><head><title>Velmora votes - Harbour Gazette</title>
<meta property="og:title" content="Velmora votes to close its coal terminal">
<script>var tracked = "never shown";</script><style>p {{ color: red }}</style></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/sport">Sport</a></li></ul></nav>
<article><h1>Velmora votes to close its coal terminal</h1>{BODY}</article>
<div class="comments"><p>A reader comments at some length that the vote was overdue.</p></div>
<footer><p>© 2024 Harbour Gazette. All rights reserved.</p></footer></body></html>"""


def test_the_article_and_its_title_come_out() -> None:
    text, title = extract(PAGE)
    assert [line for line in text.split("\n") if line in PARAGRAPHS] == PARAGRAPHS
    assert title == "Velmora votes to close its coal terminal"
    for boilerplate in ("never shown", "color", "Sport", "A reader comments"):
        assert boilerplate not in text


def test_a_page_without_a_title_has_none() -> None:
    text, title = extract(f"<html><body><article>{BODY}</article></body></html>")
    assert PARAGRAPHS[0] in text
    assert title is None


def test_the_same_page_gives_the_same_text_every_time() -> None:
    assert len({extract(PAGE) for _ in range(5)}) == 1


@pytest.mark.parametrize(
    "html",
    [
        "",
        " ",
        "no markup at all",
        "<html><body></body></html>",
        "<",
        "\x00" * 1000,
        "<script>" + "x" * 1000,
        "%PDF-1.7 not a page",
        '{"not": "html"}',
    ],
)
def test_no_article_is_an_error_of_the_sender(html: str) -> None:
    with pytest.raises(UnreadableHtml):
        extract(html)


@pytest.mark.parametrize("tag", ["div", "b", "span", "table><tr><td", "ul><li", "blockquote", "x"])
def test_deep_nesting_is_read_or_refused(tag: str) -> None:
    html = "<html><body>" + f"<{tag}>" * 5_000 + BODY
    try:
        text, _ = extract(html)
    except UnreadableHtml:
        return
    assert text


def test_more_tags_than_any_article_has_are_refused_unparsed() -> None:
    with pytest.raises(UnreadableHtml, match="tags"):
        extract("<div>" * (MAX_TAGS + 1) + BODY)


def test_a_long_page_of_few_tags_is_read() -> None:
    text, _ = extract(PAGE.replace("<style>", "<style>" + "/* filler */" * 400_000))
    assert PARAGRAPHS[0] in text


@pytest.mark.parametrize(
    "dirt", ["\x00", "\ud800", "\ufffe", "\x0b", "&#0;", "&bogus;", "<![CDATA["]
)
def test_dirt_in_the_page_does_not_hide_the_article(dirt: str) -> None:
    text, _ = extract(PAGE.replace("<h1>", f"{dirt}<h1>"))
    assert PARAGRAPHS[2] in text


def test_entities_are_not_expanded_without_end() -> None:
    levels = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    bomb = f'<!DOCTYPE html [<!ENTITY e0 "boom">{levels}]><html><body>&e9;{BODY}</body></html>'
    try:
        text, _ = extract(bomb)
    except UnreadableHtml:
        return
    assert len(text) < 10 * len(bomb)


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the page was followed to the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    links = (
        '<link rel="amphtml" href="http://gazette.example/amp"><img src="http://gazette.example/i">'
        '<iframe src="http://gazette.example/f"></iframe><base href="http://gazette.example/">'
        '<meta http-equiv="refresh" content="0; url=http://gazette.example/next">'
    )
    assert extract(PAGE.replace("</head>", links + "</head>"))[0]


def test_the_message_does_not_echo_the_page() -> None:
    with pytest.raises(UnreadableHtml) as caught:
        extract("<secret>word</secret>")
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


TAGS = st.sampled_from(
    ["<p>", "</p>", "<div", ">", "<!--", "-->", "<a href='", "'", "<td>", "&", ";"]
)
SCRAPS = st.lists(st.one_of(TAGS, st.text(max_size=8)), max_size=30).map("".join)


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(SCRAPS)
def test_any_string_is_read_or_refused(html: str) -> None:
    for page in (html, f"<html><body>{html}{BODY}{html}</body></html>"):
        try:
            text, _ = extract(page)
        except UnreadableHtml:
            continue
        assert text.strip()
