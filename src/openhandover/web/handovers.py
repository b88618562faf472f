"""Handovers: ask for a human, look, end, rate, prove; and whether anybody is there."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any

import msgspec

from openhandover.config.load import handover_step
from openhandover.config.nodes import nearest
from openhandover.core import view
from openhandover.core.errors import invalid
from openhandover.core.events import RequestHandover
from openhandover.core.model import Status
from openhandover.core.step import HandoverStep
from openhandover.store.port import HandoverFilter, HandoverRow
from openhandover.stories.explain import story

from .bodies import CallResultBody, CloseBody, HandoverBody, NothingBody, RatingBody, handover_errors
from .call import Call
from .endpoint import Reply, json_reply, page
from .idempotency import fingerprint
from .requests import Known, Reader, raw_body, repeated, text_of
from .site import Site
from .validation import refusal, unknown

_reader = Reader(HandoverBody, handover_errors)


def shape(row: HandoverRow) -> dict[str, Any]:
    """The handover object."""
    return view.handover(row.handover, row.digest)


async def request(call: Call) -> Reply:
    """POST /v1/conversations/{id}/handovers"""
    wait_s = call.whole("wait_s", 0, 0, 30)
    row, created = await accept(call.site, call.path["id"], await raw_body(call))
    if wait_s and row.handover.status is Status.REQUESTED:
        row = await _settled(call, row, wait_s)
    return json_reply(shape(row), 201 if created else 200)


async def accept(site: Site, conversation_id: str, raw: bytes) -> tuple[HandoverRow, bool]:
    """The handover that a body asks for, and whether it is new; raises what the call answers."""
    engine = site.engine

    async def known(data: Any) -> Known | None:
        await engine.conversation(conversation_id)
        handover_id = text_of(data, "id")
        row = await engine.store.handover(handover_id) if handover_id else None
        return Known(row.fingerprint, row) if row else None

    body = _reader.quick(raw)
    if body is None:
        return (await _reader.slow(raw, conversation_id, known)).resource, False
    mark = fingerprint(raw, conversation_id) if body.id is not None else None
    if before := await known({"id": body.id}):
        return repeated(before, mark or "").resource, False
    step = _step(site, raw) if body.settings else site.config.defaults.handover
    if body.provider is not None:
        step = msgspec.structs.replace(step, provider=body.provider)
    state = await engine.conversation(conversation_id)
    chain, settings = await engine.prepare_handover(state, step, {}, follows=False)
    if state.medium == "text" and step.route != site.config.defaults.handover.route:
        _check_route(step.route, engine.order.known_keys(chain))
    command = RequestHandover(
        id=body.id or f"ho_{secrets.token_urlsafe(16)}",
        chain=chain,
        settings=settings,
        initiator=body.initiator,
        why=body.reason or engine.handover_reason(state, step),
        epoch=body.epoch,
        digest=mark,
    )
    return await engine.request_handover(conversation_id, command)


def _step(site: Site, raw: bytes) -> HandoverStep:
    """The settings of a request, over the installation's defaults."""
    step, problems = handover_step(site.config, msgspec.json.decode(raw)["settings"])
    if step is None:
        raise refusal([{"path": one.path, "detail": f"{one.what}; {one.mend}"} for one in problems])
    return step


def _check_route(route: Mapping[str, Any], known: frozenset[str] | None) -> None:
    """Refuse keys of a request that no provider of its chain knows, before they are left out."""
    if known is not None and (strange := [key for key in route if key not in known]):
        raise refusal(
            [{"path": f"settings.route.{key}", "detail": unknown(key, sorted(known))} for key in strange]
        )


async def _settled(call: Call, row: HandoverRow, wait_s: float) -> HandoverRow:
    """The handover once it is accepted or ended, or as it is when the time is over."""
    handover = row.handover
    events = call.engine.feed.subscribe(handover.conversation_id, handover.requested_seq)
    try:
        async with asyncio.timeout(wait_s), aclosing(events) as following:  # type: ignore[type-var]
            async for event in following:
                if event.get("handover_id") != handover.id or not event["type"].startswith("handover."):
                    continue
                row = await call.engine.handover(handover.id)
                if row.handover.status is not Status.REQUESTED:
                    return row
    except TimeoutError:
        pass  # the time the caller wanted to wait at most
    return await call.engine.handover(handover.id)


async def read(call: Call) -> Reply:
    """GET /v1/handovers/{id}"""
    return json_reply(shape(await call.engine.handover(call.path["id"])))


async def listed(call: Call) -> Reply:
    """GET /v1/handovers"""
    statuses = tuple(part for part in (call.text("status") or "").split(",") if part)
    for status in statuses:
        if status not in set(Status):
            raise invalid("status", f"is none of {', '.join(Status)}")
    where = HandoverFilter(
        status=statuses,
        provider=call.text("provider"),
        channel=call.text("channel"),
        from_at=call.moment("from"),
        to_at=call.moment("to"),
        conversation_id=call.text("conversation_id"),
    )
    found = await call.engine.store.handovers(where, call.cursor, call.limit)
    return page([shape(row) for row in found.items], found.next)


async def cancel(call: Call) -> Reply:
    """POST /v1/handovers/{id}/cancel"""
    return await _ended(call, call.engine.cancel)


async def give_back(call: Call) -> Reply:
    """POST /v1/handovers/{id}/return"""
    return await _ended(call, call.engine.give_back)


async def _ended(call: Call, command: Callable[[str], Awaitable[HandoverRow]]) -> Reply:
    await call.engine.handover(call.path["id"])
    await call.json(NothingBody)
    return json_reply(shape(await command(call.path["id"])))


async def call_result(call: Call) -> Reply:
    """POST /v1/handovers/{id}/call-result"""
    row = await call.engine.handover(call.path["id"])
    body = await call.json(CallResultBody)
    if (await call.engine.conversation(row.handover.conversation_id)).medium != "voice":
        raise invalid("outcome", "this handover is of a text conversation; only phone calls have outcomes")
    found = await call.engine.call_result(row.handover.id, body.outcome, body.sip_status, body.attempt)
    return json_reply(shape(found))


async def close(call: Call) -> Reply:
    """POST /v1/handovers/{id}/close"""
    await call.engine.handover(call.path["id"])
    body = await call.json(CloseBody)
    return json_reply(shape(await call.engine.close(call.path["id"], body.by)))


async def rate(call: Call) -> Reply:
    """POST /v1/handovers/{id}/rating"""
    await call.engine.handover(call.path["id"])
    body = await call.json(RatingBody)
    return json_reply(shape(await call.engine.rate(call.path["id"], body.score, body.comment)))


async def proof(call: Call) -> Reply:
    """GET /v1/handovers/{id}/proof"""
    return json_reply(await call.engine.proof(call.path["id"]))


async def availability(call: Call) -> Reply:
    """GET /v1/availability"""
    provider = call.text("provider")
    if provider is None:
        raise invalid("provider", "is required")
    if provider not in call.engine.providers:
        known = call.site.config.providers
        raise invalid("provider", f"is not a configured provider; {nearest(provider, known)}")
    skills = [part for part in (call.text("skills") or "").split(",") if part]
    route: dict[str, Any] = {"skills": skills} if skills else {}
    return json_reply(await call.engine.availability(provider, route, call.text("language")))


async def explain(call: Call) -> Reply:
    """GET /v1/handovers/{id}/explain"""
    row = await call.engine.handover(call.path["id"])
    hidden = call.site.config.redaction.to_log
    return page(await story(call.engine.store, row, hidden, call.text("language")), None)
