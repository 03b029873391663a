"""A preparer that does what the text of the article says, so that tests can cause faults."""

from __future__ import annotations

import os
import signal
import time

from models.article import Article
from models.errors import EmptyArticle


def prepare(article: Article) -> str:
    """The text in capitals, but for texts with a meaning.

    `spin` never ends and uses processor time. `wait2` sleeps for two seconds. `die` crashes the
    process. `empty` and `broken` raise. `pid` gives the number of the process, `modules` the
    modules that it has loaded.
    """
    text = article.text or article.html or ""
    if text == "spin":
        while True:
            pass
    if text.startswith("wait"):
        time.sleep(float(text.removeprefix("wait")))
    if text == "die":
        os.kill(os.getpid(), signal.SIGSEGV)
    if text == "empty":
        raise EmptyArticle("there is no text to read")
    if text == "broken":
        raise RuntimeError("a library failed")
    if text == "pid":
        return str(os.getpid())
    if text == "modules":
        import sys

        return " ".join(sys.modules)
    return text.upper()
