"""One visitor's socket: hello, the log from where they left off, then both directions until it closes."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

import msgspec

from openhandover.channels.webchat import protocol as p
from openhandover.channels.webchat.token import RENEW_AFTER_S, Visitor
from openhandover.channels.webchat.visible import frame_for, shown_handover
from openhandover.config.model import Rate
from openhandover.core import view
from openhandover.core.commands import MAX_TEXT_BYTES
from openhandover.core.errors import Refused, invalid
from openhandover.core.events import PatchConversation, PostMessage
from openhandover.core.model import Attachment, Conversation
from openhandover.web.limits import RateLimit
from openhandover.web.sockets import Disconnected, Socket

from .calls import upload_prefix
from .channel import Channel, Lobby
from .desk import Sign
from .history import Beginning, beginning, earlier

HELLO_S = 10.0
PING_S = 15.0
NO_HELLO = 4400
UNAUTHORIZED = 4401
RESTART = 1012
FRAMES = Rate(count=100, per_s=10)
ENDS_SESSION = frozenset({"unauthorized", "token_expired", "not_found"})


class VisitorSocket:
    """The conversation of one page with us, over one socket."""

    def __init__(self, lobby: Lobby, channel: Channel, socket: Socket) -> None:
        self._lobby = lobby
        self._engine = lobby.engine
        self._channel = channel
        self._socket = socket
        self._limit = RateLimit(FRAMES)
        self._sent_at = 0.0
        self._conversation_id = ""

    async def run(self, closing: asyncio.Event) -> None:
        """From hello to the end; returns when the socket is closed by either side."""
        try:
            hello = await self._hello()
            visitor, state = await self._lobby.enter(self._channel.name, hello.token)
            await self._lobby.recognise(self._channel, state, hello.identity)
            await self._stay(hello, visitor, state, closing)
        except Refused as error:
            await self._send(p.refused(error, None))
            await self._socket.close(UNAUTHORIZED if error.code in ENDS_SESSION else NO_HELLO)

    async def _stay(
        self, hello: p.Hello, visitor: Visitor, state: Conversation, closing: asyncio.Event
    ) -> None:
        self._conversation_id = state.id
        reading = self._lobby.desk.reading(self._channel.settings.provider, state.language)
        async with self._lobby.presence.here(state.id), reading as sign:
            await self._talk(hello, visitor, sign, closing)

    async def _hello(self) -> p.Hello:
        try:
            async with asyncio.timeout(HELLO_S):
                frame = p.read_frame(await self._socket.receive())
        except TimeoutError:
            raise invalid("type", f"no `hello` came within {HELLO_S:.0f} seconds") from None
        if not isinstance(frame, p.Hello):
            raise invalid("type", "the first frame must be `hello`")
        return frame

    async def _talk(self, hello: p.Hello, visitor: Visitor, sign: Sign, closing: asyncio.Event) -> None:
        desk = await sign.first()
        state = await self._engine.conversation(self._conversation_id)
        if 0 < hello.after <= state.shown:  # delivered, also where the break swallowed the `ack`
            await self._take(p.Ack(hello.after))
        start = await beginning(self._engine.store, state, hello.after, hello.last)
        await self._ready(state, start, desk, visitor)
        stopped = asyncio.create_task(closing.wait())
        work: set[asyncio.Task[Any]] = {
            stopped,
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._show(start.first_seq)),
            asyncio.create_task(self._watch_desk(sign, desk)),
            asyncio.create_task(self._keep_alive(visitor)),
        }
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
        for task in done:
            if not isinstance(task.exception(), Disconnected):
                task.result()
        if stopped in done:
            await self._socket.close(RESTART)

    # --- to the page ---

    async def _ready(
        self, state: Conversation, start: Beginning, desk: Mapping[str, Any], visitor: Visitor
    ) -> None:
        handover = state.handover
        frame: dict[str, Any] = {
            "type": "ready",
            "conversation_id": state.id,
            "seq": state.shown,
            "first_seq": start.first_seq,
            "more": start.more,
            "at": view.time(time.time()),
            "floor": state.floor,
            "epoch": state.epoch,
            "handover": shown_handover(view.handover(handover), handover) if handover else None,
            "desk": desk,
            "config": self._channel.shown(state.language, MAX_TEXT_BYTES),
        }
        if visitor.is_old(time.time()):
            frame["token"], frame["expires_at"] = await self._fresh_token()
        await self._send(frame)

    async def _show(self, after: int) -> None:
        """Everything after this seq that is for the visitor, then what happens."""
        async with aclosing(self._engine.feed.subscribe(self._conversation_id, after)) as events:
            async for event in events:
                frame = frame_for(event, await self._state_for(event))
                if frame is not None:
                    await self._send(frame)

    async def _state_for(self, event: Mapping[str, Any]) -> Conversation | None:
        """The conversation as it is now, where the visitor's view of the event depends on it."""
        if not event["type"].startswith("handover."):
            return None
        return await self._engine.conversation(self._conversation_id)

    async def _watch_desk(self, sign: Sign, seen: dict[str, Any]) -> None:
        while True:
            seen = await sign.other_than(seen)
            await self._send({"type": "desk", **seen})

    async def _keep_alive(self, visitor: Visitor) -> None:
        issued_at = time.time() if visitor.is_old(time.time()) else visitor.issued_at
        while True:
            await asyncio.sleep(PING_S)
            if time.time() - issued_at > RENEW_AFTER_S:
                issued_at = time.time()
                token, expires_at = await self._fresh_token()
                await self._send({"type": "token", "token": token, "expires_at": expires_at})
            elif time.monotonic() - self._sent_at >= PING_S - 1:
                await self._send({"type": "ping"})

    async def _fresh_token(self) -> tuple[str, str]:
        signer = await self._lobby.tokens()
        token, expires_at = signer.issue(self._channel.name, self._conversation_id, time.time())
        return token, view.time(expires_at)

    async def _send(self, frame: Mapping[str, Any]) -> None:
        self._sent_at = time.monotonic()
        await self._socket.send(msgspec.json.encode(frame).decode())

    # --- from the page ---

    async def _listen(self) -> None:
        while True:
            raw = await self._socket.receive()
            try:
                await self._take(p.read_frame(raw))
            except Refused as error:
                if error.code == "not_found":
                    await self._lobby.conversation(
                        self._conversation_id
                    )  # if this is what is gone, the talk ends
                await self._send(p.refused(error, p.message_id_of(raw)))

    async def _take(self, frame: p.ClientFrame) -> None:
        """Do what a frame asks.

        Raises:
            Refused: it was not done.
        """
        engine, conversation_id = self._engine, self._conversation_id
        if not isinstance(frame, p.Message):
            self._limit.take("", time.monotonic())
        match frame:
            case p.Message():
                await self._say(frame)
            case p.Typing():
                await engine.typing(conversation_id, "user", frame.on)
            case p.Ack():
                async with self._lobby.presence.lock(conversation_id):  # tabs acknowledge the same things
                    await engine.delivered_to_user(conversation_id, frame.seq)
            case p.Read():
                async with self._lobby.presence.lock(conversation_id):
                    await engine.read_by_user(conversation_id, frame.seq)
            case p.Human():
                await self._ask_for_human()
            case p.Cancel():
                await self._withdraw()
            case p.End():
                await engine.leave(conversation_id)
            case p.History():
                await self._tell_history(frame)
            case p.Move():
                await self._move(frame)
            case p.Rating():
                await self._rate(frame)
            case p.Pong():
                pass
            case p.Hello():
                raise invalid("type", "`hello` is said once")

    async def _say(self, frame: p.Message) -> None:
        await self._lobby.conversation(self._conversation_id)
        self._lobby.visitor_limit.take(self._conversation_id, time.monotonic())
        message = PostMessage(
            id=frame.id,
            author="user",
            text=frame.text,
            attachments=tuple([await self._file(ref.upload_id) for ref in frame.attachments]),
            button=frame.button,
            digest=frame.digest,
        )
        stored, _ = await self._engine.post(self._conversation_id, message)
        await self._send({"type": "accepted", "id": frame.id, "seq": stored["seq"]})

    async def _file(self, upload_id: str) -> Attachment:
        own = upload_id.startswith(upload_prefix(self._conversation_id))
        kept = await self._engine.store.upload(upload_id) if own else None
        if kept is None:
            raise Refused("not_found", "There is no such upload of this conversation")
        return Attachment(kept.id, kept.name, kept.content_type, kept.size, "")

    async def _ask_for_human(self) -> None:
        event = self._channel.settings.human_button
        if event is None:
            raise invalid("type", "this channel has no `human_button`")
        await self._engine.trigger(self._conversation_id, event)

    async def _withdraw(self) -> None:
        handover = (await self._engine.conversation(self._conversation_id)).open_handover
        if handover is None:
            return
        if shown_handover(view.handover(handover), handover)["cancel"] is None:
            raise invalid("type", "this handover cannot be cancelled now")
        await self._engine.cancel(handover.id)

    async def _tell_history(self, frame: p.History) -> None:
        state = await self._engine.conversation(self._conversation_id)
        events, more = await earlier(self._engine, state, frame.before, frame.limit)
        await self._send({"type": "history", "before": frame.before, "events": events, "more": more})

    async def _move(self, frame: p.Move) -> None:
        known = p.page_of((await self._engine.conversation(self._conversation_id)).context)
        page = p.Page(frame.url, frame.title, known.referrer if frame.referrer is None else frame.referrer)
        if page != known:
            visited = PatchConversation(page=msgspec.to_builtins(page))
            await self._engine.patch(self._conversation_id, visited)

    async def _rate(self, frame: p.Rating) -> None:
        handover = (await self._engine.handover(frame.handover_id)).handover
        if handover.conversation_id != self._conversation_id:
            raise Refused("not_found", "There is no such handover in this conversation")
        if not handover.settings.rating_text:
            raise invalid("handover_id", "this handover asks for no rating")
        await self._engine.rate(handover.id, frame.score, frame.comment)
