"""Inbound webhooks of contact centres: verify, parse, hand each fact to the engine, answer once it is stored."""

import time
from collections.abc import Mapping
from typing import Any

from openhandover.core.errors import ProviderError, Refused, SignatureError, Unsupported
from openhandover.core.events import FromProvider
from openhandover.net.webhooks import PROBE
from openhandover.providers.base import Provider, WebhookReply, WebhookRequest

from .call import MAX_JSON_BYTES, Call
from .endpoint import Reply, json_reply
from .problems import problem

_NONE = "This provider takes no webhooks"


async def receive(call: Call) -> Reply:
    """POST /webhooks/{provider} and /webhooks/{provider}/{part}"""
    if call.header(PROBE.encode()) is not None:
        return _probed(call)
    provider, request = await _proven(call)
    try:
        facts = provider.parse(request)
    except Unsupported:
        raise Refused("not_found", _NONE) from None
    fixed = provider.reply(request)
    results = [await _take(call, fact, always=fixed is not None) for fact in facts]
    if fixed is not None:
        return _as_demanded(fixed)
    return json_reply(
        results[0] if len(results) == 1 else {"applied": any(one["applied"] for one in results)}
    )


async def greet(call: Call) -> Reply:
    """GET /webhooks/{provider} and /webhooks/{provider}/{part}: how some vendors find out who answers there"""
    provider = call.engine.providers.get(call.path["provider"])
    if provider is not None and not provider.capabilities.webhook_get:
        return problem("method_not_allowed", headers=((b"allow", b"POST"),))
    provider, request = await _proven(call)
    fixed = provider.reply(request)
    if fixed is None:
        raise Refused("not_found", "This is no greeting that the provider knows")
    return _as_demanded(fixed)


def _probed(call: Call) -> Reply:
    """Refuse as whoever brings no proof is refused, without a look at what came: nobody's secret is wrong, so nothing is
    logged, and nobody can try secrets this way."""
    provider, part = _addressed(call)
    try:
        provider.verify(WebhookRequest("POST", {}, {}, b"", time.time(), part))
    except Unsupported:
        raise Refused("not_found", _NONE) from None
    except SignatureError:
        pass  # as it should
    return problem("unauthorized", "This only asked whether webhooks arrive")


def _addressed(call: Call) -> tuple[Provider, str]:
    """The provider, and what followed its name in the path."""
    provider = call.engine.providers.get(call.path["provider"])
    if provider is None:
        raise Refused("not_found", "No provider of this name is configured")
    part = call.path.get("part", "")
    if part not in provider.capabilities.webhook_parts:
        raise Refused("not_found", "This provider takes no webhooks at this address")
    return provider, part


async def _proven(call: Call) -> tuple[Provider, WebhookRequest]:
    """The provider and a request that its vendor sent."""
    provider, part = _addressed(call)
    method = call.scope["method"]
    request = WebhookRequest(
        method=method,
        headers=call.headers(),
        query=call.query,
        body=await call.body(MAX_JSON_BYTES) if method == "POST" else b"",
        received_at=time.time(),
        part=part,
    )
    try:
        await provider.prepare(request)
        provider.verify(request)
    except Unsupported:
        raise Refused("not_found", _NONE) from None
    except ProviderError:
        raise Refused("unavailable", "What proves the sender cannot be had now; send it again") from None
    return provider, request


def _as_demanded(fixed: WebhookReply) -> Reply:
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fixed.headers.items()
    ]
    kinds = [value for name, value in headers if name == b"content-type"]
    others = [(name, value) for name, value in headers if name != b"content-type"]
    return Reply(fixed.status, fixed.body, kinds[0] if kinds else b"text/plain; charset=utf-8", others)


async def _take(call: Call, fact: FromProvider, *, always: bool) -> Mapping[str, Any]:
    """Hand a fact to the engine. One of a handover that we do not have is refused, but not to a vendor with a fixed
    answer: it would only send it again."""
    try:
        return await call.engine.from_provider(fact)
    except Refused as refused:
        if not always or refused.code != "not_found":
            raise
        return {"applied": False, "reason": "unknown"}
