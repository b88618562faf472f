"""Looking for what webhooks did not bring: messages, an agent who has come, the end."""

from openhandover.core import events as e
from openhandover.core.events import FromProvider, ProviderFact
from openhandover.core.model import Agent, Attachment
from openhandover.providers.base import Host, Session

from .answers import Listed, mark
from .gateway import PAGE, PAGES, Gateway, attachment_path
from .talks import Talks
from .webhooks import readable


class Looks:
    """Looks at conversations of one provider."""

    def __init__(self, name: str, gateway: Gateway, talks: Talks) -> None:
        self._name = name
        self._gateway = gateway
        self._talks = talks

    async def missed(self, host: Host, session: Session) -> list[FromProvider]:
        """What is new in the conversation, in its order. Raises SessionGone when it is not there any more."""
        talk = session.external_id
        now = await self._gateway.conversation(talk)
        listed = await self._listed(talk)
        heard = await self._talks.heard(host, talk)
        found: list[FromProvider] = []
        # After the agent has left, the conversation may still name them: then only a webhook tells of the next one.
        place = await self._talks.place(host, talk)
        if now.state == "active" and now.assignment.type == "agent" and place.stage == "":
            joined = e.AgentJoined(Agent(now.assignment.id or None))
            found.append(self._event(talk, f"{talk}:agent:{now.assignment.id}", joined))
        named = [
            (mark("agent", _text(one), len(one.attachments)), f"{talk}:message:{one.id}", one)
            for one in listed
        ]
        found += [
            self._event(talk, event_id, self._message(talk, one)) for event_id, one in heard.find(named)
        ]
        if now.state == "idle":
            found.append(self._event(talk, f"{talk}:idle", e.Closed(sequenced=True)))
        return found

    async def _listed(self, talk: str) -> list[Listed]:
        """What agents wrote, oldest first."""
        found: list[Listed] = []
        for page in range(PAGES):
            listed = await self._gateway.messages(talk, page)
            found += [one for one in listed if one.author.type == "agent"]
            if len(listed) < PAGE:
                break
        return found[::-1]

    def _message(self, talk: str, one: Listed) -> e.AgentMessage:
        files = tuple(
            Attachment(f"{one.id}:{n}", "", "", None, self._gateway.url + attachment_path(talk, file.id))
            for n, file in enumerate(one.attachments)
        )
        return e.AgentMessage(_text(one), attachments=files, agent=Agent(one.author.id))

    def _event(self, talk: str, event_id: str, fact: ProviderFact) -> FromProvider:
        return FromProvider(self._name, event_id, fact, external_id=talk)


def _text(one: Listed) -> str:
    return readable(one.text, [card.get("content") for card in one.cards])
