"""What Salesforce serves: the calls of the custom client API, its stream of events, the business hours."""

import json
import time
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from aiohttp import web

from openhandover.emulators.answers import Refused
from openhandover.emulators.base import Emulator

from . import schema
from .account import Account, Token
from .conversation import Conversation
from .feed import Feed

API = "/iamessage/api/v2"
ONE = API + "/conversation/{conversation}"
PAGE = 50
DAY_MS = 86_400_000


class Api(Emulator):
    """The vendor as programs see it."""

    def __init__(
        self,
        account: Account | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        heartbeat_s: float = 15.0,
    ) -> None:
        super().__init__(host=host, port=port)
        self.account = account or Account()
        self.feed = Feed(heartbeat_s)
        self.conversations: dict[str, Conversation] = {}
        self.files: dict[str, tuple[str, bytes]] = {}
        """Id -> content type and content."""
        self.is_open = True
        """Whether now is within the business hours."""

    def routes(self) -> Iterable[web.RouteDef]:
        """What Salesforce serves."""
        return [
            web.post(
                f"{API}/authorization/unauthenticated/access-token", self._token, name="token.unauthenticated"
            ),
            web.post(
                f"{API}/authorization/authenticated/access-token", self._token_of, name="token.authenticated"
            ),
            web.get(
                f"{API}/authorization/continuation-access-token", self._continue, name="token.continuation"
            ),
            web.delete(f"{API}/authorization/token", self._revoke, name="token.revoke"),
            web.post(f"{API}/conversation", self._create, name="conversation.create"),
            web.get(f"{API}/conversation/list", self._list, name="conversation.list"),
            web.get(ONE, self._status, name="conversation.status"),
            web.delete(ONE, self._close, name="conversation.close"),
            web.delete(f"{ONE}/session", self._end_session, name="session.end"),
            web.get(f"{ONE}/entries", self._entries, name="entries"),
            web.post(f"{ONE}/message", self._message, name="message"),
            web.post(f"{ONE}/entry", self._typing, name="entry"),
            web.post(f"{ONE}/acknowledge-entries", self._acknowledge, name="acknowledge"),
            web.post(f"{ONE}/file", self._file, name="file"),
            web.get("/eventrouter/v1/sse", self._events, name="events"),
            web.get("/embeddedservice/v1/businesshours", self._hours, name="businesshours"),
            web.get("/files/{file}", self._download, name="download"),
        ]

    def refusal(self, refused: Refused) -> web.Response:
        """A message with a code; what refuses a token speaks like a gateway."""
        body: dict[str, Any] = {"message": refused.detail, "code": f"emulated_{refused.status}"}
        if refused.status == 401:
            stamp = int(time.time() * 1000)
            body = {"timestamp": stamp, "status": 401, "error": "Unauthorized", "message": refused.detail}
        return web.json_response(body, status=refused.status, headers=refused.headers)

    async def _token(self, request: web.Request) -> web.Response:
        asked = await schema.read(request, schema.Unauthenticated)
        self.account.deployment(asked.org_id, asked.es_developer_name)
        return self._given(self.account.token_for(self.account.anonymous()))

    async def _token_of(self, request: web.Request) -> web.Response:
        asked = await schema.read(request, schema.Authenticated)
        self.account.deployment(asked.org_id, asked.es_developer_name)
        return self._given(self.account.token_for(self.account.verified(asked.customer_identity_token)))

    async def _continue(self, request: web.Request) -> web.Response:
        return self._given(self.account.token_for(self._subject(request)))

    async def _revoke(self, request: web.Request) -> web.Response:
        self._subject(request)
        del self.account.tokens[request.headers["Authorization"].removeprefix("Bearer ")]
        return web.Response(status=204)

    def _given(self, token: Token) -> web.Response:
        told = {
            "accessToken": token.value,
            "lastEventId": f"{self.feed.last:x}",
            "context": {
                "deviceId": None,
                "configuration": {"embeddedServiceConfig": {"name": self.account.es_developer_name}},
                "endUser": {"subject": token.subject},
            },
        }
        return web.json_response(told)

    async def _create(self, request: web.Request) -> web.Response:
        subject = self._subject(request)
        asked = await schema.read(request, schema.Create)
        self.account.named(asked.es_developer_name)
        self._parameters(asked.routing_attributes)
        if asked.conversation_id in self.conversations:
            raise Refused(409, "there is a conversation with this id")
        self.conversations[asked.conversation_id] = Conversation(
            asked.conversation_id, subject, asked.routing_attributes, asked.language, self._publish
        )
        return web.json_response({}, status=201)

    def _publish(self, subject: str, name: str, data: dict[str, Any]) -> None:
        self.streams(name, json.dumps(data))
        self.feed.publish(subject, name, data)

    async def _list(self, request: web.Request) -> web.Response:
        subject = self._subject(request)
        closed = request.query.get("inclClosedConvs", "false") == "true"
        mine = [
            {"conversationId": one.id}
            for one in self.conversations.values()
            if one.subject == subject and (closed or not one.closed)
        ]
        return web.json_response({"conversations": mine[: self._limit(request)]})

    async def _status(self, request: web.Request) -> web.Response:
        chat = self._mine(request)
        return web.json_response({"conversationId": chat.id, "routingStatus": chat.routing_status})

    async def _close(self, request: web.Request) -> web.Response:
        chat = self._named(request)
        chat.close()
        return web.Response(status=204)

    async def _end_session(self, request: web.Request) -> web.Response:
        self._named(request).end_session("EndUser")
        return web.Response(status=204)

    def _named(self, request: web.Request) -> Conversation:
        chat = self._mine(request)
        self.account.named(request.query.get("esDeveloperName", ""))
        return chat

    async def _entries(self, request: web.Request) -> web.Response:
        chat, query = self._mine(request, closed_too=True), request.query
        direction, limit = query.get("direction", "FromEnd"), self._limit(request)
        if direction not in {"FromStart", "FromEnd"}:
            raise Refused(400, "direction is FromStart or FromEnd")
        kinds = set(query["entryTypeFilter"].split(",")) if "entryTypeFilter" in query else None
        start, end = _stamp(query.get("startTimestamp"), 0), _stamp(query.get("endTimestamp"), 1 << 62)
        found = [
            entry
            for entry in chat.entries
            if (kinds is None or entry["entryType"] in kinds)
            and start <= entry["transcriptedTimestamp"] <= end
        ]
        page = found[:limit] if direction == "FromStart" else found[-limit:]
        return web.json_response({"conversationEntries": page})

    async def _message(self, request: web.Request) -> web.Response:
        chat = self._mine(request)
        asked = await schema.read(request, schema.Message)
        self.account.named(asked.es_developer_name)
        self._parameters(asked.routing_attributes)
        text = asked.message.static_content.text
        if len(text) > self.account.max_text_length:
            raise Refused(400, f"the text is over {self.account.max_text_length} characters")
        self._pace(chat)
        content = {"formatType": "Text", "text": text}
        chat.from_user(asked.message.id, content, asked.is_new_messaging_session, asked.routing_attributes)
        return self._accepted(chat)

    async def _file(self, request: web.Request) -> web.Response:
        chat = self._mine(request)
        asked = await schema.uploaded(request, self.account.file_types)
        self.account.named(asked.entry.es_developer_name)
        self._pace(chat)
        id_ = asked.entry.message.file_id
        self.files[id_] = (asked.content_type, asked.content)
        url = f"{self.url}/emulator/files/{id_}"
        file = {"id": id_, "name": asked.name, "mimeType": asked.content_type, "url": url}
        content = {"formatType": "Attachments", "text": asked.entry.message.text or "", "attachments": [file]}
        chat.from_user(asked.entry.message.id, content, asked.entry.is_new_messaging_session, {})
        return self._accepted(chat)

    def _accepted(self, chat: Conversation) -> web.Response:
        now = int(time.time() * 1000)
        return web.json_response(
            {"conversationEntries": [{"id": str(uuid4()), "clientTimestamp": now}]}, status=202
        )

    async def _typing(self, request: web.Request) -> web.Response:
        chat = self._mine(request)
        asked = await schema.read(request, schema.Typing)
        chat.is_typing = asked.entry_type == "TypingStartedIndicator"
        return web.json_response({})

    async def _acknowledge(self, request: web.Request) -> web.Response:
        chat = self._mine(request)
        known = {entry["identifier"] for entry in chat.entries}
        for ack in (await schema.read(request, schema.Acks)).acks:
            if ack.conversation_entry_id not in known:
                raise Refused(400, "conversationEntryId names no entry of this conversation")
            chat.acks.append((ack.conversation_entry_id, ack.entry_type))
        return web.json_response({})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        subject = self._subject(request)
        if "text/event-stream" not in request.headers.get("Accept", ""):
            raise Refused(406, "Accept must be text/event-stream")
        if request.headers.get("X-Org-Id") != self.account.org_id:
            raise Refused(400, "X-Org-Id names no organisation here")
        try:
            after = int(request.headers.get("Last-Event-Id") or f"{self.feed.last:x}", 16)
        except ValueError:
            raise Refused(400, "Last-Event-Id is none that was given") from None
        token = self.account.tokens[request.headers["Authorization"].removeprefix("Bearer ")]
        return await self.feed.serve(request, subject, after, token.ends_at - time.time())

    async def _hours(self, request: web.Request) -> web.Response:
        if request.query.get("orgId") != self.account.org_id:
            raise Refused(400, "orgId names no organisation here")
        if request.query.get("esConfigName") != self.account.es_developer_name:
            raise Refused(404, "esConfigName names no deployment of this organisation")
        now = int(time.time() * 1000)
        start = now - DAY_MS // 3 if self.is_open else now + DAY_MS // 3
        hours = {"startTime": start, "endTime": start + DAY_MS // 2}
        return web.json_response({"businessHoursInfo": {"isActive": True, "businessHours": [hours]}})

    async def _download(self, request: web.Request) -> web.Response:
        self._subject(request)
        return self.served(request)

    def served(self, request: web.Request) -> web.Response:
        """A file, whoever asks."""
        if request.match_info["file"] not in self.files:
            raise Refused(404, "no such file")
        content_type, content = self.files[request.match_info["file"]]
        return web.Response(body=content, content_type=content_type)

    # --- who, what, how much

    def _subject(self, request: web.Request) -> str:
        return self.account.subject_of(request.headers.get("Authorization"))

    def _mine(self, request: web.Request, *, closed_too: bool = False) -> Conversation:
        subject = self._subject(request)
        chat = self.conversations.get(request.match_info["conversation"])
        if chat is None or (chat.closed and not closed_too):
            raise Refused(404, "the conversation is unknown or closed")
        if chat.subject != subject:
            raise Refused(403, "this is another user's conversation")
        return chat

    def _parameters(self, given: dict[str, str]) -> None:
        unknown = set(given) - (
            self.account.parameters if self.account.parameters is not None else set(given)
        )
        if unknown:
            raise Refused(400, f"the channel has no parameter {min(unknown)}")

    def _pace(self, chat: Conversation) -> None:
        now = time.monotonic()
        chat.sent_at = [at for at in chat.sent_at if now - at < 60]
        if len(chat.sent_at) >= self.account.messages_per_minute:
            raise Refused(429, "too many messages in this conversation", {"Retry-After": "60"})
        chat.sent_at.append(now)

    def _limit(self, request: web.Request) -> int:
        limit = request.query.get("limit", "20")
        if not limit.isdigit() or not 1 <= int(limit) <= PAGE:
            raise Refused(400, f"limit is 1 to {PAGE}")
        return int(limit)


def _stamp(text: str | None, otherwise: int) -> int:
    if text is None:
        return otherwise
    if not text.isdigit():
        raise Refused(400, "timestamps are milliseconds")
    return int(text)
