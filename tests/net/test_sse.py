"""Server-sent events: every way to write them, resumption, and every way in which a stream can break."""

import asyncio
import time
from collections.abc import Sequence

import pytest
from aiohttp import web

from openhandover.core.errors import ProviderAuthError, ProviderUnavailable, SessionGone
from openhandover.net.client import HttpClient, Request
from openhandover.net.errors import TooLarge, Unreachable
from openhandover.net.guard import Guard
from openhandover.net.sse import Parser, ServerSent, server_sent
from openhandover.net.statuses import MESSAGE
from tests.net.loopback import serving

TEXT = (
    b"\xef\xbb\xbf: hello\n\nid: 1\nevent: joined\ndata: {}\n\ndata:one\ndata: two\n\n"
    b"id\nid: 2\n\nretry: 5\ndata\n\nid: a\0b\nfoo: bar\nevent: gr\xc3\xbc\xc3\x9fe\ndata:  x\n\n"
)
EVENTS = [
    ServerSent("joined", "{}", "1"),
    ServerSent("message", "one\ntwo", "1"),
    ServerSent("message", "", "2"),
    ServerSent("grüße", " x", "2"),
]


def test_a_line_that_comes_letter_by_letter_costs_its_length() -> None:
    """Whoever drips an endless line does not keep us busy with what came before."""
    parser, began = Parser(1 << 20), time.process_time()
    for _ in range(200_000):
        assert parser.feed(b"a") == []
    assert time.process_time() - began < 2


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_events_are_the_same_however_they_are_cut_and_ended(newline: bytes, size: int) -> None:
    """All three line ends, chunks of any size, comments, unknown fields, names and texts in UTF-8."""
    parser, text = Parser(1000), TEXT.replace(b"\n", newline)
    found = [event for at in range(0, len(text), size) for event in parser.feed(text[at : at + size])]
    assert found == EVENTS


@pytest.mark.parametrize("text", [b"data: " + b"x" * 200, b"data: x\n" * 30])
def test_one_event_has_a_limit(text: bytes) -> None:
    """A vendor gone mad does not fill the memory, be it by one line or by many."""
    with pytest.raises(TooLarge):
        Parser(100).feed(text)
    assert Parser(100).feed(b"data: 1234567890\n\n" * 50)


class Vendor:
    """Answers with one stream: these chunks, then what `end` says."""

    def __init__(self, chunks: Sequence[bytes] = (), end: str = "open", status: int = 200) -> None:
        self.chunks, self.end, self.status = chunks, end, status
        self.closed = asyncio.Event()
        self.asked: list[str] = []

    async def called(self, request: web.Request) -> web.StreamResponse:
        """Every call."""
        self.asked.append(request.headers.get("Last-Event-ID", ""))
        if self.status != 200:
            return web.Response(status=self.status, headers={"Retry-After": "7"}, body=b"x" * 100_000)
        answer = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await answer.prepare(request)
        for chunk in self.chunks:
            await answer.write(chunk)
        if self.end == "abort" and request.transport:
            request.transport.abort()
        while self.end == "open" and not (request.transport is None or request.transport.is_closing()):
            await asyncio.sleep(0.01)
        self.closed.set()
        return answer


async def read(vendor: Vendor, count: int | None = None, silence_s: float = 5) -> list[ServerSent]:
    """The first events, or all until it breaks."""
    found: list[ServerSent] = []
    async with serving(vendor.called) as url, HttpClient() as http:
        request = Request(method="GET", url=url, headers={"Last-Event-ID": "9"}, guard=Guard(["127.0.0.1"]))
        async for event in server_sent(http, request, MESSAGE, silence_s=silence_s):
            found.append(event)
            if len(found) == count:
                break
        await asyncio.wait_for(vendor.closed.wait(), 5)
    return found


async def test_events_are_there_before_the_answer_has_ended() -> None:
    """One by one, and the connection is given up when nobody reads on."""
    vendor = Vendor([b"data: 1\n", b"\ndata: 2\n\nda", b"ta: 3\n\n"])
    assert [event.data for event in await read(vendor, 3)] == ["1", "2", "3"]
    assert vendor.asked == ["9"]


@pytest.mark.parametrize(
    ("vendor", "words"),
    [
        (Vendor([b"data: 1\n\n"], "end"), "The stream ended"),
        (Vendor([b"data: 1\n\n"], "abort"), "broke off"),
        (Vendor([b"data: 1\n\n"]), "Nothing came for 0.2 s"),
        (Vendor(status=204), "HTTP status 204 instead of a stream"),
    ],
)
async def test_a_stream_that_stops_is_unreachable(vendor: Vendor, words: str) -> None:
    """An end, a broken connection and silence all mean: try again from the last id."""
    with pytest.raises(Unreachable, match=words):
        await read(vendor, silence_s=0.2)


@pytest.mark.parametrize(
    ("status", "kind"), [(401, ProviderAuthError), (404, SessionGone), (503, ProviderUnavailable)]
)
async def test_a_refused_stream_raises_by_its_status(status: int, kind: type[Exception]) -> None:
    """As any other call, with the pause that the vendor asks for."""
    with pytest.raises(kind) as found:
        await read(Vendor(status=status))
    assert getattr(found.value, "retry_after_s", None) == 7


async def test_a_vendor_that_is_not_there() -> None:
    """No connection, and a url that cannot be sent."""
    async with HttpClient() as http:
        for url, words in (("http://127.0.0.1:9", "No connection"), ("no url", "cannot be sent")):
            with pytest.raises(Exception, match=words):
                async for _ in server_sent(http, Request(method="GET", url=url), MESSAGE):
                    pass
