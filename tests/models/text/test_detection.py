"""Languages: told where there is enough text, left open where there is not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from models.text.detection import LanguageDetector

TEXTS = {
    "en": "The town voted on Sunday to close its coal terminal after years of dispute.",
    "de": "Die Stadt stimmte am Sonntag nach jahrelangem Streit für die Schließung des Hafens.",
    "fr": "La ville a voté dimanche la fermeture de son terminal charbonnier après des années.",
    "es": "La ciudad votó el domingo a favor de cerrar su terminal de carbón tras años de disputa.",
    "it": "La città ha votato domenica per chiudere il terminal del carbone dopo anni di proteste.",
    "pt": "A cidade votou no domingo pelo fecho do seu terminal de carvão depois de anos.",
    "nl": "De stad stemde zondag na jaren van onenigheid voor de sluiting van de kolenhaven.",
    "sv": "Staden röstade på söndagen för att stänga kolhamnen efter flera år av tvister.",
    "pl": "Miasto zagłosowało w niedzielę za zamknięciem terminalu węglowego po latach sporów.",
    "ru": "Город проголосовал в воскресенье за закрытие угольного терминала после долгих споров.",
    "tr": "Kent, yıllar süren tartışmanın ardından pazar günü kömür limanını kapatma kararı aldı.",
    "ar": "صوتت المدينة يوم الأحد على إغلاق محطة الفحم بعد سنوات من الخلاف بين السكان.",
    "zh": "该市周日投票决定关闭煤炭码头,结束了居民之间持续近十年的争论和抗议活动。",
    "sw": "Mji ulipiga kura Jumapili kufunga bandari ya makaa ya mawe baada ya miaka ya mgogoro.",
}


@pytest.fixture(scope="module")
def detector() -> LanguageDetector:
    return LanguageDetector()


@pytest.mark.parametrize("code", TEXTS)
def test_one_sentence_of_news_is_enough(detector: LanguageDetector, code: str) -> None:
    found = detector.detect(TEXTS[code])
    assert found is not None
    assert found[0] == code
    assert 0 < found[1] <= 1


def test_case_does_not_matter(detector: LanguageDetector) -> None:
    for text in (TEXTS["en"].lower(), TEXTS["en"].upper()):
        found = detector.detect(text)
        assert found is not None
        assert found[0] == "en"


TOO_LITTLE = [
    *("", " \n", "ok", "Yes, no.", "12,345.67 89 10", "aaaa " * 40),
    *("👍" * 50, "\x00" * 50, "\ud800" * 50),
    "https://gazette.example/the-town-votes-to-close-its-coal-terminal",
]


@pytest.mark.parametrize("text", TOO_LITTLE)
def test_too_little_to_tell_is_left_open(detector: LanguageDetector, text: str) -> None:
    assert detector.detect(text) is None


def test_only_the_beginning_is_read(detector: LanguageDetector) -> None:
    head = TEXTS["en"] * 10
    assert detector.detect(head + TEXTS["ru"] * 10_000) == detector.detect(head)


def test_threads_that_come_first_load_the_model_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[object] = []

    class Identifier:
        def classify(self, text: str) -> tuple[str, float]:
            return "en", 1.0

    def load() -> Identifier:
        loads.append(1)
        return Identifier()

    monkeypatch.setattr("models.text.detection._load", load)
    detector = LanguageDetector()
    assert loads == []
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(detector.detect, [TEXTS["en"]] * 16))
    assert found == [("en", 1.0)] * 16
    detector.warm_up()
    assert len(loads) == 1
