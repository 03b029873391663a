"""What boilerplate looks like on English pages.

A rule matches a whole paragraph or a whole sentence, or says exactly which piece of one to take
out. A word alone ("subscribe", "advertisement") never does: articles are written about those too.
"""

from __future__ import annotations

from models.text.boilerplate import BoilerplateRules, Reason, table
from models.text.patterns import compiled

_AGENCY = (
    r"(?:AP(?: Photo)?|A\.P\.|Associated Press|AFP|Agence France[- ]Presse|Reuters|EPA(?:-EFE)?|EFE"
    r"|Getty(?: Images)?|Bloomberg(?: News)?|UPI|Xinhua|PA(?: Wire| Media)?|TASS|ANI|PTI|dpa|NPR"
    r"|Shutterstock|i?Stock(?:photo)?|Alamy|Rex(?: Features)?|Corbis|NurPhoto|Zuma(?: Press)?|Sipa)"
)
_NETWORK = (
    r"(?:Twitter|Facebook|Instagram|You ?Tube|Tik ?Tok|Linked ?In|Whats ?App|Telegram|Reddit|VK"
    r"|Pinterest|Flipboard|Messenger|Threads|Bluesky|Mastodon|Tumblr|Google(?: News| Plus|\+)?|X)"
)
# Names, roles and the small words between them: "Ann Lee and Bob Ray, Reuters in Paris".
_NAMES = (
    r"(?-i:(?:[A-Z][\w.'’&/-]*|and|in|of|the|for|at|with|from|by|de|la|van|von|der|bin|al"
    r"|reporting"
    r"|editing|writing|additional|staff|(?:correspondent|reporter|editor|writer)s?|[,;|•·&—–-])"
    r"[ ,;]*)+"
)
_NUMBER = r"\d{1,4}(?:st|nd|rd|th)?"
_MARK = r"[\s,.:/|·•–—-]"
_TIME = (
    rf"(?:(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{{0,6}}\b|{_NUMBER}"
    r"|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\b|[ap]\.?m\.?|e[sd]?t|p[sd]?t|c[sd]?t|gmt|bst"
    r"|utc|ist"
    r"|at|on|today|yesterday|noon|midnight|(?:min(?:ute)?|hour|hr|day|week|month|year)s?|ago|local"
    r"|(?:first |last )?(?:published|updated|posted|modified|created|edited)|time|read)"
)
_SHARE = (
    rf"(?:{_NETWORK}|share(?: (?:this|on|via|to|page|article|story|options))*|tweet(?: this)?|post"
    r"|e-?mail(?: (?:this|article|to a friend))*|print(?: (?:this|article|page))*"
    r"|copy(?: the)? link"
    r"|link copied!?|save(?: article)?|bookmark|(?:leave |post |add |view )?(?:a )?comments?"
    r"|like|pin"
    r"|(?:this )?article|story|follow|sms|rss|print friendly|gift this article|close|about sharing"
    r"|listen to article|copy|talk|more)"
)
_RELATED = "|".join(  # with a capital, whatever follows
    f"(?-i:{word[0].upper()}){word[1:]}"
    for word in (
        *("photos", "videos?", "also(?: on| read)?", "related", "more", "watch", "read"),
        *("read more", "poll", "podcast", "slideshow", "timeline", "see also", "listen"),
        *("gallery", "interactive"),
    )
)
_SECTION_NAME = (
    r"(?:home(?:page)?|(?:\w{2,12} )?news|sports?|weather|iplayer|sounds|bitesize|menu|search|login"
    r"|(?:log|sign) (?:in|out|up)|register|subscribe|my account|account|videos?|live|tv|radio|shop"
    r"|travel|culture|business|politics|world|uk|us|u\.s\.|africa|asia|europe|americas|australia"
    r"|tech(?:nology)?|science|health|entertainment|opinions?|lifestyle|life|arts?|music|food|style"
    r"|money|markets?|magazine|podcasts?|newsletters?|games|crosswords?|puzzles|jobs"
    r"|contact(?: us)?"
    r"|about(?: us)?|help|advertise|privacy|terms|cookies|sitemap|accessibility|football|cricket"
    r"|environment|education|climate|local|national|international|photos|pictures|topics|sections"
    r"|editions?|e-?paper|classifieds|reviews|columns?|editorials?|finance|economy|cars|all|&|and)"
)
_SECTION = rf"(?:{_SECTION_NAME}|[|›»/>·•])"


