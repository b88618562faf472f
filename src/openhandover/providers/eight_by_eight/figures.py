"""How busy a queue is, and what an agent is called: two other APIs of 8x8, each with credentials of its own.

Source: 8x8's guides "Real Time Statistics Reporting API", "OAuth Authentication for 8x8 XCaaS APIs" and "Managing Agent
Status".
"""

import asyncio
import time
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, urlencode

from msgspec import Struct

from openhandover.core.errors import ProviderAuthError, ProviderUnavailable
from openhandover.core.events import QueueUpdated
from openhandover.core.recent import Recent
from openhandover.net.bodies import read_answer
from openhandover.net.client import Reply, Request, Sender
from openhandover.net.statuses import Reactions
from openhandover.net.tokens import Token, Tokens
from openhandover.providers.base import Availability

from .gateway import accept
from .settings import AgentStatus, Metrics, Settings

ELIGIBLE, WAITING = "eligible.rt", "interactionsWaitInQueue.rt"
KNOWN_S, UNKNOWN_S = 600.0, 60.0
"""How long a name is kept, and how long it is not asked for again where nobody told it."""
_TIMEOUT_S = 5.0

_REACTIONS: Reactions = {
    **dict.fromkeys((401, 403), ProviderAuthError),
    **dict.fromkeys((408, 429), ProviderUnavailable),
}
_TOKEN: Mapping[int, str] = dict.fromkeys(
    (400, 401, 403), "check `metrics.client_id` and `metrics.client_secret`"
)
_FIGURES: Mapping[int, str] = {
    400: "check `tenant`",
    401: "check `metrics.client_id`, `metrics.client_secret` and `metrics.region`",
    403: "the app of `metrics.client_id` lacks the real-time metrics API, or `tenant` is another customer's",
    404: "check `queue_id` and `metrics.region`",
}


class Queue(NamedTuple):
    """Agents who can be offered work, conversations that wait, and the usual wait; None where 8x8 does not tell."""

    agents: int | None
    waiting: int | None
    wait_ms: int | None

    def availability(self) -> Availability:
        """As somebody who comes now finds it."""
        position = None if self.waiting is None else self.waiting + 1
        is_open = None if self.agents is None else self.agents > 0
        return Availability(is_open, self.agents, position, self.wait_ms)

    def update(self) -> QueueUpdated:
        """As somebody who has just come finds it: they are among those who wait."""
        position = None if self.waiting is None else max(self.waiting, 1)
        return QueueUpdated(position, self.wait_ms, estimated=True)


class _Metric(Struct, frozen=True):
    key: str = ""
    value: Any = None
    """A number, a number as text, null where there is nothing to count, or something else: 8x8's guide has all of them."""


class _Item(Struct, frozen=True):
    name: str | None = None
    metrics: list[_Metric] = []


class _Token(Struct, frozen=True):
    access_token: str
    expires_in: str | float | None = None


