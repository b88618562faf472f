"""The words of a handover's story in every language."""

import inspect
import re
from itertools import chain
from typing import get_args

import pytest

from openhandover import stories
from openhandover.core.model import Author, EndedBy, Initiator, Limits, Status
from openhandover.core.table import REASONS
from openhandover.stories import Words, explain
from openhandover.texts.catalogue import SHIPPED, placeholders, read

ENGLISH = read(stories.__name__, "en")
OPEN = set(Status) - set(REASONS)
CLOSED = {f"reason_{reason}" for reason in chain(*REASONS.values())}


@pytest.mark.parametrize("language", SHIPPED)
def test_every_language_has_the_same_sentences(language: str) -> None:
    """No key is missing or too many, none is empty, and each fills in the same words."""
    texts = read(stories.__name__, language)
    assert {key: placeholders(text) for key, text in texts.items()} == {
        key: placeholders(text) for key, text in ENGLISH.items()
    }
    assert all(text.strip() for text in texts.values())


def test_every_closed_list_has_its_words() -> None:
    """Reasons, endings, statuses, who asked and who ended or wrote: each value has words, and no words are left over."""
    wanted = (
        CLOSED | {f"end_{status.value}" for status in REASONS} | {f"now_{status.value}" for status in OPEN}
    )
    wanted |= {f"who_{who}" for who in get_args(Initiator)}
    wanted |= {f"by_{who}" for who in (*get_args(EndedBy), *get_args(Author))}
    assert {key for key in ENGLISH if re.match("(reason|end|now|who|by)_", key)} == wanted


def test_every_sentence_is_told_somewhere() -> None:
    """A key that no code asks for would be translated for nobody."""
    code = "".join(inspect.getsource(part) for part in (explain, stories))
    asked = {key.removesuffix("_at_once") for key in ENGLISH}
    plain = [key for key in asked if not re.match("(reason|end|now|who|by|reached|given_up)_", key)]
    assert [key for key in plain if not re.search(f"[\"']{key}[\"']", code)] == []


@pytest.mark.parametrize("language", SHIPPED)
@pytest.mark.parametrize("reason", sorted(CLOSED))
def test_every_reason_has_words_with_its_limits_filled_in(reason: str, language: str) -> None:
    """No brace is left over, whatever the reason."""
    words = Words(language).because(reason.removeprefix("reason_"), Limits())
    assert "{" not in words
    assert words


def test_a_reason_that_nobody_knows_is_told_as_it_is() -> None:
    """Also when it looks like a placeholder."""
    assert Words().because("new {reason}", Limits()) == "new {reason}"


@pytest.mark.parametrize(
    ("seconds", "words", "dutch"),
    [
        (-1, "0 s", "0 s"),
        (0.42, "0.4 s", "0,4 s"),
        (5, "5 s", "5 s"),
        (9.97, "10 s", "10 s"),
        (45, "45 s", "45 s"),
        (60, "1 min", "1 min"),
        (200, "3 min 20 s", "3 min 20 s"),
        (7200, "2 h", "2 h"),
        (7500, "2 h 5 min", "2 h 5 min"),
    ],
)
def test_durations_are_written_for_people(seconds: float, words: str, dutch: str) -> None:
    """Seconds, minutes or hours, whichever is easiest to read, as each language writes them."""
    assert Words("en").duration(seconds) == words
    assert Words("nl").duration(seconds) == dutch


@pytest.mark.parametrize("language", SHIPPED)
@pytest.mark.parametrize("key", sorted(key for key in ENGLISH if key.endswith("_at_once")))
def test_what_took_no_time_is_told_without_figures(key: str, language: str) -> None:
    """Where the time would be written as 0 there is a sentence without it; from 0.1 s on it is told."""
    words = Words(language)
    told = {name: name for name in placeholders(ENGLISH[key])}
    values: dict[str, object] = {**told}
    begins = key.removesuffix("_at_once")
    assert words.timed(begins, 0.04, **values) == words.say(key, **values)
    assert words.duration(0.1) in words.timed(begins, 0.06, **values)
