"""The presence webhook of CM.com's Conversational AI Cloud ("Presence check webhook"), served for any provider: that
platform asks us before it offers a person."""

from collections.abc import Mapping
from typing import Any

import structlog
from msgspec import Struct

from openhandover.core.errors import ProviderError, Refused
from openhandover.engine import ASK_BY_HAND
from openhandover.net.signatures import is_secret

from .auth import bearer
from .call import MAX_JSON_BYTES, Call
from .endpoint import Reply, json_reply

_log = structlog.get_logger("openhandover.providers")


class Data(Struct):
    """What the answer's addition `mscWebstore` held."""

    context: str | None = None


class PresenceBody(Struct):
    """What the platform sends; keys that we do not know are ignored."""

    url: str | None = None
    channel: str | None = None
    data: Data | None = None


class AgentAvailable(Struct):
    """What it wants to know."""

    agentAvailable: bool  # noqa: N815  the platform's own word


async def answer(call: Call) -> Reply:
    """POST /presence/{provider}"""
    _admit(call)
    name = call.path["provider"]
    if name not in call.engine.providers:
        raise Refused("not_found", "No provider of this name is configured")
    body = await call.json(PresenceBody, MAX_JSON_BYTES)
    asked = {"channel": body.channel, "webstore_referrer": body.data.context if body.data else None}
    known = call.engine.providers.route_keys(name)
    route = {key: value for key, value in asked.items() if value and (known is None or key in known)}
    return json_reply(AgentAvailable(await _is_open(call, name, route)))


def _admit(call: Call) -> None:
    """Whoever knows the secret, as a bearer token or in the address; without one nobody, and nothing is there."""
    secret = call.site.config.api.presence_secret
    if secret is None:
        raise Refused("not_found", "Set `api.presence_secret` to serve the presence webhook")
    presented = bearer(call.header(b"authorization"))
    given = (call.text("secret") or "") if presented is None else presented
    if not is_secret(given.encode("utf-8", "surrogateescape"), secret):
        raise Refused(
            "unauthorized", "Send `api.presence_secret` as bearer token, or as `secret` in the address"
        )


async def _is_open(call: Call, name: str, route: Mapping[str, Any]) -> bool:
    """As a flow sees it: who cannot tell is there, who cannot be asked is not."""
    try:
        found = await call.engine.providers.availability(name, route, None)
    except ProviderError as error:
        _log.warning("availability_failed", provider=name, detail=error.detail, remedy=ASK_BY_HAND)
        return False
    return found.open is not False
