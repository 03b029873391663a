"""What is wrong with a sentence that may be printed, and which glued words are parted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.analysis import Span
from models.tasks.summary.edits import apply
from models.tasks.summary.form import Flaw, dateline, flaws, is_glued, mends, opening
from models.text.sentences import split
from tests.support.articles import SAMPLES, Sample

KNOWN = frozenset({"mayor", "bridge", "spread", "council", "company", "announced", "port"})


@pytest.mark.parametrize(
    "sentence",
    [
        "The mayor opened the bridge.",
        'The mayor said: "We will open it (in May)."',
        "“I was there,” the mayor said.",
        "eBay shares fell by 4% in the U.S.",
        "Article I of the law was changed in the US.",
        "He was 83.",
        "The port spread along the coast.",
    ],
)
def test_a_good_sentence_has_no_flaw(sentence: str) -> None:
    assert flaws(sentence) == ()


@pytest.mark.parametrize(
    ("sentence", "flaw"),
    [
        ('The mayor said: "We will open it.', Flaw.UNPAIRED),
        ("The mayor (who won opened it.", Flaw.UNPAIRED),
        ("The mayor opened) the bridge (today.", Flaw.UNPAIRED),
        ("The mayor opened the bridge in", Flaw.NO_STOP),
        ("the mayor opened the bridge.", Flaw.NO_CAPITAL),
        ("The old bridge near the port.", Flaw.NO_VERB),
        ("Now open.", Flaw.SHORT),
        ("The man is dead.It was sad.", Flaw.GLUED),
        ("The mayor opened the bridge...", Flaw.CUT),
        ("The mayor opened () the bridge.", Flaw.CUT),
        ("Click here to open the bridge.", Flaw.PAGE),
        ("The video is shown below.", Flaw.PAGE),
        ("Ann Lee, left, and Tom Ray open the bridge.", Flaw.PAGE),
        ("He took it from the the town in May.", Flaw.GLUED),
        ("She said that it was an matter of trust.", Flaw.GLUED),
        ("The old mayor argued, Lee had closed the bridge.", Flaw.CUT),
        ("Said on Sunday that the ferry would sail.", Flaw.NO_VERB),
        ("That according to a report of the port.", Flaw.NO_VERB),
        ("They opened it on May 20, 1873. 3.", Flaw.CUT),
        ("It is aState of war.", Flaw.GLUED),
        ("Ann B. Harlow is a former mayor and a columnist for the Gazette.", Flaw.PAGE),
        ("Tom Ray is the author of two books on bridges.", Flaw.PAGE),
        ("MORE NEWS FROM THE PORT tells the story of a bridge.", Flaw.PAGE),
        ("I went to the bridge.", Flaw.FIRST_PERSON),
        ("Today we've opened the bridge.", Flaw.FIRST_PERSON),
        ("The bridge is yours to open, if you can.", Flaw.READER),
        ("Prices rose here in May.", Flaw.READER),
        ("Who opened the bridge?", Flaw.QUESTION),
    ],
)
def test_each_flaw_is_found(sentence: str, flaw: Flaw) -> None:
    assert flaw in flaws(sentence)


@pytest.mark.parametrize(
    ("glued", "mended"),
    [
        ("The virus hasspread again.", "The virus has spread again."),
        ("A man ofthe council left.", "A man of the council left."),
        ("The bridgeThe mayor built fell.", "The bridge The mayor built fell."),
        ("The UnionPort company grew.", None),
        ("The therapist and the mayor left.", None),
        ("However, everyone left the port.", None),
    ],
)
def test_glued_words_are_parted_where_it_is_sure(glued: str, mended: str | None) -> None:
    span = Span(0, len(glued))
    edits = mends(glued, span, KNOWN)
    assert apply(glued, span, edits) == (mended or glued)


def test_two_glued_words_of_the_article_are_told() -> None:
    text = "The companyannounced a plan."
    assert mends(text, Span(0, len(text)), KNOWN) == []
    assert is_glued(text, Span(0, len(text)), KNOWN)
    assert not is_glued("The company announced a plan.", Span(0, 29), KNOWN)
    assert not is_glued("The bridgecouncil met again.", Span(0, 28), KNOWN)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.topic)
def test_sentences_of_clean_articles_have_no_flaw_of_form(sample: Sample) -> None:
    text = sample.text
    sentences = split(text)
    found = {flaw for s in sentences for flaw in flaws(text[s.start : s.end])}
    assert found <= {Flaw.READER, Flaw.SHORT, Flaw.FIRST_PERSON, Flaw.UNPAIRED}


@given(st.text(max_size=120))
def test_any_text_is_judged(text: str) -> None:
    found = flaws(text)
    assert len(set(found)) == len(found)
    span = Span(0, len(text))
    for edit in mends(text, span, KNOWN):
        assert edit.start == edit.end
        assert edit.text == " "
    assert flaws(" ".join(text.split())) == found


def test_a_name_of_several_words_is_not_parted() -> None:
    sentence = "He worked with Crispin Struthers andalso with his sister."
    known = frozenset({"crisp", "in", "and", "also"})
    mended = mends(sentence, Span(0, len(sentence)), known)
    assert [edit.start for edit in mended] == [sentence.index("also")]
    assert not is_glued(sentence, Span(0, len(sentence)), known)


def test_links_inside_a_sentence_go_from_the_name_that_is_given_again() -> None:
    sentence = (
        "President Dell Thomas John DellSenators balk at a long trial Warren goes local MORE on "
        "Friday said that the bridge stays."
    )
    (edit,) = mends(sentence, Span(0, len(sentence)), frozenset())
    printed = apply(sentence, Span(0, len(sentence)), [edit])
    assert printed == "President Dell on Friday said that the bridge stays."


@pytest.mark.parametrize(
    ("sentence", "gone"),
    [
        ("But the bridge stays.", "But "),
        ("In addition, the bridge stays.", "In addition, "),
        ("Second Avenue stays closed.", ""),
        ("Still waters run there.", ""),
        ("But", ""),
    ],
)
def test_what_hangs_at_the_start_goes(sentence: str, gone: str) -> None:
    edits = opening(sentence, 0, len(sentence))
    assert "".join(sentence[one.start : one.end] for one in edits) == gone


def test_a_word_behind_an_article_gets_its_space() -> None:
    sentence = "NPR'sJoe Lee read aState Department paper of the West."
    edits = mends(sentence, Span(0, len(sentence)), frozenset())
    assert apply(sentence, Span(0, len(sentence)), edits) == (
        "NPR's Joe Lee read a State Department paper of the West."
    )


def test_a_word_behind_a_possessive_gets_its_space() -> None:
    sentence = "Mr. Dell'smedical record and Ann Lee'sWhat She Knows were read; Dell'sxyz stays."
    edits = mends(sentence, Span(0, len(sentence)), frozenset({"medical"}))
    assert apply(sentence, Span(0, len(sentence)), edits) == (
        "Mr. Dell's medical record and Ann Lee's What She Knows were read; Dell'sxyz stays."
    )


@pytest.mark.parametrize(
    ("sentence", "head"),
    [
        ("BOGOTÁ — A truce begins at midnight.", "BOGOTÁ — "),
        ("LIMA, Nov 12 (Bay News Agency) - A truce begins.", "LIMA, Nov 12 (Bay News Agency) - "),
        ("A truce begins at midnight.", ""),
    ],
)
def test_a_dateline_goes(sentence: str, head: str) -> None:
    edits = dateline(sentence, Span(0, len(sentence)))
    assert [sentence[edit.start : edit.end] for edit in edits] == [head] * bool(head)


@pytest.mark.parametrize(
    "sentence",
    [
        "20:41 The captain lifts the trophy in the rain.",
        "Q: The governor says the lease will bring jobs.",
        "Correction, 14 May: the hospice was not under investigation.",
        "An earlier version of this report named the wrong town.",
        "CLOSE Protesters gather outside the town hall.",
    ],
)
def test_text_about_the_page_is_a_flaw(sentence: str) -> None:
    assert Flaw.PAGE in flaws(sentence)


def test_a_quotation_in_single_marks_is_closed() -> None:
    assert Flaw.UNPAIRED in flaws("The mayor called it a ‘plan for nobody and left the hall.")
    assert Flaw.UNPAIRED not in flaws("The mayor called it a ‘plan for nobody’ and didn’t stay.")
