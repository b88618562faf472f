"""The Chat Gateway v1.0, as its OpenAPI document and guides have it."""

from collections.abc import Callable, Iterable, Sequence
from email import message_from_bytes
from email.policy import HTTP
from typing import Any

import msgspec
from aiohttp import web

from openhandover.emulators.answers import Refused

from . import schema
from .account import VERSION, Account, Conversation, File, Line, new_id, now
from .desk import Desk
from .schema import Refusal
from .signing import PrivateKey

BASE = "/chat-gateway/v1"
TALK = f"{BASE}/conversations/{{conversation}}"
HAL, PROBLEM = "application/hal+json", "application/problem+json"
MAX_UPLOAD_BYTES = 1 << 19
"""8x8 documents no limit for files; this is the emulator's own."""


class Gateway:
    """Its endpoints. `key` signs the webhooks."""

    def __init__(self, account: Account, desk: Desk, key: PrivateKey) -> None:
        self._account = account
        self._desk = desk
        self._key = key

    def routes(self) -> Iterable[web.RouteDef]:
        """Each named for records and faults."""
        calls: list[tuple[str, str, Callable[[web.Request], Any], str]] = [
            ("POST", f"{BASE}/conversations", self._create, "conversation.create"),
            ("GET", f"{BASE}/conversations", self._conversations, "conversation.list"),
            ("GET", TALK, self._conversation, "conversation.get"),
            ("PUT", TALK, self._update, "conversation.update"),
            ("PATCH", TALK, self._update, "conversation.change"),
            ("GET", f"{TALK}/participants", self._participants, "participant.list"),
            ("PATCH", f"{TALK}/participants/user", self._leave, "user.leave"),
            ("POST", f"{TALK}/typing", self._typing, "typing"),
            ("POST", f"{TALK}/read-receipt", self._receipt, "read-receipt"),
            ("POST", f"{TALK}/messages", self._write, "message.post"),
            ("GET", f"{TALK}/messages", self._messages, "message.list"),
            ("POST", f"{TALK}/attachments", self._upload, "attachment.post"),
            ("GET", f"{TALK}/attachments/{{file}}", self._attachment, "attachment.get"),
            ("GET", f"{TALK}/attachments/{{file}}/content", self._content, "attachment.content"),
            ("GET", f"{BASE}/channels", self._channels, "channel.list"),
            ("GET", f"{BASE}/channels/{{channel}}", self._channel, "channel.get"),
            ("GET", f"{BASE}/webhooks", self._webhooks, "webhook.list"),
            ("GET", f"{BASE}/webhooks/{{webhook}}", self._webhook, "webhook.get"),
            ("POST", f"{BASE}/webhooks/verify", self._verify, "webhook.verify"),
        ]
        for method, path, handler, name in calls:
            yield web.route(method, path, self._entered(handler, name), name=name)
        yield web.get(f"{BASE}/jwk/{{key}}/public", self._jwk, name="jwk", allow_head=False)

    def _entered(self, handler: Callable[[web.Request], Any], name: str) -> Callable[[web.Request], Any]:
        async def checked(request: web.Request) -> web.StreamResponse:
            try:
                self._enter(request)
                return await handler(request)
            except Refusal as refused:
                refused.endpoint = name
                raise

        return checked

    def _enter(self, request: web.Request) -> None:
        if request.headers.get("x-api-key") != self._account.api_key:
            raise Refusal(401, "access_denied", "Access Denied")
        self._check_tenant(request)

    def _check_tenant(self, request: web.Request) -> None:
        tenant = request.headers.get("X-8x8-Tenant")
        if tenant != self._account.tenant and (tenant is not None or self._account.needs_tenant):
            raise Refusal(403, "", "the tenant does not belong to the customer")

    # --- conversations

    async def _create(self, request: web.Request) -> web.Response:
        asked = await schema.read(request, schema.Create)
        schema.check_user(asked.user)
        for one in asked.history.messages if asked.history else ():
            schema.check(one)
        made = self._desk.create(asked, _plain(asked.user))
        return _hal({"conversationId": made.id, "createdAt": now()}, status=202)

    async def _conversations(self, request: web.Request) -> web.Response:
        told = sorted((one.told() for one in self._account.conversations.values()), key=lambda one: one["id"])
        return _page(request, "conversations", told)

    async def _conversation(self, request: web.Request) -> web.Response:
        return _hal(self._found(request).told())

    async def _update(self, request: web.Request) -> web.Response:
        conversation, asked = self._found(request), await schema.read(request, schema.Update)
        if asked.user is not None:
            schema.check_user(asked.user)
        self._desk.update(conversation, asked, None if asked.user is None else _plain(asked.user))
        return _hal(conversation.told(), status=202)

    async def _participants(self, request: web.Request) -> web.Response:
        conversation = self._found(request)
        told = [{"id": "user", "removed": conversation.user_gone, "type": "user"}]
        if conversation.agent is not None:
            told.append({"id": conversation.agent, "removed": False, "type": "agent"})
        return _page(request, "participants", told)

    async def _leave(self, request: web.Request) -> web.Response:
        conversation = self._found(request)
        await schema.read(request, schema.Removed)
        if conversation.state == "idle":  # no page says what then
            raise Refusal(400, "invalid_parameter", "the conversation is idle")
        self._desk.leave(conversation)
        return web.Response(status=204)

    async def _typing(self, request: web.Request) -> web.Response:
        self._found(request)
        await schema.read(request, schema.Typing)
        return web.Response(status=204)

    async def _receipt(self, request: web.Request) -> web.Response:
        self._found(request)
        await schema.read(request, schema.Receipt)
        return web.Response(status=204)

    def _found(self, request: web.Request) -> Conversation:
        return self._desk.found(request.match_info["conversation"])

    # --- messages and files

    async def _write(self, request: web.Request) -> web.Response:
        conversation, asked = self._found(request), await schema.read(request, schema.Message)
        schema.check(asked)
        self._desk.write(conversation, asked)
        return web.Response(status=202)

    async def _messages(self, request: web.Request) -> web.Response:
        conversation = self._found(request)
        told = [
            _told(line)
            for line in conversation.lines
            if line.author != "note" and (self._desk.lists_history or not line.history)
        ]
        order = request.query.get("sort", "createdAt:desc")
        if order not in ("createdAt:desc", "createdAt:asc"):
            raise Refusal(400, "invalid_parameter", "no such order", "sort")
        return _page(request, "messages", told if order.endswith("asc") else told[::-1])

    async def _upload(self, request: web.Request) -> web.Response:
        conversation = self._found(request)
        if request.content_type != "multipart/form-data":
            raise Refusal(400, "invalid_parameter", "the body must be multipart/form-data")
        parts = _parts(request.headers["Content-Type"], await request.read())
        if set(parts) != {"attachment", "authorType"} or not parts["attachment"].name:
            raise Refusal(400, "invalid_parameter", "the parts are attachment (a file) and authorType")
        if parts["authorType"].content not in (b"user", b"bot"):
            raise Refusal(400, "invalid_parameter", "authorType is user or bot", "authorType")
        kept = parts["attachment"]
        if len(kept.content) > MAX_UPLOAD_BYTES:
            raise Refusal(400, "invalid_parameter", "the attachment is too large", "attachment")
        conversation.files[kept.id] = kept
        return _hal(_details(kept))

    async def _attachment(self, request: web.Request) -> web.Response:
        return _hal(_details(self._file(request)))

    async def _content(self, request: web.Request) -> web.Response:
        file = self._file(request)
        named = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return web.Response(body=file.content, content_type="application/octet-stream", headers=named)

    def _file(self, request: web.Request) -> File:
        file = self._found(request).files.get(request.match_info["file"])
        if file is None:
            raise Refusal(404, "resource_not_found", "no such attachment")
        return file

    # --- set-up

    async def _channels(self, request: web.Request) -> web.Response:
        return _page(request, "channels", [self._channel_told()])

    async def _channel(self, request: web.Request) -> web.Response:
        if request.match_info["channel"] != self._account.channel_id:
            raise Refusal(404, "resource_not_found", "no such channel")
        return _hal(self._channel_told())

    def _channel_told(self) -> dict[str, Any]:
        return {
            "id": self._account.channel_id,
            "name": "openhandover",
            "type": "ChatAPI",
            "webHookId": self._account.webhook_id,
            "routingOptions": {"type": "queue", "id": next(iter(self._account.queues))},
        }

    async def _webhooks(self, request: web.Request) -> web.Response:
        return _page(request, "webhooks", [self._webhook_told()])

    async def _webhook(self, request: web.Request) -> web.Response:
        if request.match_info["webhook"] != self._account.webhook_id:
            raise Refusal(404, "resource_not_found", "no such webhook")
        return _hal(self._webhook_told())

    def _webhook_told(self) -> dict[str, Any]:
        return {
            "id": self._account.webhook_id,
            "name": "openhandover",
            "uri": self._account.webhook_uri or "https://example.org/nobody",
            "version": VERSION,
        }

    async def _verify(self, request: web.Request) -> web.Response:
        """The real one answers when it knows; here the records of callbacks tell how it went."""
        self._desk.verify((await schema.read(request, schema.Verify)).uri)
        return web.Response(status=204)

    async def _jwk(self, request: web.Request) -> web.Response:
        self._check_tenant(request)
        if request.match_info["key"] != self._key.id:
            raise Refusal(404, "resource_not_found", "no such key")
        return web.json_response(self._key.jwk())


