"""Words: how they are compared, and which carry content."""

from __future__ import annotations

FUNCTION_WORDS = frozenset(
    """a an the this that these those some any no every each either neither both all half
    i me my mine myself we us our ours ourselves you your yours yourself he him his himself she her
    hers herself it its itself they them their theirs themselves one ones who whom whose which what
    be am is are was were been being have has had having do does did doing done will would shall
    should can could may might must ought not n't
    about above across after against along amid among around as at before behind below beneath
    beside besides between beyond by despite down during except for from in inside into like near
    of off on onto out outside over past per since through throughout to toward towards under until
    up upon via with within without and but or nor so yet if then than because while although
    though unless whereas whether when where why how there here also too very just only even still
    already again ever never now more most less least much many few other another such same own
    however meanwhile 's s t re ve ll d m""".split()  # noqa: SIM905
)
"""English words that say nothing about what an article reports."""


def normal(word: str) -> str:
    """A word as it is compared: lower case, straight apostrophes."""
    return word.lower().replace("’", "'")


def is_content(word: str) -> bool:
    """Whether a normal word carries content: a number, or a word that is no function word."""
    return any(char.isalnum() for char in word) and word not in FUNCTION_WORDS
