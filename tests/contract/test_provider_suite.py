"""The provider suite on the `http` provider and the example desk, and proof that its cases can fail."""

from tests.contract.desk_emulator import DeskEmulator
from tests.contract.provider_suite import ProviderSuite


class TestHttp(ProviderSuite):
    """A desk that speaks our own contract keeps every promise."""

    type = "http"
    emulator = DeskEmulator
    open_endpoint, send_endpoint, close_endpoint = "open", "messages", "close"
    wrong_credential = "whsec_d3Jvbmctd3Jvbmctd3Jvbmc="
    tells_closed = tells_address = False
