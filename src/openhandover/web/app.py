"""The server's application: the API in front, pages and sockets of the other packages behind it."""

import importlib.util
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any, cast

import msgspec
from litestar import Litestar, Request, Response
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig

from openhandover.bots.http import Post
from openhandover.config.model import Config
from openhandover.core.errors import CODES, OpenHandoverError
from openhandover.engine import Engine

from . import docs_page, handovers, messages
from .call import Call
from .dispatch import Routes, api_first
from .endpoint import JSON, AsgiApp, Endpoint, Reply, encode
from .headers import page_policy
from .openapi import document, merged
from .problems import problem, problem_of
from .routes import ENDPOINTS
from .site import Site, make_site

EXTENSIONS = (
    ("openhandover.widget.routes", "widget_routes"),
    ("openhandover.desk.routes", "desk_routes"),
    ("openhandover.analytics.routes", "analytics_routes"),
)
"""Packages that bring routes of their own: `function(engine, config)` answers `Endpoint`s and Litestar handlers."""

AnyRequest = Request[Any, Any, Any]


def create_app(engine: Engine, config: Config) -> Litestar:
    """The application of a started engine. The caller starts and stops the engine."""
    site = make_site(engine, config)
    engine.accept_post = _accept_of(site)
    brought = [route for module, name in EXTENSIONS for route in _routes_of(module, name, engine, config)]
    endpoints = [*ENDPOINTS, *(route for route in brought if isinstance(route, Endpoint))]
    app = Litestar(
        [route for route in brought if not isinstance(route, Endpoint)],
        exception_handlers={Exception: _refused, HTTPException: _unfound},
        openapi_config=OpenAPIConfig("openhandover", "1", path="/-", render_plugins=[], components=[]),
        logging_config=None,
        lifespan=[_closing(site)],
        signature_types=[],
    )
    app.state.site = site
    url = config.server.public_url or "/"
    app.state.document = lambda: merged(document(endpoints, url), app.openapi_schema.to_schema())
    pages = _reference_pages(app.state.document)
    behind = cast("AsgiApp", app.asgi_handler)
    app.asgi_handler = cast("Any", api_first(Routes([*endpoints, *pages]), site, behind))
    return app


def _accept_of(site: Site) -> Callable[[str, Post], Awaitable[None]]:
    """What an HTTP bot answers is taken as if it had posted it: the same checks, the same refusals."""

    async def accept(conversation_id: str, post: Post) -> None:
        take = messages.accept if post.kind == "messages" else handovers.accept
        await take(site, conversation_id, encode(post.body))

    return accept


def _routes_of(module: str, name: str, engine: Engine, config: Config) -> Sequence[Any]:
    """The routes that a package of ours brings; none when this installation has no such package."""
    parent = module.rpartition(".")[0]
    if importlib.util.find_spec(parent) is None or importlib.util.find_spec(module) is None:
        return ()
    make = cast("Callable[[Engine, Config], Sequence[Any]]", getattr(import_module(module), name))
    return make(engine, config)


def _closing(site: Site) -> Any:
    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None]:
        yield
        site.closing.set()

    return lifespan


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document of this version, without a running server."""
    config = Config()
    return create_app(Engine(config), config).state.document()


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


def _response(reply: Reply) -> Response[bytes]:
    headers = {name.decode(): value.decode() for name, value in reply.headers}
    return Response(
        reply.body, status_code=reply.status, media_type=reply.content_type.decode(), headers=headers
    )


def _refused(request: AnyRequest, error: Exception) -> Response[bytes]:
    """Errors of handlers of other packages, in the same form as everywhere."""
    return _response(problem_of(error, f"{request.method} {request.url.path}"))


def _unfound(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    """What Litestar itself refuses: unknown paths, wrong methods, bodies that do not decode."""
    if isinstance(error, OpenHandoverError):
        return _refused(request, error)
    codes = {CODES[code].status: code for code in ("bad_json", "unauthorized", "forbidden", "not_found")}
    codes |= {405: "method_not_allowed", 413: "too_large"}
    code = codes.get(error.status_code)
    if code is None:
        return _refused(request, error)
    detail = "" if code != "bad_json" else error.detail
    allow = (error.headers or {}).get("Allow", "")
    return _response(problem(code, detail, headers=((b"allow", allow.encode()),) if allow else ()))
