"""Light checks of English: whether words make a sentence, and what a denial in one bears on.

In doubt they say no.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.text.words import FUNCTION_WORDS, normal

_MAY_END = frozenset(
    """him her it them us me you this that these those one ones all more most less least few many
    now then here there again already ever never too also out up down off in over not
    on""".split()  # noqa: SIM905
)
_NO_END = FUNCTION_WORDS - _MAY_END
_SUBORDINATE = frozenset(
    """although though while when whereas if unless because since as after before
    despite""".split()  # noqa: SIM905
)
_RELATIVE = frozenset(("who", "which", "whose", "whom", "where", "when"))
_VERBS = frozenset(
    """am is are was were be been has have had do does did will would shall should can could may
    might must ought isn't aren't wasn't weren't hasn't haven't hadn't don't doesn't didn't won't
    wouldn't can't couldn't it's he's she's that's there's they're we're you're i'm they've we've
    i've let says say tells calls wants takes makes gives gets goes comes shows finds faces wins
    loses leaves plans hopes warns urges denies admits claims reports believes thinks seems becomes
    remains includes means needs begins ends dies kills hits opens closes holds keeps plays runs
    leads meets sees hears knows asks adds works lives brings puts sets sends turns moves rises
    falls said told went took made came got gave found became left felt put brought began kept held
    wrote stood heard meant set met ran paid sat spoke lay led read grew lost fell sent built drew
    understood broke spent cut rose drove bought wore chose won beat hit shot sold struck threw
    fought caught taught sought hurt quit shut flew fled saw knew thought sprang swore stole sank
    sang shook rode hid froze forgot forbade fed bent bound bid arose awoke
    blew""".split()  # noqa: SIM905
)
_QUALIFIERS = frozenset(
    """no not cannot never none nobody nothing nowhere neither nor without hardly barely scarcely
    if unless whether deny denies denied denying false falsely alleged allegedly reportedly
    purportedly supposedly suspected unconfirmed""".split()  # noqa: SIM905
)
_CLAUSE_ENDS = frozenset((",", ";", ":", "–", "—", "(", ")", "”", "but"))
_STOPS = frozenset(".!?")
MIN_PAST_CHARS = 5
"""Shorter words on -ed (red, bed, need) are seldom verbs."""


def is_sentence(words: Sequence[str]) -> bool:
    """Whether words and marks, spelled as they will stand, make one sentence that can stand alone.

    It opens with a word, does not end on a word that wants another, has a verb outside its relative
    clauses, and a subordinate clause is followed by its main clause. Names hold no verbs.
    """
    if not words or not words[0][0].isalnum() or normal(words[-1]) in _NO_END:
        return False
    main = list(_without_relatives(words))
    if normal(words[0]) in _SUBORDINATE:
        main = main[main.index(",") + 1 :] if "," in main else []
    return not _STOPS & set(words) and any(map(_is_verb, main))


def qualifies(word: str) -> bool:
    """Whether a normal word denies or doubts what comes after it, as `not`, `if`, `allegedly`."""
    return word in _QUALIFIERS or word.endswith("n't")


def scope(words: Sequence[str], place: int) -> range:
    """The places that a qualifier at one bears on: what is left of its clause, in normal words."""
    after = range(place + 1, len(words))
    return range(place + 1, next((i for i in after if words[i] in _CLAUSE_ENDS), len(words)))


def _is_verb(word: str) -> bool:
    past = word.endswith("ed") and len(word) >= MIN_PAST_CHARS
    return word[0].islower() and (past or normal(word) in _VERBS)


def _without_relatives(words: Sequence[str]) -> Iterator[str]:
    """The words outside clauses such as `, who was there,`."""
    inside = False
    for index, word in enumerate(words):
        if inside and word == ",":
            inside = False
        elif index and words[index - 1] == "," and normal(word) in _RELATIVE:
            inside = True
        if not inside:
            yield word
