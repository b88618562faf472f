"""System texts exist in every language, with the same blanks."""

import re
from datetime import UTC, datetime

import pytest

from openhandover.texts.catalogue import SHIPPED, Catalogue, keys, override_problem, placeholders, shipped


@pytest.mark.parametrize("language", SHIPPED)
def test_every_language_has_every_text_with_the_same_placeholders(language: str) -> None:
    """A text that is missing somewhere would show a key to a user."""
    texts = shipped(language)
    assert set(texts) == keys()
    for key, text in texts.items():
        assert text.strip() == text != ""
        assert placeholders(text) == placeholders(shipped("en")[key]), key


def test_no_translation_was_forgotten() -> None:
    """Nothing but the few texts that are alike is the same in two languages."""
    alike = {"duration_minute", "duration_minutes"}
    for language in SHIPPED[1:]:
        same = {key for key, text in shipped(language).items() if text == shipped("en")[key]}
        assert same <= alike, language


def test_every_text_that_the_program_uses_exists() -> None:
    """Presence sentences are fixed by contract."""
    texts = Catalogue()
    assert texts.text("user_joined", "en") == "User joined the conversation"
    assert texts.text("user_left", "en") == "User left the conversation"
    with pytest.raises(KeyError):
        texts.text("no_such_text", "en")


def test_the_owner_s_texts_come_first() -> None:
    """Own language, then the shipped one, then the default language."""
    texts = Catalogue(
        {"nl": {"accepted": "Momentje!"}, "pt": {"cancelled": "Ok."}, "en": {"failure": "Oops"}}
    )
    assert texts.text("accepted", "nl") == "Momentje!"
    assert texts.text("accepted", "nl-BE") == "Momentje!"
    assert texts.text("accepted", "de") == shipped("de")["accepted"]
    assert texts.text("cancelled", "pt") == "Ok."
    assert texts.text("failure", "pt") == "Oops"
    assert texts.text("accepted", "pt") == shipped("en")["accepted"]


def test_values_are_filled_in_and_missing_ones_stay_open() -> None:
    """A text may be finished later."""
    texts = Catalogue({"en": {"queue_position": "{position} {{x}} {position.__class__}"}})
    assert texts.text("queue_position", "en", position=3) == "3 {x} {position.__class__}"
    assert Catalogue().text("queue_both", "en", position=2).endswith("is {wait}.")
    assert Catalogue().text("agent_joined", "en", agent="{wait}") == "{wait} has joined the conversation."


@pytest.mark.parametrize(
    ("key", "text", "part"),
    [
        ("acepted", "x", "no system text"),
        ("accepted", "x {", "brace"),
        ("accepted", "x {agent}", "{agent} is not filled in here; this text knows nothing"),
        ("queue_position", "{place}", "this text knows {position}"),
    ],
)
def test_wrong_overrides_are_found(key: str, text: str, part: str) -> None:
    """`check` names what is wrong."""
    assert part in (override_problem(key, text) or "")
    assert override_problem("queue_position", "#{position}") is None


@pytest.mark.parametrize(
    ("milliseconds", "en", "nl", "de"),
    [
        (0, "less than a minute", "minder dan een minuut", "weniger als eine Minute"),
        (60_000, "1 minute", "1 minuut", "1 Minute"),
        (60_001, "2 minutes", "2 minuten", "2 Minuten"),
        (3_600_000, "1 hour", "1 uur", "1 Stunde"),
        (5_400_000, "1 hour and 30 minutes", "1 uur en 30 minuten", "1 Stunde und 30 Minuten"),
        (7_300_000, "3 hours", "3 uur", "3 Stunden"),
    ],
)
def test_durations(milliseconds: int, en: str, nl: str, de: str) -> None:
    """Waiting times are whole minutes, rounded up."""
    texts = Catalogue()
    assert [texts.duration(milliseconds, language) for language in ("en", "nl", "de")] == [en, nl, de]


def test_queue_sentences() -> None:
    """What is known is said, nothing else."""
    texts = Catalogue()
    assert (
        texts.queue(2, 60_000, "en")
        == "You are number 2 in the queue. The estimated waiting time is 1 minute."
    )
    assert texts.queue(None, 1, "nl") == "De geschatte wachttijd is minder dan een minuut."
    assert texts.queue(1, None, "fr") == "Vous êtes numéro 1 dans la file d'attente."
    assert texts.queue(None, None, "es") == ""


def test_moments() -> None:
    """An opening time reads as people say it."""
    now = datetime(2026, 3, 6, 18, 0, tzinfo=UTC)  # a Friday
    texts = Catalogue()
    assert texts.moment(now.replace(hour=19), now, "en") == "today at 19:00"
    assert texts.moment(now.replace(day=7, hour=9), now, "nl") == "morgen om 09:00"
    assert texts.moment(now.replace(day=9, hour=9), now, "de") == "am Montag um 09:00 Uhr"
    assert texts.moment(now.replace(month=4, hour=9), now, "en") == "on 2026-04-06 at 09:00"
    for language in SHIPPED:
        assert len(re.split(", ", shipped(language)["days"])) == 7
