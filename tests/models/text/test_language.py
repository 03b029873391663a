"""A language is one place: everything English is in its folder, and a second one needs no more."""

from __future__ import annotations

import ast
import importlib
import pickle
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tokenizers import Tokenizer

import models
from models.article import Article
from models.encoding.preparation import Preparer
from models.text import language as languages
from models.text.boilerplate import Reason, table
from models.text.cleaning import clean
from models.text.english import ENGLISH
from models.text.language import Language, language, register, words_of
from models.text.sentences import split
from models.text.words import is_content

HOME = "models/text/english/"
MODELS = Path(models.__file__).parent
FILES = sorted(MODELS.rglob("*.py"))
MODULES = [
    name
    for _, name, _ in pkgutil.walk_packages(models.__path__, "models.")
    if not name.startswith("models.text.english")
]
KNOWN = {
    word
    for words in (
        ENGLISH.function_words,
        ENGLISH.sentences.titles,
        ENGLISH.sentences.before_number,
        ENGLISH.sentences.may_end,
        ENGLISH.sentences.openers,
        ENGLISH.grammar.verbs,
        ENGLISH.grammar.qualifiers,
        ENGLISH.grammar.numbers,
        ENGLISH.grammar.times,
    )
    for word in words
    if word.isalpha()
}
MOST_KNOWN = 2
"""A collection with more English words than this is a list of them."""


def is_list(words: object) -> bool:
    """Whether a collection holds a few of the words that English is known by."""
    found = words if isinstance(words, set | frozenset | list | tuple | dict) else ()
    return len({word for word in found if isinstance(word, str) and word in KNOWN}) > MOST_KNOWN


def is_alternation(text: str) -> bool:
    """Whether a text is a pattern that lets one of a few words stand."""
    parts = {part.strip("()?:\\b") for part in text.split("|")}
    return len([part for part in parts if re.fullmatch(r"[a-z ]{3,}", part)]) > MOST_KNOWN


def word_lists(source: str) -> Iterator[int]:
    """The lines on which a source has a list of English words, however it is spelled."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Set | ast.List | ast.Tuple):
            words = tuple(each.value for each in node.elts if isinstance(each, ast.Constant))
            if is_list(words):
                yield node.lineno
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if is_alternation(node.value):
                yield node.lineno
        elif isinstance(node, ast.Call):
            texts = [*node.args, node.func.value if isinstance(node.func, ast.Attribute) else None]
            splits = ast.unparse(node.func).endswith(("split", "words_of", "_words"))
            for each in texts if splits else ():
                if isinstance(each, ast.Constant) and is_list(str(each.value).split()):
                    yield node.lineno


@pytest.mark.parametrize(
    "source",
    [
        'ARTICLES = {"the", "and", "of"}',
        'def is_article(word): return word in ("the", "and", "of")',
        'VERBS = frozenset("says said told".split())',
        'VERBS = words_of("""says said\ntold""")',
        'SHARE = re.compile(r"(?:share|tweet|print)\\\\b")',
        'SHARE = compiled(r"x" r"|share|tweet|print")',
    ],
)
def test_a_word_list_is_found_however_it_is_spelled(source: str) -> None:
    assert list(word_lists(source))
    assert not list(word_lists('raise ValueError("send the article, or what is in it")'))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(MODELS)))
def test_no_file_outside_its_folder_has_english_word_lists(file: Path) -> None:
    if not str(file.relative_to(MODELS.parent)).startswith(HOME):
        assert list(word_lists(file.read_text("utf-8"))) == []


@pytest.mark.parametrize("name", MODULES)
def test_no_module_outside_its_folder_holds_english_word_lists(name: str) -> None:
    module = importlib.import_module(name)
    held = {name: value for name, value in vars(module).items() if not name.startswith("__")}
    assert [name for name, value in held.items() if is_list(value)] == []


def toy() -> Language:
    """English, but for a title, a rule for boilerplate, and the words without content."""
    rules = {Reason.NAVIGATION: ("zpet nahoru",)}
    return replace(
        ENGLISH,
        code="xx",
        function_words=words_of("velmora"),
        sentences=replace(ENGLISH.sentences, titles=words_of("pani")),
        boilerplate=replace(ENGLISH.boilerplate, paragraphs=table(rules, r"[^\w]*", r"[^\w]*")),
    )


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Language:
    """A second language, registered for one test."""
    monkeypatch.setattr(languages, "_LANGUAGES", dict(languages._LANGUAGES))
    register(toy())
    return language("xx")


TEXT = (
    "Zpet nahoru\n\nIn Velmora Pani. Novak told Mrs. Lee that the harbour bridge would open again "
    "in May, after two years of works that nobody had planned.\n\nBack to top\n\n"
    "The council voted on Monday to pay for it, and the works begin in the spring of next year."
)


def cleaned(how: Language) -> list[str]:
    return [TEXT[part.start : part.end] for part in clean(TEXT, language=how)]


def first_words(how: Language) -> list[str]:
    spans = split(TEXT, clean(TEXT, language=how), how)
    return [TEXT[span.start : span.end].split()[0] for span in spans]


def test_a_second_language_changes_what_is_cleaned_and_split(other: Language) -> None:
    assert cleaned(ENGLISH) == ["Back to top"]
    assert cleaned(other) == ["Zpet nahoru"]
    assert first_words(ENGLISH) == ["Zpet", "In", "Novak", "The"]
    assert first_words(other) == ["In", "Lee", "Back", "The"]
    assert is_content("velmora")
    assert not is_content("velmora", other)


def test_a_preparer_reads_articles_of_its_language(other: Language, tokenizer: Tokenizer) -> None:
    for code, removed in (("en", "Back to top"), ("xx", "Zpet nahoru")):
        preparer = pickle.loads(pickle.dumps(Preparer(tokenizer.to_str(), 2, 256, language=code)))
        prepared = preparer(Article(TEXT))
        assert [TEXT[part.start : part.end] for part in prepared.removed] == [removed]
        assert prepared.encoded.language is language(code)


def test_a_language_is_sent_to_another_process_by_its_code() -> None:
    assert pickle.loads(pickle.dumps(ENGLISH)) is ENGLISH is language("en")
    assert len(pickle.dumps(ENGLISH)) < 100
