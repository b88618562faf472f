"""The provider suite, run against the emulator of Chatwoot."""

from openhandover.emulators.chatwoot import ChatwootEmulator
from tests.contract.provider_suite import ProviderSuite


class TestChatwoot(ProviderSuite):
    """Chatwoot keeps every promise; nothing is otherwise with it."""

    type = "chatwoot"
    emulator = ChatwootEmulator
    open_endpoint, send_endpoint = "conversation.create", "message.create"
    close_endpoint = "conversation.status"
