"""What no webhook has brought: after a pause of ours the REST API is asked what the agents did meanwhile.

RingCentral tries a message three times and a webhook for three hours. An event that came the usual way as well has the
same id here, so it has no second effect; only an end is told anew, and the first end wins.
"""

from typing import NamedTuple

from openhandover.core import events
from openhandover.core.events import FromProvider
from openhandover.providers.base import Host

from . import inbound, readable, wire
from .account import Rest
from .settings import Settings

PAGE = 150


class Look(NamedTuple):
    """What was found, and where the next look begins."""

    since: str
    found: list[FromProvider]


def kept(thread: str) -> str:
    """Where our id of one of RingCentral's threads is remembered."""
    return f"thread:{thread}"


async def look(name: str, settings: Settings, rest: Rest, host: Host, since: str | None) -> Look:
    """The agents' messages and ends in our threads since then; None: it is the first look, and nothing is missing."""
    changed = await _changed(settings, rest, since)
    newest = max([one.updated_at or "" for one in changed], default=since or "")
    found: list[FromProvider] = []
    for one in [] if since is None else sorted(changed, key=lambda one: one.updated_at or ""):
        thread = await host.recall(kept(one.thread_id or ""))
        if thread is not None:
            found += await _of(name, rest, one, thread)
    return Look(newest, found)


async def _changed(settings: Settings, rest: Rest, since: str | None) -> list[wire.Intervention]:
    found: list[wire.Intervention] = []
    while True:
        query = [("sort", "updated_at"), ("limit", str(PAGE)), ("offset", str(len(found)))]
        page = (await rest.get("/interventions", wire.Interventions, query)).records
        found += page
        if since is None or len(page) < PAGE or any((one.updated_at or "") < since for one in page):
            break
    return [
        one
        for one in found
        if one.source_id in (None, settings.source_id) and (one.updated_at or "") >= (since or "")
    ]


async def _of(name: str, rest: Rest, one: wire.Intervention, thread: str) -> list[FromProvider]:
    query = [("q", f'intervention:"{one.id}"'), ("limit", str(PAGE))]
    contents = (await rest.get("/contents", wire.Contents, query)).records
    found = [
        FromProvider(name, f"message:{it.id}", _said(it), external_id=thread, at=inbound.epoch(it.created_at))
        for it in sorted(contents, key=lambda it: it.created_at or "")
        if _is_of_agent(it)
    ]
    if one.closed:
        event_id = f"closed:{one.id}:{one.closed_at}"
        end = events.Closed("agent_closed", sequenced=True)  # everything said before it is here already
        found.append(FromProvider(name, event_id, end, external_id=thread, at=inbound.epoch(one.closed_at)))
    return found


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
