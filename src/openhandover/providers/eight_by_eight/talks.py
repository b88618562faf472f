"""What went before in a conversation, as far as an event cannot be understood without it; kept over restarts."""

from typing import Any, Literal

from msgspec import structs

from openhandover.core import events as e
from openhandover.core.events import FromProvider
from openhandover.providers.base import Host

from .heard import Heard, mark_of

Stage = Literal["", "left", "transfer"]
"""Whether the last agent left, and if so whether for another one; empty while one is there, or none was."""

_MANY = 10_000


class Talks:
    """The conversations of one provider."""

    def __init__(self) -> None:
        self._stages: dict[str, Stage] = {}
        self._heard: dict[str, Heard] = {}

    async def placed(self, host: Host, event: FromProvider) -> FromProvider:
        """The event as it is to be understood after those before it."""
        talk = event.external_id or ""
        match event.fact:
            case e.AgentTransferred():
                await self._move(host, talk, "transfer")
            case e.AgentJoined():
                await self._move(host, talk, "")
            case e.AgentLeft() if await self.stage(host, talk) == "transfer":
                return structs.replace(event, fact=e.AgentLeft())  # somebody else will come
            case e.AgentLeft():
                await self._move(host, talk, "left")
            case e.QueueUpdated() if await self.stage(host, talk) == "left":
                await self._move(host, talk, "transfer")
                return structs.replace(
                    event, fact=e.AgentTransferred()
                )  # it waits again, so it has not ended
            case e.AgentMessage() as fact:
                heard = await self.heard(host, talk)
                event_id = heard.told(mark_of(fact), event.event_id)
                await self._keep(host, talk, heard)
                return structs.replace(event, event_id=event_id)
            case _:
                pass
        return event

    async def stage(self, host: Host, talk: str) -> Stage:
        """Where the conversation is."""
        if talk not in self._stages:
            _bound(self._stages)
            text = await host.recall(f"stage:{talk}")
            self._stages[talk] = text if text in ("left", "transfer") else ""
        return self._stages[talk]

    async def heard(self, host: Host, talk: str) -> Heard:
        """What agents have written there."""
        if talk not in self._heard:
            _bound(self._heard)
            found = Heard.decoded(await host.recall(f"heard:{talk}"))
            self._heard.setdefault(talk, found)  # another event may have been quicker
        return self._heard[talk]

    async def found(self, host: Host, talk: str, written: str, event_id: str) -> None:
        """A look has found a message that no webhook had told."""
        heard = await self.heard(host, talk)
        heard.found(written, event_id)
        await self._keep(host, talk, heard)

    async def _keep(self, host: Host, talk: str, heard: Heard) -> None:
        await host.remember(f"heard:{talk}", heard.encoded())

    async def _move(self, host: Host, talk: str, stage: Stage) -> None:
        if await self.stage(host, talk) != stage:
            self._stages[talk] = stage
            await host.remember(f"stage:{talk}", stage)


def _bound(known: dict[str, Any]) -> None:
    """All of it can be read again, so it may go at any time."""
    if len(known) >= _MANY:
        known.clear()
