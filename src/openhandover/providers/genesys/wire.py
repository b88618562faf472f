"""What we send to Genesys: inbound messages, typing, receipts, and the questions about queues, with their answers."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from openhandover.core.model import Agent, Attachment, Message, User
from openhandover.net.bodies import read_answer
from openhandover.net.client import Reply
from openhandover.providers.base import Availability, HandoverRequest, Session
from openhandover.texts.cutting import in_parts
from openhandover.texts.readable import author, said

from .settings import Settings

PREFIX = "oh-"
"""Begins every user id that we give: an event of somebody else's conversation is told by it."""


_NAME = re.compile(r"[A-Za-z0-9.-]{1,100}")
_MEGABYTE = 1024 * 1024
_MEDIA = {"image": "Image", "video": "Video", "audio": "Audio"}
_ON_QUEUE = {"IDLE", "INTERACTING"}
"""Qualifiers of `oOnQueueUsers` that count as being there; others, such as NOT_RESPONDING, do not."""


class State(Struct, frozen=True, omit_defaults=True):
    """What every later call of a session needs: the conversation there, and the user as they were introduced."""

    sender: dict[str, str]
    conversation_id: str = ""


class Piece(Struct, frozen=True):
    """What fits into one message."""

    text: str = ""
    files: tuple[Attachment, ...] = ()


# --- who


def external_id(request: HandoverRequest) -> str:
    """The user's id for one attempt. It is new each time, so that the vendor's threading timeline does not continue the
    conversation of an earlier handover."""
    return f"{PREFIX}{request.handover_id}-{request.attempt}"


def sender(user: User, id_: str, settings: Settings) -> dict[str, str]:
    """`channel.from`: with the profile where it may be sent."""
    found = {"id": id_, "idType": "Opaque"}
    if not settings.send_profile:
        return found
    name = (user.name or "").strip()
    first, _, last = name.partition(" ")
    profile = {"nickname": name, "firstName": first, "lastName": last.strip(), "email": user.email}
    return found | {key: value for key, value in profile.items() if value}


def state_of(session: Session) -> State:
    """What was kept of a session; the id alone still reaches the same conversation."""
    if session.vendor_state is None:
        return State({"id": session.external_id, "idType": "Opaque"})
    return msgspec.json.decode(session.vendor_state, type=State)


# --- what


def opening(request: HandoverRequest, settings: Settings) -> list[Piece]:
    """The talk so far as one message, cut only where it is longer than one may be."""
    talk = [one for one in request.transcript if _is_wanted(one, settings)]
    if not talk:
        whole = request.reason or settings.opening_text
    elif len(talk) == 1 and talk[0].author == "user":
        whole = _words(talk[0])
    else:
        whole = "\n".join(f"{author(one)}: {_words(one)}" for one in talk)
    return [Piece(part) for part in _cut(whole, settings)]


def pieces(message: Message, settings: Settings) -> list[Piece]:
    """One message of the talk; of somebody else than the user it says whose it is."""
    most = settings.max_file_mb * _MEGABYTE
    fits = tuple(file for file in message.attachments if (file.size or 0) <= most)
    text = _words(message, [file for file in message.attachments if file not in fits])
    if message.author != "user":
        text = f"{author(message)}: {text}"
    if not text and not fits:
        text = "(a message without text)"
    texts = _cut(text, settings) if text else [""]
    return [*(Piece(part) for part in texts[:-1]), Piece(texts[-1], fits)]


def _cut(text: str, settings: Settings) -> list[str]:
    return in_parts(text, lambda rest: rest[: settings.max_text])


def _is_wanted(one: Message, settings: Settings) -> bool:
    if said(one).strip():
        return True
    if one.attachments or one.buttons:
        return not settings.transcript_skip_unsupported
    return not settings.transcript_skip_empty


def _words(one: Message, files: Sequence[Attachment] | None = None) -> str:
    """Text, files as links (all, unless told which) and buttons; an empty part is left out."""
    named = one.attachments if files is None else files
    links = [f"{file.name}: {file.url}" if file.name else file.url for file in named]
    buttons = " ".join(f"[{button.text}]" for button in one.buttons or ())
    return "\n".join(part for part in (said(one), *links, buttons) if part)


