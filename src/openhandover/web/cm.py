"""Calls of CM's Router to a channel of type `cm`: messages, the notice of a handover, events.

A call with the right secret is always answered 2xx, or the Router would repeat it for ever: what we cannot read or
use is logged and counted. Only a store that cannot take it is a 5xx, so that it does come again.
"""

import secrets
from collections.abc import Awaitable, Callable

import structlog

from openhandover.channels.cm import reading
from openhandover.channels.cm.reading import Arrived, Said
from openhandover.cm import callbacks
from openhandover.cm.twoway import Envelope
from openhandover.config.model import CmChannel
from openhandover.core.errors import PayloadError, Refused
from openhandover.core.events import CreateConversation, PatchConversation, PostMessage
from openhandover.core.model import Conversation, User
from openhandover.core.view import message_of
from openhandover.engine import Engine
from openhandover.store.port import ERASED
from openhandover.texts.options import meant

from .call import MAX_JSON_BYTES, Call
from .endpoint import Reply
from .messages import linked

_LAST = "cm_last"
_JOINED = "cm_joined"
_TAIL = 5

_log = structlog.get_logger("openhandover.web.cm")

Take = Callable[["Chats", bytes], Awaitable[str]]
"""What is done with the body of one call; answers one word for the count."""


async def messages(call: Call) -> Reply:
    """POST /channels/{name}/messages"""
    chats = _chats(call)
    answered = 200 if chats.settings.api == "bmproxy" else 201
    return Reply(answered, await _taken(call, chats, "messages", _messages))


async def handover(call: Call) -> Reply:
    """POST /channels/{name}/handover"""
    return Reply(200, await _taken(call, _chats(call), "handover", _noticed))


async def events(call: Call) -> Reply:
    """POST /channels/{name}/events"""
    return Reply(200, await _taken(call, _chats(call), "events", _happened))


def _chats(call: Call) -> "Chats":
    """The channel of this name, if the call knows its secret."""
    name = call.path["name"]
    settings = call.site.config.channels.get(name)
    if not isinstance(settings, CmChannel):
        raise Refused("not_found", "No channel of this name takes calls of CM.com")
    callbacks.admit(call.headers(), settings.header, settings.secret, settings.old_secret)
    return Chats(call.engine, name, settings)


async def _taken(call: Call, chats: "Chats", part: str, take: Take) -> bytes:
    size = 0
    try:
        body = await call.body(MAX_JSON_BYTES)
        size = len(body)
        result = await take(chats, body)
    except PayloadError as error:
        _log.warning("cm_unreadable", channel=chats.name, part=part, bytes=size, detail=error.detail)
        result = "unreadable"
    except Refused as refused:
        _log.warning("cm_refused", channel=chats.name, part=part, code=refused.code, detail=refused.detail)
        result = "refused"
    call.site.metrics.called(chats.name, part, result)
    return b"{}"


async def _messages(chats: "Chats", body: bytes) -> str:
    arrived = reading.arrived(chats.settings, body)
    if not arrived.said:
        return "own" if arrived.own else "empty"
    return await chats.take(arrived)


async def _noticed(chats: "Chats", body: bytes) -> str:
    notice = callbacks.notice(body)
    state = await chats.find(notice.chat_id, notice.session_id)
    _log.info("cm_handover_noticed", channel=chats.name, conversation_id=state.id if state else None)
    return "noticed" if state else "unknown"


async def _happened(chats: "Chats", body: bytes) -> str:
    happened = callbacks.occurrence(body)
    state = await chats.find(happened.chat_id, happened.session_id)
    found = state.id if state else None
    _log.info("cm_event", channel=chats.name, conversation_id=found, kind=ascii(happened.kind[:100]))
    if state is None:
        return "unknown"
    if not happened.is_end or not reading.is_in(state.context, happened.session_id):
        return "noted"
    await chats.end(state)
    return "ended"


