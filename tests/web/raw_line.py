"""A raw connection to a server, for what no well-behaved client sends."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from tests.serving import Server


class Line:
    """A raw connection to a server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """The next answer with its length told: status, headers, body."""
        async with asyncio.timeout(10):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return int(head[0].split()[1]), headers, body

    async def refused(self) -> str:
        """The code of the answer that ends this connection; after it nothing comes."""
        code = await self.refusal()
        assert await self.rest() == b""
        return code

    async def refusal(self) -> str:
        """The code of the answer that is the last one. Who still sends is told the end by a reset."""
        status, headers, body = await self.answer()
        assert headers["connection"] == "close", headers
        assert headers["content-type"] == "application/problem+json"
        problem = json.loads(body)
        assert problem["status"] == status
        code: str = problem["code"]
        return code

    async def rest(self) -> bytes:
        """Everything until the server ends the connection."""
        async with asyncio.timeout(10):
            return await self.reader.read()


@asynccontextmanager
async def line(server: Server) -> AsyncIterator[Line]:
    """Connect."""
    address = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield Line(reader, writer)
    finally:
        writer.close()
