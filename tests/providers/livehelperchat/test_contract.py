"""Live Helper Chat keeps what every provider promises, looked at and told by webhooks."""

from typing import Any, ClassVar

from openhandover.emulators.livehelperchat import LiveHelperChatEmulator
from tests.contract.provider_suite import ProviderSuite


class TestLiveHelperChat(ProviderSuite):
    """Without webhooks: everything that we know, we have looked for."""

    type = "livehelperchat"
    emulator = LiveHelperChatEmulator
    open_endpoint, send_endpoint = "chat.create", "message.user"
    route: ClassVar[dict[str, Any]] = {}
