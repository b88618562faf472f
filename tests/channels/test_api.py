"""Webhooks of the `api` channel against real receivers on loopback."""

import base64
import hashlib
import hmac

import pytest
from aiohttp import web

from openhandover.channels.api import ApiChannel
from openhandover.net.client import HttpClient
from openhandover.net.guard import Guard
from openhandover.net.statuses import Outcome
from tests.net.loopback import serving
from tests.ports import free_port

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVENT = b'{"id":"c1:7","type":"message.created"}'


async def test_an_event_goes_out_signed_and_byte_for_byte() -> None:
    """The receiver can check the signature by the text of the standard alone; a retry has the same id and body."""
    seen: list[tuple[dict[str, str], bytes]] = []

    async def receiver(request: web.Request) -> web.Response:
        seen.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        return web.Response(status=503 if len(seen) == 1 else 204)

    async with serving(receiver) as origin, HttpClient() as client:
        channel = ApiChannel("api", origin, (SECRET,), client, Guard([origin]))
        first = await channel.deliver("c1:7", EVENT)
        second = await channel.deliver("c1:7", EVENT)
    assert (first.outcome.kind, second.outcome.kind) == ("retry", "delivered")
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    for headers, body in seen:
        signed = f"c1:7.{headers['webhook-timestamp']}.".encode() + EVENT
        expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        assert headers["webhook-id"] == "c1:7"
        assert headers["webhook-signature"] == f"v1,{expected}"
        assert headers["content-type"] == "application/json"
        assert body == EVENT


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome("delivered")),
        (307, Outcome("retry")),
        (401, Outcome("retry")),
        (404, Outcome("refused")),
        (410, Outcome("gone")),
        (429, Outcome("retry", 9.0)),
        (500, Outcome("retry")),
    ],
)
async def test_what_the_receiver_answers(status: int, outcome: Outcome) -> None:
    """Delivered, to be repeated, counted as refused, or given up at once; redirects are not followed."""
    headers = {"Retry-After": "9"} if status == 429 else {"Location": "/x"} if status == 307 else {}
    calls: list[str] = []

    async def receiver(request: web.Request) -> web.Response:
        calls.append(request.path)
        return web.Response(status=status, headers=headers)

    async with serving(receiver) as origin, HttpClient() as client:
        channel = ApiChannel("api", f"{origin}/hook", (SECRET,), client, Guard([origin]))
        posted = await channel.deliver("c1:7", EVENT)
    assert (posted.outcome, posted.detail, calls) == (outcome, f"HTTP status {status}", ["/hook"])


async def test_a_receiver_that_is_down_is_tried_again() -> None:
    """No answer is no verdict."""
    origin = f"http://127.0.0.1:{free_port()}"
    async with HttpClient() as client:
        channel = ApiChannel("api", origin, (SECRET,), client, Guard([origin]))
        posted = await channel.deliver("c1:7", EVENT)
    assert posted.outcome == Outcome("retry")


async def test_a_private_receiver_is_refused_with_the_remedy() -> None:
    """The target rules hold for webhooks; the detail names the setting."""
    reached: list[str] = []

    async def receiver(request: web.Request) -> web.Response:
        reached.append(request.path)
        return web.Response()

    async with serving(receiver) as origin, HttpClient() as client:
        posted = await ApiChannel("api", origin, (SECRET,), client, Guard()).deliver("c1:7", EVENT)
    assert posted.outcome == Outcome("refused")
    assert "outbound.allow" in posted.detail
    assert reached == []


async def test_a_receiver_that_answers_far_too_much_has_the_event() -> None:
    """Its 2xx counts; the flood behind it is cut."""

    async def receiver(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * 2_000_000)

    async with serving(receiver) as origin, HttpClient() as client:
        posted = await ApiChannel("api", origin, (SECRET,), client, Guard([origin])).deliver("c1:7", EVENT)
    assert posted.outcome == Outcome("delivered")


@pytest.mark.parametrize("secrets", [(), ("",), (None,), ("hush",)])
def test_a_webhook_without_a_proper_secret_cannot_be_made(secrets: tuple[str | None, ...]) -> None:
    """Nothing goes out unsigned."""
    with pytest.raises(ValueError, match="whsec_"):
        ApiChannel("api", "http://h", secrets, HttpClient(), Guard())
