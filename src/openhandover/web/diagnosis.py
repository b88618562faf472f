"""Why a handover is where it is: its story, every call to and from the contact centre, and what is still due."""

from typing import Any

import msgspec

from openhandover.core import view
from openhandover.store.port import VendorCall
from openhandover.stories.explain import story

from .call import Call
from .endpoint import Reply, json_reply

CALLS_SHOWN = 1000


async def diagnose(call: Call) -> Reply:
    """GET /v1/handovers/{id}/diagnosis"""
    engine = call.engine
    row = await engine.handover(call.path["id"])
    await engine.vendor_calls.save()
    calls = await engine.store.vendor_calls(row.handover.id, CALLS_SHOWN)
    hidden = call.site.config.redaction.to_log
    return json_reply(
        {
            "handover": view.handover(row.handover, row.digest),
            "sentences": await story(engine.store, row, hidden, call.text("language")),
            "calls": [_shape(one) for one in calls],
            "counts": (await engine.proof(row.handover.id))["counts"],
        }
    )


def _shape(call: VendorCall) -> dict[str, Any]:
    """A call with its time as the API writes it; which handover it belongs to is known."""
    fields: dict[str, Any] = msgspec.to_builtins(call)
    del fields["handover_id"]
    return {**fields, "at": view.time(call.at)}
