"""Which TwiML Twilio takes, read off Twilio's own classes: a document that they could not have written is refused."""

import inspect
import re
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element, canonicalize, fromstring

from twilio.twiml import TwiML, lower_camel
from twilio.twiml.voice_response import VoiceResponse

WHOLE = re.compile(r"\d+")
POSITIVE = re.compile(r"[1-9]\d*")
VALUES: dict[str, re.Pattern[str]] = {
    "answerOnBridge": re.compile("true|false"),
    "input": re.compile("dtmf|speech|dtmf speech"),
    "language": re.compile("[a-z]{2}-[A-Z]{2}"),
    "length": POSITIVE,
    "numDigits": POSITIVE,
    "speechTimeout": re.compile(r"auto|[1-9]\d*"),
    "statusCallbackEvent": re.compile(
        "(initiated|ringing|answered|completed)( (initiated|ringing|answered|completed))*"
    ),
    "timeout": WHOLE,
}
"""Attribute -> what Twilio's pages allow."""
TEXT_OF = {"Say": "message", "Redirect": "url", "Number": "phone_number", "Sip": "sip_url"}
LONGEST_SAY = 3000
LAST = {"Redirect", "Hangup", "Refer"}
"""Nothing behind these is ever reached; behind a <Dial> with an action neither."""


class WrongTwiml(AssertionError):
    """Twilio would not have done what this document asks for."""


def checked(raw: bytes) -> Element:
    """The document; refused unless Twilio's own classes write the very same one."""
    found = fromstring(raw.decode("utf-8"))
    if found.tag != "Response" or found.attrib:
        raise WrongTwiml(f"the document is <{found.tag}>")
    official = VoiceResponse()
    _rebuild(found, official)
    if canonicalize(official.to_xml()) != canonicalize(raw.decode("utf-8")):
        raise WrongTwiml(f"Twilio would write {official.to_xml()}")
    reached = [
        child.tag
        for child in found[:-1]
        if child.tag in LAST or ("action" in child.attrib and child.tag == "Dial")
    ]
    if reached:
        raise WrongTwiml(f"nothing behind <{reached[0]}> is reached")
    return found


def _rebuild(found: Element, official: TwiML) -> None:
    """The same children made by the official class of their parent."""
    for child in found:
        make: Callable[..., TwiML] | None = getattr(official, child.tag.lower(), None)
        if make is None or child.tag[0] != child.tag[0].upper():
            raise WrongTwiml(f"<{found.tag}> has no <{child.tag}>")
        names = [name for name in inspect.signature(make).parameters if name != "kwargs"]
        known = {lower_camel(name): name for name in names if name != TEXT_OF.get(child.tag)}
        given: dict[str, Any] = {}
        for attribute, value in child.attrib.items():
            if attribute not in known:
                raise WrongTwiml(f"<{child.tag}> has no attribute {attribute}")
            if attribute in VALUES and not VALUES[attribute].fullmatch(value):
                raise WrongTwiml(f"{attribute} of <{child.tag}> is {value!r}")
            given[known[attribute]] = value
        text = child.text or ""
        if text and child.tag not in TEXT_OF:
            raise WrongTwiml(f"<{child.tag}> takes no text")
        if child.tag == "Say" and not 0 < len(text.encode()) <= LONGEST_SAY:
            raise WrongTwiml(f"<Say> of {len(text.encode())} bytes")
        if text:
            given[TEXT_OF[child.tag]] = text
        _rebuild(child, make(**given))
