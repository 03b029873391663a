"""What passes is shown; what fails gives way to its source, and that to another sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.analysis import Span
from models.article import Article, Options, Style, Tier
from models.encoding.preparation import prepare
from models.encoding.questions import NEWS
from models.encoding.tokens import ArticleEncoder
from models.errors import EmptyArticle
from models.tasks.summary.check import Verdict
from models.tasks.summary.drafts import Draft, count_words, draft
from models.tasks.summary.edits import Edit, Reason, spliced
from models.tasks.summary.outline import NOTHING, TOO_SHORT, Outline
from tests.support.outlines import outlined, summarised

TEXT = (
    "The council of Harlow Bend voted on Monday to close the old mine. "
    "Forty families have lived beside its shafts for sixty years. "
    "Engineers found cracks in the deepest shaft during the summer. "
    "Closing costs nine million euros, which the region pays."
)
PASSES, FAILS = Verdict(0.9, 0.9, passes=True), Verdict(0.9, 0.1, passes=False)


@pytest.fixture
def outline(encoder: ArticleEncoder) -> Outline:
    return make(encoder, TEXT, shares=(3.5, 3.0, 2.5, 1.0))


def make(
    encoder: ArticleEncoder,
    text: str,
    shares: tuple[float, ...],
    style: Style = Style.WRITTEN,
    most: int = 25,
) -> Outline:
    prepared = prepare(Article(text, options=Options(style=style, max_words=most)), encoder)
    scores = torch.tensor([[share, share, 5.0] for share in shares])
    return Outline(replace(prepared, reader=Tier.FULL), scores)


def settle(outline: Outline, *failing: str) -> list[str]:
    """What is shown when all is judged, and some texts fail."""
    while asked := outline.unchecked():
        for each in asked:
            outline.judge(each, FAILS if each.text in failing else PASSES)
    return [each.text for each in outline.passed()]


def sentence(outline: Outline, index: int) -> str:
    return draft(outline.encoded, index).text


def test_the_best_sentences_that_fit_are_shown(outline: Outline) -> None:
    assert settle(outline) == [sentence(outline, 0), sentence(outline, 1)]


def test_the_reader_says_which_sentences_tell_the_news(
    outline: Outline, encoder: ArticleEncoder
) -> None:
    question = outline.news(encoder.target(NEWS))
    assert [place.sentence for place in question.places] == [0, 1, 2, 3]
    outline.weigh({0: -2.0, 1: 0.0, 2: 0.0, 3: 9.0})
    assert outline.to_trim[0] == 3
    assert sentence(outline, 3) in settle(outline)


def test_what_the_reader_says_is_weighed_with_what_the_encoder_says(outline: Outline) -> None:
    outline.weigh(dict.fromkeys(range(4), 5.0))
    assert settle(outline) == [sentence(outline, 0), sentence(outline, 1)]


def test_a_sentence_that_seemed_worth_nothing_may_tell_the_news(encoder: ArticleEncoder) -> None:
    outline = make(encoder, TEXT, shares=(900.0, 3.0, 2.5, -900.0))
    outline.weigh({0: -50.0, 1: 0.0, 2: 0.0, 3: 50.0})
    assert outline.to_trim[0] == 3


def test_what_the_reader_was_not_asked_about_comes_last(outline: Outline) -> None:
    outline.weigh({2: 0.0, 3: 0.0})
    assert settle(outline) == [sentence(outline, 2), sentence(outline, 3)]


def test_nothing_is_shown_that_was_not_judged(outline: Outline) -> None:
    assert outline.passed() == []
    first, *_ = outline.unchecked()
    outline.judge(first, PASSES)
    assert outline.passed() == [first]


def test_an_edited_sentence_that_fails_gives_way_to_its_source(outline: Outline) -> None:
    shorter = Draft(1, "Forty families have lived beside it.")
    outline.edit(shorter)
    assert settle(outline, shorter.text) == [sentence(outline, 0), sentence(outline, 1)]


def test_a_source_that_fails_gives_way_to_another_sentence(outline: Outline) -> None:
    shown = settle(outline, sentence(outline, 1))
    assert shown == [sentence(outline, 0), sentence(outline, 2)]


def test_where_all_fail_nothing_is_shown_and_the_reason_is_told(outline: Outline) -> None:
    assert settle(outline, *(sentence(outline, n) for n in range(4))) == []
    assert outline.reason == NOTHING


def test_one_sentence_is_no_text_to_summarise(encoder: ArticleEncoder) -> None:
    one = make(encoder, "The council voted on Monday to close the old mine.", (1.0,))
    assert settle(one) == []
    assert one.reason == TOO_SHORT


def test_extracts_are_not_judged(encoder: ArticleEncoder) -> None:
    quoted = make(encoder, TEXT, (1.0, 9.0, 8.0, 1.0), Style.EXTRACTIVE)
    assert [each.index for each in quoted.passed()] == [1, 2]
    assert all(quoted.support(each) is None for each in quoted.passed())


def test_a_verdict_or_score_that_is_no_number_breaks_the_article(
    outline: Outline, encoder: ArticleEncoder
) -> None:
    assert not outline.is_broken
    (first, *_) = outline.unchecked()
    outline.judge(first, Verdict(0.9, float("nan"), passes=False))
    assert outline.is_broken
    assert make(encoder, TEXT, (1.0, float("nan"), 1.0, 1.0)).is_broken


PEOPLE = (
    "Ann Keller, the mayor of Harlow Bend, closed the old mine on Monday. "
    "Forty families have lived beside its shafts for sixty years. "
    "Keller said that the shafts would be filled with sand by May. "
    "He wants nine million euros from the region for the work. "
    "The letter named no date for the first payment at all."
)


def people(encoder: ArticleEncoder, *shares: float, most: int = 30) -> Outline:
    return make(encoder, PEOPLE, shares, most=most)


def test_a_surname_gets_its_name_where_no_sentence_before_says_it(
    encoder: ArticleEncoder,
) -> None:
    (alone,) = settle(people(encoder, 0.0, 0.0, 9.0, 0.0, 0.0, most=15))
    assert "Ann Keller said that the shafts" in alone
    first, second = settle(people(encoder, 9.0, 0.0, 8.0, 0.0, 0.0))
    assert first.startswith("Ann Keller")
    assert second.startswith("Keller said")


def test_a_sentence_that_hangs_on_what_nobody_introduced_is_not_chosen(
    encoder: ArticleEncoder,
) -> None:
    shown = settle(people(encoder, 1.0, 2.0, 0.0, 0.0, 9.0))
    assert not any("letter" in each for each in shown)


def test_whom_a_pronoun_means_is_judged_and_in_doubt_nobody_is_named(
    encoder: ArticleEncoder,
) -> None:
    two = PEOPLE.replace("by May.", "by May, and John Weber, the engineer, agreed.")
    shares = (0.0, 0.0, 0.0, 9.0, 0.0)
    doubtful = make(encoder, two, shares, most=20)
    tried = {each.text.split(" wants")[0] for each in doubtful.unchecked()}
    assert len(tried) == 2
    assert not any("wants nine million" in each for each in settle(doubtful))
    clear = make(encoder, two, shares, most=20)
    for each in clear.unchecked():
        clear.judge(each, PASSES if "Weber" in each.text else FAILS)
    assert any("John Weber" in each.text for each in clear.passed())


def test_glued_words_are_parted_or_their_sentence_is_not_shown(encoder: ArticleEncoder) -> None:
    glued = TEXT.replace("have lived", "havelived").replace("Engineers found", "Engineersfound")
    prepared = prepare(Article(glued, options=Options(max_words=60)), encoder)
    scores = torch.tensor([[1.0, 1.0, 5.0]] * 4)
    known = frozenset(("lived", "engineers", "found", "families"))
    shown = settle(Outline(replace(prepared, reader=Tier.FULL), scores, known))
    assert "Forty families have lived beside its shafts for sixty years." in shown
    assert not any("Engineersfound" in each for each in shown)


LINES = tuple(f"{line.rstrip('.')}." for line in TEXT.split(". "))
PIECES = (
    *TEXT.split(), *PEOPLE.split(), "PAV", "(PAV)", "The Port Authority of Velmora (PAV)", "who",
    "not", "4%", "$5", "But", "However,", "NEW YORK (AP) —", "hasalso", "iPhone", "letter",
    "(", ")", "[", "]", "“", "”", '"', "'", "’s", ",", ";", ":", "—", "-", ".", "!", "?", "...",
    "\u200b", "\u200d", "\u202e", "\u202c", "\ufeff", "\u00a0", "\u2028", "\x1c", "\n", "\n\n",
    "😀", "👩\u200d👩\u200d👧", "ß", "İ", "ı", "ŉ", "ǅ", "ﬁ", "e\u0301", "a" * 40, *LINES,
)  # fmt: skip
ARTICLES = st.builds(
    lambda pieces, between: between.join(pieces),
    st.lists(st.sampled_from(PIECES), min_size=5, max_size=150),
    st.sampled_from((" ", " ", " ", "")),
)


@given(ARTICLES, st.sampled_from(Style), st.integers(10, 120), st.data())
def test_any_text_has_a_summary_of_its_sentences_or_a_reason(
    encoder: ArticleEncoder, text: str, style: Style, most: int, data: st.DataObject
) -> None:
    try:
        article = Article(text, options=Options(style=style, max_words=most, edits=True))
        outline = outlined(prepare(article, encoder))
    except EmptyArticle:
        return
    chances = st.sampled_from((0.1, 0.4, 0.6, 0.95))
    given_support: dict[Draft, float] = {}

    def support(drafted: Draft) -> float:
        return given_support.setdefault(drafted, data.draw(chances))

    found = summarised(outline, lambda _: data.draw(chances), support)
    assert not outline.is_broken
    assert found.words == count_words(found.text) <= most
    assert bool(found.sentences) == (found.withheld is None)
    starts = [each.source.start for each in found.sentences]
    assert starts == sorted(set(starts))
    held = " ".join(text.split()).casefold()
    for each in found.sentences:
        assert each.source in [Span(s.start, s.end) for s in outline.encoded.sentences]
        changes = [Edit(e.start, e.end, e.text, Reason.WORD) for e in each.edits or ()]
        assert spliced(text, each.source, changes) == each.text
        for change in changes:
            inserted = change.text.strip(" .").removesuffix("'s").removesuffix("’s")
            assert inserted.casefold() in held
        assert (each.support is None) is (style is Style.EXTRACTIVE)
        assert each.support is None or each.support >= 0.5


HOSTILE = {
    "a long sentence": "The mayor " + "went, with care, to the port and " * 600 + "slept.",
    "two words": "Rain fell. " * 5000,
    "round brackets": f"The mayor {'(' * 3000}left{')' * 3000} the port on Monday.",
    "square brackets": f"The mayor {'[(' * 1500}left{')]' * 1500} the port on Monday.",
    "quotation marks": f"The mayor {'“' * 3000}left{'”' * 3000} the port on Monday.",
    "straight marks": "The mayor " + '"' * 6000 + " left the port on Monday.",
    "no full stop": "the council voted on monday to close the mine and " * 400,
    "capitals": "THE COUNCIL VOTED ON MONDAY TO CLOSE THE MINE. " * 400,
    "from right to left": "ראש העיר הצביע ביום שני לסגור את המכרה הישן. " * 400,
    "names": "Ann Lee and John Ray and Mr. Lee met Tom Ray. He left on Monday with her. " * 300,
}


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_sentence_is_no_harm_to_those_around_it(
    encoder: ArticleEncoder, name: str, style: Style
) -> None:
    text = f"{TEXT} {HOSTILE[name]}"
    options = Options(style=style, max_words=60, edits=True)
    outline = outlined(prepare(Article(text, options=options), encoder), best=len(LINES))
    found = summarised(outline, lambda _: 0.9, lambda drafted: float(drafted.text in TEXT))
    shown = [each.text for each in found.sentences]
    assert shown
    if style is Style.WRITTEN:
        assert set(shown) <= set(LINES)
    assert all(0 <= each.source.start < each.source.end <= len(text) for each in found.sentences)


def test_an_extract_has_no_glued_words(encoder: ArticleEncoder) -> None:
    text = TEXT.replace("the old mine", "theold mine") + " The old mine is the old mine."
    scores = (9.0, 3.0, 3.0, 1.0, 0.0)
    shown = make(encoder, text, scores, Style.EXTRACTIVE).passed()
    assert all("theold" not in each.text for each in shown)
