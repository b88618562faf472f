"""A gateway of your own: whoever owns the call gets what to do as signed webhooks, and reports by `call-result`."""

import time
from typing import Any, ClassVar

import msgspec

from openhandover.core import view
from openhandover.gateways.base import CallContext, Gateway, GatewayCapabilities, Transfer
from openhandover.net.client import Request, Sender
from openhandover.net.signatures import decode_secrets, signed_headers
from openhandover.net.statuses import MESSAGE, check

SAY_TIMEOUT_S = 60.0
"""A 2xx to `call.say` means spoken to the end, so it may take as long as the text."""
TRANSFER_TIMEOUT_S = 10.0

_encode = msgspec.json.Encoder(enc_hook=str).encode  # a Secret is a text of its own kind


class WebhookGateway(Gateway):
    """One url that owns calls. It may do anything with them, so it is taken to be able to do everything."""

    capabilities: ClassVar[GatewayCapabilities] = GatewayCapabilities(
        kinds=frozenset(("forward", "msc", "custom")),
        modes=frozenset(("dial", "refer")),
        resumes_after=frozenset(("dial",)),
    )

    def __init__(self, name: str, url: str, secrets: tuple[str | None, ...], http: Sender) -> None:
        """Raises ValueError without a proper secret."""
        super().__init__(name)
        self._url = url
        self._keys = decode_secrets(*secrets)
        if not self._keys:
            raise ValueError("a webhook needs a secret, whsec_<base64>")
        self._http = http

    async def say(self, about: CallContext, text: str, language: str, key: str) -> None:
        """Post `call.say`; its 2xx comes when the text was spoken."""
        data = {"text": text, "language": language, "call": view.call(about.call)}
        await self._post("call.say", about, data, key, SAY_TIMEOUT_S)

    async def transfer(self, about: CallContext, transfer: Transfer, key: str) -> None:
        """Post `call.transfer`; its 2xx means that the order is taken."""
        data = transfer.fields() | {"call": view.call(about.call), "attempt": about.attempt}
        await self._post("call.transfer", about, data, key, TRANSFER_TIMEOUT_S)

    async def _post(
        self, type_: str, about: CallContext, data: dict[str, Any], key: str, timeout_s: float
    ) -> None:
        """The same key always posts the same bytes, with a new timestamp."""
        body = _encode(
            {
                "id": key,
                "type": type_,
                "conversation_id": about.conversation_id,
                "handover_id": about.handover_id,
                "floor": about.floor,
                "epoch": about.epoch,
                "at": view.time(about.at),
                "data": data,
            }
        )
        now = time.time()
        headers = signed_headers(self._keys, key, now, body)
        reply = await self._http.send(
            Request(method="POST", url=self._url, headers=headers, body=body, timeout_s=timeout_s)
        )
        check(reply, MESSAGE, now)
