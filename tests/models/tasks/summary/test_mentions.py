"""Who is named in an article, and what a chosen sentence needs to stand alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.analysis import Span
from models.tasks.summary.edits import apply
from models.tasks.summary.mentions import Mentions, Needs, names, spelled_out
from models.text.sentences import split
from tests.support.articles import SAMPLES

TEXT = (
    "The Port Authority of Velmora (PAV) will close the old bridge in May. "
    "Former Mayor Ann Lee and city spokesman Tom Ray told reporters so on Monday. "
    "She said the works would take a year. "
    "Mr. Ray said that the PAV had found cracks. "
    "Lee voted against the plan. "
    "Ray did not answer questions. "
    "The plan was first shown in March."
)


def needs(text: str, *chosen: int) -> tuple[Needs, ...]:
    sentences = split(text)
    return Mentions(text, sentences).introductions([sentences[number] for number in chosen])


def printed(text: str, *chosen: int) -> list[str]:
    """The chosen sentences with the introductions that are sure."""
    spans = [split(text)[number] for number in chosen]
    each = zip(spans, needs(text, *chosen), strict=True)
    return [apply(text, span, [i.edit for i in need.introductions]) for span, need in each]


def test_names_have_their_titles() -> None:
    found = [(name.title.strip(), name.name) for name in names(TEXT)]
    assert ("Former Mayor", "Ann Lee") in found
    assert ("city spokesman", "Tom Ray") in found
    assert ("Mr.", "Ray") in found
    assert ("", "Lee") in found


@pytest.mark.parametrize(
    ("text", "title", "name"),
    [
        ("She met Sen. John A. Doe Jr. there.", "Sen.", "John A. Doe"),
        ("He met Ursula von der Leyen's staff.", "", "Ursula von der Leyen"),
        ("But Ann O'Neill-Roe won.", "", "Ann O'Neill-Roe"),
        ("The Republican Jo Doe won.", "", "Jo Doe"),
        ("Prime Minister Jo Doe won.", "Prime Minister", "Jo Doe"),
    ],
)
def test_how_a_name_is_read(text: str, title: str, name: str) -> None:
    assert (title, name) in [(found.title.strip(), found.name) for found in names(text)]


def test_a_surname_gets_the_first_full_name_and_the_office() -> None:
    assert printed(TEXT, 4) == ["Former Mayor Ann Lee voted against the plan."]
    assert printed(TEXT, 5) == ["City spokesman Tom Ray did not answer questions."]


def test_an_office_that_began_a_sentence_is_written_small_inside_one() -> None:
    text = "Opposition candidate Ann Lee won. Rain fell. A clerk said Lee had 90 votes."
    (need,) = needs(text, 2)
    assert [one.edit.text for one in need.introductions] == ["opposition candidate Ann "]


def test_a_name_before_a_noun_is_left_alone() -> None:
    text = "Mayor Ann Lee won. Rain fell. Ties of Lee campaign workers were shown."
    assert needs(text, 2)[0].introductions == ()
    assert needs(text.replace("Lee campaign workers were", "her with Lee were"), 2)[0].introductions


def test_a_courtesy_gives_way_to_the_full_name() -> None:
    assert printed(TEXT, 3)[0].startswith("City spokesman Tom Ray said that")


def test_an_office_is_written_as_inside_a_sentence() -> None:
    text = "Former Mayor Ann Lee won in May. On Monday, Lee left."
    (need,) = needs(text, 1)
    assert apply(text, split(text)[1], [i.edit for i in need.introductions]) == (
        "On Monday, former Mayor Ann Lee left."
    )


def test_who_is_known_is_not_introduced_again() -> None:
    assert printed(TEXT, 1, 4)[1] == "Lee voted against the plan."
    assert printed(TEXT, 3, 5)[1] == "Ray did not answer questions."


def test_initials_get_the_name_that_the_article_spells_out() -> None:
    assert "that the Port Authority of Velmora had found" in printed(TEXT, 3)[0]
    assert "the PAV had found" in printed(TEXT, 0, 3)[1]
    assert spelled_out("the World Health Organization (WHO)") == {
        "WHO": "World Health Organization"
    }
    assert spelled_out("He likes tea (WHO)") == {}


def test_a_surname_of_two_people_is_only_offered() -> None:
    text = "Ann Lee met her brother Tom Lee at the port in May. Lee won."
    (need,) = needs(text, 1)
    assert not need.stands
    assert need.introductions == ()
    assert [one.edit.text for one in need.offers[0]] == ["Ann ", "Tom "]


@pytest.mark.parametrize(
    "text",
    [
        "The Supreme Court ruled in May. Court fees rose.",
        "Closing Velmora was wrong. Velmora reopened. We like closing.",
        "The Ann Lee Prize went to a film. The Lee was lost.",
        "Monday Monday is a song. Monday was wet.",
    ],
)
def test_what_is_no_person_gets_no_name(text: str) -> None:
    assert needs(text, 1)[0].introductions == ()


def test_a_pronoun_is_offered_the_full_names_before_it() -> None:
    (need,) = needs(TEXT, 2)
    assert not need.stands
    offered = [one.edit.text for one in need.offers[0]]
    assert offered == ["former Mayor Ann Lee", "city spokesman Tom Ray"]
    assert not any(one.sure for one in need.offers[0])
    assert needs(TEXT, 1, 2)[1].stands


@pytest.mark.parametrize(
    ("sentence", "stands"),
    [
        ("It will be shut in May.", False),
        ("They want a new bridge.", False),
        ("But it was too late.", False),
        ("This was too late.", False),
        ("The plan was shown in March.", False),
        ("The plan of the council was shown in March.", True),
        ("This plan to close the bridge costs money.", True),
        ("A plan was shown in March.", True),
        ("The cuts were deep.", False),
        ("The two men said no.", False),
        ("The 42-year-old was held.", False),
        ("The public was asked.", True),
        ("A ferry sank in May that year.", False),
        ("A ferry sank on the same day.", False),
        ("A ferry will cross in the next year.", True),
        ("The idea of such ferries is old.", False),
        ("A vote cast doubt on that plan again.", False),
        ("A man said that ferries are slow.", True),
        ("A man spoke of this week's ferry.", True),
        ("A man wants these ferries of the port back.", True),
        ("Cars will use the ferry.", True),
    ],
)
def test_what_hangs(sentence: str, stands: bool) -> None:
    text = f"The bridge is old. Rain fell. {sentence}"
    assert needs(text, 2)[0].stands is stands


def test_the_first_sentence_of_an_article_points_to_nothing_before_it() -> None:
    assert needs("The pound was at its lowest on Monday. Rain fell.", 0)[0].stands


def test_what_was_told_before_does_not_hang() -> None:
    text = "The council made a plan. Rain fell. The plan was shown in March."
    assert needs(text, 0, 2)[1].stands
    assert needs(text, 2)[0].hanging


TEXTS = (TEXT, *(sample.text for sample in SAMPLES))


@given(st.sampled_from(TEXTS), st.data())
def test_introductions_are_edits_of_their_sentence(text: str, data: st.DataObject) -> None:
    sentences = split(text)
    chosen = sorted(
        data.draw(st.sets(st.sampled_from(sentences), min_size=1, max_size=3)),
        key=lambda span: span.start,
    )
    for span, need in zip(chosen, Mentions(text, sentences).introductions(chosen), strict=True):
        edits = [one.edit for one in need.introductions]
        sentence = apply(text, span, edits)
        held = {word.strip(".,()\"'’“”?!;:").lower() for word in text.split()}
        for edit in edits:
            assert edit.text.strip().lower() in " ".join(text.split()).lower()
            assert {word.strip(".").lower() for word in edit.text.split()} <= held
        assert len(sentence) >= len(" ".join(text[span.start : span.end].split())) - 8
        for offer in need.offers:
            assert offer
            assert all(span.start <= one.edit.start <= one.edit.end <= span.end for one in offer)


@given(st.text(max_size=200))
def test_any_text_has_names_in_order(text: str) -> None:
    found = list(names(text))
    assert [name.start for name in found] == sorted(name.start for name in found)
    Mentions(text, [Span(0, len(text))]).introductions([Span(0, len(text))])


def test_links_that_run_together_name_nobody() -> None:
    run_on = "Mr. Dell spoke " + "with more of the same links of the page " * 10
    text = f"{run_on}from Harlow Dell again. Dell left on Monday."
    first = Span(0, text.index(" Dell left"))
    last = Span(first.end + 1, len(text))
    assert Mentions(text, [first, last]).antecedents("Dell") == ()


@pytest.mark.parametrize("opening", ["He's a farmer", "She’d try the", "That's the third"])
def test_a_pronoun_with_its_verb_is_given_no_name(opening: str) -> None:
    text = f"Ann Harlow spoke in May. Tom Lee listened. The rain fell. {opening} man of the town."
    spans = split(text)
    (needs,) = Mentions(text, spans).introductions(spans[-1:])
    assert needs.hanging
    assert not needs.offers


@pytest.mark.parametrize(
    ("last", "hangs"),
    [
        ("It is no surprise that the town leads.", False),
        ("It was late when the vote was held.", False),
        ("It also cost the town a bridge.", True),
        ("These donors gave more than before.", True),
        ("This week the town votes.", False),
    ],
)
def test_what_points_back_hangs_and_what_announces_a_clause_does_not(
    last: str, hangs: bool
) -> None:
    text = f"Ann Harlow spoke in May. The rain fell. {last}"
    spans = split(text)
    (needs,) = Mentions(text, spans).introductions(spans[-1:])
    assert needs.stands is not hangs


@pytest.mark.parametrize(
    ("last", "stands"),
    [
        ("Polls showed him far behind.", False),
        ("Polls showed Tom Lee that his plan was late.", True),
        ("A woman said that her bridge was safe.", True),
    ],
)
def test_a_pronoun_inside_a_sentence_hangs_where_nobody_is_named_before_it(
    last: str, stands: bool
) -> None:
    text = f"Ann Harlow spoke in May. The rain fell. {last}"
    spans = split(text)
    (needs,) = Mentions(text, spans).introductions(spans[-1:])
    assert needs.stands is stands
