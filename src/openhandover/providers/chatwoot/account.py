"""What the account tells of its inboxes and agents, asked for at most once a minute."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from openhandover.core.errors import ProviderRejected
from openhandover.core.model import Agent
from openhandover.net.signatures import is_secret
from openhandover.providers.base import Availability

from . import wire
from .calls import OPENING, Calls, checked, decoded
from .hours import closed_until
from .settings import Settings

KEPT_S = 60.0
_API_CHANNEL = "Channel::Api"
_ONLINE = "online"
_NOT_ALLOWED = frozenset({401, 403})
_LATER = "whether `webhook_secret` or `webhook_token` is right shows with the first webhook"
_UNPROVEN = f"{_LATER}: Chatwoot tells only an administrator's `api_token`, and a secret only where it signs"
_UNKNOWN = f"{_LATER}; with `server.public_url` it can be compared"


class Account:
    """The part of an account that changes rarely."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._kept: dict[str, tuple[float, Any]] = {}

    async def inbox(self, inbox_id: int) -> wire.Inbox:
        """The inbox as it is set up."""

        async def ask() -> wire.Inbox:
            reply = checked(await self._calls.get(f"/inboxes/{inbox_id}"), OPENING)
            return decoded(reply, wire.Inbox, "GET inbox")

        return await self._fresh(f"inbox:{inbox_id}", ask)

    async def agent(self, agent: Agent) -> Agent:
        """The agent with name and picture, where only the id is known."""

        async def ask() -> dict[str, wire.Person]:
            reply = checked(await self._calls.get("/agents"), OPENING)
            found: list[wire.Person] = decoded(reply, list[wire.Person], "GET agents")
            return {str(person.id): person for person in found}

        people: dict[str, wire.Person] = await self._fresh("agents", ask)
        person = people.get(agent.id or "")
        return person.agent if person else agent

    async def availability(self, plan: wire.Plan, *, working_hours: bool) -> Availability:
        """Who of the inbox, and of the team if there is one, is online now."""
        if working_hours:
            opens_at = closed_until(await self.inbox(plan.inbox_id), datetime.now(UTC))
            if opens_at is not None:
                return Availability(open=False, opens_at=opens_at or None)
        reply = checked(await self._calls.get(f"/inbox_members/{plan.inbox_id}"), OPENING)
        members: wire.Members = decoded(reply, wire.Members, "GET inbox members")
        there = {one.id for one in members.payload if one.availability_status == _ONLINE}
        if plan.team_id is not None:
            reply = checked(await self._calls.get(f"/teams/{plan.team_id}/team_members"), OPENING)
            team: list[wire.Member] = decoded(reply, list[wire.Member], "GET team members")
            there &= {one.id for one in team}
        return Availability(open=bool(there), agents=len(there))

    async def prove(self, settings: Settings, webhook_url: str) -> str | None:
        """The token opens the inbox, it is one of type API, and its webhooks come to us with the proof that we want, as
        far as Chatwoot tells; what it does not tell is said."""
        reply = checked(await self._calls.get(f"/inboxes/{settings.inbox_id}"), OPENING)
        inbox: wire.Inbox = decoded(reply, wire.Inbox, "GET inbox")
        if inbox.channel_type != _API_CHANNEL:
            raise ProviderRejected("check `inbox_id`: the inbox is not of type API")
        if not webhook_url:
            return _UNKNOWN
        if _is_same(inbox.webhook_url, webhook_url):
            return _doubt(settings, wire.Hook(inbox.webhook_url or "", inbox.secret), webhook_url)
        reply = await self._calls.get("/webhooks")
        hidden = reply.status in _NOT_ALLOWED  # only administrators may see the account's webhooks
        if hidden and not inbox.webhook_url:
            return _UNPROVEN
        hooks: list[wire.Hook] = []
        if not hidden:
            found: wire.Hooks = decoded(checked(reply, OPENING), wire.Hooks, "GET webhooks")
            hooks = [hook for hook in found.payload.webhooks if _is_same(hook.url, webhook_url)]
        if not hooks:
            raise ProviderRejected(_astray(webhook_url))
        return _doubt(settings, hooks[0], webhook_url)

    async def _fresh(self, key: str, ask: Callable[[], Awaitable[Any]]) -> Any:
        asked_at, found = self._kept.get(key, (0.0, None))
        now = time.monotonic()
        if found is None or now - asked_at >= KEPT_S:
            found = await ask()
            self._kept[key] = (now, found)
        return found


def _is_same(one: str | None, other: str) -> bool:
    """Whether two addresses are one place; the query may hold the secret of an old server."""
    return (
        bool(one)
        and urlsplit(one or "")._replace(query="").geturl() == urlsplit(other)._replace(query="").geturl()
    )


def _doubt(settings: Settings, hook: wire.Hook, webhook_url: str) -> str | None:
    """What Chatwoot does not tell of the proof that a webhook brings.

    Raises:
        ProviderRejected: it is none that we take.
    """
    secrets = (settings.webhook_secret, settings.old_webhook_secret)
    if not any(secrets):
        token = dict(parse_qsl(urlsplit(hook.url).query)).get("token", "")
        if not is_secret(token.encode("utf-8", "replace"), settings.webhook_token):
            raise ProviderRejected(
                f"the webhook's address has another token: set it in Chatwoot to {webhook_url}?token= and the value of "
                "`webhook_token`"
            )
        return None
    if hook.secret is None:
        return _UNPROVEN
    if not is_secret(hook.secret.encode(), *secrets):
        raise ProviderRejected(
            "check `webhook_secret`: Chatwoot signs the webhooks to us with another; an inbox and an account webhook have "
            "each its own"
        )
    return None


def _astray(webhook_url: str) -> str:
    return f"no webhook comes to us: set the inbox's webhook URL in Chatwoot to {webhook_url}, or `server.public_url` here"