def inbound(
    from_: Mapping[str, str], piece: Piece, message_id: str, time: str, attributes: Mapping[str, str]
) -> dict[str, Any]:
    """`OpenInboundNormalizedMessage`. `customAttributes` is not in the vendor's published schema, but is what its
    partners send and what *Get Participant Data* reads."""
    channel: dict[str, Any] = {"messageId": message_id, "from": from_, "time": time}
    if attributes:
        channel["metadata"] = {"customAttributes": attributes}
    body: dict[str, Any] = {"channel": channel}
    if piece.text:
        body["text"] = piece.text
    if piece.files:
        body["content"] = [{"attachment": _attachment(file)} for file in piece.files]
    return body


def _attachment(file: Attachment) -> dict[str, str]:
    mime = file.content_type or "application/octet-stream"
    media = _MEDIA.get(mime.partition("/")[0], "File")
    whole = {"mediaType": media, "url": file.url, "mime": mime, "filename": file.name}
    return {key: value for key, value in whole.items() if value}


def typing(session: Session, time: str) -> dict[str, Any]:
    """`OpenInboundNormalizedEvent`; there is no "stopped"."""
    from_ = {"id": session.external_id, "idType": "Opaque"}
    return {"channel": {"from": from_, "time": time}, "events": [{"eventType": "Typing"}]}


def receipt(session: Session, message_id: str, *, delivered: bool, time: str) -> dict[str, Any]:
    """`OpenInboundNormalizedReceipt`, the last one of this message."""
    body: dict[str, Any] = {
        "id": message_id,
        "channel": {"to": {"id": session.external_id}, "time": time},
        "status": "Delivered" if delivered else "Failed",
        "isFinalReceipt": True,
    }
    if not delivered:
        body["reasons"] = [{"code": "GeneralError", "message": "The user's channel did not take it"}]
    return body


# --- when


