"""Giving a chat to people in CM's Conversational Router, and giving it back: one call each, which may be repeated.

Documented by CM.com ("Control routing", "Routing control"); `disableComponent` and `CustomerInfo` as in HALO's own tools;
the session calls as in public integrations. A 2xx means that the Router has rewired the chat, never that a human is there.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from openhandover.core.errors import ProviderAuthError, ProviderError, ProviderRejected, ProviderUnavailable
from openhandover.net.client import Reply, Request, Sender, encode_json
from openhandover.net.statuses import Reactions, check
from openhandover.texts.redaction import redact

from .settings import REFUSED_HINT, RouterSettings

Context = Mapping[str, str]

REACTIONS: Reactions = {
    401: ProviderAuthError,
    403: ProviderAuthError,
    404: ProviderRejected,
    **dict.fromkeys((408, 425, 429), ProviderUnavailable),
}
"""What a status means; CM documents none, so they are taken as HTTP has them."""

RIGHT = "ConversationalRouter.RouterSession_Update"
_MUTATION_HINTS = {
    401: REFUSED_HINT,
    403: "the product token may not change the routing of this account",
    404: "the Router knows no such chat or account; check `technical_link_id` and `chatId`",
}
_SESSION_HINTS = {**_MUTATION_HINTS, 403: f"the product token lacks the right {RIGHT}"}
_SHORT = 4
_TOLD = 300
"""Characters of a refusal's body that are kept."""


class Router:
    """The Router of one account."""

    def __init__(self, settings: RouterSettings, http: Sender) -> None:
        self._settings = settings
        self._http = http

    async def hand_over(self, chat_id: str, context: Context, *, source: str = "", target: str = "") -> None:
        """Give the chat of channel adapter `source` to people; `target`: the adapter of a desk whose link is enabled.

        Raises:
            ProviderError: refused, or out of reach.
        """
        if self._settings.states:
            await self._session(chat_id, "state", state(self._settings.states.human, context), context)
            return
        changes = mutations(self._settings, source, target)
        await self._mutate(chat_id, mutation_request(chat_id, context, changes), context)

    async def hand_back(self, chat_id: str, *, source: str = "") -> None:
        """Give the chat back to the bot, as far as `handback` says so. Experimental: no public page has it.

        Raises:
            ProviderError: refused, or out of reach.
        """
        settings = self._settings
        if settings.handback == "session_end":
            await self.end_session(chat_id)
        elif settings.handback == "enable" and settings.states and settings.states.bot:
            await self._session(chat_id, "state", state(settings.states.bot, {}), {})
        elif settings.handback == "enable" and settings.bot_adapter and source:
            changes = [rule("Enable", source, settings.bot_adapter)]
            await self._mutate(chat_id, mutation_request(chat_id, {}, changes), {})

    async def end_session(self, chat_id: str) -> None:
        """End the Router session, so that the next message starts afresh.

        Raises:
            ProviderError: refused, or out of reach.
        """
        await self._session(chat_id, "end", None, {})

    async def _mutate(self, chat_id: str, body: Mapping[str, Any], context: Context) -> None:
        reply = await self._call("POST", self._settings.mutation_url(chat_id), body)
        self._check(reply, _MUTATION_HINTS, context)

    async def _session(
        self, chat_id: str, verb: Literal["state", "end"], body: Mapping[str, Any] | None, context: Context
    ) -> None:
        reply = await self._call("PUT", self._settings.session_call(chat_id, verb), body)
        self._check(reply, _SESSION_HINTS, context)

    async def _call(self, method: str, url: str, body: Mapping[str, Any] | None) -> Reply:
        content = b"" if body is None else encode_json(body)
        headers = self._settings.headers
        return await self._http.send(Request(method=method, url=url, headers=headers, body=content))

    def _check(self, reply: Reply, hints: Mapping[int, str], context: Context) -> None:
        try:
            check(reply, REACTIONS, time.time(), hints)
        except ProviderError as error:
            told = _told(reply, (self._settings.product_token, *_hidden(context)))
            detail = "; ".join(part for part in (error.detail, told) if part)
            raise type(error)(
                detail, http_status=error.http_status, retry_after_s=error.retry_after_s
            ) from None


def mutation_request(chat_id: str, context: Context, changes: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """The body, in the casing of HALO's own tools; the Router reads names in any case."""
    return {"chatId": chat_id, "Context": dict(context), "mutations": list(changes)}


def mutations(settings: RouterSettings, source: str, target: str = "") -> list[dict[str, str]]:
    """Cut the channel's link to the bot, make one to a desk's adapter if there is one, take the components out."""
    changes: list[dict[str, str]] = []
    if settings.bot_adapter and source:
        changes.append(rule("Disable", source, settings.bot_adapter))
    if target:
        changes.append(rule("Enable", source, target))
    changes += [{"$type": "disableComponent", "ComponentId": one} for one in settings.disable_components]
    return changes


def rule(action: Literal["Enable", "Disable"], source: str, target: str) -> dict[str, str]:
    """One link between two adapters. Never `Or`: that would cut every link of an adapter, also the one to the desk."""
    return {
        "$type": "ruleMutation",
        "action": action,
        "operator": "And",
        "sourceAdapterId": source,
        "targetAdapterId": target,
    }


def state(name: str, context: Context) -> dict[str, Any]:
    """The body that moves a session to a named state."""
    return {"NewStateNameId": name, "Context": dict(context)}


def customer_info(fields: Mapping[str, str]) -> str:
    """The customer's profile as the JSON text of a real object; what is empty is left out."""
    return encode_json({key: value for key, value in fields.items() if value}).decode()


def _told(reply: Reply, secrets: Sequence[str]) -> str:
    """The beginning of what was answered to a refused call, without what we sent and without personal data."""
    if not 400 <= reply.status < 500 or not reply.body:
        return ""
    said = reply.body.decode("utf-8", "replace")
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        # A short one, such as a name of one letter, only where it is a word: the reason must stay readable.
        bound = r"\b" if len(secret) < _SHORT and secret.isalnum() else ""
        said = re.sub(f"{bound}{re.escape(secret)}{bound}", "***", said)
    said = " ".join(said.split())
    return f"it said: {redact(said, ('card', 'iban', 'email', 'phone'))[:_TOLD]}"


def _hidden(context: Context) -> Iterator[str]:
    """Everything in a Context that a refusal may repeat, as it is and as it looks inside JSON."""
    for value in context.values():
        yield value
        try:
            profile = msgspec.json.decode(value, type=dict[str, str])
        except msgspec.DecodeError:
            profile = {}
        for word in (value, *profile.values()):
            yield word
            yield json.dumps(word)[1:-1]
            yield encode_json(word).decode()[1:-1]
