"""The words around a full stop that say whether an English sentence ends there."""

from __future__ import annotations

from models.text.language import SentenceRules, words_of

# Never the end of a sentence.
_TITLES = words_of(
    "adm amb asst atty brig capt cmdr col cpl det dr fr ft gen gov hon insp lt maj messrs mr mrs "
    "ms mt mx pfc pres prof pvt rep reps rev sen sens sgt spc st ste supt vs cf eg ie viz approx"
)
# Not the end before a number ("Jan. 5", "No. 10").
_BEFORE_NUMBER = words_of(
    "no nos art arts ch fig figs p pp para sec vol ver ca c jan feb mar apr jun jul aug sep sept "
    "oct nov dec"
)
# The end only where the next word is one that opens sentences ("Inc. The", not "Inc. Chairman").
_MAY_END = words_of(
    "inc corp co cos ltd plc llc bros jr sr etc al esq dept univ assn ave blvd rd phd jan feb apr "
    "jun jul aug sep sept oct nov dec tue tues wed thu thurs fri ala ariz ark calif colo conn del "
    "fla ga ind kan ky md mich minn mo mont neb nev okla pa tenn tex vt va wis wyo est govt intl"
)
# The same, but in lower-cased text these are words.
_MAY_END_CASED = _MAY_END | words_of("ill la mar mass miss mon ore wash")
_OPENERS = words_of(
    "the a an he she it they we i you this that these those his her its their our my but however "
    "meanwhile there when while if although though after before since as at by for from in on to "
    "with and so yet or also now then here what who why how where no not some many most all both "
    "each one two three several another other more less under over during despite because"
)
_OPENERS_UNCASED = words_of(
    "the he she it they we this these but however meanwhile there although his their"
)

SENTENCES = SentenceRules(
    titles=_TITLES,
    before_number=_BEFORE_NUMBER,
    may_end=_MAY_END_CASED,
    may_end_uncased=_MAY_END,
    openers=_OPENERS,
    openers_uncased=_OPENERS_UNCASED,
)
