"""What RingCentral tells: calls of the source (the agents' messages, typing, the queue) and webhooks (who has a thread).

Both come to one address. A call of the source is signed and is `{action, params, time}`; a webhook carries a secret and is
`{id, domain_id, events}`. After RingCentral's own pages "Source SDK", "Event types" and "Receiving events".
"""

import hashlib
import mimetypes
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from openhandover.core import events, model
from openhandover.core.errors import PayloadError
from openhandover.core.events import FromProvider, ProviderFact
from openhandover.net.bodies import read_webhook
from openhandover.net.client import encode_json
from openhandover.providers.base import WebhookReply, WebhookRequest

from . import readable, wire
from .settings import Settings

SIGNATURE = "x-smccsdk-signature"

OBJECTS: dict[str, list[str]] = {
    "messages": ["create", "show", "list"],
    "threads": ["show", "list"],
    "status": ["mark_as_read"],
    "typing": ["start", "stop"],
}
OPTIONS = (
    *("view.messaging", "messages.text", "messages.no_title", "threads.no_content"),
    *("messages.attachments", "messaging.typing_indicator"),
)
QUEUE_OPTION = "messaging.queuing_update"


def is_of_source(request: WebhookRequest) -> bool:
    """Whether it says to be a call of the source; its proof is another one than a webhook's."""
    return SIGNATURE in request.headers or "signature" in request.query


def remedy(request: WebhookRequest) -> str:
    """Which setting to compare when its proof is wrong."""
    if request.method == "GET":
        return "compare `verify_token` with the webhook's verification token in RingCentral"
    if is_of_source(request):
        return "compare `realtime_token` with the access token of the channel in RingCentral"
    return "compare `webhook_secret` with the webhook's secret in RingCentral"


# --- calls of the source -------------------------------------------------------------------------------------


class _File(Struct):
    url: str | None = None
    type: str | None = None
    filename: str | None = None


class _Params(Struct):
    content_id: str | None = None
    author_id: str | None = None
    sender_name: str | None = None
    body: str | None = None
    format: str | None = None
    thread_id: str | None = None
    in_reply_to_id: str | None = None
    attachments: list[_File] | None = None
    structured_content: dict[str, Any] | None = None
    created_at: str | None = None
    estimated_wait_time: float | None = None
    position: int | None = None

    @property
    def thread(self) -> str | None:
        """Our id of the thread; our messages begin with it."""
        return self.thread_id or (self.in_reply_to_id or "").partition(".")[0] or None


class _Call(Struct):
    action: str
    params: _Params | None = None
    time: str | None = None


_EMPTY: dict[str, Any] = {}
_ANSWERS: dict[str, Any] = {
    # We only speak when there is something to say, so there is never anything to fetch.
    "threads.list": (),
    "messages.list": (),
    "threads.show": _EMPTY,
    "messages.show": _EMPTY,
    "typing.start": _EMPTY,
    "typing.stop": _EMPTY,
    "status.mark_as_read": _EMPTY,
    QUEUE_OPTION: _EMPTY,
}


def sent_at(body: bytes) -> float | None:
    """When RingCentral made this call, in seconds of the epoch; None where it does not say."""
    return epoch(read_webhook(body, _Call).time)


def answer(settings: Settings, body: bytes) -> WebhookReply:
    """What the source is told, signed as its own calls are."""
    asked = read_webhook(body, _Call)
    if asked.action == "implementation.info":
        options = [*OPTIONS, QUEUE_OPTION] if settings.queue_updates else [*OPTIONS]
        said: Any = {"objects": OBJECTS, "options": options}
    elif asked.action == "messages.create":
        # Our name of the agent's message is theirs, so that both know it when the user has read it.
        said = {"id": (asked.params or _Params()).content_id}
    elif asked.action in _ANSWERS:
        said = _ANSWERS[asked.action]
    else:
        text = f"{asked.action[:80]} is not implemented".encode()
        headers = {**wire.signed(settings.realtime_token, text), "Content-Type": "text/plain; charset=utf-8"}
        return WebhookReply(400, text, headers)
    content = encode_json(said)
    return WebhookReply(200, content, wire.signed(settings.realtime_token, content))


