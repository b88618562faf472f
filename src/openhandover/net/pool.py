"""Connections that stay open between calls: one set for each origin, and for each guard that judged its address."""

import asyncio
import socket
import ssl
from functools import cache
from ipaddress import ip_address

from .connection import Connection, Question, Reply
from .errors import Blocked, Unreachable
from .guard import Guard, Origin

_PER_ORIGIN = 100  # connections; one slow receiver must not take every socket
_IDLE_S = 15.0
_CONNECT_S = 2.0  # so long one address may take while there are others


class Pool:
    """All open connections."""

    def __init__(self) -> None:
        self._sites: dict[tuple[Origin, Guard | None], _Site] = {}
        self._tidying: asyncio.TimerHandle | None = None

    async def ask(self, origin: Origin, guard: Guard | None, question: Question) -> Reply:
        """The answer. Raises Blocked, Unreachable, TooLarge, and ConnectionError when it does not come whole."""
        site = self._sites.get((origin, guard))
        if site is None:
            site = self._sites[origin, guard] = _Site(origin, guard)
            if self._tidying is None:
                self._tidying = asyncio.get_running_loop().call_later(_IDLE_S, self._tidy)
        return await site.ask(question)

    def _tidy(self) -> None:
        loop = asyncio.get_running_loop()
        for key, site in list(self._sites.items()):
            if site.is_left(loop.time() - _IDLE_S):
                del self._sites[key]
        self._tidying = loop.call_later(_IDLE_S, self._tidy) if self._sites else None

    def close(self) -> None:
        """Close all connections; may be called twice."""
        if self._tidying is not None:
            self._tidying.cancel()
            self._tidying = None
        for site in self._sites.values():
            site.close()
        self._sites.clear()


class _Site:
    """The connections to one origin."""

    def __init__(self, origin: Origin, guard: Guard | None) -> None:
        self._origin = origin
        self._guard = guard
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._turns = asyncio.Semaphore(_PER_ORIGIN)

    async def ask(self, question: Question) -> Reply:
        """The answer, on a connection that is there or on a new one."""
        async with self._turns:
            while (connection := self._taken()) is not None:
                try:
                    return await self._ask(connection, question)
                except ConnectionError:
                    # The other side may hang up while a question is on its way; one that changes nothing is repeated.
                    if not (question.is_repeatable and connection.is_silent):
                        raise
            return await self._ask(await self._connect(), question)

    async def _ask(self, connection: Connection, question: Question) -> Reply:
        self._busy.add(connection)
        try:
            reply = await connection.ask(question)
        finally:
            self._busy.discard(connection)
        if connection.is_open:
            self._idle.append(connection)
        return reply

    def _taken(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        return None

    async def _connect(self) -> Connection:
        try:
            *others, last = await self._addresses()
            for address in others:
                try:
                    async with asyncio.timeout(_CONNECT_S):
                        return await self._connect_to(address)
                except OSError:
                    continue
            return await self._connect_to(last)
        except OSError as error:
            # The class tells refused from unresolved; the text would repeat the address.
            raise Unreachable(f"No connection: {type(error).__name__}") from error

    async def _connect_to(self, address: str) -> Connection:
        scheme, host, port = self._origin
        tls = _tls() if scheme == "https" else None
        name = host.rstrip(".") if tls else None
        made = await asyncio.get_running_loop().create_connection(
            Connection, address, port, ssl=tls, server_hostname=name
        )
        return made[1]

    async def _addresses(self) -> list[str]:
        """Where the host is, as far as the guard permits; these very addresses are connected to."""
        _, host, port = self._origin
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(each[4][0]) for each in found]
        if self._guard is None:
            return addresses
        kept = [each for each in addresses if self._guard.permits(host, port, ip_address(each))]
        if not kept:
            raise Blocked
        return kept

    def is_left(self, before: float) -> bool:
        """Close what is idle since then; whether nothing remains."""
        for connection in self._idle:
            if connection.idle_since < before:
                connection.close()
        self._idle = [connection for connection in self._idle if connection.is_open]
        return not self._idle and not self._busy

    def close(self) -> None:
        """Hang up everywhere."""
        for connection in (*self._idle, *self._busy):
            connection.close()


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
