"""Our adapter in the Router: who may call it, and how a message goes out. Order and retries are the engine's."""

import hmac
from collections.abc import Mapping

from openhandover.cm import business_messaging, twoway
from openhandover.core.errors import ProviderError, ProviderRejected, SessionGone, SignatureError
from openhandover.core.model import Conversation, Message
from openhandover.net.client import Sender
from openhandover.net.errors import TooLarge
from openhandover.net.statuses import Outcome

from . import writing
from .settings import Settings


def verify(settings: Settings, headers: Mapping[str, str]) -> None:
    """Let a call in that carries the shared secret; header names in lower case.

    CM signs nothing (seen in public integrations): the secret is an extra header of the adapter's form.

    Raises:
        SignatureError: it is missing or another one.
    """
    given = headers.get(settings.header.lower(), "").encode("latin-1", "replace")
    secrets = [secret.encode() for secret in (settings.secret, settings.old_secret) if secret]
    # Each is compared, so that the time taken does not tell which one came near.
    matches = [hmac.compare_digest(given, secret) for secret in secrets]
    if not any(matches):
        raise SignatureError


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
                await business_messaging.post(self._http, self._settings.connection, told)
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
