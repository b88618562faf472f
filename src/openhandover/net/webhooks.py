"""Signed webhooks that we send: one POST, and what its answer means. Order, retries and giving up are the engine's."""

import time
from typing import NamedTuple

from openhandover.core.errors import ProviderError, ProviderRejected

from .client import Request, Sender
from .errors import TooLarge
from .guard import Guard
from .signatures import decode_secrets, signed_headers
from .statuses import Outcome, webhook_outcome

PROBE = "openhandover-probe"
"""Header of a call that only asks whether webhooks arrive at a provider of ours."""

TIMEOUT_S = 10.0
MAX_ANSWER_BYTES = 1 << 20

REFUSED_TRIES = 10
"""So many answers of kind `refused`, and the event is given up."""

GIVE_UP_S = 86_400.0
"""So long after its first try an event is given up whatever the answer."""


class Posted(NamedTuple):
    """What became of one try; `detail` is for the log and the proof, without any content."""

    outcome: Outcome
    detail: str
    body: bytes = b""


class Webhook:
    """One receiver. `guard` holds the target rules; the url of a webhook is not exempt from them."""

    def __init__(self, http: Sender, guard: Guard, url: str, *secrets: str | None) -> None:
        """Raises ValueError when no secret is given or one is malformed."""
        self._http = http
        self._guard = guard
        self._url = url
        self._keys = decode_secrets(*secrets)
        if not self._keys:
            raise ValueError("a webhook needs a secret, whsec_<base64>")

    async def post(self, webhook_id: str, body: bytes) -> Posted:
        """One try. `webhook_id` and `body` stay the same on every try, the timestamp is new."""
        headers = signed_headers(self._keys, webhook_id, time.time(), body)
        request = Request(
            method="POST",
            url=self._url,
            headers=headers,
            body=body,
            timeout_s=TIMEOUT_S,
            guard=self._guard,
            max_bytes=MAX_ANSWER_BYTES,
        )
        try:
            reply = await self._http.send(request)
        except TooLarge as error:
            # It has the event; only its answer is of no use.
            taken = error.http_status is not None and 200 <= error.http_status < 300
            return Posted(Outcome("delivered" if taken else "refused"), error.detail)
        except ProviderError as error:
            return Posted(
                Outcome("refused" if isinstance(error, ProviderRejected) else "retry"), error.detail
            )
        return Posted(webhook_outcome(reply, time.time()), f"HTTP status {reply.status}", reply.body)