def of_source(provider: str, settings: Settings, body: bytes) -> Sequence[FromProvider]:
    """The facts of a call of the source."""
    asked = read_webhook(body, _Call)
    params = asked.params or _Params()
    if asked.action == "messages.create":
        if not params.thread or not params.content_id:
            raise PayloadError("`thread_id` or `content_id` is missing - at `$.params`")
        said: ProviderFact = _said(params, settings)
        event_id = f"message:{params.content_id}"
    elif asked.action == QUEUE_OPTION:
        wait_s = params.estimated_wait_time
        said = events.QueueUpdated(params.position, None if wait_s is None else round(wait_s * 1000))
        event_id = _hash(body)
    elif asked.action in {"typing.start", "typing.stop"}:
        said, event_id = events.AgentTyping(asked.action == "typing.start"), _hash(body)
    elif asked.action == "implementation.info" or asked.action in _ANSWERS:
        return ()
    else:
        said, event_id = events.Unknown(asked.action), _hash(body)
    at = epoch(params.created_at or asked.time)
    return (FromProvider(provider, event_id, said, external_id=params.thread or "", at=at, raw=body),)


def _said(params: _Params, settings: Settings) -> events.AgentMessage:
    text = params.body or ""
    if params.format == "html":
        text = readable.of_html(text)
    text = "\n".join(dict.fromkeys(filter(None, (text, *readable.of_structure(params.structured_content)))))
    named = [(one.url, one.filename, None) for one in params.attachments or ()]
    found = files(params.content_id or "", named)
    if not text and not found:
        raise PayloadError("Neither `body` nor `attachments` that can be fetched - at `$.params`")
    sender = model.Agent(name=params.sender_name) if settings.agent_name == "sender" else None
    return events.AgentMessage(
        text,
        params.content_id,
        found,
        sender if params.sender_name else None,
        automatic=params.author_id == settings.bot_identity_id,
    )


def files(
    content_id: str, given: Iterable[tuple[str | None, str | None, str | None]]
) -> tuple[model.Attachment, ...]:
    """The files of an agent's message, each given as address, name and media type; what has no web address is left out,
    because it must not cost the words. RingCentral tells only what kind a file is, so its name must say which type."""
    return tuple(
        model.Attachment(
            f"{content_id}:{n}",
            name or "",
            kind or mimetypes.guess_type(name or url.partition("?")[0])[0] or "",
            None,
            url,
        )
        for n, (url, name, kind) in enumerate(given)
        if url and url.startswith(("https://", "http://"))
    )


# --- webhooks ------------------------------------------------------------------------------------------------


class _About(Struct):
    thread_id: str | None = None
    source_id: str | None = None
    user_id: str | None = None
    agent_ids: list[str] | None = None
    category_ids: list[str] | None = None


class _Resource(Struct):
    type: str | None = None
    id: str | int | None = None
    metadata: _About | None = None


class _Event(Struct):
    type: str
    id: str
    resource: _Resource | None = None
    user_id: str | None = None
    issued_at: str | None = None


class _Delivery(Struct):
    events: list[_Event]


_Reading = Callable[[_Event, _About, Settings], ProviderFact | None]


def threads(settings: Settings, body: bytes) -> set[str]:
    """RingCentral's ids of the threads that a webhook has something to say about; none when it cannot be read."""
    try:
        told = _of_our_source(settings, body)
    except PayloadError:
        return set()  # `of_webhook` says so, with the place
    return {about.thread_id for one, about in told if about.thread_id and _fact(one, about, settings)}


def of_webhook(
    provider: str, settings: Settings, ours: Mapping[str, str | None], body: bytes
) -> Sequence[FromProvider]:
    """The facts of a webhook. `ours`: RingCentral's id of a thread -> our own, None where it is not ours."""
    found: list[FromProvider] = []
    for one, about in _of_our_source(settings, body):
        said = _fact(one, about, settings)
        thread = ours.get(about.thread_id or "")
        if said is not None and (thread or not about.thread_id):
            at = epoch(one.issued_at)
            found.append(FromProvider(provider, one.id, said, external_id=thread or "", at=at, raw=body))
    return found


