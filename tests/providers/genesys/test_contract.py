"""Genesys Cloud keeps what every provider promises, shown against its emulator."""

from openhandover.emulators.genesys import GenesysEmulator
from tests.contract.provider_suite import ProviderSuite


class TestGenesys(ProviderSuite):
    """A message after the end is threaded into the old conversation there: the vendor's default for 72 hours."""

    type = "genesys"
    emulator = GenesysEmulator
    open_endpoint = send_endpoint = "message"
    close_endpoint = "disconnect"
    token_endpoint = "token"
    closed_takes_messages = True
