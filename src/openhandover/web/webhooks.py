"""Inbound webhooks of contact centres: verify, parse, hand each fact to the engine, answer once it is stored."""

import time
from collections.abc import Mapping
from typing import Any

from openhandover.core.errors import ProviderError, Refused, Unsupported
from openhandover.core.events import FromProvider
from openhandover.providers.base import WebhookRequest

from .call import MAX_JSON_BYTES, Call
from .endpoint import Reply, json_reply


async def receive(call: Call) -> Reply:
    """POST /webhooks/{provider} and /webhooks/{provider}/{part}"""
    provider = call.engine.providers.get(call.path["provider"])
    if provider is None:
        raise Refused("not_found", "No provider of this name is configured")
    part = call.path.get("part", "")
    if part not in provider.capabilities.webhook_parts:
        raise Refused("not_found", "This provider takes no webhooks at this address")
    request = WebhookRequest(
        method=call.scope["method"],
        headers=call.headers(),
        query=call.query,
        body=await call.body(MAX_JSON_BYTES),
        received_at=time.time(),
        part=part,
    )
    try:
        await provider.prepare(request)
        provider.verify(request)
        facts = provider.parse(request)
    except Unsupported:
        raise Refused("not_found", "This provider takes no webhooks") from None
    except ProviderError:
        raise Refused("unavailable", "What proves the sender cannot be had now; send it again") from None
    fixed = provider.reply(request)
    results = [await _take(call, fact, always=fixed is not None) for fact in facts]
    if fixed is not None:
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fixed.headers.items()
        ]
        kinds = [value for name, value in headers if name == b"content-type"]
        others = [(name, value) for name, value in headers if name != b"content-type"]
        return Reply(fixed.status, fixed.body, kinds[0] if kinds else b"text/plain; charset=utf-8", others)
    return json_reply(
        results[0] if len(results) == 1 else {"applied": any(one["applied"] for one in results)}
    )


async def _take(call: Call, fact: FromProvider, *, always: bool) -> Mapping[str, Any]:
    """Hand a fact to the engine. One of a handover that we do not have is refused, but not to a vendor with a fixed
    answer: it would only send it again."""
    try:
        return await call.engine.from_provider(fact)
    except Refused as refused:
        if not always or refused.code != "not_found":
            raise
        return {"applied": False, "reason": "unknown"}
