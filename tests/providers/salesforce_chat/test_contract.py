"""Chat (Live Agent), as every provider has to be, although nobody should need it any more."""

from dataclasses import dataclass
from typing import Any, ClassVar

from openhandover.emulators.salesforce_chat import SalesforceChatEmulator
from tests.contract.provider_base import Logs
from tests.contract.provider_suite import ProviderSuite
from tests.contract.vendor_world import WITHIN_S, Talk, VendorWorld, until


@dataclass
class Waiting(Talk):
    """Nobody sees what a visitor wrote before an agent has taken the chat; what is told of them is there at once."""

    def __post_init__(self) -> None:
        mark = {"label": "Mark", "value": self.token}
        self.route = {"prechat_details": [*self.route["prechat_details"], mark]}

    async def shown(self, text: str, within_s: float = WITHIN_S) -> None:
        """The agent sees this text, who takes the chat for it where nobody has."""
        chat = await self.chat()
        if chat["state"] == "waiting":
            await self.world.emulator.agent_joins(chat["id"])
        await super().shown(text, within_s)


@dataclass
class Taken(Waiting):
    """An agent is there as soon as the chat is."""

    async def queued(self, *texts: str) -> "Taken":
        """A handover that the vendor has accepted, and an agent at once, who has read the transcript."""
        await super().queued(*texts)
        await self.world.emulator.agent_joins((await self.chat())["id"])
        await until(lambda: self.lines("user"), "the agent has the first words")
        return self


class TestSalesforceChat(ProviderSuite):
    """Enabled, as its emulator asks."""

    type = "salesforce_chat"
    emulator = SalesforceChatEmulator
    open_endpoint, send_endpoint = "ChasitorInit", "ChatMessage"
    close_endpoint = "ChatEnd"
    route: ClassVar[dict[str, Any]] = {
        "prechat_details": [{"label": "Customer", "value": "{{ user }}"}, {"label": "Empty", "value": ""}]
    }
    credential = "organization_id"
    wrong_credential = "00Dxx0000000009"

    kind = Waiting

    def talk(self, world: VendorWorld) -> Talk:
        """A user who has said nothing yet."""
        return self.kind(world, self.route)

    async def test_the_log_keeps_silent_about_what_was_said(self, fresh: VendorWorld, logged: Logs) -> None:
        """Only where an agent is there something is sent that could go wrong."""
        self.kind = Taken
        await super().test_the_log_keeps_silent_about_what_was_said(fresh, logged)
