"""The server's application: plain ASGI, calls and sockets from the declarations of all packages."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import msgspec

from openhandover.analytics.routes import analytics_routes
from openhandover.bots.http import Post
from openhandover.config.model import Config
from openhandover.desk.routes import desk_routes
from openhandover.engine import Engine
from openhandover.phone.routes import phone_routes
from openhandover.tools.routes import tool_routes
from openhandover.widget.routes import widget_routes

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

EXTENSIONS: tuple[Callable[[Engine, Config], Sequence[Endpoint | SocketRoute]], ...] = (
    widget_routes,
    desk_routes,
    analytics_routes,
    phone_routes,
    tool_routes,
)
"""What packages with routes of their own bring."""


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
    brought = [route for routes in EXTENSIONS for route in routes(engine, config)]
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
