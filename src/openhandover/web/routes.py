"""Every call of the API, in one list: routing, access, the OpenAPI document and the docs page are made from it."""

from typing import Annotated, Any

from msgspec import Meta

from . import (
    bodies,
    cm,
    conversations,
    diagnosis,
    events,
    files,
    handovers,
    health,
    messages,
    presence,
    shapes,
    webhooks,
)
from .call import LONGEST_PAGE, MAX_SEQ
from .endpoint import Endpoint, Query
from .shapes import Listed

LIMIT = Query("limit", Annotated[int, Meta(ge=1, le=LONGEST_PAGE)], "how many items; 100 when absent")
AFTER = Query("after", Annotated[int, Meta(ge=0, le=MAX_SEQ)], "only what has a higher seq")
CURSOR = Query("cursor", str, "`next` of the page before")
TOLD_IN = Query("language", str, "`en`, `nl`, `de`, `fr` or `es`; English when absent or another")
FLOOR = ("id_reused", "stale_epoch", "floor_taken")
STREAM: dict[str, Any] = {"type": "string", "description": "server-sent events; `id` is the seq"}
FILE = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
TEXT = {"text/plain": {"schema": {"type": "string"}}}
UPLOAD: dict[str, Any] = {
    "x-media": "multipart/form-data",
    "type": "object",
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "id": {"type": "string", "minLength": 1, "maxLength": 200},
    },
    "required": ["file"],
}
Wait = Annotated[int, Meta(ge=0, le=30)]


def _conversations(method: str, path: str, handler: Any, summary: str, **more: Any) -> Endpoint:
    return Endpoint(
        method, f"/v1/{path}", handler, summary, scope="conversations", tag="conversations", **more
    )


def _handovers(method: str, path: str, handler: Any, summary: str, **more: Any) -> Endpoint:
    return Endpoint(method, f"/v1/{path}", handler, summary, scope="handovers", tag="handovers", **more)


