"""TwiML, the XML that tells Twilio what to do with a call: the few verbs that we use, written by the standard library.

Names and attributes are those of Twilio's own classes (`twilio.twiml.voice_response`, 9.13); attributes are in the
order in which those write them.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element, tostring

from openhandover.texts.cutting import beginning, in_parts

LONGEST_SAY = 3000
"""Bytes of one <Say>: the lowest of the limits that Twilio gives for its kinds of voices (warning 13521)."""
MOST_HINTS = 20
LOCALES = {"en": "en-US", "nl": "nl-NL", "de": "de-DE", "fr": "fr-FR", "es": "es-ES"}
"""What Twilio calls the languages that openhandover ships."""
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>'
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Voice(NamedTuple):
    """Who speaks: a BCP 47 tag such as `nl-NL`, and Twilio's name of a voice, None for its usual one."""

    language: str
    name: str | None = None


class Words(NamedTuple):
    """A text, and the voice that says it."""

    text: str
    voice: Voice


class Question(NamedTuple):
    """How an answer is listened to: `action` gets it, the caller may be silent for `silence_s`; `digits` is how many
    keys make an answer, None while the caller decides; `hints` are words that are likely."""

    action: str
    language: str
    silence_s: int
    digits: int | None = None
    hints: Sequence[str] = ()


class Leg(NamedTuple):
    """The call to a human: `to` is a number or a SIP address. `action` gets how it ended, `answered` that it was
    answered; it rings for `ring_s`. Absent caller id: Twilio shows the caller's own."""

    to: str
    action: str
    answered: str
    ring_s: int
    caller_id: str | None = None


def document(verbs: Iterable[Element]) -> bytes:
    """The whole answer."""
    whole = Element("Response")
    whole.extend(verbs)
    return DECLARATION + tostring(whole, encoding="utf-8")


def say(words: Words) -> list[Element]:
    """Speak a text; a long one in several verbs, cut between sentences where it has some."""
    language, name = words.voice
    parts = in_parts(_plain(words.text), lambda rest: beginning(rest, LONGEST_SAY))
    return [_element("Say", part, language=language, voice=name) for part in parts]


def gather(question: Question, spoken: Iterable[Words]) -> Element:
    """Speak, and take keys or speech meanwhile and after it. Without any, the verbs behind it follow."""
    hints = [re.sub(r"[,\s]+", " ", _plain(hint)).strip() for hint in question.hints]
    made = _element(
        "Gather",
        action=question.action,
        hints=", ".join(hints[:MOST_HINTS]) or None,
        input="dtmf speech",
        language=question.language,
        numDigits=question.digits,
        speechTimeout="auto",
        timeout=question.silence_s,
    )
    for words in spoken:
        made.extend(say(words))
    return made


def pause(seconds: int) -> Element:
    """Be silent."""
    return _element("Pause", length=seconds)


def redirect(url: str) -> Element:
    """Ask us again, once everything before it has been spoken."""
    return _element("Redirect", url)


def hangup() -> Element:
    """End the call."""
    return _element("Hangup")


def dial(leg: Leg) -> Element:
    """Call a human and join both calls; the caller stays on the line with Twilio."""
    made = _element(
        "Dial", action=leg.action, answerOnBridge="true", callerId=leg.caller_id, timeout=leg.ring_s
    )
    noun = "Sip" if is_sip(leg.to) else "Number"
    made.append(_element(noun, leg.to, statusCallback=leg.answered, statusCallbackEvent="answered"))
    return made


def refer(to: str, action: str) -> Element:
    """Tell the caller's own SIP side to call somebody else."""
    made = _element("Refer", action=action)
    made.append(_element("Sip", to))
    return made


def is_sip(address: str) -> bool:
    """Whether this is a SIP address and no number."""
    return address.lower().startswith(("sip:", "sips:"))


def _element(tag: str, text: str | None = None, **attributes: object) -> Element:
    made = Element(tag, {name: str(value) for name, value in attributes.items() if value is not None})
    made.text = text
    return made


def _plain(text: str) -> str:
    """Without the characters that XML cannot carry."""
    return _NO_XML.sub(" ", text)
