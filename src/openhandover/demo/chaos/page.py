"""The page of the supervisor: what it shows as JSON, what its buttons ask for, and its files."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from openhandover.web.headers import ALWAYS, NO_STORE, page_policy

if TYPE_CHECKING:
    from .supervisor import Supervisor

STATIC = Path(__file__).parent / "static"
FILES = {
    "/": ("index.html", "text/html"),
    "/chaos.css": ("chaos.css", "text/css"),
    "/tokens.css": ("tokens.css", "text/css"),
    "/texts.js": ("texts.js", "text/javascript"),
    "/chaos.js": ("chaos.js", "text/javascript"),
}
HEADERS = {name.decode(): value.decode() for name, value in (*ALWAYS, NO_STORE, page_policy())}
HERE = ("127.0.0.1", "localhost")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def page(supervisor: "Supervisor") -> web.Application:
    """The page as an application."""

    async def state(_: web.Request) -> web.Response:
        return web.json_response(shown(supervisor))

    async def act(request: web.Request) -> web.Response:
        if request.content_type != "application/json":  # another site's form cannot send this
            raise web.HTTPUnsupportedMediaType
        await done(supervisor, await request.json())
        return web.json_response(shown(supervisor))

    app = web.Application(middlewares=[_only_here])
    app.router.add_get("/state", state)
    app.router.add_post("/do", act)
    for path, (name, kind) in FILES.items():
        app.router.add_get(path, _file(STATIC / name, kind))
    return app


@web.middleware
async def _only_here(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer only those who ask for this machine by name: no site can point its own name here."""
    if request.host.rpartition(":")[0] not in HERE:
        raise web.HTTPForbidden
    reply = await handler(request)
    reply.headers.update(HEADERS)
    return reply


def _file(path: Path, kind: str) -> Handler:
    text = path.read_text("utf-8")

    async def handler(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type=kind, charset="utf-8")

    return handler


async def done(supervisor: "Supervisor", asked: Any) -> None:
    """Do what a button asks for."""
    match asked:
        case {"do": "kill"}:
            supervisor.kill()
        case {"do": "repeat_recent"}:
            supervisor.repeat_recent()
        case {"do": "swallow"}:
            supervisor.swallow()
        case {
            "do": "switch",
            "name": "repeat" | "shuffle" | "drop_answers" | "slow" | "kills" as name,
            "on": bool(on),
        }:
            supervisor.switch(name, on)
        case {"do": "desk", "down": "no" | "503" | "refused" as down}:
            await supervisor.take_desk(down)
        case _:
            raise web.HTTPBadRequest


def shown(supervisor: "Supervisor") -> dict[str, Any]:
    """Everything the page shows."""
    child, proxy, play = supervisor.child, supervisor.proxy, supervisor.simulation
    return {
        "links": {
            "chat": f"{child.url}/chat/web",
            "desk": f"{child.url}/desk",
            "analytics": f"{child.url}/analytics",
        },
        "server": {
            "up": child.is_up,
            "kills": child.kills,
            "downtime_ms": child.downtime_ms,
            "longest_ms": child.longest_ms,
        },
        "faults": {**msgspec.to_builtins(proxy.faults), "kills": supervisor.kills_often},
        "broken": {
            "webhooks": proxy.webhooks,
            "repeats": proxy.repeats,
            "shuffled": proxy.shuffled,
            "dropped": proxy.dropped,
        },
        "visitors": {"arrived": play.arrived, "finished": play.finished},
        "handovers": supervisor.proofs.handovers,
        "counts": {
            "people": msgspec.to_builtins(play.counts()),
            "proof": msgspec.to_builtins(supervisor.proofs.counts()),
        },
        "log": [msgspec.to_builtins(line) for line in supervisor.journal.lines],
    }