# Paragraphs that are nothing else than this.
_PARAGRAPHS = table(
    {
        Reason.NAVIGATION: (
            rf"{_SECTION_NAME}\s+(?:{_SECTION}\s+)+{_SECTION}",
            r"(?:open|close|main|site)? ?(?:menu|navigation|search)|(?:sign|log) ?(?:in|out)",
            r"(?:return|back|scroll|go) (?:back )?to (?:the )?(?:top|home ?page|menu|results)",
            r"(?:about|contact) us|terms(?: (?:and|&) conditions| of (?:use|service))?|site ?map",
            r"(?:privacy|cookie) (?:policy|notice|settings)|load(?:ing)?(?: more)?|learn more"
            r"|close",
            r"(?:prev(?:ious)?|next) (?:article|story|page|post)|(?:show|view|see) (?:more|all"
            r"|less)",
        ),
        Reason.BYLINE: (
            rf"(?:written |story |words |analysis |posted )?by:? {_NAMES}",
            r"(?:first |last )?(?:published|updated|posted|modified)\b[^!?]{0,40}\d[^!?]{0,40}",
            r"(?:about )?\d{1,2} (?:min(?:ute)?|hour|hr|day|week|month|year)s? ago|just now",
            r"this article is more than \d{1,2} (?:year|month)s? old|\d{1,3} ?min(?:ute)?s? read",
            r"(?:estimated )?reading time:? .{1,20}|(?:opinion )?(?:contributor|columnist)",
            r"(?:staff|senior) (?:writer|reporter|correspondent)|analysis/opinion",
        ),
        Reason.SHARE: (
            rf"(?:[\d\s|,·•/+:]*{_SHARE}\b[\d\s|,·•/+:.]*){{2,}}",
            r"share(?: this)?|tweet|e-?mail|print|comments?|whatsapp|facebook|copy link",
            r"(?:read or )?share this story: .{2,200}|\d{1,6} (?:comments?|shares?|replies|likes?)",
            r"a post shared by .{2,80}|listen to article .{0,120}",
        ),
        Reason.PLAYER: (
            r"(?:play|watch|listen|pause|replay)(?: (?:now|live|video|audio|again|to (?:the "
            r"|this )?"
            r"(?:article|story|audio)))?[\s·•|:–-]*\d{1,2}:\d{2}(?: ?[/·-] ?\d{1,2}:\d{2})?",
            r"(?:play|watch|listen)(?: (?:now|live|video|to (?:the|this) (?:article|story)))",
            r"\d{1,2}-minute listen|(?:audio|video) player|\d{1,2}:\d{2}(?: ?/ ?\d{1,2}:\d{2})?",
            r"download(?: (?:transcript|embed))*|(?:view |hide )?transcript|toggle more options"
            r"|embed",
            r"to (?:display|watch|view|see) this (?:content|video|post)\b.{0,160}",
            r"one of your browser extensions.{0,300}|this video (?:can ?not|is not) .{2,60}",
            r"media playback is (?:un|not )?supported on (?:this|your) device.{0,200}",
            r"just watched .{1,400}|replay more videos.{0,300}|now playing.{0,80}"
            r"|play video.{0,120}",
            r"(?:slideshow|gallery) ?\(?\d{1,3}(?: (?:images|photos|pictures))?\)?|\[pullquote\]",
            r"(?:prev(?:ious)? |next )?(?:image|photo|slide) \d{1,3} (?:of|/) \d{1,3}",
        ),
        Reason.ADVERTISEMENT: (
            r"\(?(?:advertisement|ad|advert|sponsored(?: content)?|paid content|promoted)\)?"
            r"(?: -? ?(?:story|article)? ?continue[sd]? (?:reading )?(?:below|the main story))?",
            r"(?:story|article) continue[sd] (?:below|after)"
            r"(?: ?\(?(?:this |the )?ad(?:vert(?:isement)?)?\)?)?",
            r"continue reading(?: below| the main story)?|skip (?:past )?ad(?:vert(?:isement)?)?",
            r"remove ads?|report (?:this )?ad|advertising|loading\.{0,3}",
        ),
        Reason.RELATED: (
            r"(?:related|recommended|more|most|top|latest|trending|popular|other|further|similar)"
            r"(?: (?:on|from|in|for))?(?: (?:this|the|our|you))? (?:articles?|stor(?:y|ies)|topics?"
            r"|news|reading|read|links?|content|posts?|videos?|viewed|popular|shared|commented"
            r"|coverage|episodes?|now|headlines?|stories for you)(?: news| now)?:?",
            r"(?:related|other) (?:topics|news)|(?:on|explore more on) (?:the same|these) topics?",
            r"more on this.{0,20}|related|(?:read|up|watch) (?:more|next|also)|see also|more:",
            r"don['’]t miss|editor['’]?s['’]? picks?|around the web|from the (?:web|left|right)",
            r"you (?:may|might)(?: also)? (?:like|be interested in)|in case you missed it",
            r"read more (?:from|on|about) .{2,40}|photos?: .{3,100}|.{10,160} read more",
        ),
        Reason.CREDIT: (
            r"contributing: .{2,160}|usa today(?: network)?|associated press",
            r"(?:(?:this (?:story|episode|newsletter|article|piece|report)|it) was |\()?(?:edited"
            r"|produced|fact-checked|compiled|filmed)(?: and (?:edited|produced))? by .{3,200}",
            rf"(?:photo(?:graph)?s?|pictures?|images?|illustrations?|video|graphics?)"
            rf"(?: (?:by|credit|source|courtesy))+:? {_NAMES}",
            rf"\(?{_AGENCY}(?:(?:/| via |, | ){_AGENCY})*\)?|\((?:[\w ]{{2,30}} )?with {_AGENCY}\)",
        ),
        Reason.CAPTION: (
            r"enlarge this image.{0,700}|facebook twitter pinterest .{3,400}",
            r"image (?:source|caption|copyright)\b.{0,500}|(?:media|video) caption\b.{0,300}",
            r"file(?: photo)?(?: -{1,2}|:| - ).{5,700}|view image in fullscreen.{0,400}",
        ),
        Reason.COOKIES: (
            r"(?:accept|reject|allow|manage)(?: all)?(?: (?:cookies|consent|preferences"
            r"|settings))?",
            r"(?:cookie|privacy|consent) (?:preferences|choices|consent)|i agree|got it",
        ),
        Reason.LINK: (
            r"(?:https?://|www\.|pic\.twitter\.com/)\S+|\S{1,60}@[\w-]{1,60}\.[\w.-]{2,40}",
            r"@\w{2,30}|poster=\S+",
        ),
    },
    before=r"[^\w(©&@\[]*",
    after=r"[^\w]*",
)

