"""What Twilio has to tell of a call: each is stored, and answered with what the call does next.

Every one may come twice: Twilio repeats a request that was not answered in time.
"""

import asyncio
import hashlib
from typing import TYPE_CHECKING

from openhandover.channels.phone import spoken
from openhandover.core.errors import Refused
from openhandover.core.events import CreateConversation, PostMessage
from openhandover.core.model import Call as PhoneCall, Status
from openhandover.flow.run import CALL_STARTED
from openhandover.gateways.twilio import outcomes, twiml
from openhandover.web.call import MAX_SEQ

from .answer import Place, answer
from .line import Line, Report, caller
from .talk import LOOK_EVERY_S, Talk

if TYPE_CHECKING:
    from openhandover.core.model import Handover
    from openhandover.core.table import CallOutcome
    from openhandover.web.call import Call

REFER_GRACE_S = 3.0
"""A call that was referred ends on its caller's side; so long what came of it may follow behind."""
MOST_SILENCES = 100
NOTHING = twiml.document([])


async def begun(talk: Talk, line: Line, report: Report, call: "Call") -> bytes:
    """POST /voice/{channel}: a new call, or one whose last request found no server."""
    settings, engine = line.settings, talk.engine
    from_, to = report.get("From", ""), report.get("To", "")
    command = CreateConversation(
        id=report.conversation_id,
        channel=line.name,
        user=caller(from_, report.call_id),
        bot=settings.bot,
        medium="voice",
        call=PhoneCall(settings.gateway, report.call_id, from_, to),
        language=settings.language or engine.config.languages.default,
        digest=report.call_id,
    )
    await engine.create(command)
    await engine.trigger(command.id, CALL_STARTED, once=command.id)
    handover = (await engine.conversation(command.id)).open_handover
    if handover is not None and handover.status is Status.ACTIVE:
        await engine.call_result(handover.id, "ended")  # whose human is gone, or Twilio would not ask
    return await _next(talk, line, report, Place())


async def gone_on(talk: Talk, line: Line, report: Report, call: "Call") -> bytes:
    """POST /voice/{channel}/go: what came before has been spoken to its end."""
    await _spoken(talk, report, call)
    if said := call.text("said"):
        await talk.orders.done(said)
    return await _next(talk, line, report, _place(call))


async def heard(talk: Talk, line: Line, report: Report, call: "Call") -> bytes:
    """POST /voice/{channel}/heard: keys or speech."""
    await _spoken(talk, report, call)
    place = _place(call)
    keys, speech = report.get("Digits", ""), report.get("SpeechResult", "").strip()
    if not keys and not speech:
        return await _next(talk, line, report, place._replace(silent=place.silent + 1))
    question = None if place.answered else await talk.message(report.conversation_id, place.asked)
    button = spoken.chosen(question, keys, speech)
    if keys and button is None and question is not None and question.buttons:
        return await _next(talk, line, report, place._replace(silent=place.silent + 1, wrong=True))
    text = button.text if button else speech or keys
    message = PostMessage(
        id=f"heard-{call.whole('at', 0, 0, MAX_SEQ)}",
        author="user",
        text=text,
        button=button.value if button else None,
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )
    try:
        await talk.engine.post(report.conversation_id, message)
    except Refused as refused:
        if refused.code != "id_reused":
            raise  # an answer to this question was heard before, and counts
    return await _next(talk, line, report, Place(place.asked, answered=True))


async def answered(talk: Talk, line: Line, report: Report, call: "Call") -> bytes:
    """POST /voice/{channel}/answered: the human's side of a dialled call."""
    if report.get("CallStatus") == "in-progress":
        await _tell(talk, call, "connected")
    return NOTHING


async def dialled(talk: Talk, line: Line, report: Report, call: "Call") -> bytes:
    """POST /voice/{channel}/dialled: the caller is alone again, unless they hung up."""
    if report.get("CallStatus") in outcomes.HUNG_UP:
        await _tell(talk, call, "caller_hung_up")
    else:
        found, code = outcomes.of_dial(report)
        handover = (await talk.engine.conversation(report.conversation_id)).open_handover
        for outcome in found:
            if outcome != "connected" or (handover and handover.active_at is None):  # else it was told before
                await _tell(talk, call, outcome, code)
    return await _next(talk, line, report, Place())


async def referred(talk: Talk, line: Line, report: Report, call: "Call") -> bytes:
    """POST /voice/{channel}/referred: what the caller's side made of it."""
    await _tell(talk, call, *outcomes.of_refer(report))
    return await _next(talk, line, report, Place())


async def status(talk: Talk, line: Line, report: Report, call: "Call") -> bytes:
    """POST /voice/{channel}/status: the caller has hung up, or we have."""
    if report.get("CallStatus") not in outcomes.HUNG_UP:
        return NOTHING
    engine, conversation_id = talk.engine, report.conversation_id
    handover = (await engine.conversation(conversation_id)).open_handover
    if handover is not None:
        handover = await _after_referring(talk, conversation_id)
    await talk.orders.hung_up(report.call_id)
    if handover is not None:
        await engine.call_result(handover.id, "caller_hung_up")
    await engine.presence(conversation_id, "disconnected")
    await talk.settled(conversation_id)
    await engine.lost_to_user(conversation_id)
    return NOTHING


async def _after_referring(talk: Talk, conversation_id: str) -> "Handover | None":
    """The handover that is still open once the outcome of a REFER has had its time to come."""
    loop = asyncio.get_running_loop()
    until = loop.time() + REFER_GRACE_S
    while True:
        handover = (await talk.engine.conversation(conversation_id)).open_handover
        if handover is None or loop.time() >= until or not await talk.is_referred(handover):
            return handover
        await asyncio.sleep(LOOK_EVERY_S)


async def _spoken(talk: Talk, report: Report, call: "Call") -> None:
    after = call.whole("after", 0, 0, MAX_SEQ)
    if after:
        await talk.engine.delivered_to_user(report.conversation_id, after)


async def _tell(talk: Talk, call: "Call", outcome: "CallOutcome", code: int | None = None) -> None:
    """Report what became of the transfer that the address names; one that comes late has no effect."""
    attempt = call.whole("attempt", 0, 0, MAX_SEQ)
    await talk.engine.call_result(call.text("handover") or "", outcome, code, attempt)


def _place(call: "Call") -> Place:
    answered = bool(call.whole("answered", 0, 0, 1))
    return Place(call.whole("asked", 0, 0, MAX_SEQ), answered, call.whole("silent", 0, 0, MOST_SILENCES))


async def _next(talk: Talk, line: Line, report: Report, place: Place) -> bytes:
    moment = await talk.moment(line, report.conversation_id)
    return await answer(talk, moment, place)
