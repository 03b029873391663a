"""What page furniture looks like: the rules of `models.cleaning`, as data.

Each rule matches a whole paragraph or sentence, or says exactly which piece of one to take out; a
word alone ("subscribe", "advertisement") never does, for articles are written about those too.
Every repetition is bounded or possessive, so that matching is linear.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Why(StrEnum):
    """Why a span was left unread."""

    NAVIGATION = "navigation"
    TITLE = "title"
    BYLINE = "byline"
    DATELINE = "dateline"
    CAPTION = "caption"
    CREDIT = "credit"
    PLAYER = "player"
    ADVERTISEMENT = "advertisement"
    NEWSLETTER = "newsletter"
    SHARE = "share"
    RELATED = "related"
    COOKIES = "cookies"
    LICENCE = "licence"
    LINK = "link"
    DUPLICATE = "duplicate"


_AGENCY = (
    r"(?:the )?(?:AP|A\.P\.|Associated Press|AFP|Agence France[- ]Presse|Reuters|EPA|Getty(?: Images)?"
    r"|Bloomberg(?: News)?|UPI|Xinhua|PA(?: Wire)?|TASS|ANI|PTI|dpa|Shutterstock|i?Stock(?:photo)?"
    r"|Alamy|Rex(?: Features)?|Corbis|NurPhoto|Zuma(?: Press)?|Polaris|Sipa(?: USA)?|Facebook"
    r"|Twitter|Instagram|YouTube|Handout|File)"
)
_NETWORK = (
    r"(?:Twitter|Facebook|Instagram|You ?Tube|Tik ?Tok|Linked ?In|Whats ?App|Telegram|Reddit"
    r"|Pinterest|Flipboard|Messenger|Threads|Bluesky|Mastodon|Tumblr|Google(?: News| Plus|\+)?|X)"
)
# Names, roles and the small words between them: "By Ann Lee and Bob Ray, Reuters in Paris".
_NAMES = (
    r"(?-i:(?:[A-Z][\w.'’&/-]*+|and|in|of|the|for|at|with|from|by|de|la|van|von|der|bin|al|"
    r"reporting|editing|writing|additional|additional reporting|[,;|•·&—–-])[ ,;]*+){1,30}"
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_TIME_WORD = (
    rf"(?:{_MONTH}|(?:mon|tues?|wednes|wed|thurs?|fri|satur|sat|sun)(?:day)?|\d{{1,4}}(?:st|nd|rd|th)?"
    r"|[ap]\.?m\.?|e[sd]?t|p[sd]?t|c[sd]?t|gmt|bst|utc|ist|cet|at|on|today|yesterday|noon|midnight"
    r"|(?:min(?:ute)?|hour|hr|day|week|month|year)s?|ago|published|updated|posted|modified|created"
    r"|first|last|edited|local|time|read(?:ing)?|listen|watch)"
)
_SHARE_WORD = (
    rf"(?:{_NETWORK}|share(?: (?:this|on|via|to|now|page|article|story))*|tweet(?: this)?|post"
    r"|e-?mail(?: (?:this|article|to a friend))*|print(?: (?:this|article|page))*|copy(?: the)? link"
    r"|link(?: copied)?|save|bookmark|comments?|(?:leave|post|add|view) (?:a |your )?comments?|like"
    r"|pin(?: it)?|follow|talk|sms|rss|print friendly|more|gift(?: this)? article|article|story"
    r"|close(?: share page)?|about sharing|read or share this story|listen to article|url)"
)
NAVIGATION_WORD = (
    r"(?:home(?:page)?|news|sports?|weather|iplayer|sounds|bitesize|cbbc|cbeebies|menu|search|login"
    r"|(?:log|sign) (?:in|out|up)|register|subscribe|account|my account|videos?|live|tv|radio|shop"
    r"|travel|culture|business|politics|world|uk|us|u\.s\.|africa|asia|europe|americas|australia"
    r"|tech(?:nology)?|science|health|entertainment|opinions?|lifestyle|life|arts?|music|food|style"
    r"|money|markets?|magazine|podcasts?|newsletters?|games|crosswords?|puzzles|jobs|contact(?: us)?"
    r"|about(?: us)?|help|advertise|privacy|terms|cookies|sitemap|accessibility|football|cricket"
    r"|environment|education|climate|future|earth|worklife|local|national|international|photos"
    r"|pictures|topics|sections|editions?|e-?paper|classifieds|reviews|more|all|&|and|\||›|»|/)"
)


def _whole(*alternatives: str) -> re.Pattern[str]:
    """Matches a paragraph or sentence as a whole, whatever marks stand around it."""
    return re.compile(rf"[^\w(©&@]*+(?:{'|'.join(alternatives)})[^\w]*+", re.IGNORECASE)


# A paragraph that is nothing else than this.
PARAGRAPHS: tuple[tuple[Why, re.Pattern[str]], ...] = (
    (
        Why.NAVIGATION,
        _whole(
            rf"(?:{NAVIGATION_WORD}\s++){{2,60}}{NAVIGATION_WORD}",
            r"(?:open |close |main |site )?(?:menu|navigation|search)|home|sections",
            r"(?:sign|log) ?(?:in|out|on)|register|my account|subscribe(?: now)?|close|back to top",
            r"(?:return|back|scroll|go) (?:back )?to (?:the )?(?:top|home ?page|menu|article|results)",
            r"(?:about|contact) us|terms(?: (?:and|&) conditions| of (?:use|service))?|site ?map",
            r"(?:privacy|cookie) (?:policy|notice|settings|preferences)|load(?:ing)?(?: more)?",
            r"(?:prev(?:ious)?|next)(?: (?:article|story|page|post|image|slide|\d+ of \d+))*",
            r"(?:show|view|see|read|load) (?:more|all|less)(?: \w++){0,3}|learn more|expand|view comments",
        ),
    ),
    (
        Why.SHARE,
        _whole(rf"(?:\d{{0,6}}[\s|,·•/+:]*+{_SHARE_WORD}\b[\s|,·•/+:.]*+\d{{0,6}}[\s|,·•/+:]*+)++"),
    ),
    (
        Why.BYLINE,
        _whole(
            rf"(?:written |story |words |analysis |reported )?by:? {_NAMES}",
            rf"(?=\D{{0,40}}\d|.{{0,40}}\bago)(?:{_TIME_WORD}[\s,.:/|·•–—-]*+){{1,24}}",
            r"(?:first |last )?(?:published|updated|posted|modified|created)(?: (?:on|at))?\b:?(?=.{0,40}?\d)"
            r"[^.!?]{4,60}(?:[ap]\.m\.[^.!?]{0,12})?",
            r"this article is more than \d{1,2} (?:year|month)s? old",
            r"(?:estimated )?reading time:? .{1,20}|\d{1,3} ?min(?:ute)?s? read",
            r"(?:opinion )?(?:contributor|columnist|correspondent)|staff (?:writer|reporter)",
            r"(?:analysis|opinion|comment|commentary)/(?:opinion|analysis|comment)",
        ),
    ),
    (
        Why.PLAYER,
        _whole(
            r"(?:play|watch|listen|pause|replay|stop)(?: (?:now|live|video|audio|again|to (?:the |this )?"
            r"(?:article|story|audio)))?[\s·•|:–-]*+\d{1,2}:\d{2}(?::\d{2})?(?:[\s/·-]*+\d{1,2}:\d{2})?",
            r"(?:play|watch|listen)(?: (?:now|live|video|audio|to (?:the |this )?(?:article|story|audio)))",
            r"\d{1,2}-minute listen|audio player|video player|\d{1,2}:\d{2}(?: / \d{1,2}:\d{2})?",
            r"(?:download|transcript|embed|toggle more options)(?: (?:transcript|download|embed))*",
            r"media playback is (?:un|not )?supported on (?:this|your) device.{0,200}",
            r"just watched .{1,400}|replay more videos.{0,300}|now playing.{0,80}|play video.{0,120}",
            r"(?:slideshow|gallery|photos?|images?) ?\(?\d{1,3}(?: (?:images|photos|pictures))?\)?",
            r"(?:prev(?:ious)?|next)? ?(?:image|photo|slide) \d{1,3} (?:of|/) \d{1,3}",
            r"(?:photo|video|image|audio|\[pullquote\])",
        ),
    ),
    (
        Why.ADVERTISEMENT,
        _whole(
            r"\(?(?:advertisement|ad|advert|advertising|sponsored(?: content)?|paid content)\)?"
            r"(?: -? ?(?:story|article)? ?continue[sd]? (?:reading )?(?:below|the main story))?",
            r"(?:story|article) continue[sd] (?:below|after)(?: \(?(?:this |the )?(?:ad(?:vert(?:isement)?)?)\)?)?",
            r"continue reading(?: below| the main story)?|skip (?:past )?ad(?:vert(?:isement)?)?",
            r"remove ads?|report this ad|promoted(?: stories)?|loading\.{0,3}",
        ),
    ),
    (
        Why.RELATED,
        _whole(
            r"(?:related|recommended|more|most|top|latest|trending|popular|other|further|featured|similar)"
            r"(?: (?:on|from|in|for))?(?: (?:this|the|our|you))?"
            r"(?: (?:articles?|stor(?:y|ies)|topics?|news|reading|read|links?|content|posts?|videos?|viewed"
            r"|popular|shared|commented|coverage|episodes?|now|headlines?|stories for you)){0,2}:?",
            r"(?:read|up|watch|keep) (?:more|next|also|reading)|see also|don['’]t miss|editor['’]?s['’]? picks?",
            r"you (?:may|might) (?:also )?(?:like|be interested in)|around the web|from the web|in case you missed it",
            r"more on this(?: (?:story|topic|subject))?|from the (?:left|right|center)|what to read next",
            r".{10,160} read more",
        ),
    ),
    (
        Why.CREDIT,
        _whole(
            r"(?:contributing|contributors?):? .{2,160}",
            r"(?:(?:this (?:story|episode|newsletter|article|piece|report)|it) was |\()?(?:edited|produced"
            r"|fact-checked|reported|compiled|written)(?: and (?:edited|produced|written))? by .{3,200}",
            rf"\(?(?:additional )?(?:reporting|editing|writing|compiled|translation)(?: and (?:writing|editing))? by {_NAMES}\)?",
            rf"(?:photo(?:graph)?s?|pictures?|images?|illustrations?|video|credits?)(?: (?:by|credit|source|courtesy))*:? {_NAMES}",
            rf"\(?(?:photo |image |picture )?(?:by |courtesy )?{_AGENCY}(?:(?:/| via |, | ){_AGENCY})*\)?",
            r"usa today(?: network)?|associated press",
        ),
    ),
    (
        Why.CAPTION,
        _whole(
            r"enlarge this image.{0,700}|.{0,700}(?:hide|toggle) caption(?: .{0,120})?",
            r"image (?:source|caption|copyright)\b.{1,500}|(?:media|video) caption\b.{1,300}",
            r"file(?: photo)?(?: -{1,2}|:| - ).{5,500}|(?:photo|picture|image)s?: .{3,400}",
            r"facebook twitter pinterest .{3,400}|view image in fullscreen.{0,400}",
            rf".{{0,500}}(?:photo(?:graph)?|image|picture)(?: (?:by|credit|courtesy))?: [^.]{{2,80}}",
            rf".{{0,500}}credit: [^.]{{2,60}}",
            rf".{{1,500}}(?:/ ?|\bvia |© ?){_AGENCY}",
        ),
    ),
    (
        Why.COOKIES,
        _whole(
            r"(?:accept|reject|allow|manage|decline)(?: all)?(?: cookies| consent| preferences| settings)?",
            r"(?:cookie|privacy|consent) (?:preferences|settings|choices|consent)|i agree|your privacy choices",
        ),
    ),
    (
        Why.LINK,
        _whole(
            r"(?:https?://|www\.)\S++|\S{1,60}@[\w-]{1,60}\.[\w.-]{2,40}|@\w{2,30}|poster=\S++",
            r"pic\.twitter\.com/\S++",
        ),
    ),
)

# A paragraph or a sentence that is nothing else than this; one that reports ("..., he said") is
# spared, see `REPORTS`.
SENTENCES: tuple[tuple[Why, re.Pattern[str]], ...] = (
    (
        Why.NAVIGATION,
        _whole(
            r"(?:skip|jump) (?:directly )?to (?:the )?(?:main )?(?:content|navigation|search|menu)(?: .{0,40})?"
        ),
    ),
    (
        Why.NEWSLETTER,
        _whole(
            r"(?:click here to |please )?(?:sign up|subscribe|register)\b[^!?]{0,160}?"
            r"(?:newsletters?|inbox|alerts?|podcasts?|e-?mails?|our app|for free|here|now|today)\b[^!?]{0,60}",
            r"(?:get|receive|want)\b[^!?]{3,180}?(?:(?:in|to) your inbox|newsletters?)\b[^!?]{0,80}",
            r"(?:get|enter|add) your e-?mail(?: address)?.{0,80}|your e-?mail address will not be published",
            r"by (?:signing up|clicking|subscribing|submitting|entering)\b[^!?]{3,120}?(?:privacy|terms|agree)[^!?]{0,160}",
            r"th(?:is|e) site is protected by recaptcha.{0,160}",
            r"thank(?: you|s) for (?:signing up|subscribing).{0,120}|you can unsubscribe at any time",
            r"subscribe(?: now)?(?: for (?:as little as )?.{2,20} (?:a|per) (?:month|week|year))?",
            r"(?:for|to listen to) [^!?]{0,60}?sponsor-free[^!?]{3,200}|listen to every episode[^!?]{3,160}",
            r"(?:always free|listen)\b[^!?]{0,60}?(?:apple podcasts|spotify)[^!?]{0,140}",
            r"(?:help )?support ?[^!?]{3,80}? by (?:signing up|subscribing)[^!?]{3,160}",
            r"newsletter sign-?up|(?:manage|daily|our|more) newsletters?(?: (?:manage )?newsletters?)?",
        ),
    ),
    (
        Why.SHARE,
        _whole(
            rf"(?:follow|find|like|join|connect with|friend) (?:us|me|him|her|@\S++|[\w' ]{{2,40}}?) (?:on|at|via):? ?(?:@|{_NETWORK})[^!?]{{0,80}}",
            rf"(?:follow|find) (?:@ ?@?\S++|us)(?: .{{0,50}})?|find us: ?{_NETWORK}.{{0,80}}",
            rf"(?:find|follow) ?more [\w ]{{2,30}}:? ?{_NETWORK}.{{0,80}}",
            r"(?:read or )?share this (?:story|article|page)\b.{0,200}|have your say.{0,80}",
            r"join the (?:conversation|discussion)\b.{0,80}|let us know what you.{2,80}|what do you think\?.{0,80}",
            r"(?:email|contact|write to|tweet) (?:us|the (?:author|writer|reporter))\b.{0,100}@.{0,80}",
        ),
    ),
    (
        Why.RELATED,
        _whole(
            r"(?:read more|related|see also|also read|read also|more on this|don['’]t miss|recommended|watch now"
            r"|read next|more from [\w ]{2,30}|more stories|related (?:story|stories|articles?|coverage|video))"
            r"(?: ?[:|>»] ?).{2,220}",
            r"(?-i:MORE|WATCH|PHOTOS?|VIDEO|READ|LISTEN|OPINION|GALLERY|POLL|LIVE|ALSO|PODCAST|SLIDESHOW)"
            r"(?: (?-i:[A-Z]+)){0,3}: .{2,220}",
            r"click (?:here|through|on the link)\b.{0,160}|scroll (?:down|across|through)\b.{2,80}",
            r"(?:read|see|view|watch) (?:the |our |his |her )?(?:full|original|complete|rest of the)"
            r" (?:story|article|report|interview|post|video|column|coverage).{0,80}",
            r"watch (?:the |this )?(?:video|clip|interview)(?: (?:here|above|below|at \S++))?.{0,40}",
            r"for more (?:on|of|from|updates|information|news|stories|coverage)\b.{2,140}?"
            r"(?:head ?to|visit|click|go to|check out|see our).{2,120}",
            r"(?:visit|check out) .{2,60} (?:homepage|website|site|page) for more.{0,60}",
        ),
    ),
    (
        Why.COOKIES,
        _whole(
            r"(?:we|th(?:is|e) (?:web)?site|our (?:web)?site)(?: and our partners)? uses? cookies.{0,300}",
            r"by continuing to (?:use|browse|visit)\b.{0,200}?(?:cookies?|privacy|terms).{0,120}",
        ),
    ),
    (
        Why.LICENCE,
        _whole(
            r"(?:©|&copy;?|\(c\)|copyright (?:©|\(c\)|&copy;?|(?:19|20)\d\d|by)).{0,300}",
            r"(?:.{0,80}[^\w\s] ?)?all rights reserved.{0,160}",
            r"this (?:material|content|article|story) may not be (?:published|reproduced|copied).{0,160}",
            r"(?:reproduction|republication|redistribution) .{0,60}(?:prohibited|permission).{0,60}",
            r".{0,60}used (?:by|with) permission|click here for reprint permission.{0,60}",
            r"our standards: ?(?:the )?thomson reuters.{0,60}",
            r"(?:the )?(?:opinions|views) expressed .{0,80}\b(?:their own|those of|his own|her own|the author).{0,160}",
            r"this (?:article|story|piece|column) (?:was )?(?:originally |first )?(?:published|appeared) (?:in|on|at|by).{2,100}",
        ),
    ),
    (
        Why.CREDIT,
        _whole(
            r".{3,240}? contributed(?: reporting)? to this (?:report|article|story|piece)",
            rf"\(?(?:additional )?(?:reporting|editing|writing)(?: and (?:writing|editing))? by {_NAMES}\)?",
            r"this (?:interview|conversation|story|excerpt|transcript) (?:has been|was) (?:lightly )?(?:edited|condensed).{2,80}",
            r"this is a rush transcript.{0,120}",
        ),
    ),
    (
        Why.BYLINE,
        _whole(
            rf"(?:published|updated|posted|created|last updated):[\s.:]*+\d{{1,2}}:\d{{2}}[\s,.]*+(?:{_TIME_WORD}[\s,.:]*+){{1,8}}",
        ),
    ),
)

# Pieces inside prose; the match is what is taken out.
PIECES: tuple[tuple[Why, re.Pattern[str]], ...] = (
    (
        Why.RELATED,
        re.compile(
            r"\(\s?(?:PHOTOS?|VIDEOS?|ALSO(?: ON| READ)?|RELATED|MORE|WATCH|READ(?: MORE)?|POLL|PODCAST"
            r"|SLIDESHOW|TIMELINE|SEE ALSO|LISTEN|GALLERY|INTERACTIVE)\b[^():]{0,40}:[^()]{2,200}\)",
            re.IGNORECASE,
        ),
    ),
    (
        Why.CREDIT,
        re.compile(
            rf"(?<=[.!?”\"])\s?\((?:(?:photo|image|picture|credit|video|file)s?(?: by| courtesy)?:? )?"
            rf"(?:[A-Z][\w.'’-]*+[ ,/]+){{0,6}}(?:/| via )?{_AGENCY}(?: photo)?\)(?=\s|$)"
        ),
    ),
    (
        Why.CREDIT,
        re.compile(
            r"\((?:photos?|images?|pictures?|credits?|illustration)(?: (?:by|credit|courtesy of))?: ?[^()]{2,100}\)",
            re.IGNORECASE,
        ),
    ),
)

# The caption that ends in a bracketed credit, as its own paragraph: "A street in Kyiv. (AFP)".
CREDITED = re.compile(
    rf".{{3,500}}\((?:[^()]{{0,60}}[ /:])?(?:{_AGENCY}|(?:photo|image|picture|credit|courtesy)\b[^()]{{2,80}})"
    rf"(?:[ /,:][^()]{{0,60}})?\)",
    re.IGNORECASE,
)

DATELINE = re.compile(
    r"(?:(?:[A-Z][\w.'’-]*+[ ,/]{1,2}){0,8}(?:\d{1,2} )?)?"  # place, date
    r"\( ?(?:CNN|CNNMoney|HLN|Reuters|AP|AFP|UPI|Xinhua|ANI|PTI|IANS|BBC|dpa|TASS|Bloomberg|Kyodo"
    r"|CBS News|NBC News|CNN Student News|Thomson Reuters Foundation|[\w.]{2,30}\.com|Mashable"
    r"|[A-Z][\w ]{2,24}(?=\)\s?--))(?: [A-Z][\w]{2,12}){0,2} ?\)"
    r"(?:\s{0,2}(?:--|[-–—:])+)?\s*+",
    re.IGNORECASE,
)
PLACE = re.compile(
    r"(?:[A-Z]{6,20}|PARIS|ROME|KYIV|KIEV|OSLO|CAIRO|LIMA|BERN|DOHA|SEOUL|TOKYO|DELHI|MIAMI|DUBAI|HAVANA"
    r"|[A-Z]{2,12} [A-Z]{3,15}(?: [A-Z]{3,12})?)"
    r"(?:, (?:[A-Z][a-z]+\.?|[A-Z]\.[A-Z]\.)(?: [A-Z][a-z]+)?)?(?:, [A-Z][a-z]{2,8}\.? \d{1,2})?"
    r"(?: \([A-Z]\w{1,12}\))?\s(?:--|[–—-])\s++"
)

# Words that make a sentence a report of something rather than a line of the page.
REPORTS = re.compile(
    r"\b(?:said|says|saying|told|tells|according to|reported(?! by)|announced|argued|wrote|writes|showed"
    r"|found|added|warned|ministry|spokes\w++)\b",
    re.IGNORECASE,
)
