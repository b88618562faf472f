"""Our adapter in the Router: how a message goes out. Order and retries are the engine's."""

from openhandover.cm import business_messaging, twoway
from openhandover.core.errors import ProviderError, ProviderRejected, SessionGone
from openhandover.core.model import Conversation, Message
from openhandover.net.client import Sender
from openhandover.net.errors import TooLarge
from openhandover.net.statuses import Outcome

from . import writing
from .settings import Settings


class Adapter:
    """One configured channel of type `cm`, outwards."""

    def __init__(self, name: str, settings: Settings, http: Sender) -> None:
        self.name = name
        self._settings = settings
        self._http = http

    async def deliver(self, state: Conversation, message: Message, key: str) -> Outcome:
        """One try. What CM refuses for good is `gone`: the message fails at once and the next goes on."""
        try:
            if self._settings.api == "bmproxy":
                told = writing.outgoing(self._settings, state, message, key)
                await business_messaging.post(self._http, self._settings, told)
            else:
                envelope = writing.envelope(self._settings, state, message, key)
                await twoway.post(self._http, self._settings.account, envelope, key)
        except TooLarge as error:
            taken = error.http_status is not None and 200 <= error.http_status < 300
            return Outcome("delivered" if taken else "gone")
        except ProviderError as error:
            for_good = isinstance(error, ProviderRejected | SessionGone)
            return Outcome("gone" if for_good else "retry", error.retry_after_s, error.detail)
        return Outcome("delivered")
