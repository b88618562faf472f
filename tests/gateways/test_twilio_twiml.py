"""Our documents beside those that Twilio's own classes write."""

from xml.etree.ElementTree import Element

import pytest
from twilio.twiml.voice_response import Dial, Gather, Refer, VoiceResponse

from openhandover.gateways.twilio import twiml
from tests.channels.twiml_rules import WrongTwiml, checked

DUTCH = twiml.Voice("nl-NL", "Polly.Lotte")
PLAIN = twiml.Voice("en-US")
AWKWARD = [
    "Tom & Jerry <b>say</b> \"hi\" 'there'",
    "naïve - 漢字 - 🎉 - שלום",
    "]]> <!-- no comment --> &amp; &#0;",
    "tab\tand\nline",
]


def written(*verbs: Element) -> str:
    """The document as text."""
    return twiml.document(verbs).decode()


@pytest.mark.parametrize("text", AWKWARD)
def test_a_text_is_said_exactly(text: str) -> None:
    """Any text is written byte for byte as Twilio's classes write it."""
    official = VoiceResponse()
    official.say(text, voice="Polly.Lotte", language="nl-NL")
    assert written(*twiml.say(twiml.Words(text, DUTCH))) == str(official)


def test_characters_that_xml_cannot_carry_are_left_out() -> None:
    """Control characters, half surrogates and noncharacters become spaces; the document stays readable."""
    text = "a\x00b\x08c\x1fd\ud800e\uffffe"
    assert checked(twiml.document(twiml.say(twiml.Words(text, PLAIN))))[0].text == "a b c d e e"


@pytest.mark.parametrize(
    "text",
    ["Well said. " * 900, "word " * 3000, "x" * 9001, "漢字。" * 2000, "Short. " + "y" * 4000 + " Short."],
)
def test_a_long_text_is_said_in_parts(text: str) -> None:
    """No <Say> is longer than Twilio takes, and together they say everything in its order."""
    said = checked(twiml.document(twiml.say(twiml.Words(text, PLAIN))))
    assert "".join("".join(one.text or "" for one in said).split()) == "".join(text.split())
    assert len(said) > 1


def test_a_question() -> None:
    """A <Gather> speaks inside, listens for keys and speech, and falls through to what follows."""
    official = VoiceResponse()
    gather = Gather(
        input="dtmf speech", action="https://h/a?x=1&y=2", timeout=5, speech_timeout="auto", language="nl-NL"
    )
    gather.say("Ja of nee?", language="nl-NL", voice="Polly.Lotte")
    official.append(gather)
    official.redirect("https://h/b?x=1&y=2")
    asked = twiml.Question("https://h/a?x=1&y=2", "nl-NL", 5)
    ours = twiml.gather(asked, [twiml.Words("Ja of nee?", DUTCH)])
    assert written(ours, twiml.redirect("https://h/b?x=1&y=2")) == str(official)


def test_a_question_with_options() -> None:
    """One key answers, and the options are hints for what is spoken; a comma within one is none between two."""
    official = VoiceResponse()
    official.gather(
        input="dtmf speech",
        action="/a",
        timeout=3,
        speech_timeout="auto",
        language="en-US",
        num_digits=1,
        hints="Yes please, No",
    )
    asked = twiml.Question("/a", "en-US", 3, 1, ["Yes, please", "No"])
    assert written(twiml.gather(asked, [])) == str(official)


def test_a_dialled_number() -> None:
    """A number is called with the caller on the line, and we hear when it is picked up."""
    official = VoiceResponse()
    dial = Dial(action="/done", timeout=25, caller_id="+31850000000", answer_on_bridge=True)
    dial.number("+31201234567", status_callback="/up", status_callback_event="answered")
    official.append(dial)
    assert written(twiml.dial(twiml.Leg("+31201234567", "/done", "/up", 25, "+31850000000"))) == str(official)


def test_a_dialled_sip_address() -> None:
    """A SIP address is called the same way."""
    official = VoiceResponse()
    dial = Dial(action="/done", timeout=10, answer_on_bridge=True)
    dial.sip("sip:team@pbx.example", status_callback="/up", status_callback_event="answered")
    official.append(dial)
    assert written(twiml.dial(twiml.Leg("sip:team@pbx.example", "/done", "/up", 10))) == str(official)


def test_a_refer() -> None:
    """The caller's side is told where to call, with the parameters of the address intact."""
    to = "sip:agent@sbc.example?X-Handover-Id=ho_42&User-to-User=00686f%3Bencoding%3Dhex"
    official = VoiceResponse()
    refer = Refer(action="/done")
    refer.sip(to)
    official.append(refer)
    assert written(twiml.refer(to, "/done")) == str(official)


def test_the_small_verbs() -> None:
    """Silence, asking on and hanging up."""
    official = VoiceResponse()
    official.pause(length=1)
    official.redirect("/next")
    official.hangup()
    assert written(twiml.pause(1), twiml.redirect("/next"), twiml.hangup()) == str(official)
    assert written() == str(VoiceResponse())


@pytest.mark.parametrize(
    "wrong",
    [
        "<Response><Shout>hi</Shout></Response>",
        "<Response><say>hi</say></Response>",
        '<Response><Say colour="red">hi</Say></Response>',
        '<Response><Say language="nl">hi</Say></Response>',
        '<Response><Gather numDigits="0"/></Response>',
        '<Response><Gather input="speech,dtmf"/></Response>',
        "<Response><Hangup>bye</Hangup></Response>",
        "<Response><Redirect>/a</Redirect><Say>never</Say></Response>",
        "<Response><Gather><Hangup/></Gather></Response>",
        "<Response><Refer><Number>+31201234567</Number></Refer></Response>",
        "<Reply/>",
        "<Response><Say></Say></Response>",
    ],
)
def test_the_rules_refuse_what_twilio_does_not_know(wrong: str) -> None:
    """The check that all our tests rest on sees unknown verbs, attributes, values and places."""
    with pytest.raises(WrongTwiml):
        checked(wrong.encode())
