"""From a request to its endpoint and back: routing, access, refusals, sending. The only ASGI code of the API."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import cast
from urllib.parse import unquote_to_bytes

from openhandover.core.errors import Refused

from .body import ClientLeft
from .call import Call
from .endpoint import AsgiApp, AsgiScope, Endpoint, Headers, Receive, Reply, Send, Stream
from .headers import completed
from .problems import problem, problem_of
from .site import Site


class Routes:
    """Endpoints by path. A path is cut at its slashes before it is decoded, so an id may contain any character."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._exact: dict[tuple[str, ...], dict[str, Endpoint]] = {}
        self._named: dict[int, list[tuple[tuple[str, ...], dict[str, Endpoint]]]] = {}
        for endpoint in endpoints:
            self._add(endpoint)

    def _add(self, endpoint: Endpoint) -> None:
        parts = tuple(endpoint.path.split("/")[1:])
        if "{" not in endpoint.path:
            methods = self._exact.setdefault(parts, {})
        else:
            candidates = self._named.setdefault(len(parts), [])
            found = next((known for path, known in candidates if path == parts), None)
            methods: dict[str, Endpoint] = {} if found is None else found
            if found is None:
                candidates.append((parts, methods))
        if endpoint.method in methods:
            raise ValueError(f"{endpoint.method} {endpoint.path} is declared twice")
        methods[endpoint.method] = endpoint

    def find(self, raw_path: str) -> tuple[dict[str, Endpoint], Mapping[str, str]] | None:
        """The endpoints of a path by method, and the ids in it; None for a path that is not ours."""
        parts = tuple(raw_path.split("/")[1:])
        if (methods := self._exact.get(parts)) is not None:
            return methods, {}
        for path, methods in self._named.get(len(parts), ()):
            if all(want == have or want[:1] == "{" for want, have in zip(path, parts, strict=True)):
                pairs = (
                    (want[1:-1], have) for want, have in zip(path, parts, strict=True) if want[:1] == "{"
                )
                named = {name: _decoded(value) for name, value in pairs}
                return (methods, named) if all(named.values()) else None
        return None


def _decoded(part: str) -> str:
    if "%" not in part:
        return part
    return unquote_to_bytes(part).decode("utf-8", "replace")


def api_first(routes: Routes, site: Site, rest: AsgiApp) -> AsgiApp:
    """The endpoints in front, everything else (pages, sockets) behind; all answers get the security headers."""

    async def app(scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
            found = routes.find(raw_path.partition(b"?")[0].decode("latin-1"))
            if found is not None:
                await _answer(site, found, scope, receive, send)
                return
            send = _guarded(send)
        await rest(scope, receive, send)

    return app


def _guarded(send: Send) -> Send:
    async def guarded(message: "AsgiScope") -> None:
        if message["type"] == "http.response.start":
            message["headers"] = completed(
                [(bytes(name), bytes(value)) for name, value in message["headers"]]
            )
        await send(message)

    return guarded


async def _answer(
    site: Site,
    found: tuple[dict[str, Endpoint], Mapping[str, str]],
    scope: AsgiScope,
    receive: Receive,
    send: Send,
) -> None:
    methods, path = found
    method: str = scope["method"]
    endpoint = methods.get("GET" if method == "HEAD" else method)
    if endpoint is None:
        allow = ", ".join(sorted(methods)).encode()
        await _send(send, problem("method_not_allowed", headers=((b"allow", allow),)), method)
        return
    began = time.perf_counter()
    call = Call(site, scope, receive, path)
    try:
        reply = await _handle(call, endpoint)
    except ClientLeft:
        return
    except Exception as error:  # noqa: BLE001  (the border of the program: everything becomes an answer)
        reply = problem_of(error, f"{method} {endpoint.path}")
    if isinstance(reply, Stream):
        await _stream(send, receive, reply, site, method)
        status = 200
    else:
        await _send(send, reply, method)
        status = reply.status
    site.metrics.answered(endpoint, status, time.perf_counter() - began)


async def _handle(call: Call, endpoint: Endpoint) -> Reply | Stream:
    if endpoint.scope is not None:
        call.key = call.site.keys.require(call.header(b"authorization"), endpoint.scope)
        call.site.key_limit.take(call.key.name, time.monotonic())
    if any("\ufffd" in value or "\x00" in value for value in call.path.values()):
        raise Refused("not_found")
    return await endpoint.handler(call)


async def _send(send: Send, reply: Reply, method: str) -> None:
    headers = _headers(reply.content_type, reply.headers, len(reply.body) if reply.status != 204 else None)
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else reply.body})


def _headers(content_type: bytes, extra: Headers, length: int | None) -> list[tuple[bytes, bytes]]:
    headers = [*extra]
    if length is not None:
        headers += [(b"content-type", content_type), (b"content-length", str(length).encode())]
    return completed(headers)


async def _stream(send: Send, receive: Receive, reply: Stream, site: Site, method: str) -> None:
    """Write the chunks until they end, the client leaves or, without a known end, the server closes."""
    headers = [*_headers(reply.content_type, reply.headers, reply.length)]
    if reply.length is None:
        headers.append((b"content-type", reply.content_type))
    await send({"type": "http.response.start", "status": 200, "headers": headers})

    async def write() -> None:
        async with aclosing(reply.chunks) as chunks:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def left() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    if method != "HEAD":
        endless = (site.closing.wait(),) if reply.length is None else ()
        await _first_of((write(), left(), *endless))
    await send({"type": "http.response.body", "body": b""})


async def _first_of(work: "Sequence[object]") -> None:
    """Run these together until one is done; the others are stopped, and the first error is raised."""
    tasks = [asyncio.ensure_future(cast("asyncio.Future[object]", one)) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
