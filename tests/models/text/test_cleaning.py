"""Cleaning: what goes, one row per sort of boilerplate; what stays, one row per look-alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text import sentences
from models.text.boilerplate import Reason
from models.text.cleaning import clean, kept_text

PROSE = [
    "The harbour town of Velmora voted on Sunday to close its coal terminal, ending a dispute "
    "that has divided residents for nearly ten years.",
    "Mayor Ines Hollander said the terminal would stop loading ships by the end of next year, "
    "and that its 340 workers would be offered places in a retraining scheme.",
    '"Nobody here wanted to lose the jobs," she told reporters. "But nobody wanted the dust."',
    "The operator, which bought the site in 2009, has not said whether it will go to court.",
]


def removed(text: str, title: str | None = None) -> list[tuple[str, str]]:
    return [(text[part.start : part.end], part.reason) for part in clean(text, title)]


def page(*lines: str, between: str = "\n\n") -> str:
    """The lines, each between two paragraphs of the article."""
    first, second, *rest = PROSE
    return between.join((first, *lines, second, *rest))


LINES = [
    (Reason.NAVIGATION, "Skip to main content"),
    (Reason.NAVIGATION, "Home News Sport Weather iPlayer"),
    (Reason.NAVIGATION, "Home › World › Europe"),
    (Reason.NAVIGATION, "Back to top"),
    (Reason.NAVIGATION, "Privacy Policy"),
    (Reason.BYLINE, "By Jonas Petrie"),
    (Reason.BYLINE, "By Jonas Petrie and Mila Oduya, Harbour Gazette correspondents"),
    (Reason.BYLINE, "Published 3 hours ago"),
    (Reason.BYLINE, "Updated 10:32 GMT"),
    (Reason.BYLINE, "Last updated: 4 March 2024 at 09:15"),
    (Reason.BYLINE, "5 min read"),
    (Reason.BYLINE, "This article is more than 2 years old"),
    (Reason.CAPTION, "A crane unloads coal at the terminal in May. (AFP)"),
    (Reason.CAPTION, "Residents march along the quay (Photo: Lena Marsh)"),
    (Reason.CAPTION, "Ships wait outside Velmora on Friday. Tomas Rhee/Getty Images"),
    (Reason.CAPTION, "Mayor Hollander speaks.Tomas Rhee/Getty Imageshide caption"),
    (Reason.CAPTION, "Enlarge this image toggle caption Tomas Rhee/AP Tomas Rhee/AP"),
    (Reason.CAPTION, "Image caption, The terminal was built in 1961"),
    (Reason.CAPTION, "FILE PHOTO: A ship is loaded in Velmora. REUTERS/Tomas Rhee"),
    (Reason.CAPTION, "The terminal at dusk. Photograph: Tomas Rhee/Reuters"),
    (Reason.CREDIT, "Getty Images"),
    (Reason.CAPTION, "Image source, Getty Images"),
    (Reason.CREDIT, "Reporting by Tomas Rhee; Editing by Ann Colby"),
    (Reason.CREDIT, "The Associated Press contributed to this report."),
    (Reason.CREDIT, "This interview has been edited for length and clarity."),
    (Reason.PLAYER, "Listen · 3:45"),
    (Reason.PLAYER, "Download Transcript"),
    (Reason.PLAYER, "Media playback is not supported on this device"),
    (Reason.PLAYER, "Slideshow (12 Images)"),
    (Reason.ADVERTISEMENT, "Advertisement"),
    (Reason.ADVERTISEMENT, "ADVERTISEMENT - CONTINUE READING BELOW"),
    (Reason.ADVERTISEMENT, "Story continues below (advertisement)"),
    (Reason.ADVERTISEMENT, "Story Continued Below"),
    (Reason.NEWSLETTER, "Sign up for our newsletter"),
    (Reason.NEWSLETTER, "Sign up here to get the Harbour Briefing in your inbox every morning."),
    (Reason.NEWSLETTER, "Get the best of the Gazette delivered to your inbox. It is free."),
    (Reason.NEWSLETTER, "By signing up you agree to our Privacy Policy and Terms of Use."),
    (Reason.NEWSLETTER, "You can unsubscribe at any time."),
    (Reason.NEWSLETTER, "Subscribe now for as little as $2 a month!"),
    (Reason.SHARE, "Share"),
    (Reason.SHARE, "Share Tweet Facebook WhatsApp Copy link Email Print Comments"),
    (Reason.SHARE, "42 Comments"),
    (Reason.SHARE, "Follow us on Facebook and Twitter."),
    (Reason.SHARE, "Follow Tomas Rhee on Twitter: @tomasrhee"),
    (Reason.RELATED, "READ MORE: The town that coal built"),
    (Reason.RELATED, "Related: Five ports that closed, and what came next"),
    (Reason.RELATED, "See also: How dust is measured"),
    (Reason.RELATED, "More on this story"),
    (Reason.RELATED, "Read full story"),
    (Reason.RELATED, "Click here to see the results by district."),
    (Reason.RELATED, "Scroll down for video."),
    (Reason.COOKIES, "We use cookies to give you the best experience of our site."),
    (Reason.COOKIES, "Accept all cookies"),
    (Reason.LICENCE, "© 2024 Harbour Gazette Ltd. All rights reserved."),
    (
        Reason.LICENCE,
        "This material may not be published, broadcast, rewritten or redistributed.",
    ),
    (Reason.LICENCE, "Our Standards: The Thomson Reuters Trust Principles."),
    (Reason.LINK, "https://gazette.example/velmora?id=7"),
    (Reason.LINK, "newsdesk@gazette.example"),
]


@pytest.mark.parametrize("between", ["\n\n", "\n"])
@pytest.mark.parametrize(("reason", "line"), LINES)
def test_a_line_of_boilerplate_goes_and_nothing_else(
    reason: Reason, line: str, between: str
) -> None:
    text = page(line, between=between)
    assert removed(text) == [(line, reason)]


LOOKALIKES = [
    "Sign up for the draft ended on Monday, the ministry said.",
    "Sign up for our newsletter pop-ups annoy readers, a study of 2,000 people found.",
    "Advertisement spending rose 4 % last year.",
    "Advertisements for coal had been banned in the town since 2015.",
    "Subscribe buttons were removed from the page after complaints.",
    "Getty Images sued the company for copying 12 million of its photographs.",
    "Copyright law does not protect the design, the judge wrote.",
    "Share prices fell on Monday as investors weighed the closure.",
    "Tweet after tweet blamed the mayor, who does not use the site.",
    "Email traffic at the port doubled in the week before the vote.",
    "Related industries employ another 900 people in the valley.",
    "More on the same ships arrived in the evening than in the morning.",
    "Watch sales fell in the town's only jewellery shop.",
    "Home prices in the old quarter rose after the dust cleared.",
    "By the time the ships left, the quay was dark.",
    "By Friday, all 340 workers had been told.",
    "Published studies disagree about the dust.",
    "Updated figures will be released in May.",
    "Click here was all that the message said.",
    "Follow the money, the lawyer told the court, and you will find the owner.",
    "The Associated Press was founded in 1846.",
    "Image consultants were hired by both camps.",
    "File cabinets were carried out of the office on Friday.",
    "We use cookies as a reward for the dogs, the trainer said.",
    "Privacy was the reason that he gave.",
    "The agency, Agence France-Presse (AFP), reported the closure first.",
    "Comments by the minister were met with laughter.",
    "Read the small print, her lawyer advised.",
    '"Follow us," he said, and the crowd went with him to the harbour.',
    "He said: Click here and the money is gone.",
    "In 2019 the port handled 4 million tonnes (photographs from that year show full quays).",
]


@pytest.mark.parametrize("prose", LOOKALIKES)
def test_prose_that_looks_like_boilerplate_stays(prose: str) -> None:
    assert clean(page(prose)) == ()
    assert clean(" ".join([PROSE[0], prose, *PROSE[1:]])) == ()


DATELINES = [
    "LONDON (Reuters) - ",
    "(CNN) -- ",
    "(CNN)",
    "Seoul, South Korea (CNN) -- ",
    "WASHINGTON, Jan 5 (AP) — ",
    "ST. JOSEPH, Mich. (AP) — ",
    "NEW YORK — ",
    "london, england (cnn) -- ",
]


@pytest.mark.parametrize("dateline", DATELINES)
def test_only_the_dateline_of_a_first_paragraph_goes(dateline: str) -> None:
    assert removed(dateline + " ".join(PROSE)) == [(dateline, Reason.DATELINE)]


@pytest.mark.parametrize(
    "opening",
    [
        "The British Broadcasting Corporation (BBC) said on Monday that it would close a channel.",
        "NATO — which has 32 members — met in Velmora on Monday to talk about coal.",
        "Agence France-Presse (AFP) is a news agency with its seat in Paris, France.",
    ],
)
def test_an_opening_that_looks_like_a_dateline_stays(opening: str) -> None:
    assert clean("\n\n".join([opening, *PROSE])) == ()


SENTENCES = [
    (Reason.NEWSLETTER, "Sign up for our daily newsletter here."),
    (Reason.RELATED, "Scroll down for video."),
    (Reason.RELATED, "Click here for the latest on the vote."),
    (Reason.RELATED, "READ MORE: The town that coal built."),
    (Reason.LICENCE, "All rights reserved."),
    (Reason.CREDIT, "Tomas Rhee contributed to this report."),
    (Reason.SHARE, "Follow us on Twitter."),
]


@pytest.mark.parametrize(("reason", "sentence"), SENTENCES)
def test_in_one_long_line_boilerplate_goes_by_the_sentence(reason: Reason, sentence: str) -> None:
    text = " ".join([PROSE[0], sentence, *PROSE[1:]])
    assert removed(text) == [(sentence, reason)]


def test_lower_case_text_is_cleaned_too() -> None:
    text = " ".join(["(CNN) --", *PROSE, "All rights reserved."]).lower()
    assert [reason for _, reason in removed(text)] == [Reason.DATELINE, Reason.LICENCE]


PIECES = [
    (Reason.RELATED, "( Also on POLITICO: What the vote means)"),
    (Reason.RELATED, "( PHOTOS: The harbour, then and now)"),
    (Reason.RELATED, "(WATCH: The mayor's speech)"),
    (Reason.CREDIT, "(Photo: Lena Marsh)"),
    (Reason.ADVERTISEMENT, "ADVERTISEMENT "),
    (Reason.CAPTION, "Mayor Hollander speaks.Tomas Rhee/Getty Imageshide caption"),
]


@pytest.mark.parametrize(("reason", "piece"), PIECES)
def test_inside_a_paragraph_only_the_piece_goes(reason: Reason, piece: str) -> None:
    text = f"{PROSE[0]} {piece.strip()} {PROSE[1]} {PROSE[3]}"
    assert [(part.strip(), reason) for part, reason in removed(text)] == [(piece.strip(), reason)]


def test_a_whole_page_keeps_its_article() -> None:
    menu = ["Skip to main content", "Gazette", "News", "Sport", "Weather", "My Velmora", "Sign in"]
    sections = ["Harbour", "Council", "Schools", "Courts", "Letters", "Tides", "Obituaries"]
    title = "Velmora votes to close its coal terminal"
    top = [title, "Jonas Petrie", "4 March 2024", "Share", "Tweet", "Copy link"]
    caption = "A crane unloads coal at the terminal in May. (AFP)"
    others = [f"What the {name} did about number {n}" for n, name in enumerate(sections * 2)]
    foot = ["About us", "Contact us", "Terms of use", "© 2024 Harbour Gazette Ltd."]
    lines = [*menu, *sections, *top, PROSE[0], caption, *PROSE[1:], "Most read", *others, *foot]
    text = "\n".join(lines)

    kept = [line for line in kept_text(text, clean(text)).split("\n") if line]
    assert kept == [title, *PROSE]
    kept = [line for line in kept_text(text, clean(text, title)).split("\n") if line]
    assert kept == PROSE


def test_a_short_article_among_much_boilerplate_keeps_its_last_sentences() -> None:
    head = [
        "Home",
        "News",
        "Sport",
        "Menu",
        "Search",
        "World",
        "Politics",
        "Velmora votes",
        "Share",
    ]
    picture = ["Image source, Reuters", "Image caption,", "Campaigners outside the town hall"]
    other = ["OTHER NEWS", "Storm shuts schools in the north", "Minister quits over leaked letter"]
    menu = ["Top stories", *(f"Another headline of number {n}" for n in range(12))]
    foot = ["Most read", *"123456", "Terms of Use", "Privacy Policy", "Cookies", "© 2024 Gazette"]
    article = [PROSE[0], "Opponents call it vague.", PROSE[2], "The vote will not be repeated."]
    lines = [*head, *article[:2], *picture, article[2], *other, article[3], *menu, *foot]
    text = "\n".join(lines)
    assert [line for line in kept_text(text, clean(text)).split("\n") if line] == article


def test_the_title_is_not_read_twice() -> None:
    title = "Velmora votes to close its coal terminal"
    for heading in (title, f"{title} - Harbour Gazette", title.upper()):
        assert removed("\n".join([heading, *PROSE]), title) == [(heading, Reason.TITLE)]
    assert clean("\n".join(PROSE), title) == ()


def test_a_standfirst_is_not_read_twice() -> None:
    text = "\n".join([PROSE[0], *PROSE])
    assert [(part.start, part.reason) for part in clean(text)] == [
        (len(PROSE[0]) + 1, Reason.DUPLICATE)
    ]


def test_lists_that_the_article_introduces_stay() -> None:
    squad = ["Ana Bell", "Ivo Crane", "Mo Diaz", "Lu Fenn", "Zoe Gray", "Kit Hale"]
    assert clean("\n".join([*PROSE, "The council's new members are:", *squad])) == ()
    prizes = ["Best play", "Best actor", "Best score", "Best set", "Best light", "Best sound"]
    assert clean("\n".join([PROSE[0], *prizes, *PROSE[1:]])) == ()


def test_a_last_paragraph_that_is_cut_off_stays() -> None:
    cut = "The council will meet again in May to settle what becomes of the"
    text = "\n\n".join([*PROSE, "READ MORE: The town that coal built", cut])
    assert [reason for _, reason in removed(text)] == [Reason.RELATED]


def test_dates_that_head_the_parts_of_a_timeline_stay() -> None:
    days = ["1 March", "2 March", "3 March"]
    lines = [line for pair in zip(days, PROSE[1:], strict=True) for line in pair]
    assert clean("\n\n".join([PROSE[0], *lines])) == ()


def test_a_text_that_is_all_boilerplate_is_left_alone() -> None:
    assert clean("Sign in\nSubscribe now\nShare\nTweet\nPrivacy Policy") == ()
    assert clean("Sign up for our newsletter") == ()


def test_of_a_last_paragraph_only_the_agency_goes() -> None:
    text = "\n\n".join([*PROSE, "He will face the court in May. (AFP)"])
    assert removed(text) == [("(AFP)", Reason.CREDIT)]


def test_the_reasons_are_a_closed_set() -> None:
    assert {reason for reason, _ in LINES} <= set(Reason)
    assert all(str(reason) == reason.value for reason in Reason)


SCRAPS = st.sampled_from([*PROSE, *(line for _, line in LINES), *LOOKALIKES, *DATELINES])
JOINTS = st.sampled_from(["\n\n", "\n", " ", "", "\r\n", "\u2028"])
PASTED = st.lists(st.tuples(SCRAPS, JOINTS), max_size=12).map(
    lambda parts: "".join(scrap + joint for scrap, joint in parts)
)
TEXTS = st.one_of(st.text(), PASTED)
TITLES = st.one_of(st.none(), st.text(max_size=40), SCRAPS)


@given(TEXTS, TITLES)
def test_spans_are_ordered_disjoint_and_in_range(text: str, title: str | None) -> None:
    position = 0
    for part in clean(text, title):
        assert position <= part.start < part.end <= len(text)
        assert part.reason in set(Reason)
        position = part.end


@given(TEXTS, TITLES)
def test_kept_and_removed_make_up_the_text(text: str, title: str | None) -> None:
    parts = clean(text, title)
    assert len(kept_text(text, parts)) + sum(part.end - part.start for part in parts) == len(text)


@given(TEXTS, TITLES)
def test_a_text_is_never_emptied(text: str, title: str | None) -> None:
    parts = clean(text, title)
    assert bool(sentences.split(text, parts)) == bool(sentences.split(text))


@given(st.lists(st.sampled_from(LINES), max_size=6), st.sampled_from(["\n", "\n\n"]))
def test_cleaning_what_is_kept_finds_nothing_more(
    boilerplate: list[tuple[Reason, str]], between: str
) -> None:
    text = page(*(line for _, line in boilerplate), between=between)
    kept = kept_text(text, clean(text))
    assert clean(kept) == ()
