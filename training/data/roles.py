"""What a text may be used for: to train, to choose by, or to report on.

A text has one role, in every file and however it is cut or spaced, because the role comes from its
opening alone. Whoever trains or chooses never sees the texts that figures are reported on.
"""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from itertools import islice

OPENING_CHARS = 100
REPORT_BELOW, CHOOSE_BELOW = 20, 46
"""Limits of the digest's first byte: 8 of 100 texts are reported on, 10 are for choosing."""
_LETTER = re.compile("[a-z0-9]")


class Role(StrEnum):
    """What a text is for."""

    TRAIN = "train"
    CHOOSE = "choose"
    REPORT = "report"


def opening(text: str) -> str:
    """The first 100 letters and digits of a text (a-z, 0-9), in lower case."""
    return "".join(found[0] for found in islice(_LETTER.finditer(text.lower()), OPENING_CHARS))


def role_of(text: str, id: str | None = None, report_ids: str | None = None) -> Role:
    """The role of a text, which is given without its title.

    `report_ids` is a regular expression: a text whose `id` it finds something in is a reporting
    one. The role of any other follows from the SHA-256 of its opening.
    """
    if report_ids is not None and id is not None and re.search(report_ids, id):
        return Role.REPORT
    byte = hashlib.sha256(opening(text).encode()).digest()[0]
    if byte < REPORT_BELOW:
        return Role.REPORT
    return Role.CHOOSE if byte < CHOOSE_BELOW else Role.TRAIN