class Figures:
    """The real-time metrics of one account."""

    def __init__(self, settings: Metrics, tenant: str | None, http: Sender) -> None:
        self._settings = settings
        self._tenant = {"X-Tenant-Info": tenant} if tenant else {}
        self._http = http
        self._tokens = Tokens(self._token)

    async def queue(self, queue_id: str) -> Queue:
        """The queue as it is now."""
        wanted = [("metrics", one) for one in (ELIGIBLE, WAITING, self._settings.wait)]
        item = await self._item(f"/queues/{quote(queue_id, safe='')}?{urlencode(wanted)}")
        found = {one.key: one.value for one in item.metrics}
        to_ms = 1000 if self._settings.wait_unit == "s" else 1
        return Queue(
            _count(found.get(ELIGIBLE)),
            _count(found.get(WAITING)),
            _count(found.get(self._settings.wait), to_ms),
        )

    async def name(self, agent_id: str) -> str | None:
        """What the agent is called. That call has to name a metric, though none is of use here."""
        query = urlencode({"agent-ids": agent_id, "metrics": "status.rt"})
        return (await self._item(f"/agents?{query}")).name

    async def _item(self, path: str) -> _Item:
        async def send(token: str) -> Reply:
            headers = {"authorization": f"Bearer {token}", "accept": "application/json", **self._tenant}
            url = self._settings.address + path
            return await self._http.send(
                Request(method="GET", url=url, headers=headers, timeout_s=_TIMEOUT_S)
            )

        reply = await self._tokens.call(send)
        accept(reply, _REACTIONS, _FIGURES)
        if reply.body.lstrip()[:1] == b"[":  # its specification has an object, its guide a list
            return next(iter(read_answer(reply, list[_Item])), _Item())
        return read_answer(reply, _Item)

    async def _token(self) -> Token:
        pair = f"{self._settings.client_id}:{self._settings.client_secret}"
        headers = {
            "authorization": "Basic " + b64encode(pair.encode()).decode(),
            "content-type": "application/x-www-form-urlencoded",
        }
        body = b"grant_type=client_credentials"
        reply = await self._http.send(
            Request(
                method="POST", url=self._settings.token_url, headers=headers, body=body, timeout_s=_TIMEOUT_S
            )
        )
        accept(reply, {**_REACTIONS, 400: ProviderAuthError}, _TOKEN)
        told = read_answer(reply, _Token)
        try:
            life_s = None if told.expires_in is None else float(told.expires_in)
        except ValueError:
            life_s = None
        return Token(told.access_token, life_s)


class _NameSource(Protocol):
    async def name(self, agent_id: str) -> str | None: ...


class Status:
    """The agent status API."""

    def __init__(self, settings: AgentStatus, tenant: str, http: Sender) -> None:
        tenant = settings.tenant or tenant
        self._url = f"{settings.url.rstrip('/')}/api/v1/tenants/{quote(tenant, safe='')}/agentstatus/agents/"
        pair = f"{settings.username}:{settings.token}"
        self._headers = {
            "authorization": "Basic " + b64encode(pair.encode()).decode(),
            "accept": "application/json",
        }
        self._http = http

    async def name(self, agent_id: str) -> str | None:
        """What the agent is called."""
        url = self._url + quote(agent_id, safe="")
        reply = await self._http.send(
            Request(method="GET", url=url, headers=self._headers, timeout_s=_TIMEOUT_S)
        )
        accept(reply, _REACTIONS, dict.fromkeys((401, 403), "check `agents.username` and `agents.token`"))
        return read_answer(reply, _Item).name


class Names:
    """What agents are called, remembered for a while; without a source nobody knows."""

    def __init__(self, source: _NameSource | None) -> None:
        self._source = source
        self._known: Recent[str, tuple[float, str | None]] = Recent()
        self._asking: Recent[str, asyncio.Lock] = Recent()

    async def of(self, agent_id: str) -> str | None:
        """The agent's name; None where nobody tells it, or did not lately."""
        if self._source is None:
            return None
        # Who asks meanwhile gets the same answer.
        async with self._asking.setdefault(agent_id, asyncio.Lock()):
            until, name = self._known.get(agent_id, (0.0, None))
            if time.monotonic() < until:
                return name
            name = None
            try:
                name = await self._source.name(agent_id)
            finally:  # also where asking fails or is broken off
                self._known[agent_id] = (time.monotonic() + (KNOWN_S if name else UNKNOWN_S), name)
            return name


def sources(settings: Settings, http: Sender) -> tuple[Figures | None, Names]:
    """What is configured of both."""
    figures = Figures(settings.metrics, settings.tenant, http) if settings.metrics else None
    if settings.agents is not None:
        return figures, Names(Status(settings.agents, settings.tenant or "", http))
    return figures, Names(figures)


def _count(value: Any, times: int = 1) -> int | None:
    """A figure as a number, so many times; None for what is none."""
    try:
        return max(round(float(value) * times), 0)
    except (TypeError, ValueError, OverflowError):
        return None
