"""What no webhook has brought: from time to time, and first after every start, the REST API is asked what the agents did.

RingCentral tries a message three times and a webhook for three hours. An event that came the usual way as well has the
same id here, so it has no second effect; only an end is told anew, and the first end wins.
"""

from collections.abc import AsyncIterator, Sequence

from openhandover.core import events
from openhandover.core.events import FromProvider
from openhandover.providers.base import Session

from . import inbound, readable, wire
from .account import Rest
from .settings import Settings

PAGE = 150


async def look(
    name: str, settings: Settings, rest: Rest, session: Session, cursor: str | None
) -> AsyncIterator[tuple[str, FromProvider | None]]:
    """Who has the session's thread, the agents' messages in it, and its end, when something has changed since `cursor`."""
    thread = wire.State.of(session.vendor_state).thread
    asked = [("thread_id", thread), ("limit", str(PAGE))]
    begun = (await rest.get("/interventions", wire.Interventions, asked)).records
    mark = _mark(begun)
    if mark == (cursor or ""):
        return
    for one in begun:
        if not one.closed and (agent := inbound.person(settings, one.user_id)):
            joined = events.AgentJoined(agent, only_if_free=True)
            yield cursor or "", _fact(name, session, f"joined:{one.id}:{one.user_id}", joined, None)
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


def _mark(begun: Sequence[wire.Intervention]) -> str:
    """What changes with whatever agents do; that a reply counts as a change of the intervention is not documented."""
    if not begun:
        return ""
    replies = sum(one.user_replies_count or 0 for one in begun)
    return f"{max(one.updated_at or '' for one in begun)} {replies}"


def _fact(
    name: str, session: Session, event_id: str, fact: events.ProviderFact, at: str | None
) -> FromProvider:
    return FromProvider(name, event_id, fact, external_id=session.external_id, at=inbound.epoch(at))


def _is_of_agent(it: wire.Content) -> bool:
    """Ours are told apart by their id; what waits for a supervisor is not said yet, what was deleted not any more."""
    ours = (it.foreign_id or "").startswith(wire.OURS)
    hidden = it.approval_required or it.published is False or it.remotely_deleted
    return bool(it.creator_id) and not ours and not hidden and bool(it.body or it.attachments)


def _said(it: wire.Content) -> events.AgentMessage:
    text = it.body or ""
    named = [(one.url, one.filename, one.content_type) for one in it.attachments or ()]
    return events.AgentMessage(
        readable.of_html(text) if it.body_input_format == "html" else text,
        it.id,
        inbound.files(it.id, named),
    )
