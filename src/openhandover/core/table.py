"""The rules as data: transitions, limits, reasons, who gets what. The reference pages are made from these tables,
and no other code decides the same thing."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from .model import EndedBy, Status

REQUESTED, QUEUED, ACTIVE = Status.REQUESTED, Status.QUEUED, Status.ACTIVE
COMPLETED, CANCELLED, ERROR, TRANSFERRED = (
    Status.COMPLETED,
    Status.CANCELLED,
    Status.ERROR,
    Status.TRANSFERRED,
)

CallOutcome = Literal[
    "connected",
    "busy",
    "no_answer",
    "declined",
    "invalid_target",
    "voicemail",
    "unsupported",
    "rejected",
    "failed",
    "caller_hung_up",
    "unknown",
    "ended",
]
"""What a gateway may report of a call that it was told to transfer."""

REASONS: Mapping[Status, tuple[str, ...]] = {
    COMPLETED: ("agent_closed", "bot_closed", "user_idle", "user_left", "total_timeout"),
    CANCELLED: ("user_cancelled", "user_left", "bot_closed"),
    TRANSFERRED: ("transferred", "logged", "ticket"),
    ERROR: (
        "unsupported",
        "unavailable",
        "queue_timeout",
        "agent_timeout",
        "auth",
        "rejected",
        "configuration",
        "provider_error",
        "busy",
        "no_answer",
        "declined",
        "invalid_target",
        "voicemail",
        "unknown",
    ),
}
"""Why a handover ended: a closed list per status."""


class Row(NamedTuple):
    """What a signal does in a status. `to` None: the status stays. `reason` None: the signal brings its own.
    `next_attempt`: the next provider of the chain is tried first, where the reason allows it."""

    to: Status | None
    reason: str | None = None
    ended_by: EndedBy | None = None
    next_attempt: bool = False
    vendor: Literal["cancel", "close", "none"] = "none"
    """What the vendor session gets when this ends the handover."""


STAY = Row(None)
_CANCEL = Row(CANCELLED, "user_cancelled", "user", vendor="cancel")
_BOT_WITHDRAWS = Row(CANCELLED, "bot_closed", "bot", vendor="cancel")
_OPERATOR_WITHDRAWS = Row(CANCELLED, "bot_closed", "system", vendor="cancel")
_GONE_BEFORE = Row(CANCELLED, "user_left", "user", vendor="cancel")
_GONE_WHILE_ACTIVE = Row(COMPLETED, "user_left", "user", vendor="close")
_TOO_OLD = Row(COMPLETED, "total_timeout", "system", vendor="close")

TRANSITIONS: Mapping[tuple[Status, str], Row] = {
    # the provider has not answered yet; what its agents do meanwhile is parked until it has
    (REQUESTED, "refused"): Row(ERROR, "configuration", "system"),
    (REQUESTED, "opened"): Row(QUEUED),
    (REQUESTED, "transfer_confirmed"): Row(TRANSFERRED, None, "system"),
    (REQUESTED, "open_failed"): Row(ERROR, None, "provider", next_attempt=True),
    (REQUESTED, "open_s"): Row(ERROR, "provider_error", "system", next_attempt=True, vendor="cancel"),
    (REQUESTED, "call_connected"): Row(TRANSFERRED, "transferred", "system"),
    (REQUESTED, "call_failed"): Row(ERROR, None, "provider"),
    (REQUESTED, "call_ended"): Row(ERROR, "unknown", "provider"),
    (REQUESTED, "queue_s"): Row(ERROR, "queue_timeout", "system", next_attempt=True, vendor="cancel"),
    (REQUESTED, "user_cancelled"): _CANCEL,
    (REQUESTED, "bot_closed"): _BOT_WITHDRAWS,
    (REQUESTED, "operator_closed"): _OPERATOR_WITHDRAWS,
    (REQUESTED, "user_left"): _GONE_BEFORE,
    (REQUESTED, "user_gone_s"): _GONE_BEFORE,
    (REQUESTED, "total_s"): _TOO_OLD,
    # accepted, no human yet
    (QUEUED, "agent_joined"): Row(ACTIVE),
    (QUEUED, "agent_message"): Row(ACTIVE),
    (QUEUED, "agent_left"): STAY,
    (QUEUED, "agent_transferred"): STAY,
    (QUEUED, "queue_updated"): STAY,
    (QUEUED, "closed"): Row(COMPLETED, None, "agent"),
    (QUEUED, "failed"): Row(ERROR, None, "provider", next_attempt=True),
    (QUEUED, "session_lost"): Row(ERROR, "provider_error", "provider"),
    (QUEUED, "call_connected"): Row(ACTIVE),
    (QUEUED, "call_failed"): Row(ERROR, None, "provider"),
    (QUEUED, "call_ended"): Row(ERROR, "unknown", "provider"),
    (QUEUED, "queue_s"): Row(ERROR, "queue_timeout", "system", next_attempt=True, vendor="cancel"),
    (QUEUED, "user_cancelled"): _CANCEL,
    (QUEUED, "bot_closed"): _BOT_WITHDRAWS,
    (QUEUED, "operator_closed"): _OPERATOR_WITHDRAWS,
    (QUEUED, "user_left"): _GONE_BEFORE,
    (QUEUED, "user_gone_s"): _GONE_BEFORE,
    (QUEUED, "total_s"): _TOO_OLD,
    # a human has the conversation
    (ACTIVE, "agent_joined"): STAY,
    (ACTIVE, "agent_message"): STAY,
    (ACTIVE, "agent_left"): STAY,
    (ACTIVE, "agent_transferred"): STAY,
    (ACTIVE, "queue_updated"): STAY,
    (ACTIVE, "agent_gone"): Row(COMPLETED, "agent_closed", "agent", vendor="close"),
    (ACTIVE, "closed"): Row(COMPLETED, None, "agent"),
    (ACTIVE, "failed"): Row(ERROR, None, "provider"),
    (ACTIVE, "session_lost"): Row(ERROR, "provider_error", "provider"),
    (ACTIVE, "call_failed"): Row(ERROR, None, "provider"),
    (ACTIVE, "call_ended"): Row(COMPLETED, "agent_closed", "agent"),
    (ACTIVE, "first_reply_s"): Row(ERROR, "agent_timeout", "system", vendor="cancel"),
    (ACTIVE, "agent_idle_s"): Row(ERROR, "agent_timeout", "system", vendor="cancel"),
    (ACTIVE, "user_idle_s"): Row(COMPLETED, "user_idle", "system", vendor="close"),
    (ACTIVE, "user_cancelled"): _CANCEL,
    (ACTIVE, "bot_closed"): Row(COMPLETED, "bot_closed", "bot", vendor="close"),
    (ACTIVE, "operator_closed"): Row(COMPLETED, "bot_closed", "system", vendor="close"),
    (ACTIVE, "user_left"): _GONE_WHILE_ACTIVE,
    (ACTIVE, "user_gone_s"): _GONE_WHILE_ACTIVE,
    (ACTIVE, "total_s"): _TOO_OLD,
}
"""Every signal that means something in an open status; one that is not here is counted late and changes nothing."""


class CallRow(NamedTuple):
    """The signal that a call's outcome gives, with its reason where the signal has none of its own."""

    signal: str
    reason: str | None = None


