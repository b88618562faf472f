"""A small desk for the `http` provider: a queue, and a page in the browser where a person answers.

It needs nothing of openhandover, only the contract in docs/reference/desk-contract.md, so it shows what your own desk
has to do: check signatures, answer the same `webhook-id` the same way, keep the order, sign and retry its webhooks.
It forgets everything when it stops; a real desk keeps `seen` and `talks` in its database.

    python examples/http_desk.py --secret whsec_... --webhooks http://127.0.0.1:8080/webhooks/backup --port 9000
"""

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import aiohttp
from aiohttp import web

TOLERANCE_S = 300
PAGE = Path(__file__).with_name("http_desk.html")


def signature(secret: str, webhook_id: str, timestamp: str, body: bytes) -> str:
    """Standard Webhooks: HMAC-SHA256 over id, timestamp and the raw body."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return (
        "v1,"
        + base64.b64encode(
            hmac.digest(key, f"{webhook_id}.{timestamp}.".encode() + body, hashlib.sha256)
        ).decode()
    )


def genuine(secret: str, headers, body: bytes) -> bool:
    """Whether somebody who knows the secret sent this, at most five minutes ago."""
    webhook_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not webhook_id or not stamp.isdigit() or abs(time.time() - int(stamp)) > TOLERANCE_S:
        return False
    expected = signature(secret, webhook_id, stamp, body).encode()
    given = headers.get("webhook-signature", "").encode().split()
    return any(hmac.compare_digest(expected, one) for one in given)


@dataclass
class Talk:
    """One conversation at this desk: one attempt of one handover."""

    external_id: str
    handover_id: str
    user: dict
    reason: str | None
    lines: list[dict] = field(default_factory=list)
    state: str = "waiting"  # waiting | active | closed
    agent: str | None = None
    typing: bool = False
    note: str = ""
    seq: int = 0
    due: asyncio.Queue = field(default_factory=asyncio.Queue)


class Desk:
    """The whole desk. Agent actions: joins, says, types, reads, leaves, transfers, closes, fails."""

    def __init__(self, secret: str, webhooks: str | None = None) -> None:
        self.secret, self.webhooks = secret, webhooks
        self.online = True
        self.talks: dict[str, Talk] = {}
        self.seen: dict[str, dict] = {}  # webhook-id -> our answer
        self.workers: set[asyncio.Task] = set()

    # --- what openhandover calls ---------------------------------------------------------------------------

    async def called(self, request: web.Request) -> web.Response:
        """Every signed call: check it, do it once, answer the same again on a repeat."""
        body = await request.read()
        if not genuine(self.secret, request.headers, body):
            return web.json_response({"error": "bad signature"}, status=401)
        webhook_id = request.headers["webhook-id"]
        if webhook_id not in self.seen:
            try:
                sent = json.loads(body) if body else {}
                answer = getattr(self, "on_" + request.path.strip("/"))(sent, request)
            except (KeyError, TypeError, ValueError) as error:
                return web.json_response({"error": f"bad body: {error!r}"}, status=400)
            self.seen[webhook_id] = answer
        return web.json_response(self.seen[webhook_id])

    def on_open(self, sent: dict, _: web.Request) -> dict:
        if not self.online:
            raise web.HTTPConflict(text="nobody there")
        talk = Talk(
            uuid4().hex, sent["handover_id"], sent["user"], sent["reason"], lines=list(sent["transcript"])
        )
        self.talks[talk.external_id] = talk
        task = asyncio.create_task(self.post_events(talk))
        self.workers.add(task)
        task.add_done_callback(self.workers.discard)
        return {"external_id": talk.external_id, **self.place(len(self.waiting()))}

    def on_messages(self, sent: dict, _: web.Request) -> dict:
        self.find(sent).lines.append(
            {
                key: sent["message"][key]
                for key in ("id", "seq", "author", "text", "translation", "attachments")
            }
        )
        return {}

    def on_typing(self, sent: dict, _: web.Request) -> dict:
        self.find(sent).typing = sent["on"]
        return {}

    def on_presence(self, sent: dict, _: web.Request) -> dict:
        self.find(sent).note = sent["text"]
        return {}

    def on_receipts(self, sent: dict, _: web.Request) -> dict:
        for line in self.find(sent).lines:
            if line["id"] == sent["message_id"]:
                line["receipt"] = sent["state"]
        return {}

    def on_cancel(self, sent: dict, _: web.Request) -> dict:
        talk = self.talks.get(sent["external_id"])
        if talk is None:
            raise web.HTTPNotFound(text="no such conversation")
        talk.note = f"ended: {sent['reason']}"
        self.end(talk)
        return {}

    on_close = on_cancel

    def on_availability(self, _: dict, __: web.Request) -> dict:
        return {"open": self.online, "agents": int(self.online), **self.place(len(self.waiting()) + 1)}

    def find(self, sent: dict) -> Talk:
        talk = self.talks.get(sent["external_id"])
        if talk is None or talk.handover_id != sent["handover_id"]:
            raise web.HTTPNotFound(text="no such conversation")
        if talk.state == "closed":
            raise web.HTTPGone(text="this conversation has ended")
        return talk

    def waiting(self) -> list[Talk]:
        return [talk for talk in self.talks.values() if talk.state == "waiting"]

    @staticmethod
    def place(position: int) -> dict:
        return {"position": position, "estimated_wait_ms": position * 60_000}

    def end(self, talk: Talk) -> None:
        talk.state = "closed"
        talk.due.put_nowait(None)
        self.tell_queue()

    # --- what the agent does -------------------------------------------------------------------------------

    def joins(self, talk: Talk, name: str = "Robin") -> None:
        talk.state, talk.agent = "active", name
        self.emit(talk, "agent.joined", agent=self.card(name))
        self.tell_queue()

    def says(self, talk: Talk, text: str, attachments: list[dict] | None = None) -> str:
        line = {"id": uuid4().hex, "author": "agent", "text": text, "attachments": attachments or []}
        talk.lines.append(line)
        message = {key: line[key] for key in ("id", "text", "attachments")}
        self.emit(talk, "agent.message", message=message, agent=self.card(talk.agent or "Robin"))
        return line["id"]

    def types(self, talk: Talk, on: bool = True) -> None:
        self.emit(talk, "agent.typing", numbered=False, on=on)

    def reads(self, talk: Talk, message_id: str) -> None:
        self.emit(talk, "message.read", message_id=message_id)

    def leaves(self, talk: Talk) -> None:
        self.emit(talk, "agent.left")

    def transfers(self, talk: Talk, name: str) -> None:
        talk.agent = name
        self.emit(talk, "agent.transferred", agent=self.card(name))

    def closes(self, talk: Talk, reason: str = "resolved") -> None:
        self.emit(talk, "handover.closed", reason=reason)
        self.end(talk)

    def fails(self, talk: Talk, reason: str = "provider_error", detail: str = "") -> None:
        self.emit(talk, "handover.failed", reason=reason, detail=detail)
        self.end(talk)

    def tell_queue(self) -> None:
        for position, talk in enumerate(self.waiting(), start=1):
            self.emit(talk, "queue.updated", **self.place(position))

    @staticmethod
    def card(name: str) -> dict:
        return {"id": name.lower(), "name": name}

    # --- our webhooks --------------------------------------------------------------------------------------

    def emit(self, talk: Talk, kind: str, *, numbered: bool = True, **more) -> None:
        """Put one event in the talk's queue; `seq` gives its place, typing has none and is not worth waiting for."""
        event = {
            "event_id": uuid4().hex,
            "type": kind,
            "handover_id": talk.handover_id,
            "external_id": talk.external_id,
        }
        if numbered:
            talk.seq += 1
            event["seq"] = talk.seq
        talk.due.put_nowait(event | {"at": datetime.now(UTC).isoformat()} | more)

    async def post_events(self, talk: Talk) -> None:
        """Post the talk's events in order, each until it is taken or refused for good."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http:
            while (event := await talk.due.get()) is not None:
                pause_s = 0.5
                while self.webhooks and not await self.post(http, event):
                    await asyncio.sleep(pause_s)
                    pause_s = min(pause_s * 2, 30)

    async def post(self, http: aiohttp.ClientSession, event: dict) -> bool:
        """One try; the id stays, the timestamp is new. False = try again later."""
        body, stamp = json.dumps(event).encode(), str(int(time.time()))
        headers = {
            "content-type": "application/json",
            "webhook-id": event["event_id"],
            "webhook-timestamp": stamp,
            "webhook-signature": signature(self.secret, event["event_id"], stamp, body),
        }
        try:
            async with http.post(self.webhooks, data=body, headers=headers) as reply:
                return reply.status < 300 or reply.status in {400, 404, 410, 413, 422}
        except (aiohttp.ClientError, TimeoutError):
            return False

    # --- the page ------------------------------------------------------------------------------------------

    async def state(self, _: web.Request) -> web.Response:
        shown = ("external_id", "user", "reason", "lines", "state", "agent", "typing", "note")
        talks = [{name: getattr(talk, name) for name in shown} for talk in self.talks.values()]
        return web.json_response({"online": self.online, "talks": talks})

    async def act(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":  # another site's form cannot send this
            raise web.HTTPUnsupportedMediaType
        asked = await request.json()
        match asked:
            case {"do": "online", "on": bool(on)}:
                self.online = on
            case {"do": "joins" | "leaves" | "closes" as what, "talk": talk_id}:
                getattr(self, what)(self.talks[talk_id])
            case {"do": "says" | "transfers" as what, "talk": talk_id, "text": str(text)}:
                getattr(self, what)(self.talks[talk_id], text)
            case {"do": "types", "talk": talk_id, "on": bool(on)}:
                self.types(self.talks[talk_id], on)
            case _:
                raise web.HTTPBadRequest
        return web.json_response({})

    async def page(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE)

    async def stop(self, _: web.Application) -> None:
        for task in list(self.workers):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def app(self) -> web.Application:
        """The desk as a web application."""
        app = web.Application(client_max_size=4 << 20)
        for path in ("open", "messages", "typing", "presence", "receipts", "cancel", "close"):
            app.router.add_post(f"/{path}", self.called)
        app.router.add_get("/availability", self.called)
        app.add_routes(
            [web.get("/", self.page), web.get("/console", self.state), web.post("/console", self.act)]
        )
        app.on_cleanup.append(self.stop)
        return app


def main() -> None:
    """Run the desk from the command line."""
    parser = argparse.ArgumentParser(description="A small desk for the http provider")
    parser.add_argument("--secret", required=True, help="whsec_<base64>, the same as in openhandover.yaml")
    parser.add_argument("--webhooks", help="where our events go: <openhandover>/webhooks/<provider name>")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    given = parser.parse_args()
    web.run_app(Desk(given.secret, given.webhooks).app(), host=given.host, port=given.port)


if __name__ == "__main__":
    main()
