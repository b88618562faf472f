"""What servers do on the wire, byte by byte, and what the client makes of it."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from openhandover.net import pool
from openhandover.net.client import HttpClient, Reply, Request
from openhandover.net.errors import TooLarge, Unreachable

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CLOSE = b""
"""In place of an answer: hang up."""


class Wire:
    """A server that answers the n-th request it gets with the n-th of its answers, whatever was asked."""

    def __init__(self, answers: Sequence[bytes], *, piece: int = 1 << 20) -> None:
        self._answers = list(answers)
        self._piece = piece
        self.url = ""
        self.requests: list[bytes] = []
        self.connections = 0
        self.open = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        self.open += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    (int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Len")), 0
                )
                self.requests.append(head + await reader.readexactly(length))
                answer = self._answers.pop(0)
                for start in range(0, len(answer), self._piece):
                    writer.write(answer[start : start + self._piece])
                    await writer.drain()
                if answer == CLOSE or b"Connection: close" in answer or b"HTTP/1.0" in answer:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            writer.close()


@asynccontextmanager
async def wired(
    *answers: bytes, piece: int = 1 << 20, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Wire]:
    """A wire on a free port."""
    wire = Wire(answers, piece=piece)
    server = await asyncio.start_server(wire.talk, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    wire.url = f"https://localhost:{port}/" if tls else f"http://127.0.0.1:{port}/"
    async with server:
        yield wire


async def get(client: HttpClient, wire: Wire, method: str = "GET", max_bytes: int = 1000) -> Reply:
    """One call."""
    return await client.send(Request(method=method, url=wire.url, max_bytes=max_bytes, timeout_s=5))


@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
async def test_a_chunked_answer_comes_together(piece: int) -> None:
    """Chunks, their extensions and trailers are framing, in whatever pieces they arrive."""
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n there\r\n0\r\nX-End: 1\r\n\r\n"
    async with wired(answer, PLAIN, piece=piece) as wire, HttpClient() as client:
        assert (await get(client, wire)).body == b"hello there"
        assert (await get(client, wire)).body == b"ok"
    assert wire.connections == 1


async def test_an_answer_without_length_ends_with_its_connection() -> None:
    """As old servers do."""
    async with wired(b"HTTP/1.0 200 OK\r\nX: 1\r\n\r\nall of it", PLAIN) as wire, HttpClient() as client:
        assert (await get(client, wire)).body == b"all of it"
        assert (await get(client, wire)).body == b"ok"
    assert wire.connections == 2


async def test_an_interim_answer_is_passed_over() -> None:
    """103 and 100 announce the answer; they are not the answer."""
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    async with wired(interim + PLAIN) as wire, HttpClient() as client:
        reply = await get(client, wire)
    assert (reply.status, reply.body, "Link" in reply.headers) == (200, b"ok", False)


async def test_a_connection_that_ends_after_an_interim_answer_gave_none() -> None:
    """An announcement alone is no answer."""
    async with (
        wired(b"HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n") as wire,
        HttpClient() as client,
    ):
        with pytest.raises(Unreachable, match="broke off"):
            await get(client, wire)


async def test_the_answer_to_head_has_no_body() -> None:
    """Its length is that of the body that was not sent; the next call is not confused by it."""
    async with (
        wired(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", PLAIN) as wire,
        HttpClient() as client,
    ):
        reply = await get(client, wire, "HEAD")
        assert (reply.status, reply.headers["content-length"], reply.body) == (200, "10", b"")
        assert (await get(client, wire)).body == b"ok"


async def test_an_empty_answer_leaves_the_connection_open() -> None:
    """204 tells no length and has no body."""
    async with wired(b"HTTP/1.1 204 No Content\r\n\r\n", PLAIN) as wire, HttpClient() as client:
        assert (await get(client, wire, "POST")).status == 204
        assert (await get(client, wire, "POST")).body == b"ok"
    assert wire.connections == 1


async def test_the_answer_before_is_not_the_answer_to_a_call_that_gets_none() -> None:
    """A server that hangs up says nothing about this call, whatever it said before."""
    async with wired(b"HTTP/1.1 204 No Content\r\n\r\n", CLOSE) as wire, HttpClient() as client:
        await get(client, wire, "POST")
        with pytest.raises(Unreachable, match="broke off"):
            await get(client, wire, "POST")
    assert wire.connections == 1


async def test_a_question_that_changes_nothing_is_put_again_when_the_connection_was_just_closed() -> None:
    """A server may close an idle connection in the moment it is used; a POST is the caller's to repeat."""
    async with wired(PLAIN, CLOSE, PLAIN) as wire, HttpClient() as client:
        await get(client, wire)
        assert (await get(client, wire)).body == b"ok"
    assert wire.connections == 2