CALL_RESULTS: Mapping[CallOutcome, CallRow] = {
    "connected": CallRow("call_connected"),
    "ended": CallRow("call_ended"),
    "caller_hung_up": CallRow("user_left"),
    "busy": CallRow("call_failed", "busy"),
    "no_answer": CallRow("call_failed", "no_answer"),
    "declined": CallRow("call_failed", "declined"),
    "invalid_target": CallRow("call_failed", "invalid_target"),
    "voicemail": CallRow("call_failed", "voicemail"),
    "unsupported": CallRow("call_failed", "unsupported"),
    "rejected": CallRow("call_failed", "rejected"),
    "failed": CallRow("call_failed", "provider_error"),
    "unknown": CallRow("call_failed", "unknown"),
}
"""What each outcome of a transferred call means; where it leads from which status is in `TRANSITIONS`."""

FALLBACK_AFTER_QUEUEING = frozenset({"unavailable", "queue_timeout"})
"""Accepted and then failed: the next provider is tried for these reasons only."""

NO_FALLBACK = frozenset({"unsupported", "configuration"})
"""A failed open with these reasons ends the handover at once."""


class Limit(NamedTuple):
    """One wait: in which status, counted from what; `text_only`: not on a call; `inactive`: with
    `events.inactive` it runs the flow and is armed again instead of ending."""

    status: tuple[Status, ...]
    counted_from: str
    text_only: bool = False
    inactive: bool = False


