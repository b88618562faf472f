"""Hostile connections: who sends half, too much, nonsense or reads nothing gets a clear end, and costs little."""

import asyncio
import json
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from openhandover.web import connections
from tests.serving import KEY, Server, running_server
from tests.web.raw_line import line

AUTHORISED = f"Host: x\r\nAuthorization: Bearer {KEY}\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time for a request is short."""
    monkeypatch.setattr(connections, "REQUEST_S", 0.2)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    "half",
    [
        b"G",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ",
        b"\r\n\r\n",
        f"POST /v1/conversations HTTP/1.1\r\n{AUTHORISED}Content-Length: 50\r\n\r\n{{".encode(),
        f"POST /v1/conversations HTTP/1.1\r\n{AUTHORISED}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n".encode(),
        f"POST /v1/uploads HTTP/1.1\r\n{AUTHORISED}Content-Type: multipart/form-data; boundary=b\r\n"
        "Content-Length: 500\r\n\r\n--b\r\n".encode(),
    ],
    ids=["first byte", "head", "empty lines", "body", "chunks", "upload"],
)
async def test_half_a_request_has_an_end(server: Server, half: bytes) -> None:
    """A request that does not go on is answered with 408, and the connection ends."""
    async with line(server) as raw:
        raw.writer.write(half)
        assert await raw.refused() == "too_slow"


@pytest.mark.usefixtures("hasty")
async def test_who_says_nothing_is_not_answered(server: Server) -> None:
    """A connection on which nothing came ends without a word: browsers open some in advance."""
    async with line(server) as raw:
        assert await raw.rest() == b""


@pytest.mark.usefixtures("hasty")
async def test_drops_do_not_keep_a_request_alive(server: Server) -> None:
    """A byte now and then does not keep a request alive."""
    async with line(server) as raw:

        async def drip() -> None:
            raw.writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            while True:
                raw.writer.write(b"a")
                await raw.writer.drain()
                await asyncio.sleep(0.01)

        dripping = asyncio.create_task(drip())
        assert await raw.refusal() == "too_slow"
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)


@pytest.mark.usefixtures("hasty")
async def test_a_slow_but_steady_body_is_taken(server: Server) -> None:
    """What goes on coming may take longer than a request that does not: here four times as long."""
    body = json.dumps({"channel": "api", "user": {"id": "u"}, "context": {"a": "a" * 30_000}}).encode()
    async with line(server) as raw:
        head = f"POST /v1/conversations HTTP/1.1\r\n{AUTHORISED}Content-Length: {len(body)}\r\n\r\n"
        raw.writer.write(head.encode() + body[:30_000])
        await asyncio.sleep(0.8)
        raw.writer.write(body[30_000:])
        assert (await raw.answer())[0] == 201


@pytest.mark.usefixtures("hasty")
async def test_an_early_answer_does_not_keep_the_rest_waiting(server: Server) -> None:
    """Who is refused before the body is there cannot take for ever over it."""
    async with line(server) as raw:
        raw.writer.write(b"POST /v1/conversations HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{")
        assert (await raw.answer())[0] == 401
        assert await raw.rest() == b""


async def test_the_rest_after_an_early_answer(server: Server) -> None:
    """Who is refused before the body is there may still send it, and go on."""
    async with line(server) as raw:
        raw.writer.write(b"POST /v1/conversations HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{")
        assert (await raw.answer())[0] == 401
        raw.writer.write(b"}" + HEALTH)
        assert (await raw.answer())[0] == 200


@pytest.mark.usefixtures("hasty")
async def test_a_byte_after_an_answer_begins_the_wait_anew(server: Server) -> None:
    """A connection that is kept for further requests is not kept by half of one."""
    async with line(server) as raw:
        raw.writer.write(HEALTH)
        assert (await raw.answer())[0] == 200
        raw.writer.write(b"GE")
        assert await raw.refused() == "too_slow"


@pytest.mark.parametrize(
    ("part", "separator"), [(b"X-Long: ", b""), (b"", b"a: b\r\n")], ids=["one header", "many headers"]
)
async def test_a_head_has_a_limit(server: Server, part: bytes, separator: bytes) -> None:
    """A head that does not end is refused, before much of it is kept."""
    async with line(server) as raw:
        head = (
            b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + part + (separator or b"a") * connections.MAX_HEAD_BYTES
        )
        raw.writer.write(head[: connections.MAX_HEAD_BYTES + 1])
        assert await raw.refused() == "head_too_large"


async def test_a_whole_head_over_the_limit(server: Server) -> None:
    """A head that is too long is refused also where it came in one piece; one below the limit is taken."""
    for size, refused in ((connections.MAX_HEAD_BYTES, True), (connections.MAX_HEAD_BYTES - 1_000, False)):
        async with line(server) as raw:
            raw.writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * size + b"\r\n\r\n")
            if refused:
                assert await raw.refused() == "head_too_large"
            else:
                assert (await raw.answer())[0] == 200


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://x HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A : b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: b\rX-B: c\r\n\r\n",
    ],
)
async def test_what_is_no_http(server: Server, nonsense: bytes) -> None:
    """What is no request, or may be read as two different ones, is refused, and nothing after it is taken."""
    async with line(server) as raw:
        raw.writer.write(nonsense)
        assert await raw.refused() == "bad_http"


