"""Texts with places for a name, which were written for this project (`fairness.jsonl`), and the
forms of the names that may stand there (`names.toml`)."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

HERE = Path(__file__).parent
TEXTS, NAMES = HERE / "fairness.jsonl", HERE / "names.toml"
_PLACE = re.compile(r"\{([^{}]+)\}")

Forms = Mapping[str, str]
"""What stands at each place where a name is filled in."""


class NamedText(BaseModel):
    """A text with places for a name, such as `{party}`. Articles have a title, sentences none.

    `names` are those that may stand there. `form` is what sort of text it is. `targets` are what it
    is asked about; they have places too.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    group: str
    form: str
    names: tuple[str, ...]
    title: str | None = None
    text: str
    targets: tuple[str, ...]

    @property
    def is_article(self) -> bool:
        return self.title is not None

    def filled(self, forms: Forms) -> NamedText:
        """The same text with a name at its places."""
        return self.model_copy(
            update={
                "title": self.title and filled(self.title, forms),
                "text": filled(self.text, forms),
                "targets": tuple(filled(target, forms) for target in self.targets),
            }
        )


def read_texts(most: int | None = None) -> list[NamedText]:
    """The texts: of each group at most so many sentences, and so many articles."""
    count: Counter[tuple[str, bool]] = Counter()
    found = []
    for line in TEXTS.read_text("utf-8").splitlines():
        text = NamedText.model_validate_json(line)
        sort = text.group, text.is_article
        count[sort] += 1
        if most is None or count[sort] <= most:
            found.append(text)
    return found


def read_names() -> Mapping[str, Mapping[str, Forms]]:
    """The forms of each name of each group."""
    return tomllib.loads(NAMES.read_text("utf-8"))


def filled(template: str, forms: Forms) -> str:
    """A template with a name at its places; `{Party}` is `{party}` with a capital.

    Raises KeyError for a place that the name has no form for.
    """

    def form(place: re.Match[str]) -> str:
        name = place[1]
        if name in forms:
            return forms[name]
        small = forms[name[0].lower() + name[1:]]
        return small[0].upper() + small[1:]

    return _PLACE.sub(form, template)
