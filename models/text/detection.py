"""Which language a text is in: English is what the models know, the rest is flagged."""

from __future__ import annotations

import re
import threading
from itertools import filterfalse
from typing import Protocol

_MAX_CHARS = 600
_MIN_LETTERS = 20
_MIN_CONFIDENCE = 0.4
_NO_LANGUAGE = "zxx"

_LETTER = re.compile(r"[^\W\d_]")


class _Identifier(Protocol):
    def classify(self, text: str) -> tuple[str, float]: ...


class LanguageDetector:
    """Detects languages with py3langid, whose model (5 MB, about 120 MB when loaded) is read once.

    Nothing is loaded before the first `detect` or `warm_up`; both may be called from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._identifier: _Identifier | None = None

    def warm_up(self) -> None:
        """Loads the model now (a third of a second), so that the first text need not wait."""
        self._loaded()

    def detect(self, text: str) -> tuple[str, float] | None:
        """The ISO 639 code (two letters where there is one) and the confidence, 0 to 1.

        Reads the first 600 characters. None where they are too few or too mixed to tell.
        """
        sample = " ".join(filterfalse(_is_address, text[:_MAX_CHARS].split()))
        if len(_LETTER.findall(sample)) < _MIN_LETTERS:
            return None
        code, confidence = self._loaded().classify(sample)
        if code == _NO_LANGUAGE or confidence < _MIN_CONFIDENCE:
            return None
        return code, confidence

    def _loaded(self) -> _Identifier:
        with self._lock:
            if self._identifier is None:
                self._identifier = _load()
            return self._identifier


def _is_address(word: str) -> bool:
    """Whether a word is a link or an e-mail address, which tell nothing of the language."""
    return "@" in word or "://" in word or word.startswith("www.")


def _load() -> _Identifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier: _Identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    return identifier
