"""Following one conversation: its user's stream of events, and after each connection what the history has beside it."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import NamedTuple

from openhandover.core.errors import ProviderUnavailable
from openhandover.net.client import Reply
from openhandover.net.sse import ServerSent
from openhandover.net.statuses import check
from openhandover.net.tokens import UNAUTHORIZED

from . import api, facts
from .talks import PAGE, Talk


class Step(NamedTuple):
    """Something that happened: its kind, its entry as far as it could be read, the place after it, and how it came."""

    kind: str
    entry: facts.Entry | None
    place: facts.Place
    data: str = ""


async def steps(access: api.Api, talk: Talk, place: facts.Place) -> AsyncGenerator[Step]:
    """One connection, until its token has to be renewed. What was told twice has the same id.

    Raises:
        ProviderUnavailable: it broke.
    """
    token = await talk.token()
    async with access.events(token.value, place.event_id) as answer:
        if answer.status == UNAUTHORIZED:
            talk.refused(token.value)
            raise ProviderUnavailable("the access token has ended; it is renewed")
        check(Reply(answer.status, answer.headers, b""), api.TALK, time.time(), api.TALK_HINTS)
        async for entry in _since(talk, place.at):
            place = _moved(place, entry)
            if entry.entry_type not in facts.PASSING:
                yield Step(entry.entry_type, entry, place)
        async for event in _until(access.parsed(answer), token.renew_at):
            place = facts.Place(event.id or place.event_id, place.at)
            if (read := facts.streamed(event, talk.id)) is not None:
                kind, entry = read
                place = place if entry is None else _moved(place, entry)
                yield Step(kind, entry, place, event.data)


async def _since(talk: Talk, after: int) -> AsyncGenerator[facts.Entry]:
    """What the history has from this time on (milliseconds)."""
    while True:
        start = f"&startTimestamp={after}" if after else ""
        page = await talk.entries(f"direction=FromStart{start}")
        for entry in page:
            yield entry
        if len(page) < PAGE or page[-1].transcripted_timestamp <= after:
            return
        after = page[-1].transcripted_timestamp


async def _until(events: AsyncGenerator[ServerSent], due: float) -> AsyncGenerator[ServerSent]:
    """The events of a stream until this time. Raises ProviderUnavailable when it ends: it has no end of its own."""
    async with aclosing(events):
        while (left_s := due - time.time()) > 0:
            try:
                yield await asyncio.wait_for(anext(events), left_s)
            except TimeoutError:
                return
            except StopAsyncIteration:
                raise ProviderUnavailable("the stream of events ended") from None


def _moved(place: facts.Place, entry: facts.Entry) -> facts.Place:
    return facts.Place(place.event_id, max(place.at, entry.transcripted_timestamp))
