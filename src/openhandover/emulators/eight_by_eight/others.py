"""Other APIs of 8x8 beside the Chat Gateway: tokens, the real-time metrics, the agents' status."""

import base64
import secrets
import time
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from openhandover.emulators.answers import Refused

from .account import Account
from .schema import Refusal

METRICS = "/analytics/cc/v5/realtime-metrics"
STATUS = "/api/v1/tenants/{tenant}/agentstatus/agents/{agent}"
LIFE_S = 1799
AGENT_METRICS: dict[str, Any] = {
    "status.rt": "Available",
    "statusCode.rt": None,
    "timeOnStatus.rt": 245_611,
    "lastLogin.rt": "2026-11-21T16:28:08.013Z",
}
"""Of all that it can tell of an agent, enough to show that not every value is a number."""


class Others:
    """Their endpoints."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.tokens: set[str] = set()
        self.told: dict[str, Any] = {}
        """Figures that are told otherwise than they are, by their metric."""

    def routes(self) -> Iterable[web.RouteDef]:
        """Each named for records and faults."""
        return [
            web.post("/oauth/v2/token", self._token, name="token"),
            web.get(f"{METRICS}/queues/{{queue}}", self._queue, name="metrics.queue", allow_head=False),
            web.get(f"{METRICS}/agents", self._agents, name="metrics.agents", allow_head=False),
            web.get(STATUS, self._agent, name="agentstatus", allow_head=False),
        ]

    async def _token(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != _basic(
            self._account.client_id, self._account.client_secret
        ):
            raise Refusal(401, "invalid_client", "no such client")
        form = dict(await request.post())
        if request.content_type != "application/x-www-form-urlencoded" or form != {
            "grant_type": "client_credentials"
        }:
            raise Refusal(400, "invalid_request", "grant_type=client_credentials as a form")
        token = secrets.token_urlsafe(24)
        self.tokens.add(token)
        told = {"access_token": token, "token_type": "BearerToken", "expires_in": str(LIFE_S)}
        return web.json_response(
            {**told, "issued_at": str(int(time.time() * 1000)), "api_product_list_json": ["analytics"]}
        )

    async def _queue(self, request: web.Request) -> web.Response:
        self._enter(request)
        queue_id = request.match_info["queue"]
        if queue_id not in self._account.queues:
            raise Refused(404, "no such queue")
        asked = request.query.getall("metrics", list(self._figures()))
        figures = self._figures()
        if unknown := [one for one in asked if one not in figures]:
            raise Refused(400, f"no metric {unknown[0]}")
        metrics = [{"key": one, "value": figures[one]} for one in asked]
        # An object, as in the document; the guide's example is a list of one.
        return web.json_response({"id": queue_id, "name": self._account.queues[queue_id], "metrics": metrics})

    async def _agents(self, request: web.Request) -> web.Response:
        self._enter(request)
        asked, metrics = request.query.getall("agent-ids", []), request.query.getall("metrics", [])
        if request.query.get("summary") == "true":  # then it gives all of them, whatever else is asked
            everybody = self._account.agents.items()
            return web.json_response(
                [
                    {"id": id_, "name": name, "groupId": "100", "groupName": "ungroup"}
                    for id_, name in everybody
                ]
            )
        if not metrics or set(metrics) - set(AGENT_METRICS):
            raise Refused(400, "metrics names none, or one that is not known; or summary=true")
        told = [{"key": one, "value": AGENT_METRICS[one]} for one in metrics]
        known = [one for one in asked or self._account.agents if one in self._account.agents]
        return web.json_response(
            [{"id": one, "name": self._account.agents[one], "metrics": told} for one in known]
        )

    async def _agent(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != _basic(
            self._account.status_user, self._account.status_token
        ):
            raise Refused(401, "no such user or token")
        agent_id = request.match_info["agent"]
        tenant = self._account.tenant_name or self._account.tenant
        if request.match_info["tenant"] != tenant or agent_id not in self._account.agents:
            raise Refused(404, "no such agent")
        return web.json_response(
            {"agent-id": agent_id, "agent-status": 0, "name": self._account.agents[agent_id]}
        )

    def _enter(self, request: web.Request) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.tokens:
            raise Refused(401, "the token is unknown or has ended")
        tenant = request.headers.get("X-Tenant-Info")
        if tenant != self._account.tenant and (tenant is not None or self._account.needs_tenant):
            raise Refused(400, "X-Tenant-Info names no tenant of this customer")

    def _figures(self) -> dict[str, Any]:
        account = self._account
        waiting = sum(one.state == "active" and not one.agent for one in account.conversations.values())
        agents = len(account.agents) if account.online else 0
        return {
            "enabled.rt": agents,
            "eligible.rt": agents,
            "availableIdle.rt": agents,
            "interactionsWaitInQueue.rt": waiting if account.waiting is None else account.waiting,
            "interactionsLongestWaitInQueue.rt": account.wait_ms or 0,
            "interactionsAvgWaitTime.int-15m": account.wait_ms,
            "interactionsAvgWaitTime.int-30m": account.wait_ms,
            "interactionsAvgWaitTime.today": account.wait_ms,
            **self.told,
        }


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