# Paragraphs that are nothing else than this before the first prose or among other boilerplate:
# further down they may be the headings of a timeline or a list.
_AT_EDGES = table(
    {
        Reason.BYLINE: (rf"(?:{_TIME}{_MARK}*)*{_NUMBER}{_MARK}*(?:{_TIME}{_MARK}*)*",),
        Reason.NAVIGATION: (rf"{_SECTION_NAME}(?: {_SECTION})?",),
        Reason.SHARE: (_SHARE,),
        Reason.PLAYER: (r"photos?|videos?|images?|audio|gallery",),
    },
    before=r"[^\w(©&@]*",
    after=r"[^\w]*",
)

# Paragraphs that end like this, whatever they begin with: captions with their credit.
_ENDINGS = table(
    {
        Reason.CAPTION: (
            r"(?:hide|toggle) caption(?: .{0,80})?",
            rf"(?:/ ?|\bvia |© ?|\d\. |[a-z]\. ){_AGENCY}(?:/{_AGENCY})*",
            rf"\((?:[^()]{{0,60}}(?:/|\bvia | for |, |: ))?{_AGENCY}(?:[ /,:][^()]{{0,60}})?\)",
            rf"\[file: ?{_AGENCY}\]|© ?[^.©]{{2,60}}",
            r"\((?:photo|image|picture|credit|courtesy|source)s?(?: (?:by|credit|courtesy|of))*: ?"
            r"[^()]{2,90}\)",
            r"(?:photograph|photo|image|picture|credit|pic): [^.:]{2,60}",
        ),
    },
    before=r"",
    after=r"[ *|]{0,4}\z",
)

