"""A transfer to nobody: the handover is recorded and counted, nothing is called."""

from typing import ClassVar

from openhandover.core.model import Style
from openhandover.net.client import Sender
from openhandover.providers.base import BaseProvider, Capabilities, HandoverRequest, Opened

from .settings import Settings


class Logging(BaseProvider):
    """Accepts everything at once."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        style=Style.TRANSFER, transferred="logged", media=frozenset(("text", "voice"))
    )

    def __init__(self, name: str, settings: Settings, http: Sender) -> None:
        super().__init__(name)

    async def open(self, request: HandoverRequest) -> Opened:
        """The log entry is ours already; its key serves as the id."""
        return Opened(request.key)


PROVIDER = Logging