async def test_a_broken_chunk(server: Server) -> None:
    """A body that breaks the rules in its middle is refused."""
    async with line(server) as raw:
        head = f"POST /v1/conversations HTTP/1.1\r\n{AUTHORISED}Transfer-Encoding: chunked\r\n\r\n"
        raw.writer.write(head.encode() + b"zz\r\n")
        assert await raw.refused() == "bad_http"


async def test_nonsense_after_a_request(server: Server) -> None:
    """A request is answered, whatever comes after it; then the connection ends."""
    async with line(server) as raw:
        raw.writer.write(HEALTH + b"\x00\x00\x00\r\n\r\n")
        status, headers, _ = await raw.answer()
        assert (status, headers["connection"]) == (200, "close")
        assert await raw.rest() == b""


async def test_a_trailer_is_no_header(server: Server) -> None:
    """What comes after a body gives nobody a key, an address or a signature: no proxy has looked at it."""
    async with line(server) as raw:
        body = b'{"channel":"api","user":{"id":"u"}}'
        raw.writer.write(
            b"POST /v1/conversations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"%x\r\n%s\r\n0\r\nAuthorization: Bearer %s\r\n\r\n" % (len(body), body, KEY.encode())
        )
        assert (await raw.answer())[0] == 401


async def test_pipelined_requests(server: Server) -> None:
    """Requests that do not wait for answers get them in order."""
    async with line(server) as raw:
        raw.writer.write(HEALTH + b"GET /none HTTP/1.1\r\nHost: x\r\n\r\n" + HEALTH)
        assert [(await raw.answer())[0] for _ in range(3)] == [200, 404, 200]


async def test_too_many_pipelined_requests(server: Server) -> None:
    """Of thousands of requests at once the first are answered; the others are not kept."""
    async with line(server) as raw:
        raw.writer.write(HEALTH * 3_000)
        answers = (await raw.rest()).count(b"HTTP/1.1 200")
        assert connections.MOST_PIPELINED <= answers < 3_000


async def test_a_stream_ends_though_a_request_waits_behind_it(server: Server) -> None:
    """A client that has left is noticed also where it had asked for more than the stream."""
    chat = (await server.conversation())["id"]
    listening = server.engine.feed._listeners  # pyright: ignore[reportPrivateUsage]
    async with line(server) as raw:
        path = f"/v1/conversations/{chat}/events"
        raw.writer.write(f"GET {path} HTTP/1.1\r\n{AUTHORISED}Accept: text/event-stream\r\n\r\n".encode())
        await raw.reader.readuntil(b"connected")
        raw.writer.write(HEALTH)
        await server.until(f"/v1/conversations/{chat}", lambda _: chat in listening)
    async with asyncio.timeout(10):
        while chat in listening:
            await server.said(chat)


async def test_an_old_client(server: Server) -> None:
    """HTTP/1.0 is answered, and the connection ends."""
    async with line(server) as raw:
        raw.writer.write(b"GET /healthz HTTP/1.0\r\n\r\n")
        status, headers, _ = await raw.answer()
        assert (status, headers["connection"]) == (200, "close")
        assert await raw.rest() == b""


@pytest.mark.parametrize(
    "offered",
    [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
        "Connection: upgrade\r\n",
    ],
    ids=["http/2", "a proxy's habit"],
)
@pytest.mark.parametrize("cut", [10, 0, -1], ids=["in pieces", "head first", "at once"])
async def test_an_upgrade_that_we_do_not_know(server: Server, offered: str, cut: int) -> None:
    """A client that offers another protocol beside its request (curl offers HTTP/2) is answered as if it had not."""
    body = b'{"channel":"api","user":{"id":"u"}}'
    async with line(server) as raw:
        for _ in range(2):
            head = (
                f"POST /v1/conversations HTTP/1.1\r\n{AUTHORISED}{offered}Content-Length: {len(body)}\r\n\r\n"
            )
            raw.writer.write(head.encode() + body[:cut])
            await raw.writer.drain()
            raw.writer.write(body[cut:])
            assert (await raw.answer())[0] == 201


async def test_a_tunnel_is_refused(server: Server) -> None:
    """The server is no proxy."""
    async with line(server) as raw:
        raw.writer.write(b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n")
        assert await raw.refused() == "bad_http"


async def test_who_reads_nothing_is_gone_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that takes nothing of what it asked for loses its connection, and what was made for it is freed."""
    monkeypatch.setattr(connections, "UNREAD_S", 0.5)
    async with running_server(tmp_path) as server:
        chat = (await server.conversation())["id"]
        listening = server.engine.feed._listeners  # pyright: ignore[reportPrivateUsage]
        address = urlsplit(server.url)
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
            deaf.connect((address.hostname, address.port))
            path = f"/v1/conversations/{chat}/events"
            deaf.sendall(f"GET {path} HTTP/1.1\r\n{AUTHORISED}Accept: text/event-stream\r\n\r\n".encode())
            await server.until(f"/v1/conversations/{chat}", lambda _: chat in listening)
            async with asyncio.timeout(30):
                while chat in listening:
                    await server.said(chat, text="a" * 30_000)