OBJECTS_404 = {
    "typing",
    "read-receipt",
    "message.list",
    "participant.list",
    "channel.list",
    "conversation.create",
}
"""Calls whose 404 has codes; that of all others is a list of texts."""


def refusal(refused: Refused, endpoint: str) -> web.Response:
    """An error as 8x8's document has it for this call: `errors` is a list of texts, one object, or a list of objects."""
    code, field = "error", ""
    if isinstance(refused, Refusal):
        code, field, endpoint = refused.code, refused.field, refused.endpoint or endpoint
    error, status = {"code": code, "message": refused.detail}, refused.status
    body: dict[str, Any] = {"message": refused.detail, "errors": [error]}
    if status == 403 or (status == 404 and endpoint not in OBJECTS_404):
        body["errors"] = [refused.detail]
    elif status == 400 and endpoint == "message.post":
        body |= {"errors": error, "referenceId": new_id("ref")}
    elif status == 401 or (status == 400 and endpoint in ("typing", "read-receipt")):
        body["referenceId"] = new_id("ref")
    elif field and endpoint == "conversation.create":
        body["validations"] = [{"field": field, "value": "", **error}]
    return web.Response(
        status=status, headers=refused.headers, body=msgspec.json.encode(body), content_type=PROBLEM
    )


def _told(line: Line) -> dict[str, Any]:
    return {
        "id": line.id,
        "text": line.text,
        "createdAt": line.at,
        "author": {"id": line.author_id, "type": line.author, "removed": False, "language": "en"},
        "attachments": [{"id": file.id} for file in line.files],
        "cards": line.cards,
    }


