"""`check --connect`: the way back, from the contact centre to us."""

import json
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from openhandover.cli.reach import findings
from openhandover.config.load import read
from openhandover.emulators import emulator_of
from tests.net.loopback import serving
from tests.ports import free_port
from tests.providers.http.emulator import SECRET, FaultyDesk
from tests.serving import KEY, running_server


@asynccontextmanager
async def a_desk() -> AsyncGenerator[str]:
    """The url of a desk that lets us in."""
    desk = FaultyDesk()
    async with desk.serving():
        yield desk.url


async def lines(
    folder: Path, desk: str, port: int, public_url: str | None = None, name: str = "d"
) -> list[str]:
    """What the check says of one provider, with + before what is fine."""
    server = f"server: {{port: {port}" + (f", public_url: '{public_url}'" if public_url else "") + "}\n"
    file = folder / "check.yaml"
    file.write_text(f"{server}providers: {{{name}: {{type: http, url: '{desk}', secret: '{SECRET}'}}}}\n")
    loaded = read(file)
    assert not loaded.errors
    return [("+ " if fine else "- ") + line for fine, line in await findings(loaded.config)]


async def test_before_the_server_runs(tmp_path: Path) -> None:
    """The check answers in the server's place, so that the way can be tried before anybody depends on it."""
    port = free_port()
    async with a_desk() as desk:
        assert await lines(tmp_path, desk, port) == [
            "+ providers.d: reached",
            f"+ providers.d: webhooks to http://127.0.0.1:{port}/webhooks/d arrive from this machine only; "
            "set `server.public_url` for others",
        ]


async def test_beside_a_running_server(tmp_path: Path) -> None:
    """The server itself refuses the unsigned call, which proves that it arrived."""
    async with a_desk() as desk:
        text = (
            f"api: {{keys: [{{name: k, key: {KEY}, scopes: [admin]}}]}}\n"
            f"providers: {{d: {{type: http, url: '{desk}', secret: '{SECRET}'}}}}\n"
        )
        async with running_server(tmp_path, text) as server:
            port = int(server.url.rpartition(":")[2])
            with capture_logs() as logged:
                found = await lines(tmp_path, desk, port)
            assert [one["event"] for one in logged] == []  # nobody's secret is wrong
            assert found[1].startswith(f"+ providers.d: webhooks to {server.url}/webhooks/d arrive")
            assert (await lines(tmp_path, desk, port, name="newer"))[1] == (
                f"- providers.newer: webhooks to {server.url}/webhooks/newer reach a server that does not know this "
                "provider; restart it with this file"
            )


async def test_an_address_that_leads_elsewhere(tmp_path: Path) -> None:
    """A proxy's own page is not us: the finding names the setting and what may stand in between."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<h1>Welcome to the proxy</h1>", content_type="text/html")

    async with a_desk() as desk, serving(page) as proxy:
        found = (await lines(tmp_path, desk, free_port(), proxy))[1]
    assert found == (
        f"- providers.d: webhooks to {proxy}/webhooks/d reach something else, which answers 200; change "
        "`server.public_url`, or let it pass /webhooks/ on to this server"
    )


async def test_an_address_that_leads_nowhere(tmp_path: Path) -> None:
    """Nobody there: the finding names the setting."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    async with a_desk() as desk:
        found = (await lines(tmp_path, desk, free_port(), nowhere))[1]
    assert found.startswith(f"- providers.d: webhooks to {nowhere}/webhooks/d do not arrive: No connection")
    assert found.endswith("; change `server.public_url`, or what stands in between")


async def test_a_provider_at_a_wrong_address(tmp_path: Path) -> None:
    """Nobody there, no such host, and somebody else there: each names the setting that holds the address."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    assert (await lines(tmp_path, f"{nowhere}/desk", free_port()))[0] == (
        f"- providers.d: not reached: No connection: Connection refused; check `url` ({nowhere})"
    )
    assert (await lines(tmp_path, "http://nobody.invalid", free_port()))[0] == (
        "- providers.d: not reached: No connection: the host's name is unknown; check `url` (http://nobody.invalid)"
    )

    async def nothing(_: web.Request) -> web.Response:
        return web.Response(status=404)

    async with serving(nothing) as other:
        found = (await lines(tmp_path, other, free_port()))[0]
    assert found == f"- providers.d: reached, but HTTP status 404; check also `url` ({other})"


@pytest.mark.parametrize("what", [b"", b"GET / HTTP/1.1\r\n", b"x" * 100_000])
async def test_somebody_else_knocks_meanwhile(tmp_path: Path, what: bytes) -> None:
    """Whoever calls while the check answers, half a request or none, does not disturb it."""
    port = free_port()

    async def knocks(request: web.Request) -> web.Response:
        with socket.create_connection(("127.0.0.1", port)) as visitor:
            visitor.sendall(what)
        return web.json_response({"open": True})

    async with serving(knocks) as desk:
        found = await lines(tmp_path, desk, port)
    assert [line[0] for line in found] == ["+", "+"]


async def test_who_may_be_woken_by_webhooks(tmp_path: Path) -> None:
    """A vendor that we look at by ourselves is tried as well where it also calls, and does not have to."""
    vendor = emulator_of("livehelperchat")()
    async with vendor:
        settings = {"type": "livehelperchat", **vendor.settings()}
        port = free_port()
        config = {"server": {"port": port}, "providers": {"l": settings}}
        file = tmp_path / "check.yaml"
        file.write_text(json.dumps(config))
        found = await findings(read(file).config)
    assert [fine for fine, _ in found] == [True, True]
    assert f"webhooks to http://127.0.0.1:{port}/webhooks/l arrive" in found[1][1]


async def test_what_only_a_webhook_can_prove(tmp_path: Path) -> None:
    """A secret that the vendor does not tell is not passed over: the check says when it will show."""
    vendor = emulator_of("chatwoot")()
    async with vendor:
        settings = {"type": "chatwoot", **vendor.settings()}
        file = tmp_path / "check.yaml"
        file.write_text(json.dumps({"server": {"port": free_port()}, "providers": {"c": settings}}))
        (reached, _) = await findings(read(file).config)
    assert reached == (
        True,
        "providers.c: reached; whether `webhook_secret` or `webhook_token` is right shows with the first webhook; with "
        "`server.public_url` it can be compared",
    )
