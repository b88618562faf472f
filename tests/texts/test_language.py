"""The language follows what the user writes, slowly enough not to jump."""

import asyncio
import time

import pytest

from openhandover.texts.language import LanguageDetector, is_telling, prior, weigh

SUPPORTED = ["en", "nl", "de", "es", "fr"]


@pytest.fixture(scope="module")
def loaded() -> LanguageDetector:
    """A detector whose model is there."""
    detector = LanguageDetector(SUPPORTED)
    asyncio.run(detector.load())
    return detector


@pytest.mark.parametrize(
    ("locale", "expected"),
    [("nl-BE", "nl"), ("de_AT", "de"), ("FR", "fr"), ("pt-BR", "en"), (None, "en"), ("", "en")],
)
def test_the_locale_is_the_prior(locale: str | None, expected: str) -> None:
    """A supported locale begins, else the default."""
    assert prior(locale, SUPPORTED, "en") == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ik wil graag met een medewerker spreken", "nl"),
        ("Ich möchte bitte mit jemandem sprechen", "de"),
        ("Je voudrais parler à quelqu'un s'il vous plaît", "fr"),
        ("Quiero hablar con una persona por favor", "es"),
    ],
)
async def test_a_clear_sentence_is_enough(loaded: LanguageDetector, text: str, language: str) -> None:
    """One sentence outweighs the declared language."""
    assert (await loaded.observe(text, {}, "en"))[1] == language


@pytest.mark.parametrize(
    "text",
    ["laat maar", "Guten Tag", "ok", "jan@example.nl", "Straße 12 3 4", "", "🙂 🙂 🙂 🙂", "12 34 56 78"],
)
async def test_short_texts_never_switch(loaded: LanguageDetector, text: str) -> None:
    """Under three words nothing changes, the evidence neither."""
    evidence = {"en": 0.6}
    assert not is_telling(text)
    assert await loaded.observe(text, evidence, "en") == (evidence, "en")


async def test_an_unclear_text_does_not_switch(loaded: LanguageDetector) -> None:
    """A foreign name within a sentence is not a change of language."""
    assert (await loaded.observe("my name is Jan de Vries", {}, "en"))[1] == "en"


async def test_long_evidence_needs_more_than_one_sentence(loaded: LanguageDetector) -> None:
    """After a long talk in English one Dutch sentence is not enough, three are."""
    evidence, language = {}, "en"
    for _ in range(8):
        evidence, language = await loaded.observe(
            "could you please tell me where my order is", evidence, language
        )
    seen: list[str] = []
    for _ in range(4):
        evidence, language = await loaded.observe("ik begrijp het niet zo goed, sorry", evidence, language)
        seen.append(language)
    assert seen[0] == "en"
    assert seen[-1] == "nl"


def test_evidence_is_small_plain_data() -> None:
    """What is stored stays a handful of numbers however long the talk."""
    evidence, language = {}, "en"
    for _ in range(100):
        evidence, language = weigh(evidence, language, {"en": 0.9, "nl": 0.1, "de": 0.001})
    assert set(evidence) == {"en", "nl"}
    assert evidence["en"] < 4


async def test_the_first_text_waits_for_the_model_and_the_loop_does_not() -> None:
    """It is often all that a user writes: it counts. Loading happens once, in a thread, while the loop goes on."""
    detector = LanguageDetector(SUPPORTED)
    turns = 0

    async def meanwhile() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(meanwhile())
    texts = ["Ik wil graag met een medewerker spreken", "Quiero hablar con una persona por favor"]
    found = await asyncio.gather(*(detector.observe(text, {}, "en") for text in texts))
    other.cancel()
    await detector.stop()
    assert [language for _, language in found] == ["nl", "es"]
    assert turns > 10


async def test_one_language_needs_no_model() -> None:
    """With nothing to choose nothing is loaded."""
    assert not LanguageDetector(["nl"]).is_needed
    assert await LanguageDetector(["nl"]).observe("this is an english sentence", {}, "nl") == ({}, "nl")


async def test_detection_is_quick(loaded: LanguageDetector) -> None:
    """A text of the greatest length costs milliseconds."""
    begun = time.process_time()
    await loaded.observe("ik wil een mens spreken " * 1300, {}, "en")
    assert time.process_time() - begun < 0.1


async def test_regional_codes_keep_their_spelling(loaded: LanguageDetector) -> None:
    """A supported `pt-BR` is found as `pt` and named as configured."""
    detector = LanguageDetector(["en", "pt-BR"])
    assert (await detector.observe("eu gostaria de falar com uma pessoa por favor", {}, "en"))[1] == "pt-BR"


@pytest.mark.parametrize("declared", ["en-US", "en-ZA"])
async def test_what_they_write_does_not_change_the_region(declared: str) -> None:
    """English words are no sign of another English than the one that was declared."""
    detector = LanguageDetector(["en-GB", "en-US", "nl"])
    evidence, language = await detector.observe("could you please tell me where my parcel is", {}, declared)
    assert language == declared
    assert (await detector.observe("ik begrijp het niet zo goed, sorry", evidence, language))[1] == declared
    assert (await detector.observe("ik wil nu graag een mens spreken", {}, language))[1] == "nl"
