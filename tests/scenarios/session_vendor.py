"""The vendor of `session_desk`: sessions that can be spoken to, each with a stream of numbered events."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import web

from openhandover import providers
from tests.net.loopback import serving
from tests.scenarios.world import TEXT, World, living


class Streamed(NamedTuple):
    """An event of a session."""

    kind: str
    data: str


class Vendor:
    """What happened in it, and faults to come: `refuse` answers calls of a path with a status."""

    def __init__(self) -> None:
        self.url = ""
        self.sessions: dict[str, str] = {}
        self.events: dict[str, list[Streamed]] = {}
        self.said: list[tuple[str, str]] = []
        self.files: list[str] = []
        self.ended: list[tuple[str, str]] = []
        self.resumed: list[tuple[str, int]] = []
        """Each stream: session, and the place it was asked from."""
        self.listening: dict[str, web.Request] = {}
        self.refuse: dict[str, int] = {}
        self.may_open = asyncio.Event()
        """While it is not set the open call waits."""
        self.may_open.set()
        self.opens_with: dict[str, Any] = {}
        self.asked_for_files: list[str | None] = []
        self._keys: set[str] = set()

    def emit(self, session: str, kind: str, data: str = "") -> None:
        """One more event."""
        self.events.setdefault(session, []).append(Streamed(kind, data))

    def cut(self, session: str) -> None:
        """The stream breaks."""
        transport = self.listening[session].transport
        assert transport is not None
        transport.abort()

    async def called(self, request: web.Request) -> web.StreamResponse:
        """Every call."""
        first = f"/{request.path.split('/')[1]}"
        if first in self.refuse:
            return web.Response(status=self.refuse[first])
        if first == "/streams":
            return await self._streams(request)
        if first == "/files":
            self.asked_for_files.append(request.headers.get("x-vendor-key"))
            if "to" in request.query:
                raise web.HTTPFound(request.query["to"])
            return web.Response(body=b"content")
        body = await request.json()
        if first == "/open":
            session = self.sessions.setdefault(body["key"], f"s{len(self.sessions) + 1}")
            self.events.setdefault(session, [])
            await self.may_open.wait()
            return web.json_response({"session": session, **self.opens_with})
        if first == "/close":
            self.ended.append((body["session"], body["reason"]))
        elif body["key"] not in self._keys:
            self._keys.add(body["key"])
            self.said.append((body["session"], body["text"]))
            self.files += body["files"]
        return web.json_response({})

    async def _streams(self, request: web.Request) -> web.StreamResponse:
        session = request.path.rpartition("/")[2]
        place = int(request.headers.get("Last-Event-ID", "0"))
        self.resumed.append((session, place))
        answer = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await answer.prepare(request)
        self.listening[session] = request
        try:
            while request.transport is not None and not request.transport.is_closing():
                for kind, data in self.events[session][place:]:
                    place += 1
                    await answer.write(f"id: {place}\nevent: {kind}\ndata: {data}\n\n".encode())
                await asyncio.sleep(0.01)
        finally:
            if self.listening.get(session) is request:
                del self.listening[session]
        return answer


@asynccontextmanager
async def listened(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str = TEXT
) -> AsyncGenerator[tuple[World, Vendor]]:
    """A world with the provider `stream`, whose type a third party's package announces."""
    point = EntryPoint("session_desk", "tests.scenarios.session_desk", providers.GROUP)
    monkeypatch.setattr(providers, "entry_points", lambda group: [point] if group == providers.GROUP else [])
    vendor = Vendor()
    async with (
        serving(vendor.called) as vendor.url,
        living(folder, f"  stream: {{type: session_desk, url: '{vendor.url}'}}\n", text=text) as world,
    ):
        yield world, vendor