# Paragraphs or sentences that are nothing else than this, unless they report (`_REPORTS`).
_SENTENCES = table(
    {
        Reason.NAVIGATION: (
            r"(?:skip|jump) (?:directly )?to (?:the )?(?:main )?(?:content|navigation|search|menu)"
            r"(?: .{0,40})?",
        ),
        Reason.NEWSLETTER: (
            r"(?:click here to |please )?(?:sign up|subscribe"
            r"|register)\b[^!?]{0,160}?(?:newsletters?"
            r"|inbox|alerts?|podcasts?|e-?mails?|our app|for free|here|now|today)\b[^!?]{0,60}",
            r"(?:get|receive|want)\b[^!?]{3,180}?(?:(?:in|to) your inbox"
            r"|newsletters?)\b[^!?]{0,80}",
            r"(?:skip past|after) newsletter promotion|(?:free|our) (?:daily|weekly) newsletter",
            r"(?:sign up (?:to|for) (?-i:[A-Z]))[^.!?]{2,40}|privacy notice: newsletters.{0,300}",
            r"(?:get|enter|add) your e-?mail.{0,80}|your e-?mail address will not be published",
            r"by (?:signing up|clicking|subscribing|submitting|entering)\b[^!?]{3,120}?"
            r"(?:privacy|terms|agree)[^!?]{0,160}",
            r"th(?:is|e) site is protected by recaptcha.{0,160}|you can unsubscribe at any time",
            r"thank(?: you|s) for (?:signing up|subscribing).{0,120}|newsletter sign-?up",
            r"subscribe(?: now)?(?: for (?:as little as )?.{2,20} (?:a|per) (?:month|week|year))?",
            r"(?:for|to listen to) [^!?]{0,60}?sponsor-free[^!?]{3,200}",
            r"listen to every episode[^!?]{3,160}",
            r"(?:always free|listen)\b[^!?]{0,60}?(?:apple podcasts|spotify)[^!?]{0,140}",
            r"(?:help )?support ?[^!?]{3,80}? by (?:signing up|subscribing)[^!?]{3,160}",
            r"(?:manage|daily|our|more) newsletters?(?: manage newsletters?)?",
        ),
        Reason.SHARE: (
            r"(?:follow|find|like|join|connect with|friend) (?:us|me|him|her|@\S+|[\w' ]{2,40}?)"
            rf"(?: \w+)? ?(?:on|at|via):? ?(?:@|{_NETWORK}\b)[^!?]{{0,80}}",
            rf"(?:follow|find) (?:@ ?@?\S+|us)(?: .{{0,50}})?|find us: ?{_NETWORK}.{{0,80}}",
            rf"(?:find|follow) ?more [\w ]{{2,30}}:? ?{_NETWORK}.{{0,80}}|have your say.{{0,60}}",
            r"join the (?:conversation|discussion)\b.{0,80}|send your story ideas to.{2,60}",
            r"(?:e-?mail|contact|write to|tweet) (?:us|the (?:author|writer|reporter))\b.{0,60}@"
            r".{0,80}",
        ),
        Reason.RELATED: (
            r"(?:read more|related|see also|also read|read also|more on this|don['’]t miss"
            r"|read next"
            r"|recommended|watch now|more from [\w ]{2,30}|more stories|related \w+) ?[:"
            r"|>»] ?.{2,220}",
            r"(?-i:(?:MORE|WATCH|PHOTOS?|VIDEO|READ|LISTEN|OPINION|GALLERY|POLL|ALSO|PODCAST)"
            r"(?: [A-Z]+){0,3}: ).{2,220}",
            r"click (?:here|through|on the link)\b.{0,160}|scroll (?:down|across) (?:for"
            r"|to) .{2,60}",
            r"(?:read|see|view|watch) (?:the |our |his |her )?(?:full|original|complete"
            r"|rest of the)"
            r" (?:story|article|report|interview|post|video|column|coverage).{0,80}",
            r"watch (?:the |this )?(?:video|clip|interview)(?: (?:here|above|below|at \S+))?",
            r"for more (?:on|of|from|updates|information|news|stories|coverage)\b.{2,140}?"
            r"(?:head ?to|visit|click|go to|check out|see our).{2,120}",
            r"visit .{2,60} (?:homepage|website|site|page) for more.{0,60}",
        ),
        Reason.COOKIES: (
            r"(?:we|th(?:is|e) (?:web)?site|our (?:web)?site)(?: and our partners)? uses? cookies"
            r".{0,300}",
            r"by continuing to (?:use|browse|visit)\b.{0,200}?(?:cookies?|privacy|terms).{0,120}",
        ),
        Reason.LICENCE: (
            r"(?:©|&copy;?|\(c\)|copyright (?:©|\(c\)|&copy;?|(?:19|20)\d\d|by)).{0,300}",
            r"all rights reserved.{0,160}|(?:tm|entire contents) .{0,80}(?:copyright|©).{0,160}",
            r"this (?:material|content|article|story) may not be (?:published|reproduced|copied)"
            r".{0,160}",
            r"(?:reproduction|republication|redistribution) .{0,60}(?:prohibited"
            r"|permission).{0,60}",
            r"our standards: ?(?:the )?thomson reuters.{0,60}",
            r"(?:the )?(?:opinions|views) expressed .{0,80}\b(?:their own|those of|his own|her own"
            r"|the author).{0,160}",
            r"this (?:article|story|piece|column) (?:was )?(?:originally |first )?(?:published"
            r"|appeared) (?:in|on|at|by).{2,100}",
        ),
        Reason.CREDIT: (
            r"\(?(?:additional )?(?:reporting|editing|writing)(?: and (?:writing|editing))? by "
            rf"{_NAMES}\)?",
            r"this (?:interview|conversation|story|excerpt|transcript) (?:has been"
            r"|was) (?:lightly )?"
            r"(?:edited|condensed).{2,80}|this is a rush transcript.{0,120}",
        ),
        Reason.BYLINE: (
            r"(?:published|updated|posted|created|last updated):[\s.:]*\d{1,2}:\d{2}[\s,.]*"
            rf"(?:{_TIME}[\s,.:]*){{1,8}}",
        ),
    },
    before=r"[^\w(©&@\"“‘'\[]*",
    after=r"[^\w]*",
)

