"""Which words the writer may use without copying."""

from __future__ import annotations

from models.tasks.summary.own_words import OwnWords

OWN = OwnWords(("</s>", "the", "said", ",", "police", "and"))


def test_an_own_word_of_content_may_be_used_only_where_the_article_holds_it() -> None:
    free = OWN.allowed(["tram"])
    held = OWN.allowed(["tram", "police"])
    assert [OWN.words[i] for i in range(len(OWN)) if free[i]] == ["</s>", "the", ",", "and"]
    assert [OWN.words[i] for i in range(len(OWN)) if held[i] and not free[i]] == ["police"]


def test_the_end_is_no_word_that_can_be_looked_up() -> None:
    assert "</s>" not in OWN.index
    assert OWN.index["the"] == 1
    assert not OWN.allowed(["</s>"])[2]


def test_asking_twice_gives_the_same() -> None:
    OWN.allowed(["police", "said"])
    assert not OWN.allowed([])[OWN.index["police"]]
