"""The server's application: plain ASGI, calls and sockets from the declarations of all packages."""

import importlib.util
from collections.abc import Awaitable, Callable, Iterable, Sequence
from importlib import import_module
from typing import Any, cast

import msgspec

from openhandover.bots.http import Post
from openhandover.config.model import Config
from openhandover.engine import Engine

from . import docs_page, handovers, messages
from .call import Call
from .dispatch import Routes, answer
from .endpoint import JSON, AsgiScope, Endpoint, Receive, Reply, Send, encode
from .headers import page_policy
from .openapi import document
from .paths import Paths, raw_path
from .problems import problem_of
from .routes import ENDPOINTS
from .site import Site, make_site
from .sockets import INTERNAL_ERROR, POLICY_VIOLATION, Disconnected, Socket, SocketHandler, SocketRoute

EXTENSIONS = (
    ("openhandover.widget.routes", "widget_routes"),
    ("openhandover.desk.routes", "desk_routes"),
    ("openhandover.analytics.routes", "analytics_routes"),
    ("openhandover.phone.routes", "phone_routes"),
    ("openhandover.tools.routes", "tool_routes"),
)
"""Packages that bring routes of their own: `function(engine, config)` answers `Endpoint`s and `SocketRoute`s."""


class App:
    """The ASGI application: requests go to their endpoints, sockets to their handlers."""

    def __init__(self, site: Site, endpoints: Iterable[Endpoint], sockets: Iterable[SocketRoute]) -> None:
        self.site = site
        self._routes = Routes(endpoints)
        self._sockets = Paths[SocketHandler]()
        for socket in sockets:
            self._sockets.at(socket.path, socket.handler)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """One request, one socket, or the life of the process."""
        match scope["type"]:
            case "http":
                await answer(self._routes, self.site, scope, receive, send)
            case "websocket":
                await self._talk(Socket(self.site, scope, receive, send), raw_path(scope))
            case _:
                await self._live(receive, send)

    async def _talk(self, socket: Socket, path: str) -> None:
        found = self._sockets.find(path)
        if found is None:
            await socket.close(POLICY_VIOLATION)
            return
        handler, socket.path = found
        try:
            await handler(socket)
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001  (the border of the program: logged once, and the socket closes)
            problem_of(error, "socket")
            await socket.close(INTERNAL_ERROR)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            event = (await receive())["type"]
            if event == "lifespan.shutdown":
                self.site.closing.set()
            await send({"type": f"{event}.complete"})
            if event == "lifespan.shutdown":
                return


def create_app(engine: Engine, config: Config) -> App:
    """The application of an engine. The caller starts and stops the engine."""
    site = make_site(engine, config)
    engine.accept_post = _accept_of(site)
    endpoints, sockets = _declared(engine, config)
    pages = _reference_pages(lambda: document(endpoints, config.server.public_url or "/"))
    return App(site, [*endpoints, *pages], sockets)


def _declared(engine: Engine, config: Config) -> tuple[list[Endpoint], list[SocketRoute]]:
    brought = [route for module, name in EXTENSIONS for route in _routes_of(module, name, engine, config)]
    return (
        [*ENDPOINTS, *(route for route in brought if isinstance(route, Endpoint))],
        [route for route in brought if isinstance(route, SocketRoute)],
    )


def _accept_of(site: Site) -> Callable[[str, Post], Awaitable[None]]:
    """What an HTTP bot answers is taken as if it had posted it: the same checks, the same refusals."""

    async def accept(conversation_id: str, post: Post) -> None:
        take = messages.accept if post.kind == "messages" else handovers.accept
        await take(site, conversation_id, encode(post.body))

    return accept


def _routes_of(module: str, name: str, engine: Engine, config: Config) -> Sequence[Endpoint | SocketRoute]:
    """The routes that a package of ours brings; none when this installation has no such package."""
    parent = module.rpartition(".")[0]
    if importlib.util.find_spec(parent) is None or importlib.util.find_spec(module) is None:
        return ()
    make = cast(
        "Callable[[Engine, Config], Sequence[Endpoint | SocketRoute]]", getattr(import_module(module), name)
    )
    return make(engine, config)


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document of this version, without a running server."""
    config = Config()
    return document(_declared(Engine(config), config)[0], "/")


def _reference_pages(whole: Callable[[], dict[str, Any]]) -> list[Endpoint]:
    """`/schema` and `/docs`; made when first asked for, because making them takes longer than starting."""
    made: dict[str, bytes] = {}

    async def schema(call: Call) -> Reply:
        if "schema" not in made:
            made["schema"] = msgspec.json.encode(whole())
        return Reply(200, made["schema"], JSON)

    async def docs(call: Call) -> Reply:
        if "docs" not in made:
            made["docs"] = docs_page.page(whole())
        return Reply(200, made["docs"], b"text/html; charset=utf-8", (page_policy(),))

    async def style(call: Call) -> Reply:
        return Reply(200, docs_page.STYLE.encode(), b"text/css; charset=utf-8")

    return [
        Endpoint("GET", "/schema", schema, "This document", documented=False),
        Endpoint("GET", "/docs", docs, "The API for people", documented=False),
        Endpoint("GET", "/docs.css", style, "Style of the docs page", documented=False),
    ]