LIMITS: Mapping[str, Limit] = {
    "open_s": Limit((REQUESTED,), "the start of the attempt"),
    "queue_s": Limit(
        (REQUESTED, QUEUED), "the provider's acceptance, per attempt; of a call given away, its gateway's"
    ),
    "first_reply_s": Limit((ACTIVE,), "the agent joined or left, until an agent writes", text_only=True),
    "agent_idle_s": Limit(
        (ACTIVE,), "the user's first unanswered message, or the agent joined", text_only=True, inactive=True
    ),
    "user_idle_s": Limit(
        (ACTIVE,), "the agent's last message, until the user writes", text_only=True, inactive=True
    ),
    "user_gone_s": Limit((REQUESTED, QUEUED, ACTIVE), "the user's connection broke"),
    "total_s": Limit((REQUESTED, QUEUED, ACTIVE), "the request"),
}
"""Every wait has a limit; the defaults are `model.Limits`. The timer's name is the signal it gives."""


class Grace(NamedTuple):
    """A pause before something counts, in seconds."""

    seconds: float
    meaning: str


GRACE: Mapping[str, Grace] = {
    "left_notice": Grace(
        2.0, "a reloaded page is no departure: only then the agent is told that the user left"
    ),
    "gap": Grace(3.0, "a numbered desk event waits so long for the ones before it"),
    "close": Grace(1.0, "an end without a number waits so long for an overtaken last message"),
    "late_message": Grace(60.0, "after `completed` an agent's message is still shown, marked late"),
    "park": Grace(60.0, "an event of a session nobody knows yet is kept so long"),
    "prepare": Grace(3.0, "translation and download may hold a message back so long"),
    "say": Grace(60.0, "on a phone call the handover message may take so long; `open_s` counts from its end"),
    "say_again": Grace(10.0, "a gateway that does not answer is asked to say it again for so long"),
    "gate": Grace(10.0, "the open call waits so long for the user to have the handover message"),
}
"""Short waits that keep an unlucky order of arrival from doing harm."""


class Gets(NamedTuple):
    """Who gets an entry: the channel, an HTTP bot, a flow, the agent's side."""

    channel: bool = False
    http_bot: bool = False
    flow: bool = False
    agent: bool = False


WHO_GETS: Mapping[str, Gets] = {
    "user message, floor bot": Gets(http_bot=True, flow=True),
    "user message, floor human": Gets(agent=True),
    "user message that cancels": Gets(),
    "user message, transferred": Gets(),
    "bot message": Gets(channel=True),
    "bot message to user": Gets(channel=True),
    "bot message to agent": Gets(agent=True),
    "bot message to both": Gets(channel=True, agent=True),
    "agent message": Gets(channel=True),
    "agent note": Gets(),
    "system message": Gets(channel=True),
    "message.delivered of the user's": Gets(channel=True),
    "message.read of the user's": Gets(channel=True),
    "message.failed of the user's": Gets(channel=True),
    "message.failed of the bot's": Gets(http_bot=True),
    "message.* of others'": Gets(),
    "user.connected, user.disconnected": Gets(),
    "event.triggered": Gets(http_bot=True, flow=True),
    "event.triggered, floor human": Gets(),
    "floor.changed": Gets(channel=True, http_bot=True),
    "call.say, call.transfer": Gets(),
    "handover.completed": Gets(channel=True, http_bot=True, flow=True),
    "handover.cancelled": Gets(channel=True, http_bot=True, flow=True),
    "handover.error": Gets(channel=True, http_bot=True, flow=True),
    "handover.returned": Gets(channel=True, http_bot=True, flow=True),
    "handover.returned with the user's message": Gets(channel=True, http_bot=True),
    "handover.queued": Gets(channel=True, http_bot=True),
    "handover.active": Gets(channel=True, http_bot=True),
    "handover.queue_updated": Gets(channel=True, http_bot=True),
    "handover.inactive": Gets(channel=True, http_bot=True),
    "other handover events": Gets(channel=True, http_bot=True),
}
"""Who gets which message when. The flow gets queued, active, queue_updated and inactive where the step asks for it;
the agent's side gets handover events as calls (open, cancel, close), not as messages."""

EVENT_TYPES = (
    "message.created",
    "message.delivered",
    "message.read",
    "message.failed",
    "typing.started",
    "typing.stopped",
    "user.connected",
    "user.disconnected",
    "event.triggered",
    "floor.changed",
    "handover.requested",
    "handover.queued",
    "handover.queue_updated",
    "handover.agent_joined",
    "handover.active",
    "handover.agent_changed",
    "handover.agent_left",
    "handover.inactive",
    "handover.completed",
    "handover.cancelled",
    "handover.error",
    "handover.transferred",
    "handover.returned",
    "handover.rated",
    "call.say",
    "call.transfer",
)
"""The event vocabulary of SSE, webhooks and log."""

CANCEL_VALUE = "openhandover.cancel"
"""The value of the cancel button we offer."""
