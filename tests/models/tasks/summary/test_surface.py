"""From a draft to a sentence in print: the source's own spelling, and nothing that it lacks."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.tasks.summary.decision import all_words, content_words
from models.tasks.summary.own_words import OwnWords
from models.tasks.summary.surface import written
from models.tasks.summary.writer import Draft, Request
from tests.models.conftest import MakeRequest
from tests.support.articles import SAMPLES

OWN = OwnWords(("</s>", "the", "has", ",", "and", "to", "not"))
TEXT = (
    'The mayor, Ann O\'Neill, said: "We will close the U.S. office" and left at 5 p.m. on Monday.'
)
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def draft(request: Request, line: str, log_prob: float = -0.5) -> Draft:
    """A draft that writes `line`: words of the source by name, own words as `+name`."""
    source = [request.encoded.text[word.start : word.end] for word in request.words]
    places: list[int] = []
    for word in line.split():
        if word.startswith("+"):
            places.append(-1 - OWN.index[word[1:]])
        else:
            after = places[-1] + 1 if places and places[-1] >= 0 else 0
            found = [i for i, held in enumerate(source) if held == word]
            places.append(min(found, key=lambda i: (i < after, i)))
    return Draft(places, [(len(places), log_prob)], done=True)


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        pytest.param(
            TEXT,
            "The mayor , Ann O'Neill , left on Monday .",
            "The mayor, Ann O'Neill, left on Monday.",
            id="neighbours keep what is between them",
        ),
        pytest.param(
            TEXT,
            "Ann O'Neill left the U.S. office on Monday",
            "Ann O'Neill left the U.S. office on Monday.",
            id="a stop is added",
        ),
        pytest.param(
            TEXT,
            'Ann O\'Neill said : " We will close the U.S. office "',
            'Ann O\'Neill said: "We will close the U.S. office."',
            id="quotation marks hug their words",
        ),
        pytest.param(
            TEXT,
            "mayor Ann O'Neill +has left +the office",
            "Mayor Ann O'Neill has left the office.",
            id="the first letter is a capital",
        ),
        pytest.param(
            TEXT,
            "Ann O'Neill , The mayor , left on Monday",
            "Ann O'Neill, the mayor, left on Monday.",
            id="a capital that only opened the sentence goes",
        ),
        pytest.param(
            TEXT,
            "mayor Ann O'Neill left +the office , +and",
            None,
            id="a loose end",
        ),
        pytest.param(TEXT, ", Ann O'Neill left the office", None, id="an opening comma"),
        pytest.param(TEXT, "Ann O'Neill said : \" We will close", None, id="an open quotation"),
        pytest.param(TEXT, "+the mayor left", None, id="too little content"),
        pytest.param(
            "Prices (in euros) rose by 5% in May and by 7% in June, it said.",
            "Prices ( in euros rose by 7% in June",
            None,
            id="an open bracket",
        ),
        pytest.param(
            "Prices rose by 5% in May and by 7 percent in June, the bank said.",
            "Prices rose by 7 percent in May , +and in June",
            "Prices rose by 7 percent in May, and in June.",
            id="a comma of its own hugs the word before",
        ),
    ],
)
def test_how_a_draft_is_printed(
    make_request: MakeRequest, text: str, line: str, expected: str | None
) -> None:
    request = make_request(text)
    assert written(draft(request, line), request, OWN) == expected


def test_a_number_keeps_what_it_counts(make_request: MakeRequest) -> None:
    request = make_request("The rumour was shared two million times in May 2019 and cost 5 jobs.")
    for line, expected in (
        ("The rumour was shared two million", None),
        ("The rumour was shared two million times", "The rumour was shared two million times."),
        ("The rumour was shared in May 2019", "The rumour was shared in May 2019."),
        ("The rumour was shared +and cost 5", None),
    ):
        assert written(draft(request, line), request, OWN) == expected


def test_a_rate_is_not_cut_to_a_sum(make_request: MakeRequest) -> None:
    request = make_request("The bill will save families 310 million euros a year, ministers say.")
    whole = "The bill will save families 310 million euros a year"
    assert written(draft(request, whole), request, OWN) == f"{whole}."
    for cut in (2, 1):
        assert written(draft(request, " ".join(whole.split()[:-cut])), request, OWN) is None
    request = make_request("The old harbour bridge was closed a week ago, the council says.")
    line = "The old harbour bridge was closed"
    assert written(draft(request, line), request, OWN) == f"{line}."


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        pytest.param(
            "Police said on Friday that they had found no proof that the bridge was sabotaged.",
            "Police said on Friday that the bridge was sabotaged",
            None,
            id="what was denied",
        ),
        pytest.param(
            "Police said on Friday that they had found no proof that the bridge was sabotaged.",
            "Police said they had found no proof that the bridge was sabotaged",
            "Police said they had found no proof that the bridge was sabotaged.",
            id="a denial that is kept",
        ),
        pytest.param(
            "The mayor, who did not vote, opened the new bridge on Monday with a speech.",
            "The mayor opened the new bridge on Monday",
            "The mayor opened the new bridge on Monday.",
            id="a clause that is left out with its denial",
        ),
        pytest.param(
            "The teller allegedly sold the old bonds to three of his neighbours.",
            "The teller sold the old bonds to three neighbours",
            None,
            id="what is only alleged",
        ),
        pytest.param(
            "The council didn’t close the old harbour bridge after the flood of May.",
            "The council close the old harbour bridge",
            None,
            id="a contraction",
        ),
        pytest.param(
            "The council closed the old harbour bridge after the flood of May.",
            "The council +not closed the old harbour bridge",
            None,
            id="a denial that the source lacks",
        ),
    ],
)
def test_a_rewrite_denies_and_doubts_what_its_source_does(
    make_request: MakeRequest, text: str, line: str, expected: str | None
) -> None:
    request = make_request(text)
    assert written(draft(request, line), request, OWN) == expected


GOOD = "mayor Ann O'Neill left +the office"


def test_an_unlikely_draft_is_refused(make_request: MakeRequest) -> None:
    request = make_request(TEXT)
    assert written(draft(request, GOOD, log_prob=-0.2), request, OWN)
    assert written(draft(request, GOOD, log_prob=-5.0), request, OWN) is None
    assert written(draft(request, GOOD, log_prob=float("nan")), request, OWN) is None


def test_a_draft_that_may_end_nowhere_is_refused(make_request: MakeRequest) -> None:
    request = make_request(TEXT)
    assert written(Draft(draft(request, GOOD).words), request, OWN) is None


def test_the_likeliest_end_that_makes_a_sentence_is_taken(make_request: MakeRequest) -> None:
    request = make_request(TEXT)
    words = draft(request, "mayor Ann O'Neill left +the office +and").words
    ends = [(7, -0.1), (4, -0.6), (6, -0.3), (2, -0.2)]  # "... and" and "mayor Ann" make none
    sentence = written(Draft(words, ends), request, OWN)
    assert sentence == "Mayor Ann O'Neill left the office."


def test_the_whole_source_again_is_no_rewriting(make_request: MakeRequest) -> None:
    request = make_request("Rain fell on the old town.")
    for length in (7, 6):
        assert written(Draft(list(range(length)), [(length, -0.1)]), request, OWN) is None


def test_an_empty_draft_is_refused(make_request: MakeRequest) -> None:
    request = make_request(TEXT)
    assert written(Draft([], [(0, -0.1)]), request, OWN) is None


MARKS = "US$ 30 was paid for $ 5 - or 7 % - of the '90s well - known shares, 10 / 2, at 1 . 5 km/h."
CUTS = (TEXT, MARKS, *(sample.text for sample in SAMPLES[:4]))


@given(
    st.sampled_from(CUTS),
    st.lists(st.tuples(st.booleans(), st.integers(0, 60)), min_size=3, max_size=20),
)
@settings(max_examples=400)
def test_nothing_is_written_that_the_article_lacks(
    make_request: MakeRequest, text: str, choices: list[tuple[bool, int]]
) -> None:
    request = make_request(text)
    words = [
        number % len(request.words) if copied else -1 - (1 + number % (len(OWN) - 1))
        for copied, number in choices
    ]
    sentence = written(Draft(words, [(len(words), -0.1)]), request, OWN)
    if sentence is not None:
        assert content_words(sentence) <= all_words(text)
        assert set(NUMBER.findall(sentence)) <= set(NUMBER.findall(text))
        assert sentence[0] == sentence[0].upper()
        assert re.search(r"[.!?][\"”]?$|[.!?]$", sentence)
        assert sentence.count('"') % 2 == 0
