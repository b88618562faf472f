"""What no webhook has brought: from time to time, and first after every start, the REST API is asked what the agents did.

RingCentral tries a message three times and a webhook for three hours. An event that came the usual way as well has the
same id here, so it has no second effect; only an end is told anew, and the first end wins.
"""

from collections.abc import AsyncIterator

from openhandover.core import events
from openhandover.core.events import FromProvider
from openhandover.providers.base import Session

from . import inbound, readable, wire
from .account import Rest

PAGE = 150


async def look(
    name: str, rest: Rest, session: Session, cursor: str | None
) -> AsyncIterator[tuple[str, FromProvider | None]]:
    """The agents' messages in the session's thread, and its end, when something has changed there since `cursor`."""
    thread = wire.State.of(session.vendor_state).thread
    asked = [("thread_id", thread), ("limit", str(PAGE))]
    begun = (await rest.get("/interventions", wire.Interventions, asked)).records
    mark = max((one.updated_at or "" for one in begun), default="")
    if mark == (cursor or ""):
        return
    query = [("q", f'thread:"{thread}"'), ("limit", str(PAGE))]
    contents = (await rest.get("/contents", wire.Contents, query)).records
    for it in sorted(contents, key=lambda it: it.created_at or ""):
        if _is_of_agent(it):
            yield cursor or "", _fact(name, session, f"message:{it.id}", _said(it), it.created_at)
    if all(one.closed for one in begun):
        # None is left of those that were there before: a cancelled one is gone.
        last = max(begun, key=lambda one: one.updated_at or "", default=wire.Intervention(thread))
        end = events.Closed("agent_closed", sequenced=True)  # everything said before it is here already
        yield cursor or "", _fact(name, session, f"closed:{last.id}:{last.closed_at}", end, last.closed_at)
    yield mark, None


def _fact(
    name: str, session: Session, event_id: str, fact: events.ProviderFact, at: str | None
) -> FromProvider:
    return FromProvider(name, event_id, fact, external_id=session.external_id, at=inbound.epoch(at))


def _is_of_agent(it: wire.Content) -> bool:
    """Ours are told apart by their id, and what waits for a supervisor is not said yet."""
    ours = (it.foreign_id or "").startswith(wire.OURS)
    waits = it.approval_required or it.published is False
    return bool(it.creator_id) and not ours and not waits and bool(it.body or it.attachments)


def _said(it: wire.Content) -> events.AgentMessage:
    text = it.body or ""
    files = tuple(
        inbound.file(f"{it.id}:{n}", one.url, one.filename, one.content_type)
        for n, one in enumerate(it.attachments or ())
    )
    return events.AgentMessage(
        readable.of_html(text) if it.body_input_format == "html" else text, it.id, files
    )
