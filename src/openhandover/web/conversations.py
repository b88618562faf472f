"""Conversations: begin, read, list, change; typing, presence and events fired at the bot."""

import secrets
from typing import Any

import msgspec
from msgspec import UNSET

from openhandover.config.model import ApiChannel
from openhandover.config.nodes import nearest
from openhandover.core import view
from openhandover.core.errors import invalid
from openhandover.core.events import CreateConversation, PatchConversation, PostMessage
from openhandover.core.model import Call as PhoneCall, User

from .bodies import (
    ConversationBody,
    LineBody,
    PatchBody,
    PresenceBody,
    TriggerBody,
    TypingBody,
    UserBody,
    conversation_errors,
)
from .call import Call
from .endpoint import ACCEPTED, Reply, json_reply, page
from .idempotency import fingerprint
from .requests import Known, Reader, raw_body, repeated, text_of

_reader = Reader(ConversationBody, conversation_errors)


async def create(call: Call) -> Reply:
    """POST /v1/conversations"""
    raw = await raw_body(call)

    async def known(data: Any) -> Known | None:
        conversation_id = text_of(data, "id")
        state = await call.engine.store.conversation(conversation_id) if conversation_id else None
        return Known(state.digest, view.conversation(state)) if state else None

    body = _reader.quick(raw)
    if body is None:
        answer = await _reader.slow(raw, "", known)
        return json_reply(answer.resource)
    mark = fingerprint(raw) if body.id is not None else None
    wrong = _unknown_name(call, body)
    if mark is not None and wrong is not None and (before := await known({"id": body.id})):
        return json_reply(repeated(before, mark).resource)
    if wrong is not None:
        raise invalid(*wrong)
    state, created = await call.engine.create(_command(call, body, mark))
    return json_reply(view.conversation(state), 201 if created else 200)


def _unknown_name(call: Call, body: ConversationBody) -> tuple[str, str] | None:
    config = call.site.config
    if not isinstance(config.channels.get(body.channel), ApiChannel):
        known = [name for name, channel in config.channels.items() if isinstance(channel, ApiChannel)]
        return "channel", f"is not a configured channel of type `api`; {nearest(body.channel, known)}"
    if body.bot is not None and body.bot not in config.bots:
        return "bot", f"is not a configured bot; {nearest(body.bot, config.bots)}"
    return None


def _command(call: Call, body: ConversationBody, mark: str | None) -> CreateConversation:
    channel = call.site.config.channels[body.channel]
    return CreateConversation(
        id=body.id or f"cv_{secrets.token_urlsafe(16)}",
        channel=body.channel,
        user=_user(body.user),
        bot=body.bot or channel.bot,
        medium=body.medium,
        call=PhoneCall(body.call.gateway, body.call.id, body.call.from_, body.call.to) if body.call else None,
        language=body.language or call.site.config.languages.default,
        context=body.context or {},
        transcript=tuple(_line(line) for line in body.transcript or ()),
        digest=mark or "",
    )


def _user(body: UserBody) -> User:
    return User(body.id, body.name, body.email, body.phone, body.attributes or {})


def _line(line: LineBody) -> PostMessage:
    return PostMessage(
        id=f"m_{secrets.token_urlsafe(12)}",
        author=line.author,
        text=line.text,
        author_name=line.name,
        at=line.at.timestamp(),
    )


async def read(call: Call) -> Reply:
    """GET /v1/conversations/{id}"""
    return json_reply(view.conversation(await call.engine.conversation(call.path["id"])))


async def listed(call: Call) -> Reply:
    """GET /v1/conversations"""
    found = await call.engine.store.conversations(call.text("user_id"), call.cursor, call.limit)
    return page([view.conversation(state) for state in found.items], found.next)


async def change(call: Call) -> Reply:
    """PATCH /v1/conversations/{id}"""
    await call.engine.conversation(call.path["id"])
    body = await call.json(PatchBody)
    user = UNSET if body.user is UNSET else msgspec.to_builtins(body.user)  # leaves out what was not sent
    command = PatchConversation(user=user, language=body.language, context=body.context)
    return json_reply(view.conversation(await call.engine.patch(call.path["id"], command)))


async def typing(call: Call) -> Reply:
    """POST /v1/conversations/{id}/typing"""
    await call.engine.conversation(call.path["id"])
    body = await call.json(TypingBody)
    await call.engine.typing(call.path["id"], body.author, body.on)
    return ACCEPTED


async def presence(call: Call) -> Reply:
    """POST /v1/conversations/{id}/presence"""
    await call.engine.conversation(call.path["id"])
    body = await call.json(PresenceBody)
    await call.engine.presence(call.path["id"], body.state)
    return ACCEPTED


async def trigger(call: Call) -> Reply:
    """POST /v1/conversations/{id}/trigger"""
    await call.engine.conversation(call.path["id"])
    body = await call.json(TriggerBody)
    await call.engine.trigger(call.path["id"], body.event)
    return ACCEPTED