def _parts(content_type: str, body: bytes) -> dict[str, File]:
    """The parts of a form by their names; one that is no file has no name of its own."""
    whole = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body, policy=HTTP)
    found: dict[str, File] = {}
    for part in whole.iter_parts():
        content = part.get_payload(decode=True)
        name = part.get_param("name", header="content-disposition")
        if isinstance(content, bytes) and isinstance(name, str):
            found[name] = File(
                new_id("ATT"), part.get_filename() or "", part.get_content_type(), content, now()
            )
    return found


def _details(file: File) -> dict[str, Any]:
    size = len(file.content)
    # The document requires `size` and `type`, and describes `sizeInBytes`.
    return {
        "id": file.id,
        "filename": file.name,
        "size": size,
        "sizeInBytes": size,
        "type": file.content_type,
        "createdAt": file.at,
    }


def _plain(user: schema.User) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(user)
    return {key: value for key, value in told.items() if value not in (None, [])}


def _page(request: web.Request, name: str, told: Sequence[dict[str, Any]]) -> web.Response:
    """HAL leaves `_embedded` out of an empty page."""
    try:
        size, number = int(request.query.get("size", "20")), int(request.query.get("page", "0"))
    except ValueError:
        raise Refusal(400, "invalid_parameter", "size and page are numbers", "size") from None
    if not 1 <= size <= 100 or number < 0:
        raise Refusal(400, "invalid_parameter", "size is 1 to 100", "size")
    shown = list(told[number * size : (number + 1) * size])
    body: dict[str, Any] = {
        "page": {
            "size": size,
            "number": number,
            "totalElements": len(told),
            "totalPages": -(-len(told) // size),
        },
        "_links": {"self": {"href": str(request.rel_url)}},
    }
    return _hal({"_embedded": {name: shown}, **body} if shown else body)


def _hal(body: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), status=status, content_type=HAL)
