"""The JSON of the `http` provider: our calls to the desk, and the desk's webhooks as facts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct, structs

from openhandover.core import events, model
from openhandover.core.errors import PayloadError
from openhandover.core.events import FromProvider, ProviderFact
from openhandover.net.bodies import read_answer, read_webhook
from openhandover.net.client import Reply
from openhandover.providers.base import Availability, HandoverRequest, Opened, Session

# --- ours to the desk ----------------------------------------------------------------------------------------


def opening(request: HandoverRequest) -> dict[str, Any]:
    """The body of `/open`."""
    return {
        "handover_id": request.handover_id,
        "attempt": request.attempt,
        "reason": request.reason,
        "initiator": request.initiator,
        "conversation": request.conversation,
        "user": request.user,
        "context": request.context,
        "settings": request.route,
        "transcript": [message(one) for one in request.transcript],
    }


def about(session: Session, **more: Any) -> dict[str, Any]:
    """The body of every later call."""
    return {"handover_id": session.handover_id, "external_id": session.external_id, **more}


def message(one: model.Message) -> model.Message:
    """A message as the desk gets it. Its delivery changes between two tries, so it is sent as it was at first."""
    return structs.replace(one, delivery=model.Delivery())


def query(route: Mapping[str, Any], language: str | None) -> dict[str, str]:
    """The query of `/availability`; several skills are joined by commas."""
    skills = route.get("skills") or ()
    joined = skills if isinstance(skills, str) else ",".join(str(skill) for skill in skills)
    return {name: value for name, value in (("skills", joined), ("language", language)) if value}


# --- the desk's answers --------------------------------------------------------------------------------------

_Id = Annotated[str, Meta(min_length=1, max_length=255)]
_Count = Annotated[int, Meta(ge=0)]


class _Accepted(Struct):
    external_id: _Id
    position: _Count | None = None
    estimated_wait_ms: _Count | None = None


class _Available(Struct):
    open: bool | None
    agents: _Count | None = None
    position: _Count | None = None
    estimated_wait_ms: _Count | None = None
    opens_at: str | None = None


def opened(reply: Reply) -> Opened:
    """The desk's acceptance. Nonsense may come from a proxy in between, so it is worth another try."""
    answer = read_answer(reply, _Accepted, "to /open")
    return Opened(answer.external_id, answer.position, answer.estimated_wait_ms)


def available(reply: Reply) -> Availability:
    """The desk's word on whether somebody is there."""
    answer = read_answer(reply, _Available, "to /availability")
    return Availability(
        answer.open, answer.agents, answer.position, answer.estimated_wait_ms, answer.opens_at
    )


# --- the desk's webhooks -------------------------------------------------------------------------------------


class _Envelope(Struct):
    event_id: _Id
    type: _Id
    handover_id: _Id
    external_id: _Id | None = None
    seq: Annotated[int, Meta(ge=1, lt=1 << 53)] | None = None
    at: Annotated[datetime, Meta(tz=True)] | None = None


class _File(Struct):
    url: Annotated[str, Meta(pattern=r"^https?://", max_length=8192)]
    name: str = ""
    content_type: str = ""


class _Text(Struct):
    id: _Id | None = None
    text: str = ""
    attachments: list[_File] = []


class _Payload(Struct):
    """What one type of webhook has beside its envelope."""

    def fact(self, envelope: _Envelope) -> ProviderFact:
        raise NotImplementedError


class _Joined(_Payload):
    agent: model.Agent = model.Agent()

    def fact(self, envelope: _Envelope) -> ProviderFact:
        return events.AgentJoined(self.agent)


class _Message(_Payload):
    message: _Text
    agent: model.Agent | None = None

    def fact(self, envelope: _Envelope) -> ProviderFact:
        if not self.message.text and not self.message.attachments:
            raise PayloadError("Neither `text` nor `attachments` - at `$.message`")
        files = tuple(
            model.Attachment(f"{envelope.event_id}:{n}", file.name, file.content_type, None, file.url)
            for n, file in enumerate(self.message.attachments)
        )
        return events.AgentMessage(self.message.text, self.message.id, files, self.agent)


class _Typing(_Payload):
    on: bool

    def fact(self, envelope: _Envelope) -> ProviderFact:
        return events.AgentTyping(self.on)


class _Left(_Payload):
    def fact(self, envelope: _Envelope) -> ProviderFact:
        return events.AgentLeft()


class _Transferred(_Payload):
    agent: model.Agent | None = None

    def fact(self, envelope: _Envelope) -> ProviderFact:
        return events.AgentTransferred(self.agent)


class _Queue(_Payload):
    position: _Count | None = None
    estimated_wait_ms: _Count | None = None

    def fact(self, envelope: _Envelope) -> ProviderFact:
        return events.QueueUpdated(self.position, self.estimated_wait_ms)


class _Read(_Payload):
    message_id: _Id

    def fact(self, envelope: _Envelope) -> ProviderFact:
        return events.MessageRead(self.message_id)


class _Closed(_Payload):
    reason: str | None = None

    def fact(self, envelope: _Envelope) -> ProviderFact:
        return events.Closed(self.reason, sequenced=envelope.seq is not None)


class _Failed(_Payload):
    reason: str
    detail: str | None = None

    def fact(self, envelope: _Envelope) -> ProviderFact:
        return events.Failed(self.reason, self.detail, sequenced=envelope.seq is not None)


_TYPES: dict[str, type[_Payload]] = {
    "agent.joined": _Joined,
    "agent.message": _Message,
    "agent.typing": _Typing,
    "agent.left": _Left,
    "agent.transferred": _Transferred,
    "queue.updated": _Queue,
    "message.read": _Read,
    "handover.closed": _Closed,
    "handover.failed": _Failed,
}


def fact(provider: str, body: bytes) -> FromProvider:
    """One webhook of the desk; raises PayloadError with the place. A type that we don't know is Unknown."""
    envelope = read_webhook(body, _Envelope)
    kind = _TYPES.get(envelope.type)
    said = read_webhook(body, kind).fact(envelope) if kind else events.Unknown(envelope.type)
    return FromProvider(
        provider,
        envelope.event_id,
        said,
        handover_id=envelope.handover_id,
        external_id=envelope.external_id,
        seq=envelope.seq,
        at=envelope.at.timestamp() if envelope.at else None,
        raw=body,
    )
