"""Live Helper Chat, release 4.90: its REST API as an integration uses it, and its webhooks.

Written from what was seen and recorded on a running instance and from its public source. It refuses what it ignores there:
fields, parameters and attributes that nobody knows. Refusals have its status: 200 or 400 with `{"error": true}` by call, and
a page with 503 for a body that it did not expect.
"""

import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ClassVar

from aiohttp import web

from openhandover.emulators.answers import Refused
from openhandover.emulators.base import Emulator
from openhandover.emulators.callbacks import Callback, Endpoint

from .rest import Rest
from .schema import No
from .site import ACTIVE, BOT, CLOSED, PENDING, READ, SYSTEM, VISITOR, Chat, File, Line, Operator, Site
from .template import TEMPLATE, rendered

__all__ = ["EMULATOR", "LiveHelperChatEmulator"]

PREFIX = "/index.php"
EVENTS: tuple[str, ...] = (
    *("chat.chat_started", "chat.addmsguser", "chat.web_add_msg_admin", "chat.desktop_client_admin_msg"),
    *("chat.accept", "chat.data_changed", "chat.close", "chat.auto_close", "chat.chat_transfered"),
    *("chat.chat_transfered_force", "chat.chat_transfer_accepted", "chat.chat_owner_changed"),
    *("chat.data_changed_auto_assign", "chat.explicitly_closed", "chat.user_reopened"),
    *("chat.messages_added_passive", "chat.delete"),
)
"""The webhooks that are set up, one row each; their numbers go up from 41."""
ANSWER_S = 5.0
"""`max_execution_time` of the webhook: an operator waits no longer for us."""
TYPING_S = 60.0


