"""The articles of tests/data/articles. All people, places and events in them are made up.

A file begins with lines `title:` and `topic:`, and one for each stance, such as `against: the tram`
(the label, then the target). After an empty line comes the text.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.support.paths import DATA

ARTICLES = DATA / "articles"


@dataclass(frozen=True, slots=True)
class Sample:
    """An article, the right label for its topic, and the right labels for some targets."""

    title: str
    text: str
    topic: str
    stances: dict[str, str] = field(default_factory=dict, hash=False)


def page(name: str) -> str:
    """A file as it is."""
    return (ARTICLES / name).read_text("utf-8")


def sample(name: str) -> Sample:
    """The article of a file."""
    header, _, text = page(f"{name}.txt").partition("\n\n")
    (_, title), (_, topic), *stances = (line.split(": ", 1) for line in header.splitlines())
    return Sample(title, text, topic, {target: label for label, target in stances})


ARTS = sample("arts")
CRIME = sample("crime")
DISASTER = sample("disaster")
ECONOMY = sample("economy")
EDUCATION = sample("education")
ENVIRONMENT = sample("environment")
HEALTH = sample("health")
HUMAN_INTEREST = sample("human_interest")
LABOR = sample("labor")
LIFESTYLE = sample("lifestyle")
POLITICS = sample("politics")
RELIGION = sample("religion")
SCIENCE = sample("science")
SOCIETY = sample("society")
SPORT = sample("sport")
WAR = sample("war")
WEATHER = sample("weather")

SAMPLES = (
    ARTS, CRIME, DISASTER, ECONOMY, EDUCATION, ENVIRONMENT, HEALTH, HUMAN_INTEREST, LABOR,
    LIFESTYLE, POLITICS, RELIGION, SCIENCE, SOCIETY, SPORT, WAR, WEATHER,
)  # fmt: skip
"""A clear article on each of the 17 topics."""

OPINION = sample("opinion")

WEB_PAGE = page("web_page.txt")
"""An article as a reader copies it from a web site, with menus and links around it."""

BOILERPLATE = (
    "Skip to main content", "Subscribe", "(AFP)", "Facebook", "Sign up for our newsletter",
    "Read more", "All rights reserved", "may not be published",
)  # fmt: skip
"""What no summary of `WEB_PAGE` may hold."""

HTML_PAGE = page("html_page.html")

FRENCH = page("french.txt")

SECTIONS = sample("sections")
"""One article of several sections, longer than a window."""

LONG_TEXT = "\n\n".join(article.text for article in (SECTIONS, *SAMPLES))
"""Several thousand words: more windows than a batch of short articles has rows."""
