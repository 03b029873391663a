"""English words by what they do in a sentence."""

from __future__ import annotations

import re

from models.text.language import Grammar, words_of

FUNCTION_WORDS = words_of(
    """
    a an the this that these those some any no every each either neither both all half i me my
    mine myself we us our ours ourselves you your yours yourself he him his himself she her hers
    herself it its itself they them their theirs themselves one ones who whom whose which what be
    am is are was were been being have has had having do does did doing done will would shall
    should can could may might must ought not n't about above across after against along amid
    among around as at before behind below beneath beside besides between beyond by despite down
    during except for from in inside into like near of off on onto out outside over past per
    since through throughout to toward towards under until up upon via with within without and
    but or nor so yet if then than because while although though unless whereas whether when
    where why how there here also too very just only even still already again ever never now more
    most less least much many few other another such same own however meanwhile 's s t re ve ll d
    m
    """
)
"""Words that say nothing about what an article reports."""

_MAY_END = words_of(
    """
    him her it them us me you this that these those one ones all more most less least few many
    now then here there again already ever never too also out up down off in over not on
    """
)
_SUBORDINATE = words_of(
    "although though while when whereas if unless because since as after before despite"
)
_RELATIVE = words_of("who which whose whom where when")
_VERBS = words_of(
    """
    am is are was were be been has have had do does did will would shall should can could may
    might must ought isn't aren't wasn't weren't hasn't haven't hadn't don't doesn't didn't won't
    wouldn't can't couldn't it's he's she's that's there's they're we're you're i'm they've we've
    i've let says say tells calls wants takes makes gives gets goes comes shows finds faces wins
    loses leaves plans hopes warns urges denies admits claims reports believes thinks seems
    becomes remains includes means needs begins ends dies kills hits opens closes holds keeps
    plays runs leads meets sees hears knows asks adds works lives brings puts sets sends turns
    moves rises falls said told went took made came got gave found became left felt put brought
    began kept held wrote stood heard meant set met ran paid sat spoke lay led read grew lost
    fell sent built drew understood broke spent cut rose drove bought wore chose won beat hit
    shot sold struck threw fought caught taught sought hurt quit shut flew fled saw knew thought
    sprang swore stole sank sang shook rode hid froze forgot forbade fed bent bound bid arose
    awoke blew
    """
)
_QUALIFIERS = words_of(
    """
    no not cannot never none nobody nothing nowhere neither nor without hardly barely scarcely if
    unless whether deny denies denied denying false falsely alleged allegedly reportedly
    purportedly supposedly suspected unconfirmed
    """
)
_DANGLING = re.compile(
    r"[\"“'‘]?(?:he|she|it|they|his|her|their|its|this|that|these|those|but|and|so|or|such|there"
    r"|however|meanwhile|also|then|yet|instead|still|another|nor)\b",
    re.IGNORECASE,
)

GRAMMAR = Grammar(
    articles=words_of("a an the"),
    no_end=FUNCTION_WORDS - _MAY_END,
    subordinate=_SUBORDINATE,
    relative=_RELATIVE,
    conjunctions=words_of("but"),
    verbs=_VERBS,
    past_ending="ed",
    qualifiers=_QUALIFIERS,
    denial_ending="n't",
    numbers=words_of(
        "two three four five six seven eight nine ten hundred thousand million billion"
    ),
    rates=words_of("a an per each every"),
    times=words_of("second minute hour day night week month year season"),
    dangling=_DANGLING,
    denials=(
        ("is", "is not"),
        ("was", "was not"),
        ("are", "are not"),
        ("were", "were not"),
        ("has", "has not"),
        ("have", "have not"),
        ("had", "had not"),
        ("will", "will not"),
        ("would", "would not"),
        ("can", "cannot"),
        ("could", "could not"),
        ("is not", "is"),
        ("was not", "was"),
        ("are not", "are"),
        ("did not", "did"),
        ("will not", "will"),
        ("not", ""),
    ),
)
