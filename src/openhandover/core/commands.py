"""What the channel, the bot and the operator may ask for, and what comes of it."""

from typing import Any

import msgspec
from msgspec import UNSET

from . import events as e, table, view
from .effects import TellPresence
from .errors import Refused, invalid
from .lifecycle import begin, cancel_buttons, signal
from .model import Conversation, Ending, Handover, Lane, Rating, Status, User
from .turn import Rules, Turn

replace = msgspec.structs.replace

MAX_TEXT_BYTES = 32_768


def create(event: e.CreateConversation, now: float, rules: Rules) -> Turn:
    """The first turn of a conversation. A given transcript gets seqs and fires no events."""
    state = Conversation(
        id=event.id,
        channel=event.channel,
        user=event.user,
        created_at=now,
        bot=event.bot,
        medium=event.medium,
        call=event.call,
        language=event.language,
        context=event.context,
        chat_id=event.chat_id,
        digest=event.digest,
    )
    turn = Turn(state, now, rules)
    for message in event.transcript:
        turn.message(
            message.id,
            message.author,
            message.text,
            table.Gets(),
            type_="message.imported",
            author_name=message.author_name,
            at=message.at,
        )
    return turn


def patch(turn: Turn, event: e.PatchConversation) -> None:
    """Change user, language or context; a part that is not given stays."""
    if event.user is not UNSET:
        known = msgspec.to_builtins(turn.state.user)
        turn.set(user=msgspec.convert({**known, **event.user}, User))
    if event.language is not UNSET:
        turn.set(language=event.language)
    if event.context is not UNSET:
        turn.set(context=event.context)
    if event.page is not UNSET:
        turn.set(context={**turn.state.context, "page": event.page})


def _require_epoch(epoch: int | None) -> None:
    if epoch is None:
        raise invalid("epoch", "is required from a bot; take it from the event or the conversation")


def check_epoch(turn: Turn, epoch: int | None, *, during_handover: bool = False) -> None:
    """Rule 1: output of the bot passes only with the current epoch and while it has the floor."""
    _require_epoch(epoch)
    if epoch != turn.state.epoch:
        raise Refused("stale_epoch", epoch=turn.state.epoch, floor=turn.state.floor)
    if turn.state.floor != "bot" and not (during_handover and turn.state.open_handover):
        raise Refused("floor_taken", epoch=turn.state.epoch, floor=turn.state.floor)


def _check_attachments(turn: Turn, event: e.PostMessage) -> None:
    allowed = turn.rules.attachments(turn.state.channel)
    handover = turn.state.handover
    if event.attachments and (
        allowed == "never" or (allowed == "human" and not (handover and handover.takes_files))
    ):
        raise Refused("attachments_off")


def _fields(turn: Turn, event: e.PostMessage) -> dict[str, Any]:
    return {
        "attachments": event.attachments,
        "buttons": event.buttons,
        "button": event.button,
        "intent": event.intent,
        "metadata": event.metadata,
        "author_name": event.author_name,
        "to": event.to,
        "language": event.language or turn.state.language,
        "digest": event.digest,
    }


def post(turn: Turn, event: e.PostMessage) -> None:
    """Accept a message of the user or the bot."""
    if event.author == "bot":
        _post_bot(turn, event)
    else:
        _check_attachments(turn, event)
        _post_user(turn, event)


def _post_bot(turn: Turn, event: e.PostMessage) -> None:
    check_epoch(turn, event.epoch, during_handover=event.to is not None)
    agent_side = event.to in ("agent", "both") and turn.state.open_handover is not None
    row = f"bot message to {event.to}" if event.to else "bot message"
    gets = table.WHO_GETS[row]
    turn.result = turn.message(
        event.id, "bot", event.text, gets._replace(agent=agent_side), **_fields(turn, event)
    )
    if event.prepare:
        turn.prepare()


def _post_user(turn: Turn, event: e.PostMessage) -> None:
    if event.evidence is not None:
        turn.set(evidence=event.evidence)
    if event.language is not None and event.language != turn.state.language:
        turn.set(language=event.language)
    handover = turn.state.open_handover
    if handover and _withdraws(handover, event):
        turn.result = turn.message(
            event.id, "user", event.text, "user message that cancels", **_fields(turn, event)
        )
        signal(turn, "user_cancelled")
        return
    if handover is None and turn.state.floor == "human" and turn.handover.target.returns == "message":
        _return(turn, with_message=True)
    if handover:
        row = "user message, floor human"
    elif turn.state.floor == "human":
        row = "user message, transferred"
    else:
        row = "user message, floor bot"
    turn.result = turn.message(event.id, "user", event.text, row, **_fields(turn, event))
    if event.prepare:
        turn.prepare()
    if handover:
        _user_spoke(turn, handover)


def _withdraws(handover: Handover, event: e.PostMessage) -> bool:
    settings = handover.settings
    if handover.status is Status.ACTIVE and not settings.cancel_while_active:
        return False
    intent = settings.cancel_intent
    if intent and (event.intent == intent or intent in event.intents):
        return True
    label = settings.cancel_button
    return bool(label) and (event.button == table.CANCEL_VALUE or event.text == label)


def _user_spoke(turn: Turn, handover: Handover) -> None:
    settings = handover.settings
    if handover.inactivity_count:
        turn.set_handover(inactivity_count=0)
    if handover.status is Status.QUEUED and settings.repeat_accepted and settings.accepted:
        turn.say(settings.accepted, buttons=cancel_buttons(handover))
    if handover.last_word != "user":
        turn.spoke("user")
        if handover.status is Status.ACTIVE:
            turn.disarm("user_idle_s")
            turn.arm_limit("agent_idle_s")


