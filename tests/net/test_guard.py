"""Which targets may be reached: judged on real connections and on odd spellings."""

from ipaddress import ip_address

import pytest
from aiohttp import web
from yarl import URL

from openhandover.net.client import HttpClient, Request
from openhandover.net.errors import Blocked, Unreachable, Unsendable
from openhandover.net.guard import Guard, is_public

from .loopback import serving


async def fine(_: web.Request) -> web.Response:
    return web.Response(text="inside")


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::808:808",
        "2001:0:4136:e378::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_private_addresses_in_every_disguise_are_not_public(address: str) -> None:
    """Loopback, private, link-local, multicast, reserved, and IPv4 wrapped in IPv6."""
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::808:808", "2606:4700:4700::1111"])
def test_public_addresses_are_public(address: str) -> None:
    """Also a public IPv4 address wrapped in IPv6."""
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "LOCALHOST",
        "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
        "127。0。0。1",
        "user:word@127.0.0.1",
        "public.example@127.0.0.1",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "127.1",
        "127.0.0.1.",
    ],
)
async def test_odd_spellings_of_loopback_are_blocked(host: str) -> None:
    """No spelling of a private target reaches the server that listens there."""
    reached: list[str] = []

    async def listening(request: web.Request) -> web.Response:
        reached.append(request.path)
        return web.Response()

    async with serving(listening) as origin, HttpClient() as client:
        port = origin.rpartition(":")[2]
        with pytest.raises(Blocked):
            await client.send(Request(method="GET", url=f"http://{host}:{port}/", guard=Guard(), timeout_s=5))
    assert reached == []


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/", "//127.0.0.1/", "gopher://x/", "/path"]
)
async def test_only_absolute_http_urls_are_called(url: str) -> None:
    """Another scheme is refused before anything is resolved."""
    async with HttpClient() as client:
        with pytest.raises(Unsendable):
            await client.send(Request(method="GET", url=url, guard=Guard()))


@pytest.mark.parametrize("form", ["origin", "host", "address", "cidr", "upper"])
async def test_what_the_owner_allows_is_reached(form: str) -> None:
    """Origins, hosts, addresses and CIDRs of `outbound.allow` open exactly their target."""
    async with serving(fine) as origin, HttpClient() as client:
        port = origin.rpartition(":")[2]
        url = f"http://localhost:{port}/"
        allow = {
            "origin": f"http://localhost:{port}",
            "host": "localhost",
            "address": "127.0.0.1",
            "cidr": "127.0.0.0/8",
            "upper": f"HTTP://LOCALHOST:{port}/",
        }[form]
        reply = await client.send(Request(method="GET", url=url, guard=Guard([allow])))
    assert reply.body == b"inside"


async def test_an_allowed_origin_does_not_open_the_port_beside_it() -> None:
    """An origin is one host and one port."""
    async with serving(fine) as allowed, serving(fine) as beside, HttpClient() as client:
        with pytest.raises(Blocked):
            await client.send(Request(method="GET", url=beside, guard=Guard([allowed])))


async def test_a_redirect_inside_is_blocked() -> None:
    """Every hop is judged, not only the first."""
    async with serving(fine) as inside:

        async def lure(_: web.Request) -> web.Response:
            return web.Response(status=302, headers={"Location": inside})

        async with serving(lure) as outside, HttpClient() as client:
            with pytest.raises(Blocked):
                await client.send(Request(method="GET", url=outside, guard=Guard([outside]), redirects=5))


async def test_a_connection_made_without_guard_is_not_reused_under_it() -> None:
    """A pooled connection to a provider opens no way in for a flow."""
    async with serving(fine) as origin, HttpClient() as client:
        url = origin.replace("127.0.0.1", "localhost")
        assert (await client.send(Request(method="GET", url=url))).body == b"inside"
        with pytest.raises(Blocked):
            await client.send(Request(method="GET", url=url, guard=Guard()))


async def test_a_name_that_does_not_exist_is_unreachable() -> None:
    """That may heal, so it is not a refusal."""
    async with HttpClient() as client:
        with pytest.raises(Unreachable):
            await client.send(
                Request(method="GET", url="http://no-such-host.invalid/", guard=Guard(), timeout_s=20)
            )


@pytest.mark.parametrize(
    "entry", ["http://", "http://h/path", "h:80", "10.0.0.0/99", "a b", "", "http://u:p@h"]
)
def test_a_malformed_entry_is_refused_with_its_text(entry: str) -> None:
    """The message names the entry, so that it can be found in the file."""
    with pytest.raises(ValueError, match="is n") as raised:
        Guard([entry])
    assert repr(entry) in str(raised.value)


def test_a_cidr_also_covers_the_address_wrapped_in_ipv6() -> None:
    """10.0.0.0/8 permits ::ffff:10.1.2.3, which reaches the same machine."""
    guard = Guard(["10.0.0.0/8"])
    guard.check(URL("http://[::ffff:10.1.2.3]/"))
    with pytest.raises(Blocked):
        guard.check(URL("http://[::ffff:127.0.0.1]/"))
