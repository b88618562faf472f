"""Agents' words that Genesys Cloud could not bring: it tries a webhook for some 85 seconds, then marks the message as failed.

They are read where they are kept (`GET .../messages/{conversationId}/messages/{messageId}`). What is found there under
`normalizedMessage` has the id of the webhook: by the specification it is the id that a receipt names. So whatever came
both ways counts once.
"""

import msgspec
from msgspec import Struct, structs

from openhandover.core import events as e
from openhandover.core.errors import PayloadError, ProviderError
from openhandover.core.model import Agent
from openhandover.core.recent import Recent
from openhandover.net.bodies import read_answer

from . import happenings, hints, wire
from .api import Api
from .settings import Settings

_GONE = 404


class Found(Struct, frozen=True):
    """What was read, in order, and why the rest could not be."""

    events: list[e.FromProvider]
    trouble: ProviderError | None = None


class Missed:
    """Reads each message once; after a restart once more, which changes nothing."""

    def __init__(self, name: str, settings: Settings, api: Api) -> None:
        self._name = name
        self._settings = settings
        self._api = api
        self._read: Recent[str, None] = Recent()

    async def of(self, there: wire.MessageConversation, conversation_id: str, user_id: str) -> Found:
        """What the conversation has of words that were given up."""
        events: list[e.FromProvider] = []
        for message_id, agent in there.given_up():
            if message_id in self._read:
                continue
            try:
                events += await self._of(conversation_id, message_id, agent, user_id)
            except ProviderError as error:
                return Found(events, error)
            self._read[message_id] = None
        return Found(events)

    async def _of(
        self, conversation_id: str, message_id: str, agent: Agent, user_id: str
    ) -> list[e.FromProvider]:
        reply = await self._api.call(
            "GET", f"/api/v2/conversations/messages/{conversation_id}/messages/{message_id}"
        )
        if reply.status == _GONE:
            return []
        self._api.check(reply, hints.MESSAGE)
        raw = bytes(read_answer(reply, wire.MessageData).normalized_message)
        try:
            if not msgspec.json.decode(raw, type=_Identified).id:
                raise PayloadError(
                    "`normalizedMessage.id` is missing: it alone tells whether the user has it"
                )
            found = happenings.webhook(self._name, raw, self._settings, user_id)
        except (PayloadError, msgspec.ValidationError):
            unreadable = e.Unknown("message.unreadable")
            return [e.FromProvider(self._name, f"unreadable:{message_id}", unreadable, external_id=user_id)]
        return [structs.replace(one, external_id=user_id, fact=_by(one.fact, agent)) for one in found]


class _Identified(Struct, frozen=True):
    id: str = ""


def _by(fact: e.ProviderFact, agent: Agent) -> e.ProviderFact:
    if isinstance(fact, e.AgentMessage) and not fact.automatic and agent != Agent():
        return structs.replace(fact, agent=agent)
    return fact
