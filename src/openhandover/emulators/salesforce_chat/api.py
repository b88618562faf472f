"""What Salesforce served: the Chat REST API, version 52."""

import asyncio
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from openhandover.emulators.answers import Refused
from openhandover.emulators.base import Emulator

from . import schema
from .chats import Chat

REST = "/chat/rest"
VERSION = "52"


class Api(Emulator):
    """The vendor as programs see it."""

    organization_id = "00Dxx0000000001"
    deployment_id = "572xx0000000001"
    button_id = "573xx0000000001"

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        client_poll_timeout_s: float = 40.0,
        poll_s: float = 10.0,
    ) -> None:
        """`poll_s`: how long a poll is held when nothing happens."""
        super().__init__(host=host, port=port)
        self.client_poll_timeout_s = client_poll_timeout_s
        self.poll_s = poll_s
        self.chats: dict[str, Chat] = {}
        self.is_online = True
        self.origin: str | None = None
        """The only domain that may chat; None: any."""

    def routes(self) -> Iterable[web.RouteDef]:
        """Each named by its resource."""
        posts = {
            "Chasitor/ChasitorInit": self._init,
            "Chasitor/ChatMessage": self._message,
            "Chasitor/ChasitorTyping": self._typing,
            "Chasitor/ChasitorNotTyping": self._typing,
            "Chasitor/ChatEnd": self._end,
            "Chasitor/ChasitorResyncState": self._resync,
        }
        gets = {
            "System/SessionId": self._session_id,
            "System/Messages": self._messages,
            "System/ReconnectSession": self._reconnect,
            "Visitor/Availability": self._availability,
        }
        for path, handler in posts.items():
            yield web.post(f"{REST}/{path}", handler, name=path.partition("/")[2])
        for path, handler in gets.items():
            yield web.get(f"{REST}/{path}", handler, name=path.partition("/")[2], allow_head=False)

    def refusal(self, refused: Refused) -> web.Response:
        """A plain sentence: the form of refusals is not documented."""
        return web.Response(text=refused.detail, status=refused.status, headers=refused.headers)

    # --- the session

    async def _session_id(self, request: web.Request) -> web.Response:
        self._version(request)
        if request.headers.get("X-LIVEAGENT-AFFINITY") != "null":
            raise Refused(400, "X-LIVEAGENT-AFFINITY must be null")
        chat = Chat()
        self.chats[chat.id] = chat
        told = {
            "key": chat.key,
            "id": chat.id,
            "affinityToken": chat.affinity,
            "clientPollTimeout": self.client_poll_timeout_s,
        }
        return web.json_response(told)

    async def _init(self, request: web.Request) -> web.Response:
        chat = self._chat(request)
        asked = await schema.read(request, schema.Init)
        if asked.session_id != chat.id:
            raise Refused(400, "sessionId is another one")
        known = (self.organization_id, self.deployment_id, self.button_id)
        if (asked.organization_id, asked.deployment_id, asked.button_id) != known:
            raise Refused(400, "organizationId, deploymentId or buttonId is wrong")
        if not self._is_repeat(request, chat, first=True):
            chat.begin(asked)
            if not self.is_online:
                chat.fail("Unavailable")
        return web.Response(text="OK")

    async def _messages(self, request: web.Request) -> web.Response:
        chat = self._chat(request)
        alive = chat.polling is not None and chat.polling.transport is not None
        if alive and chat.polling is not None and not chat.polling.transport.is_closing():  # pyright: ignore[reportOptionalMemberAccess]
            if chat.state != "ended":
                chat.end("client")
            chat.is_over = True
            raise Refused(409, "another poll is under way: the chat is over")
        try:
            ack = int(request.query["ack"])
        except (KeyError, ValueError):
            raise Refused(400, "ack is a number") from None
        chat.polling = request
        try:
            return await self._polled(chat, ack)
        finally:
            chat.polling = None

    async def _polled(self, chat: Chat, ack: int) -> web.Response:
        after = max(ack, 0)
        if len(chat.told) > after:
            told = chat.told[after:]
        else:
            if chat.state == "ended":
                chat.is_over = True
                raise Refused(403, "the session is not valid")
            affinity = chat.affinity
            try:
                async with asyncio.timeout(self.poll_s):
                    await chat.news.wait()
            except TimeoutError:
                return web.Response(status=204)
            if chat.must_move or chat.affinity != affinity:
                raise Refused(503, "the affinity has changed")
            told = chat.told[after:]
        number = after + len(told)
        return web.json_response({"messages": told, "sequence": number, "offset": chat.offset + number})

    async def _reconnect(self, request: web.Request) -> web.Response:
        """As the vendor's page of this resource shows it: without an affinity, and the numbers always begin anew."""
        chat = self._chat(request, affinity="null")
        offset = request.query.get("ReconnectSession.offset", "")
        if not offset.isdigit():
            raise Refused(400, "ReconnectSession.offset is a number")
        chat.move(int(offset))
        return web.json_response({"affinityToken": chat.affinity, "resetSequence": True})

    async def _resync(self, request: web.Request) -> web.Response:
        self._chat(request)
        asked = await schema.read(request, schema.Resync)
        if asked.organization_id != self.organization_id:
            raise Refused(400, "organizationId is wrong")
        return web.Response(text="OK", status=202)

    # --- the visitor

    async def _message(self, request: web.Request) -> web.Response:
        chat = self._chat(request)
        said = await schema.read(request, schema.Said)
        if not self._is_repeat(request, chat):
            chat.hear(said.text)
        return web.Response(text="OK", status=202)

    async def _typing(self, request: web.Request) -> web.Response:
        chat = self._chat(request)
        await schema.read(request, schema.Nothing)
        if not self._is_repeat(request, chat):
            chat.is_typing = request.path.endswith("/ChasitorTyping")
        return web.Response(text="OK", status=202)

    async def _end(self, request: web.Request) -> web.Response:
        chat = self._chat(request)
        await schema.read(request, schema.End)
        if not self._is_repeat(request, chat) and chat.state != "ended":
            chat.leave()
        return web.Response(text="OK", status=202)

    async def _availability(self, request: web.Request) -> web.Response:
        self._version(request)
        query = request.query
        if query.get("org_id") != self.organization_id or query.get("deployment_id") != self.deployment_id:
            raise Refused(400, "org_id or deployment_id is wrong")
        result: dict[str, Any] = {"id": query.get("Availability.ids", "").strip("[]")}
        if self.is_online and result["id"] == self.button_id:
            result |= {"isAvailable": True, "estimatedWaitTime": 30}
        message = {"type": "Availability", "message": {"results": [result]}}
        return web.json_response({"messages": [message]})

    # --- who

    def _version(self, request: web.Request) -> None:
        if request.headers.get("X-LIVEAGENT-API-VERSION") != VERSION:
            raise Refused(400, "X-LIVEAGENT-API-VERSION must be 52")
        if self.origin is not None and request.headers.get("Origin") != self.origin:
            raise Refused(403, "this domain may not chat")

    def _chat(self, request: web.Request, *, affinity: str | None = None) -> Chat:
        self._version(request)
        key = request.headers.get("X-LIVEAGENT-SESSION-KEY")
        chat = next((one for one in self.chats.values() if one.key == key), None)
        if chat is None or chat.is_over:
            raise Refused(403, "the session is not valid")
        if affinity is not None and request.headers.get("X-LIVEAGENT-AFFINITY") != affinity:
            raise Refused(400, f"X-LIVEAGENT-AFFINITY must be {affinity}")
        moved = chat.must_move or request.headers.get("X-LIVEAGENT-AFFINITY") != chat.affinity
        if affinity is None and moved:
            raise Refused(503, "the affinity has changed")
        return chat

    def _is_repeat(self, request: web.Request, chat: Chat, *, first: bool = False) -> bool:
        number = request.headers.get("X-LIVEAGENT-SEQUENCE", "")
        if not number.isdigit() or (first and number != "1"):
            raise Refused(400, "X-LIVEAGENT-SEQUENCE must be the number of the call")
        return chat.is_repeat(int(number))
