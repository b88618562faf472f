"""The HTTP client against real servers on loopback."""

import asyncio
import json

import pytest
from aiohttp import web

from openhandover.core.errors import ProviderError, ProviderRejected, ProviderUnavailable
from openhandover.net.client import HttpClient, Request, encode_json
from openhandover.net.errors import TooLarge, Unreachable, Unsendable
from openhandover.net.guard import Guard
from tests.ports import free_port

from .loopback import serving


async def echo(request: web.Request) -> web.Response:
    seen = {
        "method": request.method,
        "path": request.path_qs,
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "body": (await request.read()).decode(),
    }
    return web.json_response(seen)


async def test_a_call_arrives_as_written_and_the_answer_comes_back() -> None:
    """Method, path, headers and body reach the server unchanged; status, headers and body come back."""
    async with serving(echo) as origin, HttpClient() as client:
        reply = await client.send(
            Request(method="PUT", url=f"{origin}/a?b=c%20d", headers={"X-One": "1"}, body=b"hello")
        )
    seen = reply.json()
    assert (reply.status, reply.is_success, reply.headers["content-TYPE"]) == (
        200,
        True,
        "application/json; charset=utf-8",
    )
    assert (seen["method"], seen["path"], seen["body"]) == ("PUT", "/a?b=c%20d", "hello")
    assert seen["headers"]["x-one"] == "1"
    assert seen["headers"]["user-agent"].startswith("openhandover/")


async def test_an_error_status_is_an_answer_not_an_exception() -> None:
    """What a status means is decided by the caller."""

    async def broken(_: web.Request) -> web.Response:
        return web.Response(status=503, headers={"Retry-After": "7"})

    async with serving(broken) as origin, HttpClient() as client:
        reply = await client.send(Request(method="GET", url=origin))
    assert (reply.status, reply.is_success, reply.headers["retry-after"]) == (503, False, "7")


async def test_nobody_listening_is_unreachable() -> None:
    """A refused connection may be tried again, and the text holds neither path nor query."""
    async with HttpClient() as client:
        with pytest.raises(Unreachable) as raised:
            origin = f"http://127.0.0.1:{free_port()}"
            await client.send(Request(method="GET", url=f"{origin}/secret-path?key=hush"))
    assert isinstance(raised.value, ProviderUnavailable)
    assert str(raised.value) == "No connection: Connection refused"


async def test_a_server_without_tls_is_unreachable_by_https() -> None:
    """What is wrong with the connection is said in words."""
    async with serving(echo) as origin, HttpClient() as client:
        with pytest.raises(Unreachable, match="No connection: no TLS is spoken there"):
            await client.send(Request(method="GET", url=origin.replace("http:", "https:")))


async def test_a_slow_answer_is_unreachable_after_the_time_limit() -> None:
    """The limit counts for the whole call, also when the headers came in time."""
    hold = asyncio.Event()

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        await hold.wait()
        return response

    async with serving(drip) as origin, HttpClient() as client:
        with pytest.raises(Unreachable, match=r"within 0\.1 s"):
            await client.send(Request(method="GET", url=origin, timeout_s=0.1))
        hold.set()


async def test_a_connection_cut_in_the_middle_is_unreachable() -> None:
    """Half an answer is no answer."""

    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.abort()
        return response

    async with serving(cut) as origin, HttpClient() as client:
        with pytest.raises(Unreachable, match="broke off"):
            await client.send(Request(method="GET", url=origin))


async def test_an_answer_over_its_limit_is_refused() -> None:
    """The limit holds for what arrives, also when it was compressed to almost nothing."""

    async def bomb(_: web.Request) -> web.Response:
        response = web.Response(body=b"\0" * 3_000_000)
        response.enable_compression(web.ContentCoding.gzip)
        return response

    async with serving(bomb) as origin, HttpClient() as client:
        with pytest.raises(TooLarge) as raised:
            await client.send(Request(method="GET", url=origin, max_bytes=1_000_000))
    assert isinstance(raised.value, ProviderRejected)
    assert raised.value.http_status == 200


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("not a url", {}),
        ("http://", {}),
        ("http://x:99999/", {}),
        ("http://127.1/", {}),
        ("{origin}", {"X-A": "one\r\nX-B: two"}),
        ("{origin}", {"X-A\r\nX-B": "two"}),
    ],
)
async def test_what_cannot_be_sent_is_refused(url: str, headers: dict[str, str]) -> None:
    """A malformed url and a header with a line break are refused, never sent half."""
    reached: list[str] = []

    async def listening(request: web.Request) -> web.Response:
        reached.append(request.path)
        return web.Response()

    async with serving(listening) as origin, HttpClient() as client:
        with pytest.raises(ProviderError) as raised:
            await client.send(
                Request(method="GET", url=url.format(origin=origin), headers=headers, timeout_s=2)
            )
    assert isinstance(raised.value, Unsendable)
    assert raised.value.__cause__ is None
    assert reached == []


