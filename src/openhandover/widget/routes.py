"""Everything the web chat adds to the server."""

import gzip
import hashlib
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from openhandover.config.model import Config
from openhandover.core.errors import Refused
from openhandover.web.call import Call
from openhandover.web.endpoint import Endpoint, Reply
from openhandover.web.headers import page_policy
from openhandover.web.sockets import POLICY_VIOLATION, Socket, SocketRoute

from .calls import calls
from .channel import Lobby
from .socket import VisitorSocket

if TYPE_CHECKING:
    from openhandover.engine import Engine

SCRIPT = Path(__file__).parent / "static" / "widget.js"
PAGE_STYLE = b"body { margin: 0; }"
PAGE = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/chat.css">
<script src="/widget.js" data-channel="{channel}" data-mode="page" defer></script>
"""


def widget_routes(engine: "Engine", config: Config) -> Sequence[Endpoint | SocketRoute]:
    """The script, the full page, the calls and the socket."""
    lobby = Lobby(engine, config)
    lobby.begin()
    return [*calls(lobby), *_pages(lobby), _socket(lobby)]


def _socket(lobby: Lobby) -> SocketRoute:
    async def visitor_socket(socket: Socket) -> None:
        """GET /webchat/{channel}/socket"""
        try:
            found = lobby.channel(socket.path["channel"])
            found.origins.require(socket.header(b"origin"), socket.header(b"host"))
        except Refused:
            await socket.close(POLICY_VIOLATION)  # before it opens: the browser sees 403
            return
        await socket.accept()
        await VisitorSocket(lobby, found, socket).run(socket.site.closing)

    return SocketRoute("/webchat/{channel}/socket", visitor_socket)


def _pages(lobby: Lobby) -> list[Endpoint]:
    script = SCRIPT.read_bytes()
    packed = gzip.compress(script, 9, mtime=0)
    etag = f'"{hashlib.sha256(script).hexdigest()[:16]}"'.encode()
    headers = (
        (b"etag", etag),
        (b"cache-control", b"public, max-age=300"),
        (b"vary", b"accept-encoding"),
        (b"cross-origin-resource-policy", b"cross-origin"),
    )

    async def widget(call: Call) -> Reply:
        if call.header(b"if-none-match") == etag.decode():
            return Reply(304, b"", b"text/javascript; charset=utf-8", headers)
        if "gzip" in (call.header(b"accept-encoding") or ""):
            unpacks = (*headers, (b"content-encoding", b"gzip"))
            return Reply(200, packed, b"text/javascript; charset=utf-8", unpacks)
        return Reply(200, script, b"text/javascript; charset=utf-8", headers)

    async def style(call: Call) -> Reply:
        return Reply(200, PAGE_STYLE, b"text/css; charset=utf-8")

    async def chat(call: Call) -> Reply:
        channel = lobby.channel(call.path["channel"])
        language = channel.language(
            (call.header(b"accept-language") or "").partition(",")[0].partition(";")[0]
        )
        title = channel.shown(language, 0)["title"] or "Chat"
        page = PAGE.format(language=escape(language), title=escape(title), channel=escape(channel.name))
        return Reply(200, page.encode(), b"text/html; charset=utf-8", (page_policy(),))

    return [
        Endpoint("GET", "/widget.js", widget, "The web chat for one script tag", documented=False),
        Endpoint("GET", "/chat.css", style, "Style of the chat page", documented=False),
        Endpoint("GET", "/chat/{channel}", chat, "The web chat as a page", documented=False),
    ]
