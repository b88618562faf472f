"""The controls under /emulator/: what a test in another process, or a person on the page, does with an emulator."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from importlib.resources import files
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from .answers import Refused, json_object, problem

if TYPE_CHECKING:
    from .base import Emulator

PREFIX = "/emulator"
LONG_POLL_S = 20.0
SAFE = {"GET", "HEAD"}
PAGE = {
    "": ("page.html", "text/html"),
    "page.js": ("page.js", "text/javascript"),
    "page.css": ("page.css", "text/css"),
    "icon.svg": ("icon.svg", "image/svg+xml"),
}
GUARD = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a control. A page of another origin may not use them, nor one that gave its own name our address."""
    origin = request.headers.get("Origin")
    try:
        if origin is not None and request.method not in SAFE and not _is_own(origin, request.host):
            raise Refused(403, "the controls are for this emulator's own page and for programs")
        answer = await handler(request)
    except Refused as refusal:
        answer = problem(refusal)
    except web.HTTPException as error:
        answer = error if error.status < 400 else problem(Refused(error.status, error.reason))
    answer.headers.update(GUARD)
    return answer


def _is_own(origin: str, host: str) -> bool:
    own = urlsplit(origin)
    if own.netloc != host or own.hostname is None:
        return False
    try:
        return own.hostname == "localhost" or bool(ip_address(own.hostname))
    except ValueError:
        return False


class Controls:
    """The controls that every emulator has."""

    def __init__(self, emulator: "Emulator") -> None:
        self._emulator = emulator

    def routes(self) -> Iterable[web.RouteDef]:
        """Each below /emulator; the root leads to the page."""
        calls: list[tuple[str, str, Callable[[web.Request], Awaitable[web.StreamResponse]]]] = [
            ("GET", "/state", self._state),
            ("GET", "/requests", self._requests),
            ("DELETE", "/requests", self._forget),
            ("GET", "/callbacks", self._callbacks),
            ("POST", "/presence", self._presence),
            ("POST", "/webhooks", self._webhooks),
            *(("POST", f"/chats/{{chat}}/{name}", self._acts(verb)) for name, verb in ACTS.items()),
            ("POST", "/faults", self._faults),
            *(("GET", f"/{name}", _file(name)) for name in PAGE),
        ]
        yield web.get("/", _to_the_page)
        for method, path, handler in calls:
            yield web.route(method, PREFIX + path, handler)

    async def _state(self, request: web.Request) -> web.Response:
        """`?after=VERSION` waits for something newer, for at most twenty seconds."""
        emulator, after = self._emulator, request.query.get("after", "")
        if after.isdigit():
            with suppress(TimeoutError):  # nothing new: the same again
                await emulator.wait_until(lambda: emulator.version > int(after), LONG_POLL_S)
        state = {"vendor": emulator.vendor, "title": emulator.title, "version": emulator.version}
        verbs = [name for name, verb in OPTIONAL.items() if emulator.plays(verb)]
        figures = sorted(emulator.queue_figures) if emulator.plays("queue_is") else []
        return web.json_response(state | {"verbs": verbs, "queue_figures": figures} | emulator.shown())

    async def _requests(self, _: web.Request) -> web.Response:
        return web.json_response({"requests": [one.shown() for one in self._emulator.requests]})

    async def _forget(self, _: web.Request) -> web.Response:
        self._emulator.requests.clear()
        return web.json_response({})

    async def _callbacks(self, _: web.Request) -> web.Response:
        return web.json_response({"callbacks": [one.shown() for one in self._emulator.callbacks.sent]})

    async def _presence(self, request: web.Request) -> web.Response:
        asked = await json_object(request)
        online = asked.pop("online", None)
        if not isinstance(online, bool):
            raise Refused(400, "online: true or false")
        self._emulator.set_online(online, **{name: str(value) for name, value in asked.items()})
        self._emulator.changed()
        return web.json_response({})

    async def _webhooks(self, request: web.Request) -> web.Response:
        """`{"url": ...}`: where the vendor's webhooks go from now on."""
        url = (await json_object(request)).get("url")
        if not isinstance(url, str):
            raise Refused(400, "url: where webhooks go")
        self._emulator.webhook_to(url)
        return web.json_response({})

    def _acts(self, verb: "Verb") -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def act(request: web.Request) -> web.StreamResponse:
            await verb(self._emulator, request.match_info["chat"], await json_object(request))
            self._emulator.changed()
            return web.json_response({})

        return act

    async def _faults(self, request: web.Request) -> web.Response:
        _fault(self._emulator, await json_object(request))
        return web.json_response({})