def _of_our_source(settings: Settings, body: bytes) -> list[tuple[_Event, _About]]:
    """In the order in which they happened; what happens in other sources is none of ours."""
    told = sorted(read_webhook(body, _Delivery).events, key=lambda one: one.issued_at or "")
    known = [(one, (one.resource.metadata if one.resource else None) or _About()) for one in told]
    return [(one, about) for one, about in known if about.source_id in (None, settings.source_id)]


def _fact(one: _Event, about: _About, settings: Settings) -> ProviderFact | None:
    if one.type in _UNINTERESTING:
        return None
    reading = _READINGS.get(one.type)
    if reading is None or not about.thread_id:
        return events.Unknown(one.type)
    return reading(one, about, settings)


def person(settings: Settings, agent_id: str | None) -> model.Agent | None:
    """By id; the name is looked up later. Where the sender's name counts, all have that of the identity they write as."""
    if not agent_id:
        return None
    is_person = settings.agent_name == "person"
    return model.Agent(agent_id) if is_person else model.Agent(name=settings.agent_identity_name)


def _joined(one: _Event, about: _About, settings: Settings) -> ProviderFact | None:
    agent = person(settings, about.user_id or one.user_id)
    return events.AgentJoined(agent) if agent else None


def _back(one: _Event, about: _About, settings: Settings) -> ProviderFact | None:
    agent = person(settings, about.user_id or one.user_id)
    return events.AgentJoined(agent, only_if_free=True) if agent else None


def _taken(one: _Event, about: _About, settings: Settings) -> ProviderFact | None:
    # A task goes to one agent or is offered to several; who took it is who made the event happen.
    agent = person(settings, one.user_id or next(iter(about.agent_ids or ()), None))
    return events.AgentJoined(agent) if agent else None


def _transferred(one: _Event, about: _About, settings: Settings) -> ProviderFact | None:
    return events.AgentTransferred(person(settings, about.user_id))


def _moved(one: _Event, about: _About, settings: Settings) -> ProviderFact | None:
    # The category is what routes. As long as it is the agents', another one beside it is a note in the statistics.
    now = about.category_ids or []
    if settings.agent_category_id in now:
        return None
    if settings.bot_category_id in now:
        return events.Closed("agent_closed")
    return events.AgentTransferred(None)


def _closed(one: _Event, about: _About, settings: Settings) -> ProviderFact | None:
    return events.Closed("agent_closed")


def _left(one: _Event, about: _About, settings: Settings) -> ProviderFact | None:
    return events.AgentLeft()


_READINGS: dict[str, _Reading] = {
    "intervention.opened": _joined,
    "intervention.assigned": _joined,
    "intervention.reopened": _back,
    "intervention.reactivated": _back,
    "intervention.user_updated": _transferred,
    "intervention.recategorized": _moved,
    "intervention.closed": _closed,
    "intervention.canceled": _closed,
    "content.thread_closed": _closed,
    "content.thread_auto_closed": _closed,
    "task.taken": _taken,
    "task.transferred": _transferred,
    "task.expired_from_workbin": _left,
}
_UNINTERESTING = frozenset(
    {
        # Put off is still open, and a task is done when its message is answered: neither is an end.
        *("intervention.deferred", "intervention.custom_fields_updated"),
        *("task.created", "task.assigned", "task.completed", "task.destroyed", "task.recategorized"),
        *("task.resume", "task.supervisor_assigned", "task.expired_from_step", "task.undelivered"),
        *("push_agent.accept_task", "push_agent.availability_change", "push_agent.busyness_change"),
        *("push_agent.connected", "push_agent.disconnected", "push_agent.reconnected"),
        "push_agent.request_task",
        # Contents come as calls of the source, and these are also told of our own.
        *("content.approved", "content.discussion_initiated", "content.exported", "content.imported"),
        *("content.replied", "content.thread_opened", "content.update_exported"),
        *("identity.merged", "identity.unmerged", "survey_response.imported"),
        *("intervention_segment.summary_generated", "intervention_segment.summary_submitted"),
        "intervention_segment.summary_generation_failed",
    }
)


def _hash(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def epoch(at: str | None) -> float | None:
    """Seconds of the epoch; None for what is no time with a zone."""
    try:
        found = datetime.fromisoformat(at or "")
    except ValueError:
        return None
    return found.timestamp() if found.tzinfo else None