async def test_cookies_of_one_answer_do_not_travel_with_the_next_call() -> None:
    """Calls know nothing of each other."""

    async def cookie(request: web.Request) -> web.Response:
        response = web.json_response(dict(request.cookies))
        response.set_cookie("session", "1")
        return response

    async with serving(cookie) as origin, HttpClient() as client:
        url = origin.replace("127.0.0.1", "localhost")
        await client.send(Request(method="GET", url=url))
        reply = await client.send(Request(method="GET", url=url))
    assert reply.json() == {}


async def test_connections_are_reused() -> None:
    """Ten calls in a row use one connection."""
    peers: set[object] = set()

    async def peer(request: web.Request) -> web.Response:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return web.Response()

    async with serving(peer) as origin, HttpClient() as client:
        for _ in range(10):
            await client.send(Request(method="POST", url=origin, body=b"x"))
    assert len(peers) == 1


async def test_without_leave_a_redirect_is_returned() -> None:
    """A webhook's body never goes where its receiver points."""

    async def away(_: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    async with serving(away) as origin, HttpClient() as client:
        reply = await client.send(Request(method="POST", url=origin, body=b"x"))
    assert reply.status == 307


@pytest.mark.parametrize(
    ("status", "method", "arrives", "body"),
    [
        (301, "POST", "GET", ""),
        (302, "POST", "GET", ""),
        (303, "PUT", "GET", ""),
        (307, "POST", "POST", "hello"),
        (308, "PUT", "PUT", "hello"),
        (302, "PUT", "PUT", "hello"),
    ],
)
async def test_redirects_change_the_method_as_the_standard_says(
    status: int, method: str, arrives: str, body: str
) -> None:
    """303 always becomes GET, 301 and 302 only from POST, 307 and 308 never."""

    async def hop(request: web.Request) -> web.Response:
        if request.path == "/first":
            return web.Response(status=status, headers={"Location": "/second"})
        return await echo(request)

    async with serving(hop) as origin, HttpClient() as client:
        reply = await client.send(
            Request(method=method, url=f"{origin}/first", body=b"hello", redirects=5, guard=Guard([origin]))
        )
    seen = reply.json()
    assert (seen["method"], seen["path"], seen["body"]) == (arrives, "/second", body)


async def test_keys_stay_with_the_host_they_were_meant_for() -> None:
    """A redirect to another origin loses Authorization and every header of the caller's own."""
    async with serving(echo) as other:

        async def away(_: web.Request) -> web.Response:
            return web.Response(status=307, headers={"Location": f"{other}/in"})

        async with serving(away) as origin, HttpClient() as client:
            reply = await client.send(
                Request(
                    method="POST",
                    url=origin,
                    headers={"Authorization": "Bearer k", "X-Api-Key": "k", "Content-Type": "text/plain"},
                    body=b"x",
                    redirects=1,
                    guard=Guard([origin, other]),
                )
            )
    headers = reply.json()["headers"]
    assert "authorization" not in headers
    assert "x-api-key" not in headers
    assert headers["content-type"] == "text/plain"


async def test_a_circle_of_redirects_ends() -> None:
    """After the allowed number of hops the call fails."""
    hops: list[str] = []

    async def circle(request: web.Request) -> web.Response:
        hops.append(request.path)
        return web.Response(status=302, headers={"Location": "/again"})

    async with serving(circle) as origin, HttpClient() as client:
        with pytest.raises(Unreachable, match="5 redirects"):
            await client.send(Request(method="GET", url=origin, redirects=5))
    assert len(hops) == 6


def test_the_same_value_is_encoded_to_the_same_bytes() -> None:
    """A retry must repeat its body byte for byte."""
    value = {"b": 1, "a": ["ü", None, 1.5]}
    assert (
        encode_json(value)
        == encode_json(json.loads(encode_json(value)))
        == b'{"b":1,"a":["\xc3\xbc",null,1.5]}'
    )
