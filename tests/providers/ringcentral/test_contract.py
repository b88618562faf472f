"""RingCentral keeps what every provider promises."""

from openhandover.emulators.ringcentral import RingCentralEmulator
from tests.contract.provider_suite import ProviderSuite
from tests.contract.vendor_world import VendorWorld


class TestRingCentral(ProviderSuite):
    """The suite. A customer who writes after the end wakes up what the agent has closed: nothing is refused."""

    type = "ringcentral"
    emulator = RingCentralEmulator
    open_endpoint = "thread.update_categories"
    send_endpoint = "realtime"
    close_endpoint = "intervention.close"
    closed_takes_messages = True

    async def test_the_agent_hears_that_it_arrived(self, world: VendorWorld) -> None:
        """RingCentral has a word for what the user has read, and none for what they only got; `test_account` has the
        reading."""
        talk = await self.talk(world).active()
        quiet = await self.quiet(world)
        await talk.agent_says(text := self.word())
        await talk.hears(text)
        assert await self.quiet(world) == quiet
