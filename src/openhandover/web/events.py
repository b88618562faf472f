"""Events of a conversation: a JSON page, or server-sent events that go on as long as the client listens."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from openhandover.core.errors import invalid

from .call import MAX_SEQ, Call
from .endpoint import Reply, Stream, encode, page
from .messages import number_or_none

HEARTBEAT_S = 15.0
"""A comment line this often, so that nobody on the way takes the stream for dead."""


async def listed(call: Call) -> Reply | Stream:
    """GET /v1/conversations/{id}/events"""
    conversation_id = call.path["id"]
    await call.engine.conversation(conversation_id)
    if "text/event-stream" not in (call.header(b"accept") or ""):
        found = await call.engine.events(conversation_id, call.after, call.limit)
        return page(found.items, number_or_none(found.next))
    after = _resumed_after(call)
    events = call.engine.feed.subscribe(conversation_id, after)
    return Stream(
        with_heartbeat(frames(events)),
        b"text/event-stream; charset=utf-8",
        ((b"x-accel-buffering", b"no"),),
    )


def _resumed_after(call: Call) -> int:
    """Where the client stopped reading: a browser says so by header when it reconnects."""
    last = call.header(b"last-event-id")
    if not last:
        return call.after
    if not (last.isascii() and last.isdigit()) or len(last) > 16 or int(last) > MAX_SEQ:
        raise invalid("Last-Event-ID", "must be the `id` of an event of this stream")
    return int(last)


async def frames(events: AsyncGenerator[Mapping[str, Any]]) -> AsyncGenerator[bytes]:
    """Events as frames; what is not stored (typing) has no id, so that nobody resumes from it."""
    async with aclosing(events) as following:
        async for event in following:
            seq = event.get("seq")
            identity = b"" if seq is None else b"id: %d\n" % seq
            yield b"%sevent: %s\ndata: %s\n\n" % (identity, event["type"].encode(), encode(event))


async def with_heartbeat(
    source: AsyncGenerator[bytes], every_s: float = HEARTBEAT_S
) -> AsyncGenerator[bytes]:
    """The chunks, with a comment line first and whenever nothing was written for a while."""
    yield b": connected\n\n"
    async with aclosing(source) as chunks:
        following = asyncio.ensure_future(anext(chunks, None))
        try:
            while True:
                done, _ = await asyncio.wait((following,), timeout=every_s)
                if not done:
                    yield b": still here\n\n"
                    continue
                chunk = following.result()
                if chunk is None:
                    return
                yield chunk
                following = asyncio.ensure_future(anext(chunks, None))
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
