"""The two calls of a visitor's page: begin a conversation, and give us a file. Open to listed origins only."""

import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

from openhandover.channels.webchat.protocol import MAX_SESSION_BYTES, SessionBody
from openhandover.core import view
from openhandover.core.commands import MAX_TEXT_BYTES
from openhandover.core.errors import Refused
from openhandover.core.events import CreateConversation
from openhandover.core.model import User
from openhandover.store.port import Upload
from openhandover.web.call import Call
from openhandover.web.endpoint import Endpoint, Headers, Reply, Stream, json_reply
from openhandover.web.multipart import receive_file
from openhandover.web.problems import problem_of

from .channel import Channel, Lobby

Answer = Callable[[Lobby, Channel, Call], Awaitable[Reply]]
PREFLIGHT: Headers = (
    (b"access-control-allow-methods", b"POST"),
    (b"access-control-allow-headers", b"authorization, content-type"),
    (b"access-control-max-age", b"600"),
)
FILE: dict[str, Any] = {
    "x-media": "multipart/form-data",
    "type": "object",
    "properties": {"file": {"type": "string", "format": "binary"}},
    "required": ["file"],
}


def calls(lobby: Lobby) -> list[Endpoint]:
    """The endpoints, each with the preflight that browsers ask before it."""
    made: list[Endpoint] = []
    for path, answer, summary, body in (
        ("sessions", start_session, "Begin a conversation from a page", SessionBody),
        ("uploads", upload, "Give us a file of a visitor", FILE),
    ):
        where = f"/webchat/{{channel}}/{path}"
        codes = ("forbidden", "not_found", "rate_limited", "unauthorized", "too_large")
        more = ("token_expired", "attachments_off") if path == "uploads" else ()
        made += [
            Endpoint(
                "POST",
                where,
                _shared(lobby, answer),
                summary,
                body=body,
                answers={201: {"type": "object"}},
                codes=(*codes, *more),
                description="See the web chat protocol.",
                tag="webchat",
            ),
            Endpoint("OPTIONS", where, _shared(lobby, preflight), "Preflight", documented=False),
        ]
    return made


def _shared(lobby: Lobby, answer: Answer) -> Callable[[Call], Awaitable[Reply | Stream]]:
    """The handler for pages of other origins: refusals, too, must be readable there."""

    async def handler(call: Call) -> Reply:
        channel = lobby.channel(call.path["channel"])
        origin = channel.origins.require(call.header(b"origin"), call.header(b"host"))
        try:
            reply = await answer(lobby, channel, call)
        except Refused as error:
            reply = problem_of(error, "")
        return Reply(reply.status, reply.body, reply.content_type, (*reply.headers, *_open_to(origin)))

    return handler


def _open_to(origin: str) -> Headers:
    return (
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", b"retry-after"),
        (b"vary", b"origin"),
    )


async def preflight(lobby: Lobby, channel: Channel, call: Call) -> Reply:
    """OPTIONS, asked by browsers before a call to another origin."""
    return Reply(204, b"", headers=PREFLIGHT)


async def start_session(lobby: Lobby, channel: Channel, call: Call) -> Reply:
    """POST /webchat/{channel}/sessions"""
    lobby.address_limit.take(call.address, time.monotonic())
    body = await call.json(SessionBody, MAX_SESSION_BYTES)
    language = channel.language(body.language)
    anonymous = User(f"visitor_{secrets.token_urlsafe(16)}")
    command = CreateConversation(
        id=f"cv_{secrets.token_urlsafe(16)}",
        channel=channel.name,
        user=anonymous if body.identity is None else channel.user(body.identity),
        bot=channel.settings.bot,
        language=language,
        context=body.whole_context(),
    )
    state, _ = await lobby.engine.create(command)
    token, expires_at = (await lobby.tokens()).issue(channel.name, state.id, time.time())
    answer = {
        "conversation_id": state.id,
        "token": token,
        "expires_at": view.time(expires_at),
        "config": channel.shown(language, MAX_TEXT_BYTES),
    }
    return json_reply(answer, 201)


async def upload(lobby: Lobby, channel: Channel, call: Call) -> Reply:
    """POST /webchat/{channel}/uploads"""
    kind, _, token = (call.header(b"authorization") or "").partition(" ")
    _, state = await lobby.enter(channel.name, token if kind.lower() == "bearer" else "")
    lobby.visitor_limit.take(state.id, time.monotonic())
    if not channel.takes_files(state):
        raise Refused("attachments_off")
    rules, files = lobby.config.uploads, lobby.engine.files
    received = await receive_file(
        call.scope, call.receive, files.folder, max_bytes=rules.max_bytes, types=rules.types
    )
    try:
        made = Upload(
            id=f"{upload_prefix(state.id)}{secrets.token_urlsafe(16)}",
            name=received.name,
            content_type=received.content_type,
            size=received.size,
            at=time.time(),
            sha256=received.sha256,
        )
        await files.add(made, received.path)
    finally:
        received.path.unlink(missing_ok=True)
    answer = {"upload_id": made.id, "name": made.name, "content_type": made.content_type, "size": made.size}
    return json_reply(answer, 201)


def upload_prefix(conversation_id: str) -> str:
    """How the ids of a conversation's files begin: a visitor can send their own files, and nobody else's."""
    return f"up_{hashlib.sha256(conversation_id.encode()).hexdigest()[:16]}_"