Verb = Callable[["Emulator", str, dict[str, Any]], Awaitable[None]]
OPTIONAL = {
    "joins": "agent_joins",
    "leaves": "agent_leaves",
    "transfers": "agent_transfers",
    "types": "agent_types",
    "sends-file": "agent_sends_file",
    "notes": "agent_notes",
    "reads": "agent_reads",
    "queue": "queue_is",
    "unknown": "sends_unknown",
}
"""What only some vendors' agents can do: its control and the emulator's verb."""
ACTS: dict[str, Verb] = {
    "says": lambda vendor, chat, asked: vendor.agent_says(chat, text_of(asked)),
    "ends": lambda vendor, chat, _: vendor.agent_ends(chat),
    "joins": lambda vendor, chat, asked: vendor.agent_joins(chat, _word(asked, "name", "Kim")),
    "leaves": lambda vendor, chat, _: vendor.agent_leaves(chat),
    "transfers": lambda vendor, chat, asked: vendor.agent_transfers(chat, _word(asked, "name", "Lee")),
    "types": lambda vendor, chat, asked: vendor.agent_types(chat, asked.get("on") is not False),
    "sends-file": lambda vendor, chat, asked: vendor.agent_sends_file(chat, *_file_of(asked)),
    "notes": lambda vendor, chat, asked: vendor.agent_notes(chat, text_of(asked)),
    "reads": lambda vendor, chat, _: vendor.agent_reads(chat),
    "queue": lambda vendor, chat, asked: vendor.queue_is(
        chat, _figure(vendor, asked, "position"), _figure(vendor, asked, "wait_s")
    ),
    "unknown": lambda vendor, chat, _: vendor.sends_unknown(chat),
}
"""What an agent does in a chat: `POST /emulator/chats/{id}/...` with what it needs."""


def _word(asked: dict[str, Any], key: str, usual: str) -> str:
    word = asked.get(key, usual)
    if not isinstance(word, str) or not word.strip():
        raise Refused(400, f"{key}: a text")
    return word


def _figure(vendor: "Emulator", asked: dict[str, Any], key: str) -> int | None:
    number = asked.get(key)
    if number is not None and key not in vendor.queue_figures:
        raise Refused(501, f"{vendor.title}, emulated, cannot tell {key}")
    if number is not None and (type(number) is not int or number < 0):
        raise Refused(400, f"{key}: a whole number, or null")
    return number


def _file_of(asked: dict[str, Any]) -> tuple[str, str, bytes]:
    """Name, media type and content; the content comes as base64."""
    try:
        content = base64.b64decode(_word(asked, "content", ""), validate=True)
    except ValueError:
        raise Refused(400, "content: base64") from None
    return _word(asked, "name", "file.txt"), _word(asked, "content_type", "application/octet-stream"), content


def text_of(asked: dict[str, Any]) -> str:
    """The text of something to say.

    Raises:
        Refused: there is none.
    """
    text = asked.get("text")
    if not isinstance(text, str) or not text.strip():
        raise Refused(400, "text: what to say")
    return text


def _file(name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    file, content_type = PAGE[name]

    async def served(_: web.Request) -> web.StreamResponse:
        text = await asyncio.to_thread(
            files("openhandover.emulators").joinpath("page", file).read_text, "utf-8"
        )
        return web.Response(text=text, content_type=content_type, charset="utf-8")

    return served


async def _to_the_page(_: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": PREFIX + "/"})


def _fault(emulator: "Emulator", asked: dict[str, Any]) -> None:
    """`{"fault": "fail"|"lose"|"answer_late"|"slow"|"clear"|"repeat"|"reorder"|"late"|"hold"|"release"|"expire_tokens"|vendor's own, ...}`."""
    try:
        n, status = int(asked.get("n", 1)), int(asked.get("status", 500))
        seconds = float(asked.get("seconds", 0))
    except (TypeError, ValueError):
        raise Refused(400, "n, status and seconds are numbers") from None
    endpoint = asked.get("endpoint")
    match asked.get("fault"):
        case "fail":
            named = {"retry_after": str(asked["retry_after"])} if "retry_after" in asked else {}
            emulator.faults.fail_next(status, n, endpoint=endpoint, **named)
        case "lose":
            emulator.faults.lose_next_reply(n, endpoint=endpoint)
        case "answer_late":
            emulator.faults.answer_late(seconds, n, endpoint=endpoint)
        case "slow":
            emulator.faults.slow(seconds, endpoint=endpoint)
        case "clear":
            emulator.faults.clear()
        case "repeat":
            emulator.callbacks.repeat_next(n)
        case "reorder":
            emulator.callbacks.reorder_next(n)
        case "late":
            emulator.callbacks.late(seconds)
        case "hold":
            emulator.callbacks.hold()
        case "release":
            emulator.callbacks.release()
        case "expire_tokens":
            emulator.expire_tokens()
        case other:
            emulator.fault(str(other), asked)
