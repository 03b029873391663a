"""English: every list of English words and every rule about them, as one object."""

from __future__ import annotations

from models.text.english.boilerplate import BOILERPLATE
from models.text.english.editing import EDITING
from models.text.english.form import FORM
from models.text.english.grammar import FUNCTION_WORDS, GRAMMAR
from models.text.english.naming import NAMING
from models.text.english.sentences import SENTENCES
from models.text.language import Language

ENGLISH = Language(
    code="en",
    function_words=FUNCTION_WORDS,
    sentences=SENTENCES,
    boilerplate=BOILERPLATE,
    grammar=GRAMMAR,
    editing=EDITING,
    naming=NAMING,
    form=FORM,
)
