"""What providers have in common whose chats stay in the Router: one call rewires the chat, and control has left us."""

from collections.abc import Mapping
from typing import Any, ClassVar

from openhandover.core.errors import ProviderRejected
from openhandover.core.model import Style
from openhandover.net.client import Sender
from openhandover.providers.base import BaseProvider, Capabilities, HandoverRequest, Opened, Session

from . import fields
from .router import Router
from .settings import RouterSettings


class RouterTransfer(BaseProvider):
    """A transfer: the Router connects the two sides. What the other side gets to know is the provider's."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        style=Style.TRANSFER, needs_chat_id=True, returns="call", hands_back=True
    )

    def __init__(self, name: str, settings: RouterSettings, http: Sender) -> None:
        super().__init__(name)
        self._router = Router(settings, http)

    async def open(self, request: HandoverRequest) -> Opened:
        """Rewire the chat; the same request again changes nothing more."""
        if request.chat_id is None:
            raise ProviderRejected("the conversation has no `chatId`, so it is not a chat of the Router")
        source, target = _adapter(request.route, "messaging"), _adapter(request.route, "marketplace")
        await self._router.hand_over(request.chat_id, self.context(request), source=source, target=target)
        return Opened(request.chat_id)

    async def hand_back(self, session: Session, route: Mapping[str, Any]) -> None:
        """As `handback` says; experimental."""
        await self._router.hand_back(session.external_id, source=_adapter(route, "messaging"))

    def context(self, request: HandoverRequest) -> dict[str, str]:
        """The Context that goes with the chat."""
        raise NotImplementedError


def _adapter(route: Mapping[str, Any], which: str) -> str:
    return fields.text(route, f"{which}_adapter").strip()
