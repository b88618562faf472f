"""RingCentral keeps what every provider promises."""

from openhandover.emulators.ringcentral import RingCentralEmulator
from tests.contract.provider_suite import ProviderSuite


class TestRingCentral(ProviderSuite):
    """The suite. A customer who writes after the end wakes up what the agent has closed: nothing is refused."""

    type = "ringcentral"
    emulator = RingCentralEmulator
    open_endpoint = "thread.update_categories"
    send_endpoint = "realtime"
    closed_takes_messages = True
