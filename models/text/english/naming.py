"""How English names whom and what it is about."""

from __future__ import annotations

from models.text.language import NamingRules, words_of

_OFFICES = words_of(
    """
    sen senator senators rep representative gov governor president vice mayor judge justice sheriff
    gen general col colonel capt captain lt lieutenant sgt sergeant maj major cmdr commander adm
    admiral prof professor chairman chairwoman chair chief director secretary minister premier
    chancellor king queen prince princess pope bishop archbishop cardinal rabbi imam pastor rev
    reverend congressman congresswoman councilman councilwoman councillor councilor commissioner
    superintendent attorney prosecutor detective officer constable deputy inspector ambassador
    speaker leader coach manager principal dean officer spokesman spokeswoman spokesperson
    prime foreign defense defence finance interior treasury
    administrator registrar sir dame lord lady sultan sheikh emir ceo founder candidate nominee
    """
)
_COURTESIES = words_of("mr mrs ms miss mx messrs dr")

NAMING = NamingRules(
    titles=_OFFICES | _COURTESIES,
    courtesies=_COURTESIES,
    name_particles=words_of(
        "de la le van von der den bin ibn al el del da dos das du di y ter ten st ó mac"
    ),
    suffixes=words_of("jr sr ii iii iv"),
    subjects={"he": True, "she": True, "they": False, "it": False},
    possessives={"his": True, "her": True, "their": False, "its": False},
    objects=words_of("him her"),
    demonstratives=words_of("this that these those such"),
    conjunction="that",
    expletives=words_of("it"),
    announced=words_of("that to when since before until whether but"),
    common_nouns=words_of(
        """
        company firm business group organization organisation agency department ministry
        bureau committee commission panel judge jury campaign union team club school university
        hospital bank store shop restaurant bill law measure proposal plan deal agreement pact
        letter report study survey poll statement memo email video ruling decision order verdict
        lawsuit suit complaint indictment investigation probe inquiry trial case hearing attack
        shooting explosion blast crash fire incident accident storm hurricane earthquake flood
        protest strike vote debate speech interview meeting summit event program programme project
        policy rule rules ban move bid effort site website app platform network station newspaper
        magazine outlet film movie show book album song game match race tournament victim suspect
        defendant man woman boy girl teenager teen couple pair officer driver pilot shooter gunman
        attacker lawmaker candidate nominee author actor actress singer player coach striker
        billionaire businessman executive scientist professor doctor pastor priest institution
        institute association federation league charity foundation troops soldiers researchers
        finding findings results figures disease virus drug vaccine device product ship vessel plane
        aircraft jet train bus car vehicle bridge
        """
    ),
    unique_nouns=words_of(
        """
        government public world country nation state economy police military army internet media
        press weather coronavirus pandemic planet earth sun moon sky sea market markets dollar pound
        euro yen pope future past truth fact question answer problem reason reasons trouble point
        rich poor young elderly unemployed homeless idea aim goal news
        """
    ),
    qualifiers=words_of(
        "two three four five six seven eight nine ten other same new latest first second third last"
    ),
    counting_from=words_of("that same following previous preceding"),
    indefinite=words_of("a an"),
    never_names=words_of(
        """
        monday tuesday wednesday thursday friday saturday sunday january february march april may
        june july august september october november december american americans british french
        german chinese russian israeli iraqi iranian african european asian english democrat
        democrats republican republicans congress senate house god christmas easter internet
        muslim muslims christian christians jewish jews catholic latino hispanic black white
        """
    ),
    given_names=words_of(
        """
        james john robert michael william david richard joseph thomas charles christopher daniel
        matthew anthony mark donald steven paul andrew joshua kenneth kevin brian george timothy
        ronald edward jason jeffrey ryan jacob gary nicholas eric jonathan stephen larry justin
        scott brandon benjamin samuel gregory frank alexander raymond patrick jack dennis jerry
        mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty
        sandra margaret ashley kimberly emily donna michelle carol amanda melissa deborah stephanie
        rebecca laura helen sharon cynthia kathleen amy angela anna ruth maria hillary bill barack
        joe mike ted bernie jeb mitt chris ben tom tim bob jim dan steve pete peter kate anne jane
        """
    ),
)
