"""A TCP proxy that loses replies, answers for the server, and cuts connections."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit


class Proxy:
    """What passes is counted in `requests`; what goes wrong next is set by the test."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self.target = (parts.hostname or "", parts.port or 80)
        self.url = ""
        self.requests: list[bytes] = []
        self.lose_replies = 0
        self.canned: deque[bytes] = deque()
        self._writers: set[asyncio.StreamWriter] = set()
        self._frozen: set[asyncio.StreamWriter] = set()

    def answer_next(self, status: str, *headers: str, body: bytes = b"") -> None:
        """The next request is answered here and never reaches the server."""
        lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close", "", ""]
        self.canned.append("\r\n".join(lines).encode() + body)

    def freeze(self) -> None:
        """Let nothing more through the connections that are open now, and leave them open."""
        self._frozen |= self._writers

    def cut(self) -> None:
        """Break every connection that is open."""
        for writer in self._writers:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            up_reader, up_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.transport.abort()
            return
        mine = {writer, up_writer}
        self._writers |= mine
        try:
            ways = [
                asyncio.create_task(self._up(reader, up_writer, writer)),
                asyncio.create_task(self._down(up_reader, writer)),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        finally:
            self._writers -= mine
            for one in mine:
                one.close()
                with suppress(OSError):
                    await one.wait_closed()

    async def _up(
        self, reader: asyncio.StreamReader, server: asyncio.StreamWriter, client: asyncio.StreamWriter
    ) -> None:
        while piece := await reader.read(65536):
            if piece.split(b" ", 1)[0] in {b"GET", b"POST", b"PATCH"}:
                self.requests.append(piece)
            if self.canned:
                client.write(self.canned.popleft())
                await client.drain()
                return
            server.write(piece)
            await server.drain()

    async def _down(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65536):
            if client in self._frozen:
                continue
            if self.lose_replies:
                self.lose_replies -= 1
                return
            client.write(piece)
            await client.drain()


@asynccontextmanager
async def proxy(target: str) -> AsyncGenerator[Proxy]:
    """A proxy in front of this address."""
    between = Proxy(target)
    server = await asyncio.start_server(between.serve, "127.0.0.1", 0)
    between.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield between
    finally:
        server.close()
        between.cut()
        await server.wait_closed()
