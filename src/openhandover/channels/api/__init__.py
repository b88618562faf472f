"""A channel of your own: what the user must see goes out as signed webhooks; what they say comes in over the API."""

from openhandover.net.client import Sender
from openhandover.net.guard import Guard
from openhandover.net.webhooks import Posted, Webhook


class ApiChannel:
    """One configured channel of type `api` that has a webhook."""

    def __init__(
        self, name: str, url: str, secrets: tuple[str | None, ...], http: Sender, guard: Guard
    ) -> None:
        """Raises ValueError without a proper secret."""
        self.name = name
        self._webhook = Webhook(http, guard, url, *secrets)

    async def deliver(self, event_id: str, event: bytes) -> Posted:
        """Post one event once; its id is the webhook id, and both stay the same on every try."""
        return await self._webhook.post(event_id, event)
