"""Salesforce Chat (Live Agent), Chat REST API: polled chat by chat. Salesforce retired it, so it is off unless enabled."""

import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode
from uuid import uuid4

from openhandover.core import events as e
from openhandover.core.errors import ProviderRejected
from openhandover.core.model import Message
from openhandover.core.recent import Recent
from openhandover.net.client import Request, Sender
from openhandover.net.statuses import check
from openhandover.providers.base import (
    Availability,
    BaseProvider,
    Capabilities,
    HandoverRequest,
    Opened,
    Session,
)

from . import wire
from .chat import OPEN, OPEN_HINTS, Chat
from .settings import Settings

_RETIRED = (
    "`enabled` is off: Salesforce retired Chat on 14 February 2026; use `salesforce_miaw`, or switch it on"
)


class SalesforceChat(BaseProvider):
    """One deployment and button."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        inbound="session",
        availability=True,
        queue_position=True,
        estimated_wait=True,
        typing_in=True,
        typing_out=True,
        presence=True,
        agent_name=True,
        sends_transcript=False,
    )

    def __init__(self, name: str, settings: Settings, http: Sender) -> None:
        super().__init__(name)
        self._settings = settings
        self._http = http
        self._chats: Recent[str, Chat] = Recent()

    async def connect(self) -> None:
        """Ask whether agents are there: that changes nothing, and is refused to strangers."""
        if not self._settings.enabled:
            raise ProviderRejected(_RETIRED)
        await self.availability({}, None)

    def refuse(self, route: Mapping[str, Any]) -> str | None:
        """Everything while it is off; else a route that cannot be expressed there."""
        if not self._settings.enabled:
            return _RETIRED
        try:
            wire.target(route, self._settings)
        except ValueError as error:
            return str(error)
        return None

    async def availability(self, route: Mapping[str, Any], language: str | None) -> Availability:
        """Whether the button has agents, and how long one waits."""
        if not self._settings.enabled:
            return Availability(open=False)
        to = wire.target(route, self._settings)
        query = urlencode(
            {
                "org_id": to.organization_id,
                "deployment_id": to.deployment_id,
                "Availability.ids": f"[{to.button_id}]",
                "Availability.needEstimatedWaitTime": 1,
            }
        )
        url = f"{to.base_url}/Visitor/Availability?{query}"
        headers = {"X-LIVEAGENT-API-VERSION": to.api_version}
        reply = await self._http.send(Request(method="GET", url=url, headers=headers))
        check(reply, OPEN, time.time(), OPEN_HINTS)
        return wire.availability(reply, to.button_id)

    async def open(self, request: HandoverRequest) -> Opened:
        """A session and the wish for an agent. What is to be said first waits until one has taken it."""
        chat = self._chat(request.key)
        to = wire.target(request.route, self._settings)
        state = await chat.known() or await chat.begin(to)
        await chat.ask(wire.init(request, state.to, self._settings, state.session.id))
        first = wire.opening(request, self._settings)
        await chat.say("opening", wire.pieces(first, self._settings.max_text_length))
        return Opened(request.key)

    async def send(self, session: Session, message: Message, key: str) -> None:
        """The text and the links of its files, in as many messages as they need. Before an agent has taken the chat, nobody
        would get them."""
        chat = self._chat(session.external_id)
        await chat.taken()
        said = wire.pieces(wire.line(message), self._settings.max_text_length)
        await chat.say(key, said)

    async def typing(self, session: Session, *, on: bool) -> None:
        """Tell the agent that the user types, or stopped."""
        noun = "Chasitor/ChasitorTyping" if on else "Chasitor/ChasitorNotTyping"
        await self._chat(session.external_id).hint(noun)

    async def presence(self, session: Session, user: Literal["connected", "disconnected"], text: str) -> None:
        """A message like any other: the visitor's side has no other words there."""
        await self._chat(session.external_id).say(str(uuid4()), [text])

    async def cancel(self, session: Session, reason: str) -> None:
        """End the chat: `client` is the only reason that may be given."""
        await self._chat(session.external_id).end()

    async def close(self, session: Session, reason: str) -> None:
        """As `cancel`."""
        await self._chat(session.external_id).end()

    async def listen(
        self, session: Session, cursor: str | None
    ) -> AsyncIterator[tuple[str, e.FromProvider | None]]:
        """One poll after the other, which is what keeps the chat alive, too."""
        chat, place = self._chat(session.external_id), wire.place(cursor)
        chat.offset = place.offset
        while True:
            found = await chat.poll(place)
            if found is None:
                continue
            after, batch = found
            # Named by where the answer began: told again together with more, everything keeps its name.
            began = place.ack if place.moves == after.moves else -1
            for n, happened in enumerate(batch.messages):
                if happened.type == "ChatEstablished":
                    await chat.establish()
                reached = after if n == len(batch.messages) - 1 else place
                for m, fact in enumerate(wire.facts(happened, self._settings.left_s)):
                    if isinstance(fact, e.Closed | e.Failed):
                        await chat.over()
                    event_id = f"{session.external_id}:{after.moves}:{began}:{n}:{m}"
                    yield reached.text(), self._event(session, event_id, fact)
            place, chat.offset = after, after.offset
            yield place.text(), None
            if chat.has_ended:
                return

    def _event(self, session: Session, event_id: str, fact: e.ProviderFact) -> e.FromProvider:
        return e.FromProvider(
            self.name,
            event_id,
            fact,
            handover_id=session.handover_id,
            external_id=session.external_id,
        )

    def _chat(self, id_: str) -> Chat:
        chat = self._chats.get(id_)
        if chat is None:
            chat = self._chats[id_] = Chat(id_, self._http, self.host, self._settings.origin)
        self._chats.move_to_end(id_)
        return chat


PROVIDER = SalesforceChat