async def test_what_nobody_asked_for_answers_no_later_call() -> None:
    """An answer too many is dropped together with its connection."""
    forged = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
    async with wired(PLAIN + forged, PLAIN) as wire, HttpClient() as client:
        assert (await get(client, wire)).body == b"ok"
        assert (await get(client, wire)).body == b"ok"
    assert wire.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nbytes",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_what_is_not_http_is_no_answer(answer: bytes) -> None:
    """Nothing is guessed from an answer that breaks the rules."""
    async with wired(answer) as wire, HttpClient() as client:
        with pytest.raises(Unreachable, match="broke off"):
            await get(client, wire)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1;" + b"x" * 200_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001,
    ],
)
async def test_an_answer_out_of_proportion_is_refused(answer: bytes) -> None:
    """Headers and framing are limited like the body, so that nobody can fill our memory."""
    async with wired(answer) as wire, HttpClient() as client:
        with pytest.raises(TooLarge):
            await get(client, wire)


async def test_a_body_that_was_packed_though_we_did_not_ask_is_unpacked() -> None:
    """Some servers know only one way to answer."""
    packed = gzip.compress(b"hello")
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    async with wired(head + packed) as wire, HttpClient() as client:
        assert (await get(client, wire)).body == b"hello"
    assert b"Accept-Encoding: identity\r\n" in wire.requests[0]


@pytest.mark.parametrize(
    ("packing", "body"), [("gzip", b"no gzip"), ("gzip", gzip.compress(b"x" * 99)[:20]), ("br", b"x")]
)
async def test_a_body_that_cannot_be_unpacked_is_no_answer(packing: str, body: bytes) -> None:
    """Half of a packed body is not half of the body."""
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {packing}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    async with wired(head + body) as wire, HttpClient() as client:
        with pytest.raises(Unreachable, match="packed"):
            await get(client, wire)


async def test_a_call_that_took_too_long_takes_its_connection_along() -> None:
    """The answer that comes after all is nobody's."""
    async with wired(PLAIN[:20], PLAIN) as wire, HttpClient() as client:
        with pytest.raises(Unreachable, match="within"):
            await client.send(Request(method="GET", url=wire.url, timeout_s=0.1))
        assert (await get(client, wire)).body == b"ok"
    assert wire.connections == 2


async def test_idle_connections_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that is called once does not keep a socket for ever."""
    monkeypatch.setattr(pool, "_IDLE_S", 0.05)
    async with wired(PLAIN) as wire, HttpClient() as client:
        await get(client, wire)
        async with asyncio.timeout(5):
            while wire.open:
                await asyncio.sleep(0.01)


async def test_closing_ends_calls_under_way() -> None:
    """Nobody waits for an answer of a client that is closed."""
    async with wired(PLAIN[:20]) as wire, HttpClient() as client:
        call = asyncio.create_task(get(client, wire))
        async with asyncio.timeout(5):
            while not wire.requests:
                await asyncio.sleep(0.01)
        await client.close()
        with pytest.raises(Unreachable, match="broke off"):
            await call


async def test_framing_is_ours() -> None:
    """A caller's own length or encoding of the body would make two requests of one."""
    headers = {
        "content-length": "1",
        "Transfer-Encoding": "chunked",
        "Connection": "close",
        "Accept": "text/x",
    }
    async with wired(PLAIN) as wire, HttpClient() as client:
        await client.send(Request(method="POST", url=wire.url, headers=headers, body=b"hello"))
    head, _, body = wire.requests[0].partition(b"\r\n\r\n")
    assert body == b"hello"
    assert head.lower().count(b"content-length: 5") == head.lower().count(b"content-length") == 1
    assert b"chunked" not in head
    assert head.count(b"Accept: ") == 1


async def test_credentials_in_the_url_are_sent_as_such() -> None:
    """`user:password@host` is what people write for basic authentication."""
    async with wired(PLAIN) as wire, HttpClient() as client:
        url = wire.url.replace("//", "//anna:p%40ss@")
        await client.send(Request(method="GET", url=url))
    assert b"Authorization: Basic YW5uYTpwQHNz\r\n" in wire.requests[0]


@pytest.fixture
def certificate() -> ssl.SSLContext:
    """The server's side of TLS, with a certificate for localhost that nobody has signed."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(Path(__file__).parent / "localhost.pem")
    return context


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(certificate: ssl.SSLContext) -> None:
    """Nothing is sent to a server that cannot show who it is."""
    async with wired(PLAIN, tls=certificate) as wire, HttpClient() as client:
        with pytest.raises(Unreachable, match="SSLCertVerificationError"):
            await get(client, wire)
    assert wire.requests == []


async def test_an_encrypted_connection_is_kept_too(
    certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a certificate that the machine trusts, calls go through, on one connection."""
    monkeypatch.setenv("SSL_CERT_FILE", str(Path(__file__).parent / "localhost.pem"))
    pool._tls.cache_clear()
    try:
        async with wired(PLAIN, PLAIN, tls=certificate) as wire, HttpClient() as client:
            assert (await get(client, wire)).body == b"ok"
            assert (await get(client, wire, "POST")).body == b"ok"
        assert wire.connections == 1
    finally:
        pool._tls.cache_clear()