ENDPOINTS: tuple[Endpoint, ...] = (
    _conversations(
        "POST",
        "conversations",
        conversations.create,
        "Begin a conversation",
        body=bodies.ConversationBody,
        answers={201: shapes.Conversation, 200: shapes.Conversation},
        codes=("id_reused",),
    ),
    _conversations(
        "GET",
        "conversations",
        conversations.listed,
        "List conversations, newest first",
        query=(Query("user_id", str, "only of this user"), CURSOR, LIMIT),
        answers={200: Listed[shapes.Conversation]},
    ),
    _conversations(
        "GET",
        "conversations/{id}",
        conversations.read,
        "Read a conversation",
        answers={200: shapes.Conversation},
    ),
    _conversations(
        "PATCH",
        "conversations/{id}",
        conversations.change,
        "Change what is known of the user",
        body=bodies.PatchBody,
        answers={200: shapes.Conversation},
    ),
    _conversations(
        "POST",
        "conversations/{id}/messages",
        messages.post,
        "Post a message of the user or the bot",
        body=bodies.MessageBody,
        answers={201: shapes.Message, 200: shapes.Message},
        codes=(*FLOOR, "attachments_off"),
    ),
    _conversations(
        "GET",
        "conversations/{id}/messages",
        messages.listed,
        "Read messages in order",
        query=(AFTER, LIMIT),
        answers={200: Listed[shapes.Message]},
    ),
    _conversations(
        "POST",
        "conversations/{id}/typing",
        conversations.typing,
        "Tell the other side that somebody types",
        body=bodies.TypingBody,
        answers={202: {"type": "object"}},
    ),
    _conversations(
        "POST",
        "conversations/{id}/presence",
        conversations.presence,
        "Tell that the user's connection came or went",
        body=bodies.PresenceBody,
        answers={202: {"type": "object"}},
    ),
    _conversations(
        "POST",
        "conversations/{id}/trigger",
        conversations.trigger,
        "Fire an event at the bot",
        body=bodies.TriggerBody,
        answers={202: {"type": "object"}},
        codes=("floor_taken",),
    ),
    _conversations(
        "GET",
        "conversations/{id}/events",
        events.listed,
        "Read events, or listen to them",
        description="Asked for `text/event-stream`, the answer goes on: stored events first, then live ones. `id` is "
        "the seq; a client that reconnects with `Last-Event-ID` misses nothing.",
        query=(AFTER, LIMIT),
        answers={
            200: {
                "x-content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Listed_Event_"}},
                    "text/event-stream": {"schema": STREAM},
                }
            }
        },
    ),
    _handovers(
        "POST",
        "conversations/{id}/handovers",
        handovers.request,
        "Ask for a human",
        body=bodies.HandoverBody,
        query=(Query("wait_s", Wait, "hold the answer so long until accepted or ended"),),
        answers={201: shapes.Handover, 200: shapes.Handover},
        codes=(*FLOOR, "handover_open"),
    ),
    _handovers(
        "GET",
        "handovers",
        handovers.listed,
        "List handovers, newest first",
        query=(
            Query("status", str, "one or more statuses, separated by commas"),
            Query("provider", str, "only of this provider"),
            Query("channel", str, "only of this channel"),
            Query("conversation_id", str, "only of this conversation"),
            Query("from", str, "requested at or after this time or date"),
            Query("to", str, "requested before this time or date"),
            CURSOR,
            LIMIT,
        ),
        answers={200: Listed[shapes.Handover]},
    ),
    _handovers("GET", "handovers/{id}", handovers.read, "Read a handover", answers={200: shapes.Handover}),
    _handovers(
        "POST",
        "handovers/{id}/cancel",
        handovers.cancel,
        "The user withdraws",
        body=bodies.NothingBody,
        answers={200: shapes.Handover},
    ),
    _handovers(
        "POST",
        "handovers/{id}/close",
        handovers.close,
        "The bot or an operator ends it",
        body=bodies.CloseBody,
        answers={200: shapes.Handover},
    ),
    _handovers(
        "POST",
        "handovers/{id}/return",
        handovers.give_back,
        "Give a transferred conversation back to the bot",
        body=bodies.NothingBody,
        answers={200: shapes.Handover},
    ),
    _handovers(
        "POST",
        "handovers/{id}/rating",
        handovers.rate,
        "The user's rating",
        body=bodies.RatingBody,
        answers={200: shapes.Handover},
    ),
    _handovers(
        "POST",
        "handovers/{id}/call-result",
        handovers.call_result,
        "What became of a phone call",
        description="Told by the gateway that was asked to transfer the call. One that repeats or comes too late has no "
        "effect.",
        body=bodies.CallResultBody,
        answers={200: shapes.Handover},
    ),
    _handovers(
        "GET",
        "handovers/{id}/proof",
        handovers.proof,
        "Prove what became of every message",
        answers={200: shapes.Proof},
    ),
    _handovers(
        "GET",
        "handovers/{id}/explain",
        handovers.explain,
        "Tell a handover's life in sentences",
        query=(TOLD_IN,),
        answers={200: Listed[shapes.Sentence]},
    ),
    _handovers(
        "GET",
        "handovers/{id}/diagnosis",
        diagnosis.diagnose,
        "Show why a handover is where it is",
        description="Its story, the last thousand calls to and from the contact centre without their bodies, secrets masked, and "
        "what is still due. Calls are kept for 35 days.",
        query=(TOLD_IN,),
        answers={200: shapes.Diagnosis},
    ),
    _handovers(
        "GET",
        "availability",
        handovers.availability,
        "Whether somebody is there",
        query=(
            Query("provider", str, "name of a configured provider", required=True),
            Query("skills", str, "skills, separated by commas"),
            Query("language", str, "the user's language"),
        ),
        answers={200: shapes.AvailabilityShape},
    ),
    _conversations(
        "POST",
        "uploads",
        files.upload,
        "Give us a file, to be sent with a message",
        body=UPLOAD,
        answers={201: shapes.Uploaded, 200: shapes.Uploaded},
        codes=("id_reused",),
    ),
    Endpoint(
        "GET",
        "/v1/files/{id}",
        files.read,
        "Read a file",
        tag="conversations",
        description="A link that came with a message carries its signature and needs no header for 24 hours; without "
        "`sig` an API key with scope `conversations` is needed.",
        query=(Query("sig", str, "the signature of the link"),),
        answers={200: {"x-content": FILE}},
        codes=("unauthorized", "forbidden"),
    ),
    *(
        call
        for path, which in (
            ("/webhooks/{provider}", "Where contact centres send their events"),
            ("/webhooks/{provider}/{part}", "The same for contact centres that call several addresses"),
        )
        for call in (
            Endpoint(
                "POST",
                path,
                webhooks.receive,
                which,
                tag="webhooks",
                description="Signed by the provider's own rules over the raw body; answered 2xx once the event is stored. "
                "The reference page of the provider names its parts.",
                body={"type": "object"},
                answers={200: shapes.Applied},
                codes=("unauthorized", "bad_json", "bad_payload", "unavailable"),
            ),
            Endpoint(
                "GET",
                path,
                webhooks.greet,
                "How some contact centres find out who answers there",
                tag="webhooks",
                description="Only for providers whose vendor does so; others answer 405.",
                answers={200: {"x-content": TEXT}},
                codes=("unauthorized", "not_found", "method_not_allowed", "unavailable"),
            ),
        )
    ),
    *(
        Endpoint(
            "POST",
            f"/channels/{{name}}/{part}",
            handler,
            summary,
            tag="webhooks",
            description="For channels of type `cm`. CM.com shows its shared secret in a header; with it, the answer is "
            "always 2xx.",
            body={"type": "object"},
            answers={status: {"type": "object"} for status in statuses},
            codes=("unauthorized",),
        )
        for part, handler, summary, statuses in (
            ("messages", cm.messages, "Where CM.com's Router sends what users say", (201, 200)),
            ("handover", cm.handover, "Where CM.com's Router tells that a chat was handed over", (200,)),
            ("events", cm.events, "Where CM.com's Router tells that a session has ended", (200,)),
        )
    ),
    Endpoint(
        "POST",
        "/presence/{provider}",
        presence.answer,
        "Whether somebody is there, as CM.com's Conversational AI Cloud asks it",
        tag="webhooks",
        description="Needs `api.presence_secret`, as bearer token or as `secret` in the address. A provider that cannot tell "
        "is available, one that cannot be asked is not.",
        body=presence.PresenceBody,
        query=(Query("secret", str, "`api.presence_secret`, for callers that can send no header"),),
        answers={200: presence.AgentAvailable},
        codes=("unauthorized", "not_found", "bad_json", "invalid"),
    ),
    Endpoint(
        "GET",
        "/healthz",
        health.healthz,
        "Whether the process lives",
        answers={200: shapes.Health},
        tag="health",
    ),
    Endpoint(
        "GET",
        "/readyz",
        health.readyz,
        "Whether the store can be reached",
        answers={200: shapes.Health, 503: shapes.Health},
        tag="health",
    ),
    Endpoint(
        "GET",
        "/metrics",
        health.metrics,
        "Figures for Prometheus",
        answers={200: {"x-content": TEXT}},
        tag="health",
    ),
)
"""In the order in which the docs page shows them."""
