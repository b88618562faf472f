"""Hostile WebSockets: floods of frames, parts and pings end, and nothing piles up."""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from websockets.frames import Frame

from openhandover.web import connections
from tests.channels.visitor import CONFIG as WEBCHAT, SITE
from tests.serving import running_server
from tests.web.raw_line import Line, line


def frame(opcode: int, data: bytes = b"", *, fin: bool = True) -> bytes:
    """A client's frame, masked with zeros."""
    assert len(data) < 126
    return bytes([opcode | (0x80 if fin else 0), 0x80 | len(data)]) + bytes(4) + data


@asynccontextmanager
async def web_socket(folder: Path) -> AsyncIterator[Line]:
    """A raw WebSocket of a visitor, said hello."""
    async with running_server(folder, WEBCHAT) as server, aiohttp.ClientSession() as http:
        site = {"Origin": SITE}
        async with http.post(f"{server.url}/webchat/open/sessions", json={}, headers=site) as begun:
            token = (await begun.json())["token"]
        async with line(server) as raw:
            key = base64.b64encode(os.urandom(16)).decode()
            raw.writer.write(
                f"GET /webchat/open/socket HTTP/1.1\r\nHost: x\r\nOrigin: {SITE}\r\n"
                f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
            )
            assert b" 101 " in await raw.reader.readuntil(b"\r\n\r\n")
            hello = json.dumps({"type": "hello", "token": token}).encode()
            raw.writer.write(bytes([0x81, 0xFE, *len(hello).to_bytes(2, "big")]) + bytes(4) + hello)
            await raw.reader.readuntil(b'"ready"')
            yield raw


@pytest.mark.parametrize(
    ("flood", "code"),
    [
        (frame(1, b"{", fin=False) + frame(0, fin=False) * 1_010, 1009),
        (frame(1, b"{}") * 1_010, 1008),
    ],
    ids=["endless parts", "many messages at once"],
)
async def test_frames_without_end(tmp_path: Path, flood: bytes, code: int) -> None:
    """A socket that sends more frames than anybody looks at is closed with a code that says so."""
    async with web_socket(tmp_path) as raw:
        raw.writer.write(flood)
        assert code.to_bytes(2, "big") in await raw.rest()


async def test_a_flood_of_frames_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what comes in one piece no more is taken apart than until it is too much: the others wait meanwhile."""
    read = 0
    usual = connections.SocketConnection.handle_text

    def counted(self: connections.SocketConnection, event: Frame) -> None:
        nonlocal read
        read += 1
        usual(self, event)

    monkeypatch.setattr(connections.SocketConnection, "handle_text", counted)
    async with web_socket(tmp_path) as raw:
        raw.writer.write(frame(1, b"{}") * 30_000)
        with suppress(ConnectionResetError):  # it ends before everything was taken
            await raw.rest()
    assert connections.MOST_FRAMES < read < 3 * connections.MOST_FRAMES


async def test_pings_of_one_who_does_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pings are answered, but no answers pile up for a client that does not read them."""
    taken = 0
    server_side: list[connections.SocketConnection] = []
    usual = connections.SocketConnection.handle_ping

    def counted(self: connections.SocketConnection) -> None:
        nonlocal taken
        taken += 1
        server_side[:] = [self]
        usual(self)

    monkeypatch.setattr(connections.SocketConnection, "handle_ping", counted)
    async with web_socket(tmp_path) as raw:
        raw.writer.write(frame(9, b"are you there"))
        await raw.reader.readuntil(b"are you there")
        raw.writer.transport.pause_reading()  # pyright: ignore[reportAttributeAccessIssue]
        (server,) = server_side
        sent = 1
        async with asyncio.timeout(30):
            while server.writable.is_set() or sent < 20_000:
                raw.writer.write(frame(9, b"a" * 125) * 1_000)
                await raw.writer.drain()
                sent += 1_000
                while taken < sent:
                    await asyncio.sleep(0.01)
        assert server.transport.get_write_buffer_size() < 1024 * 1024
        raw.writer.write(frame(9, b"a" * 125) * 10_000)
        while taken < sent + 10_000:
            await asyncio.sleep(0.01)
        assert server.transport.get_write_buffer_size() < 1024 * 1024
