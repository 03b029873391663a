"""What an editor may leave out of an English sentence, and what stays."""

from __future__ import annotations

import re

from models.text.language import EditingRules, words_of


def _phrases(text: str) -> frozenset[tuple[str, ...]]:
    """The phrases of a text that has one a line."""
    return frozenset(tuple(line.split()) for line in text.splitlines() if line.strip())


_OPENINGS = re.compile(
    r"""(?:
        (?:but|and|so|or|nor|yet)(?!\sfar\b)
      | (?:also|additionally|furthermore|moreover|besides|likewise|similarly|meanwhile|meantime
          |however|nevertheless|nonetheless|still|instead|rather|otherwise|conversely
          |thus|therefore|hence|accordingly|consequently|then|now(?!\ that\b)|next
          |finally|lastly|ultimately|first|firstly|second|secondly|third|thirdly|indeed|again|anyway|well|sure|plus
          |actually|basically|certainly|clearly|obviously|arguably|surely|frankly|honestly
          |of\ course|in\ fact|in\ other\ words|in\ addition|in\ contrast|by\ contrast
          |in\ particular|in\ short|in\ sum|in\ turn|in\ the\ end|in\ any\ case|in\ the\ meantime
          |as\ a\ result|as\ such|at\ the\ same\ time|for\ example|for\ instance|for\ one\ thing
          |for\ one|for\ now|for\ his\ part|for\ her\ part|for\ their\ part|for\ its\ part
          |on\ the\ other\ hand|on\ the\ contrary|on\ one\ hand|on\ top\ of\ that|that\ said
          |in\ reality
          |that\ being\ said|that\ is|to\ be\ sure|to\ be\ clear|what\ is\ more|what's\ more
          |even\ so|even\ then|after\ all|above\ all|all\ in\ all|no\ wonder|the\ result
          |more\ importantly|most\ importantly|worse\ still|not\ surprisingly|unsurprisingly
          |interestingly|notably|remarkably|curiously|ironically|sadly|unfortunately
          |fortunately|luckily|happily|incidentally|by\ the\ way|earlier|later)
      )(?=[\s,:])""",
    re.IGNORECASE | re.VERBOSE,
)
_DATELINES = re.compile(
    r"""(?:
        (?:[A-ZÀ-Þ][A-ZÀ-Þ.'’-]+)(?:[ ,]+(?:[A-Z][\w.'’-]*|\d{1,2}))*(?:\s*\([^()\n]{2,60}\))?\s*
          (?:—|–|--|-)\s+
      | (?:(?:[A-ZÀ-Þ][\w.'’-]*|to|the|of|and)[ ,]+){0,5}[A-ZÀ-Þ][\w.'’-]*\s*
          \((?:[A-Z][\w.&'’-]*\s?){1,4}\)\s*(?:—|–|--|-|:)?\s*
      | \((?:CNN|AP|AFP|Reuters|UPI|WSJ)[^()\n]{0,40}\)\s*(?:—|–|--|-)?\s*
      | (?:By|Photo|Photos|Image|Images|Video|Credit|File|Update|UPDATE|UPDATED|NEW|WATCH|READ)
        \s?:\s+
      | (?:WASHINGTON|NEW\ YORK|LONDON)\s*[—–-]+\s+
      )""",
    re.VERBOSE,
)

EDITING = EditingRules(
    constituents=words_of(
        """
        that which who whose whom where when while after before as because since although though
        until to in on at by with for from of during despite according including and but amid
        against about over under between among into through than within throughout following across
        toward towards near around outside inside onto along behind beyond below above up out off
        plus like such so even especially particularly mostly partly largely both also just along
        because thanks due if unless without whether unlike
        """
    ),
    participle_endings=("ing", "ed"),
    participles=words_of(
        """
        known made held led taken given seen shot built found told sent set written born caught
        brought bought sold left lost put paid kept hit thought taught drawn shown driven thrown
        grown run cut heard filed based
        """
    ),
    adverbs=words_of(
        """
        also now just then still already even again ever later earlier too instead though however
        meanwhile therefore thus indeed perhaps soon often always sometimes once twice yesterday
        today tonight tomorrow nowadays overnight together apart altogether yet quite rather very
        so much otherwise nevertheless abroad worldwide nationwide himself herself itself
        themselves either both live alone online
        """
    ),
    adverb_ending="ly",
    no_adverbs=words_of(
        """
        only early family supply july italy ally rally reply apply fly likely unlikely nearly
        roughly exactly hardly barely scarcely allegedly reportedly purportedly supposedly
        potentially possibly probably apparently falsely wrongly illegally approximately
        friendly daily weekly monthly yearly quarterly assembly anomaly monopoly elderly deadly
        costly lovely lonely ugly holy bully belly jelly imply comply multiply rely partially
        partly formerly previously deputy sicily emily kelly billy sally holly molly
        accidentally unlawfully legally effectively virtually
        """
    ),
    determiners=words_of(
        "a an the this that these those its his her their our my your some any and or very 's"
    ),
    adjective_endings=("al", "ic", "ive", "ous", "ful", "less", "able", "ible", "ary", "ing", "ed"),
    adjectives_stay=words_of(
        """
        former alleged suspected accused convicted acting interim deputy vice assistant potential
        possible likely proposed planned expected would-be false fake mock first second third last
        only same other another most more least less many few several no not such own next previous
        ex late then-president so-called attempted unconfirmed purported
        """
    ),
    additions=words_of("also too"),
    openings=_OPENINGS,
    datelines=_DATELINES,
    clauses=words_of("that what how why as and but or so"),
    auxiliaries=words_of(
        """
        am is are was were has have had do does did will would shall should can could may might must
        isn't aren't wasn't weren't hasn't haven't hadn't don't doesn't didn't won't wouldn't can't
        couldn't
        """
    ),
    time_leads=words_of("early late last this next earlier later past previous following on in by"),
    days=words_of(
        """
        monday tuesday wednesday thursday friday saturday sunday today yesterday tomorrow tonight
        mon tue tues wed thu thurs fri sat sun overnight
        """
    ),
    periods=words_of(
        """
        week month year quarter decade century season weeks months years quarters decades centuries
        seasons day days hour hours minute minutes second seconds fiscal weekend january february
        march april may june july august september october november december jan feb mar apr jun
        jul aug sep sept oct nov dec summer winter spring autumn fall semester term
        """
    ),
    day_parts=words_of("morning afternoon evening night noon midnight midday"),
    conditions=words_of(
        "if unless provided providing assuming pending only except without whether until"
    ),
    limits=_phrases(
        """
        respectively
        at least
        at most
        up to
        as many as
        as much as
        as few as
        as little as
        more than
        less than
        fewer than
        no more than
        about
        around
        nearly
        almost
        roughly
        approximately
        some
        over
        under
        only
        just
        former
        alleged
        allegedly
        reportedly
        suspected
        accused
        purported
        purportedly
        supposedly
        apparently
        possibly
        probably
        potentially
        perhaps
        likely
        unlikely
        attempted
        proposed
        planned
        expected
        partially
        partly
        falsely
        so-called
        """
    ),
    sayings=words_of(
        """
        said says say saying told tells tell announced announces reported reports claimed claims
        alleged alleges argued argues believes believe believed warned warns insisted insists
        confirmed confirms denied denies acknowledged acknowledges conceded estimates estimated
        stated states wrote writes added adds noted notes suggested suggests tweeted testified
        explained explains showed shows show found finds
        """
    ),
    sources=words_of("according"),
    coordinators=words_of("and or but nor"),
    number_links=words_of("of percent per out times"),
    vowels=frozenset("aeiou"),
)
