"""The article on a web page: its text and title, out of the page's HTML.

trafilatura does the work; the page is only parsed: nothing it refers to is fetched.
"""

from __future__ import annotations

from trafilatura import bare_extraction
from trafilatura.settings import Document

from models.errors import UnreadableHtml

# News pages have up to a few thousand tags; 30,000 take seconds.
MAX_TAGS = 30_000
# Dates are not asked for, and looking for them is slow.
_NO_DATE = {"extensive_search": False, "original_date": True, "max_date": "2100-01-01"}


def extract(html: str) -> tuple[str, str | None]:
    """The article's text, one paragraph a line, and the page's title where it has one.

    Raises UnreadableHtml where no article text is found, or where the page has more than
    `MAX_TAGS` tags.
    """
    if html.count("<") > MAX_TAGS:
        raise UnreadableHtml(f"the HTML has more than {MAX_TAGS} tags; send the article's text")
    try:
        document = bare_extraction(
            html.encode("utf-8", "replace").decode(),  # lxml stops at a lone surrogate
            fast=True,
            include_comments=False,
            include_tables=False,
            with_metadata=True,
            date_extraction_params=_NO_DATE,
        )
    except Exception as error:
        raise UnreadableHtml("the HTML cannot be parsed; send the article's text") from error
    text = (document.text or "").strip() if isinstance(document, Document) else ""
    if not isinstance(document, Document) or not text:
        raise UnreadableHtml("no article was found in the HTML; send the article's text")
    return text, document.title or None
