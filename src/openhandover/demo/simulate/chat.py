"""A client of the web chat as the widget is one: docs/reference/webchat-protocol.md and nothing else."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import aiohttp

RETRY_S = (0.1, 0.2, 0.4, 0.8, 1.5)
"""Pauses before the next try to connect; the last one repeats."""
SILENCE_S = 40.0
"""So long without a frame, and the line is dead."""
ENDS_CONVERSATION = ("unauthorized", "token_expired", "not_found")

Event = dict[str, Any]
Frame = dict[str, Any]


class Closed(Exception):
    """The conversation cannot go on: its token or the conversation itself is no longer good."""


class Chat:
    """One visitor's page. It connects again by itself, resumes after the last event it has, and repeats what was not
    accepted. `heard` gets every event once, in order."""

    def __init__(self, http: aiohttp.ClientSession, base: str, channel: str = "web") -> None:
        self.conversation_id = ""
        self.seq = 0
        self.floor = "bot"
        self.handover: dict[str, Any] | None = None
        self.messages: list[dict[str, Any]] = []
        self.heard: Callable[[Event], None] = lambda event: None
        self.failed: Closed | None = None
        self.connections = 0
        self._http = http
        self._at = f"{base}/webchat/{channel}"
        self._origin = {"Origin": base}
        self._token = ""
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._unaccepted: dict[str, Frame] = {}
        self._refusals: dict[str, str] = {}
        self._changed = asyncio.Event()
        self._line: asyncio.Task[None] | None = None

    # --- coming and going

    async def begin(self, language: str, page: Frame) -> None:
        """Start a conversation and open the page on it."""
        made = await self._call("sessions", lambda: {"json": {"language": language, "page": page}})
        self.conversation_id, self._token = made["conversation_id"], made["token"]
        self.open()

    def open(self) -> None:
        """Open the page, or open it again."""
        if self._line is None:
            self._line = asyncio.create_task(self._stay_connected())

    async def close(self) -> None:
        """Close the page; the conversation goes on without it."""
        line, self._line = self._line, None
        if line is not None:
            line.cancel()
            with suppress(asyncio.CancelledError):
                await line

    @property
    def is_connected(self) -> bool:
        """Whether the line is up."""
        return self._socket is not None

    async def until(self, holds: Callable[[], Any], within_s: float) -> bool:
        """Wait until this is so; False when it did not come in time.

        Raises:
            Closed: the conversation cannot go on.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while not holds():
                    if self.failed is not None:
                        raise self.failed
                    self._changed.clear()
                    await self._changed.wait()
        return bool(holds())

    # --- what a visitor does

    async def say(self, text: str, uploads: tuple[str, ...] = (), button: str = "") -> bool:
        """Say something, or press the button with this value; answers once the server has it. False: it was refused, and so was not said."""
        message_id = uuid4().hex
        frame: Frame = {"type": "message", "id": message_id, "text": text}
        if uploads:
            frame["attachments"] = [{"upload_id": one} for one in uploads]
        if button:
            frame["button"] = button
        self._unaccepted[message_id] = frame
        await self.send(frame)
        while message_id in self._unaccepted:
            await self.until(lambda: message_id not in self._unaccepted, 60)
        return self._refusals.pop(message_id, None) is None

    async def upload(self, name: str, content: bytes) -> str | None:
        """Send a file; its id, or None where files are not taken now."""

        def form() -> Frame:
            data = aiohttp.FormData()
            data.add_field("file", content, filename=name)
            return {"data": data, "headers": {"Authorization": f"Bearer {self._token}"}}

        with suppress(aiohttp.ClientResponseError):
            return (await self._call("uploads", form))["upload_id"]
        return None

    async def send(self, frame: Frame) -> None:
        """Send a frame, if the line is up."""
        if self._socket is not None:
            with suppress(ConnectionError, aiohttp.ClientError):
                await self._socket.send_str(json.dumps(frame))

    # --- the line

    async def _call(self, path: str, options: Callable[[], Frame]) -> Frame:
        """A POST, repeated until the server answers; `ClientResponseError` for what it refuses for good."""
        tries = 0
        while True:
            given = options()
            headers = {**self._origin, **given.pop("headers", {})}
            pause_s = RETRY_S[min(tries, len(RETRY_S) - 1)]
            try:
                async with self._http.post(f"{self._at}/{path}", headers=headers, **given) as reply:
                    if reply.status == 429:
                        pause_s = float(reply.headers.get("Retry-After", 1))
                    elif reply.status < 500:
                        reply.raise_for_status()
                        return await reply.json()
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError):
                pass  # nobody there: the next try
            tries += 1
            await asyncio.sleep(pause_s)

    async def _stay_connected(self) -> None:
        tries = 0
        while self.failed is None:
            try:
                async with self._http.ws_connect(f"{self._at}/socket", headers=self._origin) as socket:
                    tries = 0
                    await self._talk(socket)
            except (aiohttp.ClientError, ConnectionError, TimeoutError):
                pass  # the line broke: open the next one
            finally:
                self._socket = None
            await asyncio.sleep(RETRY_S[min(tries, len(RETRY_S) - 1)])
            tries += 1

    async def _talk(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        await socket.send_str(json.dumps({"type": "hello", "token": self._token, "after": self.seq}))
        while True:
            raw = await socket.receive(timeout=SILENCE_S)
            if raw.type is not aiohttp.WSMsgType.TEXT:
                return
            frame: Frame = json.loads(raw.data)
            if frame["type"] == "ready":
                self._socket = socket
                self.connections += 1
                self._token = frame.get("token") or self._token
                for waiting in list(self._unaccepted.values()):
                    await self.send(waiting)
            await self._take(frame)
            self._changed.set()

    async def _take(self, frame: Frame) -> None:
        match frame["type"]:
            case "event":
                await self._event(frame["event"])
            case "accepted":
                self._unaccepted.pop(frame["id"], None)
            case "refused":
                await self._refused(frame)
            case "token":
                self._token = frame["token"]
            case "ping":
                await self.send({"type": "pong"})
            case _:
                pass  # typing, and what a newer server tells

    async def _refused(self, frame: Frame) -> None:
        message = self._unaccepted.get(frame.get("id") or "")
        if message is None:
            if frame["code"] in ENDS_CONVERSATION:
                self.failed = Closed(frame["code"])
        elif frame["code"] == "rate_limited":
            await asyncio.sleep(float(frame.get("retry_after_s") or 1))
            await self.send(message)
        else:
            self._refusals[frame["id"]] = frame["code"]
            del self._unaccepted[frame["id"]]

    async def _event(self, event: Event) -> None:
        if event["seq"] <= self.seq:
            return  # seen before the line broke
        self.seq = event["seq"]
        kind: str = event["type"]
        if kind == "message.created":
            self.messages.append(event["data"])
        elif kind == "floor.changed":
            self.floor = event["data"]["floor"]
        elif kind.startswith("handover."):
            self.handover = event["data"]
        self.heard(event)
        if kind == "message.created" and event["data"]["author"] != "user":
            await self.send({"type": "ack", "seq": self.seq})
            await self.send({"type": "read", "seq": self.seq})
