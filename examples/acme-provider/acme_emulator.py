"""Acme Desk, emulated: written from its API reference, not from the provider."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterable
from typing import Any, ClassVar
from uuid import uuid4

from aiohttp import web

from openhandover.emulators.answers import Refused, json_object
from openhandover.emulators.base import Emulator
from openhandover.emulators.callbacks import Callback, Endpoint

NEW_CHAT = {"reference", "customer", "subject", "team", "history"}
NEW_MESSAGE = {"reference", "from", "text"}


class AcmeEmulator(Emulator):
    """One desk with one key. Chats are waiting, active or ended, and nothing can be said in an ended one."""

    vendor: ClassVar[str] = "acme"
    title: ClassVar[str] = "Acme Desk"

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host=host, port=port)
        self.api_key = f"acme-key-{uuid4().hex}"
        self.webhook_secret = f"acme-secret-{uuid4().hex}"
        self.online = True
        self._webhook = ""
        self._chats: dict[str, dict[str, Any]] = {}

    def routes(self) -> Iterable[web.RouteDef]:
        """The API, version 1."""
        return [
            web.get("/v1/agents", self._agents, name="agents"),
            web.post("/v1/chats", self._new_chat, name="chat"),
            web.post("/v1/chats/{chat}/messages", self._new_message, name="message"),
            web.post("/v1/chats/{chat}/typing", self._typing, name="typing"),
            web.post("/v1/chats/{chat}/close", self._close, name="close"),
        ]

    # --- the API

    async def _agents(self, request: web.Request) -> web.Response:
        self._authorise(request)
        return web.json_response({"online": int(self.online)})

    async def _new_chat(self, request: web.Request) -> web.Response:
        asked = await self._asked(request, NEW_CHAT)
        for chat in self._chats.values():
            if chat["reference"] == asked["reference"]:
                return web.json_response({"id": chat["id"]})
        chat = {
            "id": uuid4().hex,
            "reference": asked["reference"],
            "name": asked["customer"]["name"],
            "state": "waiting",
            "facts": {"Subject": asked["subject"], "Team": asked["team"] or "default"},
            "lines": [],
            "taken": set[str](),
        }
        self._chats[chat["id"]] = chat
        for said in asked["history"]:
            self._add(chat, said["from"], said["text"])
        return web.json_response({"id": chat["id"]}, status=201)

    async def _new_message(self, request: web.Request) -> web.Response:
        asked = await self._asked(request, NEW_MESSAGE)
        chat = self._open_chat(request)
        if asked["reference"] not in chat["taken"]:
            chat["taken"].add(asked["reference"])
            self._add(chat, asked["from"], asked["text"])
        return web.json_response({}, status=201)

    async def _typing(self, request: web.Request) -> web.Response:
        asked = await self._asked(request, {"on"})
        self._open_chat(request)["typing"] = asked["on"]
        return web.json_response({})

    async def _close(self, request: web.Request) -> web.Response:
        await self._asked(request, {"reason"})
        self._open_chat(request)["state"] = "ended"
        return web.json_response({})

    def _authorise(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {self.api_key}":
            raise Refused(401, "unknown key")

    async def _asked(self, request: web.Request, fields: set[str]) -> dict[str, Any]:
        self._authorise(request)
        asked = await json_object(request)
        if set(asked) != fields:
            raise Refused(400, f"the fields are {', '.join(sorted(fields))}")
        return asked

    def _open_chat(self, request: web.Request) -> dict[str, Any]:
        return self._chat(request.match_info["chat"])

    def _chat(self, chat_id: str) -> dict[str, Any]:
        chat = self._chats.get(chat_id)
        if chat is None:
            raise Refused(404, "no such chat")
        if chat["state"] == "ended":
            raise Refused(409, "the chat is closed")
        return chat

    def _add(self, chat: dict[str, Any], author: str, text: str) -> None:
        chat["lines"].append({"author": author, "text": text, "at": time.time() * 1000})
        self.changed()

    # --- the agents' side

    def webhook_to(self, url: str) -> None:
        """Webhooks go there from now on."""
        self._webhook = url

    def settings(self) -> dict[str, Any]:
        """Of the provider that speaks with this desk."""
        return {"url": self.url, "api_key": self.api_key, "webhook_secret": self.webhook_secret}

    def shown(self) -> dict[str, Any]:
        """For the page and for tests."""
        keys = ("id", "name", "state", "facts", "lines")
        return {
            "online": self.online,
            "chats": [{key: chat[key] for key in keys} for chat in self._chats.values()],
        }

    def set_online(self, on: bool = True, **where: str) -> None:
        """The desk's one agent comes or goes."""
        self.online = on
        self.changed()

    async def agent_joins(self, chat_id: str, name: str = "Kim") -> None:
        """An agent takes the chat."""
        self._chat(chat_id)["state"] = "active"
        self._tell(chat_id, "agent_joined", agent={"id": name.lower(), "name": name})

    async def agent_says(self, chat_id: str, text: str) -> None:
        """The agent writes; who has not joined does so thereby."""
        chat = self._chat(chat_id)
        chat["state"] = "active"
        self._add(chat, "agent", text)
        self._tell(chat_id, "message", message_id=uuid4().hex, text=text)

    async def agent_notes(self, chat_id: str, text: str) -> None:
        """A private note is a message too, marked."""
        self._add(self._chat(chat_id), "note", text)
        self._tell(chat_id, "message", message_id=uuid4().hex, text=text, private=True)

    async def agent_types(self, chat_id: str, on: bool = True) -> None:
        """The agent types, or stops."""
        self._tell(chat_id, "typing", on=on)

    async def agent_leaves(self, chat_id: str) -> None:
        """The chat waits for another agent."""
        self._chat(chat_id)["state"] = "waiting"
        self._tell(chat_id, "agent_left")

    async def agent_transfers(self, chat_id: str, name: str = "Lee") -> None:
        """One agent leaves, the next one joins."""
        await self.agent_leaves(chat_id)
        await self.agent_joins(chat_id, name)

    async def agent_ends(self, chat_id: str) -> None:
        """The agent closes the chat."""
        self._chat(chat_id)["state"] = "ended"
        self._tell(chat_id, "closed")

    async def sends_unknown(self, chat_id: str) -> None:
        """Something that the reference does not mention."""
        self._tell(chat_id, "satisfaction_guessed")

    def _tell(self, chat_id: str, type_: str, **more: Any) -> None:
        body = json.dumps({"event_id": uuid4().hex, "chat_id": chat_id, "type": type_, **more}).encode()
        sign = "sha256=" + hmac.new(self.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
        self.callbacks.post(Callback(chat_id, type_, Endpoint(self._webhook, {"X-Signature": sign}), body))
        self.changed()


EMULATOR = AcmeEmulator
