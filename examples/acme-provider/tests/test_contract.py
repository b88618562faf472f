"""Acme Desk keeps the promises that every provider makes."""

from acme_emulator import AcmeEmulator

from tests.contract.provider_suite import ProviderSuite


class TestAcme(ProviderSuite):
    """Against the emulator."""

    type = "acme"
    emulator = AcmeEmulator
    open_endpoint, send_endpoint, close_endpoint = "chat", "message", "close"
    tells_address = False
