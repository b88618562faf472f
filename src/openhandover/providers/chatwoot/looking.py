"""Looks at open conversations, beside the webhooks: Chatwoot sends each of them once, whether or not anybody takes it,
and none when an agent has read something."""

import asyncio
from collections.abc import AsyncIterator

from openhandover.core import events
from openhandover.core.events import FromProvider

from .posting import PAGE, Posting
from .webhooks import Reader, Said
from .wire import Person, message_id


async def looked(
    posting: Posting, reader: Reader, talk_id: str, cursor: str | None, every_s: float
) -> AsyncIterator[tuple[str, FromProvider | None]]:
    """What is new in one conversation since the message `cursor`: at once, then every `every_s` seconds (0: never again),
    until it has ended."""
    last = int(cursor or 0)
    unread: dict[str, float] = {}
    seen: Person | None = None
    while True:
        talk = await posting.talk(talk_id)
        holder = reader.held(talk)
        if holder is not None and talk.meta.assignee != seen:
            yield str(last), holder
        seen = talk.meta.assignee
        is_more = talk.newest is None or talk.newest > last
        while is_more:
            found = await posting.messages(talk_id, after=last)
            for said in found:
                last = max(last, said.id)
                unread |= _ours(said)
                yield str(last), reader.listed(said, talk_id)
            is_more = len(found) >= PAGE
        read_until = talk.agent_last_seen_at if isinstance(talk.agent_last_seen_at, float) else 0
        for ours in [one for one, at in unread.items() if at <= read_until]:
            del unread[ours]
            yield str(last), reader.told(f"read:{talk_id}:{ours}", events.MessageRead(ours), talk_id)
        ended = reader.ended(talk.status, talk_id)
        if ended is not None:
            yield str(last), ended
            return
        if not every_s:
            return
        await asyncio.sleep(every_s)


def _ours(said: Said) -> dict[str, float]:
    """Our id of a user's message, and when it arrived there (seconds of the epoch)."""
    ours = message_id(said.source_id)
    at = said.created_at
    return {} if ours is None or isinstance(at, str) or at is None else {ours: at}
