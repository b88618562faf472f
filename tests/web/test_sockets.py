"""Sockets: from the handshake to the end, against a real server and a real client."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from openhandover.config.load import load_text
from openhandover.engine import Engine
from openhandover.web import serve
from openhandover.web.app import App
from openhandover.web.site import make_site
from openhandover.web.sockets import Disconnected, Socket, SocketHandler, SocketRoute
from tests.serving import Server


@asynccontextmanager
async def connected(
    tmp_path: Path, handler: SocketHandler
) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """A client and the address of a server that has this handler at `/rooms/{room}/socket`."""
    config = load_text(f"store: sqlite:{tmp_path}/openhandover.db\n")
    app = App(make_site(Engine(config), config), [], [SocketRoute("/rooms/{room}/socket", handler)])
    listener = serve._bind("127.0.0.1", 0)
    server = serve._Server(serve._uvicorn_config(app))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await asyncio.wait_for(server.answers.wait(), 10)
    try:
        async with aiohttp.ClientSession() as http:
            yield http, f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await asyncio.wait_for(running, 10)
    assert app.site.closing.is_set()


async def test_both_directions_until_the_client_leaves(tmp_path: Path) -> None:
    """Text goes both ways, ids in the path are decoded, and after the client left everything says so."""
    over: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def echo(socket: Socket) -> None:
        await socket.accept()
        await socket.send(f"{socket.path['room']} {socket.header(b'x-who')} {socket.header(b'x-none')}")
        try:
            while True:
                await socket.send(f"{await socket.receive()!r}")
        except Disconnected:
            pass
        with pytest.raises(Disconnected):
            await socket.send("anybody?")
        with pytest.raises(Disconnected):
            await socket.receive()
        await socket.close(1000)
        over.set_result("told")

    async with connected(tmp_path, echo) as (http, url):
        async with http.ws_connect(f"{url}/rooms/a%2Fb/socket?x=1", headers={"X-Who": "anna"}) as client:
            assert await client.receive_str() == "a/b anna None"
            await client.send_str("höi")
            assert await client.receive_str() == "'höi'"
            await client.send_bytes(b"\x00")
            assert await client.receive_str() == "b'\\x00'"
            await client.send_str("")
            assert await client.receive_str() == "b''"
        assert await asyncio.wait_for(over, 10) == "told"


async def test_the_server_ends_it(tmp_path: Path) -> None:
    """The client learns the code; what the handler does afterwards says that it is over."""
    over: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def bye(socket: Socket) -> None:
        await socket.accept()
        await socket.close(4400)
        await socket.close(4401)
        with pytest.raises(Disconnected):
            await socket.send("more")
        over.set_result("told")

    async with connected(tmp_path, bye) as (http, url), http.ws_connect(f"{url}/rooms/a/socket") as client:
        assert (await client.receive(10)).type is aiohttp.WSMsgType.CLOSE
        assert client.close_code == 4400
        assert await asyncio.wait_for(over, 10) == "told"


async def test_a_fault_of_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A handler that fails closes its socket with 1011, and the log has one line about it."""

    async def broken(socket: Socket) -> None:
        await socket.accept()
        raise LookupError

    async with connected(tmp_path, broken) as (http, url), http.ws_connect(f"{url}/rooms/a/socket") as client:
        assert (await client.receive(10)).type is aiohttp.WSMsgType.CLOSE
        assert client.close_code == 1011
    assert capsys.readouterr().out.count("request_failed") == 1


async def test_a_line_that_the_server_cut_is_over_for_whoever_sends(tmp_path: Path) -> None:
    """A frame over the limit ends the connection below us, while we send: that is an end like any other, no fault."""
    over: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def talks(socket: Socket) -> None:
        await socket.accept()
        try:
            while True:
                await socket.send("more")
                await asyncio.sleep(0)
        except Disconnected:
            over.set_result("told")

    async with connected(tmp_path, talks) as (http, url), http.ws_connect(f"{url}/rooms/a/socket") as client:
        with suppress(ConnectionResetError):
            await client.send_str("x" * 2_000_000)
        while (await client.receive(10)).type is aiohttp.WSMsgType.TEXT:
            pass
        assert client.close_code == 1009
        assert await asyncio.wait_for(over, 10) == "told"


async def test_refused_before_it_opens(tmp_path: Path) -> None:
    """A handler that closes first, and a path without a socket, make the handshake fail with 403."""

    async def never(socket: Socket) -> None:
        await socket.close(1008)

    async with connected(tmp_path, never) as (http, url):
        for path in ("/rooms/a/socket", "/rooms//socket", "/elsewhere"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect(url + path)
            assert refused.value.status == 403


async def test_a_plain_request_to_a_socket(server: Server) -> None:
    """What is no handshake finds nothing at a socket's path."""
    answer = await server.call("GET", "/webchat/web/socket")
    assert (answer.status, answer.code) == (404, "not_found")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_small_frame_does_not_wait_for_the_one_before() -> None:
    """On every event loop: a frame held back until the last one is acknowledged comes 40 ms late."""
    seen: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def note(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        seen.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    listener = serve._bind("127.0.0.1", 0)
    async with await asyncio.start_server(note, sock=listener):
        _, writer = await asyncio.open_connection(*listener.getsockname())
        assert await seen
        writer.close()