def stamp(at: datetime) -> str:
    """UTC with milliseconds, the only form that is documented."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- queues


def estimated_wait_path(queue_id: str) -> str:
    """The question for the waiting time of messages in a queue."""
    return f"/api/v2/routing/queues/{queue_id}/mediatypes/message/estimatedwaittime"


class _Prediction(Struct, frozen=True, rename="camel"):
    estimated_wait_time_seconds: float
    formula: str = ""


class _Predictions(Struct, frozen=True):
    results: list[_Prediction] = []


def estimated_wait_ms(reply: Reply) -> int | None:
    """The best prediction, else the first; none, or less than nothing, is not known."""
    found = read_answer(reply, _Predictions).results
    best = next((one for one in found if one.formula == "BEST"), found[0] if found else None)
    if best is None or best.estimated_wait_time_seconds < 0:
        return None
    return round(best.estimated_wait_time_seconds * 1000)


def observation(queue_id: str) -> dict[str, Any]:
    """Who is on queue. Asked without a media type: with one the figures of people may be missing."""
    matches = {"type": "dimension", "dimension": "queueId", "operator": "matches", "value": queue_id}
    return {"filter": {"type": "and", "predicates": [matches]}, "metrics": ["oOnQueueUsers"]}


class _Stats(Struct, frozen=True):
    count: int = 0


class _Metric(Struct, frozen=True):
    metric: str = ""
    qualifier: str = ""
    stats: _Stats = _Stats()


class _Group(Struct, frozen=True):
    data: list[_Metric] = []


class _Observed(Struct, frozen=True):
    results: list[_Group] = []


def available(reply: Reply, wait_ms: int | None) -> Availability:
    """People on queue who are idle or busy with somebody. A queue without activity may have no results at all."""
    agents = sum(
        one.stats.count
        for group in read_answer(reply, _Observed).results
        for one in group.data
        if one.metric == "oOnQueueUsers" and one.qualifier in _ON_QUEUE
    )
    return Availability(agents > 0, agents, estimated_wait_ms=wait_ms)


# --- conversations


class Named(Struct, frozen=True):
    """A reference."""

    id: str | None = None
    name: str | None = None


class Written(Struct, frozen=True, rename="camel"):
    """`MessageDetails`, as far as we look."""

    message_id: str = ""
    message_status: str = ""


class Participant(Struct, frozen=True, rename="camel"):
    """One party of a conversation, as far as we look."""

    id: str = ""
    name: str | None = None
    purpose: str = ""
    state: str = ""
    disconnect_type: str | None = None
    connected_time: str | None = None
    user: Named | None = None
    messages: list[Written] = []

    @property
    def agent(self) -> Agent:
        """Who it is; the name of the person, not of the queue."""
        user = self.user or Named()
        return Agent(user.id, self.name or user.name)


_PEOPLE = {"agent", "user"}
_HAS_IT = {"connected", "parked"}
"""An agent who has parked it has put it aside, not away."""
_ON_THE_WAY = {"alerting", "dialing", "contacting", "offering", "connected"}
_OVER = {"disconnected", "terminated"}
_GIVEN_UP = "failed"
"""`messageStatus` of what the vendor could not bring. What we answered with a receipt is `delivery-...`."""


class MessageConversation(Struct, frozen=True):
    """`MessageConversation`, as far as we look."""

    participants: list[Participant] = []

    def holder(self) -> Participant | None:
        """Who has it now."""
        here = [one for one in self.participants if one.purpose in _PEOPLE and one.state in _HAS_IT]
        return here[-1] if here else None

    def agent(self) -> Agent | None:
        """The same, as a person."""
        holder = self.holder()
        return holder.agent if holder else None

    def had_agent(self) -> bool:
        """Whether anybody ever had it."""
        return any(one.purpose in _PEOPLE and one.connected_time for one in self.participants)

    def is_waiting(self) -> bool:
        """Whether it is in a queue, or rings at somebody's place."""
        return any(one.purpose in _PEOPLE | {"acd"} and one.state in _ON_THE_WAY for one in self.participants)

    def customer(self) -> Participant | None:
        """The user's latest part in it."""
        found = [one for one in self.participants if one.purpose == "customer"]
        return found[-1] if found else None

    def given_up(self) -> list[tuple[str, Agent]]:
        """What was written to the user and not brought: the message's id in the API, and who wrote it."""
        return [
            (one.message_id, party.agent if party.purpose in _PEOPLE else Agent())
            for party in self.participants
            if party.purpose != "customer"
            for one in party.messages
            if one.message_status == _GIVEN_UP
        ]

    def ended(self) -> str | None:
        """How the user's part in it ended; None while it has not."""
        customer = self.customer()
        if customer is None or customer.state not in _OVER:
            return None
        return customer.disconnect_type or ""


class MessageData(Struct, frozen=True, rename="camel"):
    """`MessageData`, as far as we look: the message in the shape that the webhook has, and with the same id."""

    normalized_message: msgspec.Raw = msgspec.Raw(b"{}")


class _Accepted(Struct, frozen=True, rename="camel"):
    conversation_id: str | None = None


def conversation_id(reply: Reply) -> str:
    """The conversation that a message went to; empty where the answer does not tell."""
    return read_answer(reply, _Accepted).conversation_id or ""


class Integration(Struct, frozen=True, rename="camel"):
    """`OpenIntegration`, as far as we look."""

    outbound_notification_webhook_url: str = ""
    create_status: str | None = None


class _Issued(Struct, frozen=True):
    access_token: str
    expires_in: float | None = None


def token(reply: Reply) -> tuple[str, float | None]:
    """The access token and its life in seconds."""
    issued = read_answer(reply, _Issued)
    return issued.access_token, issued.expires_in


class _Error(Struct, frozen=True, rename="camel"):
    code: str | None = None
    context_id: str | None = None


def error_of(reply: Reply) -> tuple[str, str]:
    """The vendor's word for what was wrong, and the id by which its support finds the call; empty where they are not there, or
    not what can be shown."""
    try:
        error = msgspec.json.decode(reply.body, type=_Error)
    except (ValueError, RecursionError):
        return "", ""
    code, context = (one if one and _NAME.fullmatch(one) else "" for one in (error.code, error.context_id))
    return code, context