# Sentences that end like this.
_SENTENCE_ENDINGS = table(
    {
        Reason.CREDIT: (r" contributed (?:reporting )?to this (?:report|article|story|piece)",),
        Reason.LICENCE: (r"\b(?:used (?:by|with) permission|all rights reserved)",),
    },
    before=r"",
    after=r"[^\w]{0,4}\z",
)
# What may stand before a sentence, run together with it: "ADVERTISEMENT The minister said ...". The
# first group goes, the rest is what has to follow. All begin in one of a few ways.
_OPENING_STARTS = ("skip to ", "advertisement", "story continue", "article continue")
_OPENINGS = (
    (
        Reason.NAVIGATION,
        compiled(rf"(?i)(skip to (?:main )?(?:content|navigation)\s(?:{_SECTION}\s+)*)(?-i:[A-Z])"),
    ),
    (
        Reason.ADVERTISEMENT,
        compiled(
            r"(?i)((?-i:ADVERTISEMENT)\s+"
            r"|(?:story|article) continue[sd] below(?: advertisement)?\s+)"
        ),
    ),
    (
        Reason.ADVERTISEMENT,
        compiled(r"(?i)(advertisement )(?-i:The|He|She|It|In|But|They|A|On|At)\b"),
    ),
)

# Pieces in brackets inside prose: the first group goes.
_BRACKETS = (
    (Reason.RELATED, compiled(rf"(?i)(\(\s?(?:{_RELATED})\b[^():]{{0,40}}:[^()]{{2,200}}\))")),
    (
        Reason.CREDIT,
        compiled(
            r"(?i)[.!?”\"] (\((?:(?:photo|image|picture|credit|video|file)s?"
            r"(?: by| courtesy)?:? )?(?:[A-Z][\w.'’-]*[ ,/]+){0,6}(?:via )?"
            rf"{_AGENCY}(?: photo)?\))"
        ),
    ),
    (
        Reason.CREDIT,
        compiled(
            r"(?i)(\((?:photos?|images?|pictures?|credits?)(?: (?:by|credit|courtesy of))?: ?"
            r"[^()]{2,90}\))"
        ),
    ),
)