class Chats:
    """The chats of one channel. A Router session of a chat is a conversation of ours; only where a human still has
    the chat's last conversation, a new session goes on in that one."""

    def __init__(self, engine: Engine, name: str, settings: CmChannel) -> None:
        self._engine = engine
        self.name = name
        self.settings = settings

    async def take(self, arrived: Arrived) -> str:
        """Take in what the user said; one word for the count."""
        state = await self._conversation(arrived.envelope)
        new = [await self._post(state.id, said) for said in arrived.said]
        return "taken" if any(new) else "repeated"

    async def find(self, chat_id: str, session_id: str) -> Conversation | None:
        """The conversation of this session; the chat's last one where either of the two names no session."""
        if not chat_id:
            return None
        found = await self._known(chat_id, session_id) if session_id else None
        last = None if found else await self._last(chat_id)
        return found or (last if last and reading.is_in(last.context, session_id) else None)

    async def end(self, state: Conversation) -> None:
        """The Router's session is over: who was given away is back, who waited or talked has left."""
        if state.open_handover:
            await self._engine.leave(state.id)
        elif state.handover and state.floor == "human":
            await self._engine.give_back(state.handover.id, tell=False)

    async def _conversation(self, envelope: Envelope) -> Conversation:
        known = await self._known(envelope.chat_id, envelope.session_id or "")
        known = known or await self._joined(envelope)
        if known is None:
            return await self._create(envelope)
        wanted = {**known.context, **reading.context(envelope)}
        if wanted != known.context:
            known = await self._engine.patch(known.id, PatchConversation(context=wanted))
        if known.user.name is None and envelope.client_name:
            named = PatchConversation(user={"name": envelope.client_name})
            known = await self._engine.patch(known.id, named)
        return known

    async def _known(self, chat_id: str, session_id: str) -> Conversation | None:
        _, state = await self._own(chat_id, session_id)
        if state is not None:
            return state
        joined = await self._engine.store.get(
            _JOINED, reading.conversation_id(self.name, chat_id, session_id)
        )
        return await self._kept(joined)

    async def _own(self, chat_id: str, session_id: str) -> tuple[str, Conversation | None]:
        """The session's conversation, or the id that it will have. Those whose user was erased stay empty."""
        tried = own_id = reading.conversation_id(self.name, chat_id, session_id)
        number = 0
        while (state := await self._engine.store.conversation(tried)) and state.user.id == ERASED:
            number += 1
            tried = f"{own_id}-{number}"
        return tried, state

    async def _last(self, chat_id: str) -> Conversation | None:
        last = await self._engine.store.get(_LAST, reading.chat_key(self.name, chat_id))
        # After weeks that is forgotten. Then a chat without sessions is still found by its id; others have ended.
        return await self._kept(last) if last else await self._known(chat_id, "")

    async def _joined(self, envelope: Envelope) -> Conversation | None:
        """The chat's last conversation, if a human of ours has it: the new session goes on there, for good."""
        last = await self._last(envelope.chat_id)
        if last is None or last.open_handover is None:
            return None
        own_id = reading.conversation_id(self.name, envelope.chat_id, envelope.session_id)
        now = self._engine.clock()
        kept = await self._engine.store.put_new(_JOINED, own_id, last.id.encode(), at=now)
        return await self._kept(kept)

    async def _kept(self, kept: bytes | None) -> Conversation | None:
        """The conversation whose id was kept, unless its user was erased."""
        state = await self._engine.store.conversation(kept.decode()) if kept else None
        return None if state is None or state.user.id == ERASED else state

    async def _create(self, envelope: Envelope) -> Conversation:
        fresh, _ = await self._own(envelope.chat_id, envelope.session_id or "")
        key = reading.chat_key(self.name, envelope.chat_id)
        await self._engine.store.put(_LAST, key, fresh.encode(), at=self._engine.clock())
        command = CreateConversation(
            id=fresh,
            channel=self.name,
            user=User(envelope.client_id or envelope.chat_id, envelope.client_name),
            bot=self.settings.bot,
            language=self.settings.language or self._engine.config.languages.default,
            context=reading.context(envelope),
            digest=fresh,
            chat_id=envelope.chat_id,
        )
        return (await self._engine.create(command))[0]

    async def _post(self, conversation_id: str, said: Said) -> bool:
        try:
            return (await self._engine.post(conversation_id, await self._command(conversation_id, said)))[1]
        except Refused as refused:
            if refused.code != "attachments_off":
                raise
        words = Said(said.id, reading.described(said), raw=said.raw)
        return (await self._engine.post(conversation_id, await self._command(conversation_id, words)))[1]

    async def _command(self, conversation_id: str, said: Said) -> PostMessage:
        file = said.file
        message_id = said.id or f"m_{secrets.token_urlsafe(12)}"
        chosen = await self._chosen(conversation_id, said)
        raw = said.raw or ({"text": said.text} if chosen else None)
        return PostMessage(
            id=message_id,
            author="user",
            text=chosen[0] if chosen else said.text,
            button=chosen[1] if chosen else None,
            attachments=(linked(file.url, file.name, file.content_type),) if file else (),
            metadata={reading.CONTEXT: raw} if raw else None,
            digest=message_id,
        )

    async def _chosen(self, conversation_id: str, said: Said) -> tuple[str, str] | None:
        """Words and value of the button that the user means, if the last thing they were told has buttons."""
        state = await self._engine.store.conversation(conversation_id)
        if state is None or said.raw is not None or len(said.text) > reading.MAX_ID:
            return None
        for row in reversed(await self._engine.store.tail(conversation_id, state.seq, _TAIL)):
            if row.entry.type != "message.created" or not row.entry.to_user:
                continue
            buttons = message_of(row.entry).buttons
            button = meant(buttons, said.text) if buttons else None
            return (button.text, button.value) if button else None
        return None
