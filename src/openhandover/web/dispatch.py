"""From a request to its endpoint and back: routing, access, refusals, sending."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import cast

from openhandover.core.errors import Refused

from .body import ClientLeft
from .call import Call
from .endpoint import AsgiScope, Endpoint, Headers, Receive, Reply, Send, Stream
from .headers import completed
from .paths import Paths, raw_path
from .problems import problem, problem_of
from .site import Site


class Routes:
    """Endpoints by path and method."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._paths = Paths[dict[str, Endpoint]]()
        for endpoint in endpoints:
            methods = self._paths.at(endpoint.path, {})
            if endpoint.method in methods:
                raise ValueError(f"{endpoint.method} {endpoint.path} is declared twice")
            methods[endpoint.method] = endpoint
        self.find = self._paths.find


async def answer(routes: Routes, site: Site, scope: AsgiScope, receive: Receive, send: Send) -> None:
    """Answer one request."""
    found = routes.find(raw_path(scope))
    if found is None:
        await _send(send, problem("not_found"), scope["method"])
    else:
        await _answer(site, found, scope, receive, send)


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
        reply = problem_of(error, f"{method} {endpoint.path}", path)
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