def presence(turn: Turn, event: e.SetPresence) -> None:
    """The user's connection came or went; a second word of the same is no news."""
    connected = event.state == "connected"
    if connected == turn.state.connected:
        return
    turn.set(connected=connected)
    turn.record(f"user.{event.state}", {}, "user.connected, user.disconnected")
    handover = turn.state.open_handover
    if not connected:
        turn.arm("left_notice", table.GRACE["left_notice"].seconds)
        if handover:
            turn.arm_limit("user_gone_s")
        return
    turn.disarm("left_notice", "user_gone_s")
    if turn.state.told_left:
        turn.set(told_left=False)
        if handover and handover.settings.tell_joined:
            turn.effects.append(TellPresence(handover.lane, "connected", handover.settings.tell_joined))


def tell_left(turn: Turn) -> None:
    """The reload grace is over and the user is still away."""
    turn.set(told_left=True)
    handover = turn.state.open_handover
    if handover and handover.settings.tell_left:
        turn.effects.append(TellPresence(handover.lane, "disconnected", handover.settings.tell_left))


def trigger(turn: Turn, event: e.Trigger) -> None:
    """Fire a named event at the bot."""
    if turn.state.floor != "bot":
        raise Refused("floor_taken", epoch=turn.state.epoch, floor=turn.state.floor)
    turn.record("event.triggered", {"event": event.event}, "event.triggered")


def request(turn: Turn, event: e.RequestHandover, replaces: dict[str, str | None] | None = None) -> None:
    """Begin a handover, unless one is open; `replaces` is the tool call that asks for it."""
    if event.initiator == "bot":
        _require_epoch(event.epoch)
    open_one = turn.state.open_handover
    if open_one:
        raise Refused("handover_open", handover_id=open_one.id)
    if event.initiator == "bot":
        check_epoch(turn, event.epoch)
    elif event.epoch is not None and event.epoch != turn.state.epoch:
        raise Refused("stale_epoch", epoch=turn.state.epoch, floor=turn.state.floor)
    elif turn.state.floor != "bot":
        raise Refused("floor_taken", epoch=turn.state.epoch, floor=turn.state.floor)
    begin(
        turn,
        Handover(
            id=event.id,
            conversation_id=turn.state.id,
            chain=event.chain,
            settings=event.settings,
            initiator=event.initiator,
            why=event.why,
            requested_at=turn.now,
            requested_seq=0,
            lane=0,
            replaces=replaces,
        ),
    )


def _is_open(turn: Turn, handover_id: str) -> bool:
    handover = turn.state.open_handover
    return handover is not None and handover.id == handover_id


def cancel(turn: Turn, event: e.Cancel) -> None:
    """Withdraw; without effect on an ended handover."""
    if _is_open(turn, event.handover_id):
        signal(turn, "user_cancelled")


def leave(turn: Turn, _event: e.Leave) -> None:
    """The user ends the chat; without effect while no handover is open."""
    if turn.state.open_handover:
        signal(turn, "user_left")


def close(turn: Turn, event: e.Close) -> None:
    """End it from our side; without effect on an ended handover."""
    if _is_open(turn, event.handover_id):
        signal(turn, f"{event.by}_closed")


def give_back(turn: Turn, event: e.Return) -> None:
    """A transferred conversation returns to the bot; without effect otherwise."""
    handover = turn.state.handover
    if handover and handover.id == event.handover_id and handover.status is Status.TRANSFERRED:
        if event.tell and handover.target.hands_back and not handover.returned:
            _tell_return(turn, handover)
        _return(turn, with_message=False)


def _tell_return(turn: Turn, handover: Handover) -> None:
    """Let the vendor session, which may be forgotten by now, get the word that the conversation goes back."""
    kept = tuple(lane for lane in turn.state.lanes if lane.id != handover.lane)
    back = Lane(
        id=handover.lane,
        handover_id=handover.id,
        attempt=len(handover.attempts),
        provider=handover.target.provider,
        from_seq=turn.state.seq,
        external_id=handover.attempts[-1].external_id,
        opened=True,
        done=turn.state.seq,
        last=turn.state.seq,
        ending=Ending("return", "returned"),
        ended_at=turn.now,
    )
    turn.set(lanes=(*kept, back))


def _return(turn: Turn, *, with_message: bool) -> None:
    if turn.handover.returned:
        return
    turn.set_handover(returned=True)
    turn.sum_up(never_opened=False)
    turn.move_floor("bot")
    turn.record_handover("returned", "handover.returned with the user's message" if with_message else None)
    turn.record_floor()


def rate(turn: Turn, event: e.Rate) -> None:
    """Keep the user's rating of an ended handover; a later one replaces it."""
    current = turn.state.handover
    is_current = current is not None and current.id == event.handover_id
    handover = current if is_current else event.ended
    if handover is None:
        return
    if handover.is_open:
        raise invalid("score", "the handover is not over yet")
    rating = Rating(event.score, event.comment)
    if handover.rating == rating:
        return
    if is_current:
        turn.set_handover(rating=rating)
        turn.record_handover("rated")
    else:
        turn.earlier = rated = replace(handover, rating=rating)
        turn.record("handover.rated", view.handover(rated), "other handover events", handover_id=rated.id)


def flow_step(turn: Turn, event: e.FlowStep) -> None:
    """One step of a flow: its output and its position are saved together, or neither is."""
    if event.epoch != turn.state.epoch:
        raise Refused("stale_epoch", epoch=turn.state.epoch, floor=turn.state.floor)
    if event.context is not UNSET:
        turn.set(context=event.context)
    if event.say:
        _post_bot(turn, event.say)
    turn.set(run=event.run)
    if event.close_handover and turn.state.open_handover:
        signal(turn, "bot_closed")
    if event.handover:
        request(turn, event.handover)
