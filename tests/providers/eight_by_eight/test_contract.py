"""8x8 against its emulator: the suite of every provider."""

from openhandover.emulators.eight_by_eight import EightByEightEmulator
from tests.contract.provider_suite import ProviderSuite


class TestEightByEight(ProviderSuite):
    """The Chat Gateway, with the real-time metrics beside it."""

    type = "eight_by_eight"
    emulator = EightByEightEmulator
    open_endpoint, send_endpoint = "conversation.create", "message.post"
    close_endpoint = "user.leave"
    token_endpoint = None  # the metrics have tokens, and are nothing that a talk needs: see test_figures.py