# A dateline's place, its first group, has none of these words: "Agence France-Presse (AFP) is".
_AGENCY_WORDS = frozenset(
    ("the", "agence", "associated", "press", "cable", "network", "news", "agency", "corporation")
) | {"broadcasting"}
_MONTH_DAY = r"[A-Z][a-z]{2,8}\.? \d{1,2}"
_REGION = r"(?:[A-Z][a-z]+\.?|[A-Z]\.[A-Z]\.)(?: [A-Z][a-z]+)?"
_DATELINES = (
    # Place, date and agency before a dash: "LONDON, Jan 5 (Reuters) - ", "seoul (cnn) -- ".
    compiled(
        r"(?i)((?:[\w.'’-]{1,20}[ ,/]{1,2}){0,8})"
        r"\( ?(?:[\w.+]{2,20}(?: [\w.+]{1,12}){0,3} ?\)\s{0,2}--"
        r"|(?:CNN|AP|AFP|Reuters|UPI|Xinhua|ANI|PTI|IANS|BBC|dpa|TASS|Bloomberg|Kyodo|Yonhap)"
        r"(?: \w{2,12})? ?\)\s{0,2}[-–—:])-?\s*"
    ),
    # The agency alone, as it is glued to or set before the text: "(CNN)", "Utah (CNN) ".
    compiled(
        r"((?:[A-Z][\w.'’-]{1,20}[ ,/]{1,2}){0,5})"
        r"\((?:CNN(?: \w{2,12})?|AP|Reuters|AFP|UPI)\)\s*"
    ),
    # A place in capitals before a dash: "NEW YORK — ", "TALENT, Ore. — ".
    compiled(
        r"()(?:(?:[A-Z]{6,20}|PARIS|ROME|KYIV|KIEV|OSLO|CAIRO|LIMA|BERN|DOHA|SEOUL|TOKYO"
        r"|DELHI|MIAMI|DUBAI|[A-Z]{2,12} [A-Z]{3,15}(?: [A-Z]{3,12})?)"
        rf"(?:, {_REGION})?(?:, {_MONTH_DAY})?"
        rf"|[A-Z]{{4,20}}(?:, {_REGION}(?:, {_MONTH_DAY})?|, {_MONTH_DAY}))"
        r"\s(?:--|[–—-])\s+"
    ),
)

# Words that make a sentence a report of something rather than a line of the page.
_REPORTS = compiled(
    r"(?i)\b(?:said|says|saying|told|tells|according to|announced|argued|wrote|writes|showed|shows"
    r"|found|added|warned|ministry|spokes\w+)\b|\breported(?:[^\w ]|\z| (?:\z|[^b]|b[^y]))"
)

BOILERPLATE = BoilerplateRules(
    paragraphs=_PARAGRAPHS,
    at_edges=_AT_EDGES,
    endings=_ENDINGS,
    sentences=_SENTENCES,
    sentence_endings=_SENTENCE_ENDINGS,
    opening_starts=_OPENING_STARTS,
    openings=_OPENINGS,
    brackets=_BRACKETS,
    datelines=_DATELINES,
    agency_words=_AGENCY_WORDS,
    reports=_REPORTS,
    caption_labels=frozenset(
        f"{what} caption{mark}" for what in ("image", "media", "video") for mark in ("", ",", ":")
    ),
    caption="caption",
    glued_caption="hide caption",
)
