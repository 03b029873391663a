"""What an English sentence that is printed does not hold."""

from __future__ import annotations

import re

from models.text.language import FormRules, words_of

_PAGE = re.compile(
    r"""(?:\b(?:click|tap)\s+(?:here|on|the|to|through)\b
      | \b(?:see|read|watch|scroll|shown|pictured|listed|described|mentioned|noted)\s+(?:more|also
          |below|above|the\ video|the\ full|right|left)\b
      | ^CLOSE\s | ^\d{1,2}[:.]\d{2}\b | ^[QA]:\s | ^correction\b
      | \bearlier\ version\ of\ this\b | \bas\ an\ interest\ to\ stay\b
      | \b(?:hide|toggle)\s+caption\b | \bread\ more\b | \bsign\ up\b.*\bnewsletter
      | \bfollow\s+(?:him|her|us|me)\s+on\b | \b(?:pic\.)?twitter\.com\b | https?://\S+ | \bwww\.
      | \bthis\s+(?:article|story|post|page|piece|blog|column|newsletter|podcast|interview)\b
          \s+(?:was|is|has|originally|first|appeared|contains|will)
      | \b(?:story|photos?|video)\ (?:by|continues)\b | \(\s*(?:left|right|center|pictured)\s*\)
      | ^(?-i:(?:[A-Z][\w.'’-]*\ ){2,4})is\s(?:an?|the)\s(?:[\w'’-]+\s){0,5}(?:commentator|columnist
          |contributor|contributing\s(?:writer|editor)|author\sof|professor\s(?:of|at|in)
          |fellow\s(?:at|in)|freelance|(?:writer|reporter|editor|correspondent)\s(?:for|at|based))\b
      | ,\s(?:far\s)?(?:left|right|center|centre)\s?,
      | \b(?:all\ rights\ reserved|getty\ images|associated\ press\ photo)\b)""",
    re.IGNORECASE | re.VERBOSE,
)

FORM = FormRules(
    first_person=words_of("i i'm i've i'd i'll me my myself we we're we've we'd we'll let's"),
    reader=words_of("here you your yours yourself you're you've you'll you'd"),
    page=_PAGE,
    lost=re.compile(
        r"\b(the|a|an|of|to|in|and|for|on|is|was|with|at|by) \1\b"
        r"|\ban [bcdfgjklmnpqrstvwz][a-z]|\ba (?!eu|ewe)[aei][a-z]"
    ),
    fragment=re.compile(r"Said\s(?!to\b)|(?:That|This|All|Also)\saccording\sto\b"),
    verb_endings=("ed", "es", "s", "ing"),
    glued_first=words_of(
        """
        the and of has have had was were are that which from their this who when while been they
        she its than would could
        """
    ),
    glued_last=words_of(
        """
        the and of has have had was were are that which with from their this who when while been
        they than would could will not for on in to at by about
        """
    ),
    bases=words_of(
        """
        say want support oppose remain face plan live work make take get give show hope need help
        run lead continue include account believe think agree argue fear expect use lose win fall
        rise come go hold keep leave call ask seek appear seem belong stay stand sit lie follow
        spread broadcast burst cast cost forecast let rid set shed split upset bid offer begin
        became went gone done seen underwent shrunk shrank withdrew overthrew overcame undertook
        add allow appeal avoid ban block boost borrow break bring build buy care carry catch cause
        change choose claim close collect compete consider control cost count cover create cross
        deal decide deny depend describe die do draw drink drive drop earn eat end enjoy enter
        exist explain feel fight figure fill find fit fly force form gain gather grow happen hate
        hear help hide hurt join jump kill know lack land last learn let like limit list listen
        look love matter mean meet miss offer open order own pay plead pick play prefer prepare
        prevent produce protect prove provide pull push put raise reach read receive recover refuse
        reject rely report represent require rest return rule save see sell send serve share sing
        sleep sound speak spend start stop store struggle suffer suggest talk teach tell tend throw
        touch travel treat try turn understand vary visit wait wake walk warn watch wear win wish
        wonder worry write
        """
    ),
)
