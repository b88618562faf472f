"""The example desk as an emulator: a vendor that can do everything, to try the suite itself on."""

import json
import time
from collections.abc import Iterable
from typing import Any, ClassVar

from aiohttp import web

from examples.http_desk import Desk, Talk, signature
from openhandover.emulators.answers import Refused
from openhandover.emulators.base import Emulator
from openhandover.emulators.callbacks import Callback, Endpoint

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CALLS = ("open", "messages", "typing", "presence", "receipts", "cancel", "close")
STATES = {"waiting": "waiting", "active": "active", "closed": "ended"}


class DeskEmulator(Emulator):
    """A desk that speaks the contract of the `http` provider."""

    vendor: ClassVar[str] = "http"
    title: ClassVar[str] = "A desk"

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host=host, port=port)
        self.desk = _Desk(self)
        self.webhooks = ""
        self.files: dict[str, tuple[bytes, str]] = {}

    def webhook_to(self, url: str) -> None:
        self.webhooks = url

    def settings(self) -> dict[str, Any]:
        return {"url": self.url, "secret": SECRET}

    def routes(self) -> Iterable[web.RouteDef]:
        calls = [web.post(f"/{name}", self.desk.called, name=name) for name in CALLS]
        calls.append(web.get("/availability", self.desk.called, name="availability", allow_head=False))
        return [*calls, web.get("/files/{name}", self._file, name="file", allow_head=False)]

    async def _file(self, request: web.Request) -> web.Response:
        content, kind = self.files[request.match_info["name"]]
        return web.Response(body=content, content_type=kind)

    def shown(self) -> dict[str, Any]:
        return {"online": self.desk.online, "chats": [self._shown(talk) for talk in self.desk.talks.values()]}

    def _shown(self, talk: Talk) -> dict[str, Any]:
        lines = [
            {"author": one["author"], "text": one["text"], "at": 0, "files": one["attachments"]}
            for one in talk.lines
        ]
        if talk.note:
            lines.append({"author": "system", "text": talk.note, "at": 0, "files": []})
        facts = {"Reason": talk.reason or ""}
        return {
            "id": talk.external_id,
            "name": talk.user.get("name", ""),
            "state": STATES[talk.state],
            "facts": facts,
            "lines": lines,
        }

    def talk(self, chat_id: str) -> Talk:
        """The talk; refused when it is closed."""
        talk = self.desk.talks[chat_id]
        if talk.state == "closed":
            raise Refused(409, "this chat has ended")
        return talk

    async def agent_joins(self, chat_id: str, name: str = "Kim") -> None:
        self.desk.joins(self.talk(chat_id), name)

    async def agent_says(self, chat_id: str, text: str) -> None:
        self.desk.says(self.talk(chat_id), text)

    async def agent_ends(self, chat_id: str) -> None:
        self.desk.closes(self.talk(chat_id))

    async def agent_leaves(self, chat_id: str) -> None:
        self.desk.leaves(self.talk(chat_id))

    async def agent_transfers(self, chat_id: str, name: str = "Lee") -> None:
        self.desk.transfers(self.talk(chat_id), name)

    async def agent_types(self, chat_id: str, on: bool = True) -> None:
        self.desk.types(self.talk(chat_id), on)

    async def agent_sends_file(self, chat_id: str, name: str, content_type: str, content: bytes) -> None:
        self.files[name] = content, content_type
        file = {"url": f"{self.url}/files/{name}", "name": name, "content_type": content_type}
        self.desk.says(self.talk(chat_id), "", [file])

    async def agent_notes(self, chat_id: str, text: str) -> None:
        self.talk(chat_id).lines.append({"id": text, "author": "note", "text": text, "attachments": []})
        self.changed()

    async def agent_reads(self, chat_id: str) -> None:
        talk = self.talk(chat_id)
        self.desk.reads(talk, [line["id"] for line in talk.lines if line["author"] == "user"][-1])

    async def queue_is(self, chat_id: str, position: int | None, wait_s: int | None) -> None:
        wait_ms = None if wait_s is None else wait_s * 1000
        self.desk.emit(self.talk(chat_id), "queue.updated", position=position, estimated_wait_ms=wait_ms)

    async def sends_unknown(self, chat_id: str) -> None:
        self.desk.emit(self.talk(chat_id), "agent.sneezed")

    def set_online(self, on: bool = True, **where: str) -> None:
        self.desk.online = on
        self.changed()


class _Desk(Desk):
    """The desk, whose events go out by the emulator's callbacks."""

    def __init__(self, emulator: DeskEmulator) -> None:
        super().__init__(SECRET)
        self.emulator = emulator

    def tell_queue(self) -> None:
        """Said by `queue_is` alone."""

    async def post_events(self, talk: Talk) -> None:
        """Take the events out of the talk's own queue; they went by `emit`."""

    def emit(self, talk: Talk, kind: str, *, numbered: bool = True, **more: Any) -> None:
        super().emit(talk, kind, numbered=numbered, **more)
        event = talk.due.get_nowait()
        body, stamp = json.dumps(event).encode(), str(int(time.time()))
        headers = {
            "webhook-id": event["event_id"],
            "webhook-timestamp": stamp,
            "webhook-signature": signature(SECRET, event["event_id"], stamp, body),
        }
        self.emulator.callbacks.post(
            Callback(talk.external_id, kind, Endpoint(self.emulator.webhooks, headers), body)
        )