class LiveHelperChatEmulator(Emulator):
    """An installation on a loopback port: `async with LiveHelperChatEmulator() as lhc:`.

    `lhc.site` holds operators, departments, chats, files, limits and rights; `lhc.template` is the body of the webhooks,
    `lhc.events` those that are set up. Every webhook is sent once, inside the call that causes it, and the call waits for its
    answer. Operators are `Amy Agent`, `Bob Agent` and whoever is named; `lhc.site.us` is the integration's account.
    """

    vendor: ClassVar[str] = "livehelperchat"
    title: ClassVar[str] = "Live Helper Chat"
    queue_figures = frozenset({"position"})

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host=host, port=port)
        self.callbacks.redelivery_s = ()  # never again
        self.site = Site(self._fire, self.changed)
        self.rest = Rest(self.site, PREFIX, lambda: self.url)
        self.template = TEMPLATE
        self.events = EVENTS
        self.webhook_token = "example-webhook-token"  # noqa: S105  made up
        self._endpoint: str | None = None

    def routes(self) -> Iterable[web.RouteDef]:
        """What an integration calls."""
        return self.rest.routes()

    def settings(self) -> dict[str, Any]:
        """With looks so frequent that a test need not wait; with webhooks where they are set up."""
        hooks = {"webhook_token": self.webhook_token} if self._endpoint else {}
        return {
            "base_url": self.url + PREFIX,
            "username": self.site.us.username,
            "api_key": self.site.us.api_key,
            "department": "support",
            "poll_s": 0.2,
            "last_words_s": 0.2,
            **hooks,
        }

    def webhook_to(self, url: str) -> None:
        """Where the Rest API definition points; what happens from now on is told there."""
        self._endpoint = url

    def refusal(self, refused: Refused) -> web.Response:
        """Its own form, or the page that it shows when something went wrong, with the content type of the call."""
        if isinstance(refused, No):
            return web.json_response(refused.body, status=refused.status)
        if refused.status == HTTPStatus.BAD_REQUEST:
            return web.json_response({"error": True, "result": refused.detail}, status=refused.status)
        if refused.status == HTTPStatus.NOT_FOUND:  # an unknown address shows the home page
            return web.Response(text="<html><title>Live support</title></html>", content_type="text/html")
        page = "<html><title>Site Maintenance</title></html>"
        return web.Response(
            text=page, status=refused.status, content_type="application/json", headers=refused.headers
        )

    # --- webhooks

    async def _fire(
        self, event: str, chat: Chat, *, line: Line | None = None, transfer: Any = None, owner: Any = ...
    ) -> None:
        """Send the webhook, if it is set up, and wait for its answer."""
        if self._endpoint is None or event not in self.events:
            return
        who = self.site.operators.get(chat.now.user_id) if owner is ... else None
        arguments: dict[str, Any] = {
            "lhc_event": event,
            "webhook_id": 41 + self.events.index(event),
            "chat": {"id": chat.id, "dep_id": chat.now.dep_id, **vars(chat.now)}
            | ({"user": {"id": who.id, "name_support": who.name}} if who else {}),
            "msg": vars(line) if line else None,
            "transfer": transfer,
        }
        media = [self.rest.media(file) for file in self.rest.files_of(line)] if line else []
        text = line.msg if line else ""
        body = rendered(self.template, arguments, text, media, chat.variables, int(time.time()))
        headers = {
            "Authorization": f"Bearer {self.webhook_token}",
            "X-Handover-Chat": str(chat.id),
            "User-Agent": "curl/7.29.0",
            "Accept": "*/*",
        }
        callback = Callback(f"chat:{chat.id}", event, Endpoint(self._endpoint, headers), body.encode())
        self.callbacks.post(callback)
        try:
            await self.wait_until(lambda: callback.attempts, ANSWER_S)
        except TimeoutError:
            return  # nobody hears of it, and it is not told again

    # --- operators

    def _serving(self, chat: Chat) -> Operator:
        """Who has the chat, else Amy."""
        return self.site.operators.get(chat.now.user_id) or self.site.operator("Amy Agent")

    async def agent_joins(self, chat_id: str, name: str = "Kim") -> None:
        """Opens the chat in the back office."""
        await self.site.opens(self._open(chat_id), self.site.operator(name))

    async def agent_says(self, chat_id: str, text: str) -> None:
        """Writes; where the chat still waits, that accepts it."""
        chat = self._open(chat_id)
        chat.typing_until = 0.0
        await self.site.operator_says(chat, self._serving(chat), text)

    async def agent_notes(self, chat_id: str, text: str) -> None:
        """Whispers."""
        chat = self._open(chat_id)
        await self.site.operator_says(chat, self._serving(chat), text, whisper=True)

    async def agent_sends_file(self, chat_id: str, name: str, content_type: str, content: bytes) -> None:
        """Uploads a file and writes its token."""
        chat = self._open(chat_id)
        file = File(next(self.site.file_ids), chat.id, name, content_type, content)
        self.site.files[file.id] = file
        await self.site.operator_says(chat, self._serving(chat), f"[file={file.id}_{file.hash}]")

    async def agent_types(self, chat_id: str, on: bool = True) -> None:
        """Seen for a minute after the last key."""
        self._open(chat_id).typing_until = time.time() + TYPING_S if on else 0.0
        self.changed()

    async def agent_leaves(self, chat_id: str) -> None:
        """Gives the chat back to the queue."""
        chat = self._open(chat_id)
        await self.site.set_status(chat, PENDING, self._serving(chat))

    async def agent_transfers(self, chat_id: str, name: str = "Lee") -> None:
        """Makes somebody else the owner."""
        chat = self._open(chat_id)
        await self.site.gives(chat, self._serving(chat), self.site.operator(name))

    async def agent_ends(self, chat_id: str) -> None:
        """Closes the chat in the back office."""
        await self.site.closes(self._open(chat_id))

    async def cron_closes(self, chat_id: str, reason: str, **figures: int) -> None:
        """The installation closes the chat by itself, and says why in a line's `meta_msg`."""
        chat = self._open(chat_id)
        chat.now.status = CLOSED
        meta = json.dumps({"content": {"close_reason": {"reason": reason, **figures}}})
        line = self.site.write(chat, SYSTEM, "Chat was closed by cron!", "", meta)
        await self._fire("chat.auto_close", chat, line=line)
        await self._fire("chat.close", chat)
        self.site.commit(chat)

    async def agent_reads(self, chat_id: str) -> None:
        """Opens what the visitor wrote; nothing is sent for that."""
        for line in self._open(chat_id).lines:
            line.del_st = READ if line.user_id == VISITOR else line.del_st
        self.changed()

    async def queue_is(self, chat_id: str, position: int | None, wait_s: int | None) -> None:
        """So many are before it. Waiting times are never told there."""
        self._open(chat_id).ahead = None if position is None else position - 1
        self.changed()

    async def sends_unknown(self, chat_id: str) -> None:
        """A line by an author that no page mentions."""
        chat = self._open(chat_id)
        self.site.write(chat, -9, "something new")
        self.site.commit(chat)

    def set_online(self, on: bool = True, **where: str) -> None:
        """Operators of all departments, or of the one with this id: `department="2"`."""
        chosen = {int(where["department"])} if "department" in where else set(self.site.departments)
        self.site.online = self.site.online | chosen if on else self.site.online - chosen
        self.changed()

    def _open(self, chat_id: str) -> Chat:
        chat = self.site.chat(chat_id)
        if chat.now.status == CLOSED:
            raise Refused(409, "the chat is closed")
        return chat

    # --- the page

    def control_routes(self) -> Iterable[web.RouteDef]:
        """Files, for the page and for tests."""
        return [web.get("/emulator/files/{file}", self._content)]

    async def _content(self, request: web.Request) -> web.Response:
        number = request.match_info["file"]
        file = self.site.files.get(int(number)) if number.isdecimal() else None
        if file is None:
            raise Refused(404, "no such file")
        return web.Response(
            body=file.content,
            headers={"Content-Type": "application/octet-stream", "Content-Disposition": "attachment"},
        )

    def shown(self) -> dict[str, Any]:
        """For the page and for tests."""
        return {
            "online": bool(self.site.online),
            "chats": [self._chat(one) for one in self.site.chats.values()],
        }

    def _chat(self, chat: Chat) -> dict[str, Any]:
        states = {PENDING: "waiting", ACTIVE: "active"}
        department = self.site.departments.get(chat.shown.dep_id)
        facts = {"Department": department.name if department else "", **chat.facts, **chat.columns}
        if chat.user_types:
            facts["Visitor"] = "is typing"
        return {
            "id": str(chat.id),
            "name": chat.nick,
            "state": states.get(chat.shown.status, "ended"),
            "facts": {key: str(value) for key, value in facts.items()},
            "lines": [self._line(line) for line in chat.lines if line.visible],
        }

    def _line(self, line: Line) -> dict[str, Any]:
        files = self.rest.files_of(line)
        text = line.msg
        for file in files:
            text = text.replace(f"[file={file.id}_{file.hash}]", "").strip()
        author = {VISITOR: "user", BOT: "bot"}.get(line.user_id, "agent" if line.user_id > 0 else "system")
        return {
            "author": "note" if "whisper" in line.meta_msg else author,
            "text": text,
            "at": datetime.fromtimestamp(line.time, UTC).isoformat(),
            "files": [{"name": file.name, "url": f"{self.url}/emulator/files/{file.id}"} for file in files],
        }


EMULATOR = LiveHelperChatEmulator
