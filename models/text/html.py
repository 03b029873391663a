"""The article on a web page: its text and title, out of the page's HTML.

lxml parses the page and trafilatura finds the article: nothing that the page refers to is fetched.
"""

from __future__ import annotations

from lxml import html as lxml_html
from trafilatura import bare_extraction
from trafilatura.settings import Document

from models.errors import UnreadableHtml

# News pages have up to a few thousand tags; 30,000 take seconds.
MAX_TAGS = 30_000
MIN_ELEMENTS = 2  # text without any markup has one: the paragraph that the parser makes of it
MAX_TITLE_CHARS = 1000
_NO_ARTICLE = "no article was found in the HTML; send the article's text"
_NOT_XML = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])


def extract(html: str) -> tuple[str, str | None]:
    """The article's text, one paragraph a line, and the page's title where it has one.

    Raises UnreadableHtml where no article text is found, or where the page has more than
    `MAX_TAGS` tags.
    """
    if html.count("<") > MAX_TAGS:
        raise UnreadableHtml(f"the HTML has more than {MAX_TAGS} tags; send the article's text")
    try:
        page = _parsed(html)
        if len(page.xpath(".//body//*")) < MIN_ELEMENTS:
            raise UnreadableHtml(_NO_ARTICLE)
        title = _title(page)
        # trafilatura's own reading of the page's source and of its metadata takes quadratic time
        document = bare_extraction(page, fast=True, include_comments=False, include_tables=False)
    except UnreadableHtml:
        raise
    except Exception as error:
        raise UnreadableHtml("the HTML cannot be parsed; send the article's text") from error
    text = (document.text or "").strip() if isinstance(document, Document) else ""
    if not text:
        raise UnreadableHtml(_NO_ARTICLE)
    return text, title


def _parsed(html: str) -> lxml_html.HtmlElement:
    parser = lxml_html.HTMLParser(
        encoding="utf-8", collect_ids=False, remove_comments=True, remove_pis=True
    )
    clean = html.translate(_NOT_XML).encode("utf-8", "replace")  # lxml stops at lone surrogates
    return lxml_html.document_fromstring(clean, parser)


def _title(page: lxml_html.HtmlElement) -> str | None:
    """The title for other sites, the only heading of the first level, or the window's title."""
    for meta in page.iterfind(".//meta[@property='og:title']"):
        if found := _line(meta.get("content", "")):
            return found
    headings = page.findall(".//h1")
    if len(headings) == 1 and (found := _line(headings[0].text_content())):
        return found
    return _line(page.findtext(".//title") or "")


def _line(text: str) -> str | None:
    return " ".join(text[:MAX_TITLE_CHARS].split()) or None
