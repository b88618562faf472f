"""The TwiML of a moment: what the caller hears, and where Twilio asks on."""

from typing import TYPE_CHECKING, NamedTuple
from xml.etree.ElementTree import Element

from openhandover.channels.phone import spoken
from openhandover.core.model import Message
from openhandover.gateways.twilio import twiml
from openhandover.gateways.twilio.orders import SayOrder, TransferOrder

from .line import Line
from .talk import Moment, Talk, key_of

if TYPE_CHECKING:
    from openhandover.texts.catalogue import Catalogue

PAUSE_S = 1


class Place(NamedTuple):
    """Where the call stands, as the address said that Twilio asked. `asked`: seq of the last question; `answered`:
    whether the caller has answered it; `silent`: how often they have not; `wrong`: the key was none of its options."""

    asked: int = 0
    answered: bool = False
    silent: int = 0
    wrong: bool = False


async def answer(talk: Talk, moment: Moment, place: Place) -> bytes:
    """The document of a moment."""
    match moment.next:
        case "hang_up":
            verbs = [twiml.hangup()]
        case "wait":
            verbs = [twiml.pause(PAUSE_S), twiml.redirect(_onward(moment, place))]
        case "transfer":
            verbs = [await _transfer(talk, moment)]
        case "speak":
            verbs = _speak(moment, place, talk.engine.texts)
        case "listen":
            verbs = await _listen(talk, moment, place)
    return twiml.document(verbs)


def _speak(moment: Moment, place: Place, texts: "Catalogue") -> list[Element]:
    verbs = [verb for words in _words(moment, texts) for verb in twiml.say(words)]
    handover = moment.state.open_handover
    said = key_of(handover, "say") if handover and moment.say else None
    return [*verbs, twiml.redirect(_onward(moment, place, said))]


def _onward(moment: Moment, place: Place, said: str | None = None) -> str:
    """The address that is asked next, whatever comes."""
    asked, answered = _question(moment, place)
    return moment.line.url("go", after=_heard(moment), asked=asked, answered=answered, said=said)


async def _listen(talk: Talk, moment: Moment, place: Place) -> list[Element]:
    line, state, texts = moment.line, moment.state, talk.engine.texts
    asked, answered = _question(moment, place)
    question = None if answered else await talk.message(state.id, asked)
    words = _words(moment, texts)
    if not moment.scene.unspoken and place.silent:
        if place.silent > line.settings.silences:
            goodbye = twiml.Words(texts.text("call_goodbye", state.language), line.voice(state.language))
            return [*twiml.say(goodbye), twiml.hangup()]
        complaint = texts.text("invalid_answer" if place.wrong else "call_silence", state.language)
        again = spoken.lines(question, state.language, texts) if question else []
        words = _voiced(line, [spoken.Line(complaint, state.language), *again])
    about = {"after": _heard(moment), "asked": asked, "answered": answered}
    listening = twiml.Question(
        action=line.url("heard", **about, silent=place.silent, at=state.seq),
        language=line.voice(state.language).language,
        silence_s=line.settings.silence_s,
        digits=spoken.keys_wanted(question),
        hints=[button.text for button in (question.buttons or ())] if question else [],
    )
    silent = line.url("go", **about, silent=place.silent + 1)
    return [twiml.gather(listening, words), twiml.redirect(silent)]


async def _transfer(talk: Talk, moment: Moment) -> Element:
    line, handover, order = moment.line, moment.state.open_handover, moment.transfer
    assert handover is not None and isinstance(order, TransferOrder)
    await talk.orders.done(key_of(handover, "transfer"))
    about = {"handover": handover.id, "attempt": len(handover.attempts)}
    if order.mode == "refer":
        return twiml.refer(order.to, line.url("referred", **about))
    gateway = line.gateway
    return twiml.dial(
        twiml.Leg(
            order.to,
            line.url("dialled", **about),
            line.url("answered", **about),
            gateway.ring_s,
            gateway.caller_id,
        )
    )


def _words(moment: Moment, texts: "Catalogue") -> list[twiml.Words]:
    """What the caller has not heard: messages, then the handover's own."""
    language = moment.state.language
    said = [line for message in moment.scene.unspoken for line in spoken.lines(message, language, texts)]
    if isinstance(moment.say, SayOrder):
        said.append(spoken.Line(moment.say.text, moment.say.language))
    return _voiced(moment.line, said)


def _voiced(line: Line, said: list[spoken.Line]) -> list[twiml.Words]:
    return [twiml.Words(one.text, line.voice(one.language)) for one in said]


def _heard(moment: Moment) -> int | None:
    """Seq of the last message that the caller will have heard."""
    return moment.scene.unspoken[-1].seq if moment.scene.unspoken else None


def _question(moment: Moment, place: Place) -> tuple[int, bool]:
    """Seq of the last question, and whether it was answered: the last new message with options, else the last new
    one. A question whose answer was refused is open again."""
    if moment.asked_again and place.asked:
        return place.asked, False
    new: list[Message] = [message for message in moment.scene.unspoken if message.author == "bot"]
    with_options = [message for message in new if message.buttons]
    return ((with_options or new)[-1].seq, False) if new else (place.asked, place.answered)
