"""Health and figures: open to everybody who can reach the port; they tell nothing about anybody."""

from .call import Call
from .endpoint import Reply, json_reply


async def healthz(call: Call) -> Reply:
    """GET /healthz"""
    return json_reply({"status": "ok"})


async def readyz(call: Call) -> Reply:
    """GET /readyz"""
    ready = not call.site.closing.is_set() and await call.engine.store.ready()
    return json_reply({"status": "ok" if ready else "unavailable"}, 200 if ready else 503)


async def metrics(call: Call) -> Reply:
    """GET /metrics"""
    return Reply(200, call.site.metrics.text(), b"text/plain; version=0.0.4; charset=utf-8")
