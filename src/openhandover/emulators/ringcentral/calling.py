"""What RingCentral sends to the one address of the other side: signed calls of the source, and webhooks with a secret."""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import aiohttp

from openhandover.emulators.callbacks import TIMEOUT_S, Callback, Callbacks, Endpoint

from .account import Account, now

SIGNATURE = "X-SMCCSDK-SIGNATURE"
VALIDATION = "webhook.validation"
INFO = "implementation.info"
CHALLENGE = "challenge-5c1a"


def signature(token: str, body: bytes) -> str:
    """HMAC-SHA512 of the bytes under the source's token, in lower-case hexadecimal."""
    return hmac.new(token.encode("ascii"), body, hashlib.sha512).hexdigest()


class Calls(Callbacks):
    """Callbacks whose answers count: a source's must be signed, a webhook's must be exactly 200, and the answer to the
    validation of a webhook is its challenge."""

    def __init__(
        self, changed: Callable[[], None], account: Account, answered: Callable[[Callback, Any], None]
    ) -> None:
        super().__init__(changed)
        self._account = account
        self._answered = answered

    def call(self, lane: str, url: str, action: str, params: dict[str, Any] | None) -> Callback:
        """A call of the source."""
        asked: dict[str, Any] = {"action": action} | ({"params": params} if params is not None else {})
        callback = Callback(lane, action, Endpoint(url), json.dumps(asked | {"time": now()}).encode())
        self._sign(callback)
        self.post(callback)
        return callback

    def webhook(self, lane: str, url: str, event: dict[str, Any]) -> None:
        """A webhook with one event; several may come together, but need not."""
        body = {"id": f"request-{event['id']}", "domain_id": "48cc6703bdae1462ce06a555", "events": [event]}
        endpoint = Endpoint(url, {"X-Dimelo-Secret": self._account.webhook_secret})
        self.post(Callback(lane, event["type"], endpoint, json.dumps(body).encode()))

    def validate(self, lane: str, url: str) -> None:
        """Ask whether the address wants webhooks."""
        self.post(Callback(lane, VALIDATION, Endpoint(url), b""))

    def _sign(self, callback: Callback) -> None:
        proof = signature(self._account.source_token, callback.body)
        callback.endpoint = replace(callback.endpoint, headers={SIGNATURE: proof})

    async def _try(self, callback: Callback) -> None:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        if callback.attempts and callback.kind == "messages.create":
            asked = json.loads(callback.body)
            asked["params"]["retry"] = True
            callback.body = json.dumps(asked).encode()
            self._sign(callback)
        try:
            status = await self._exchange(self._http, callback)
        except (aiohttp.ClientError, TimeoutError):
            status = 0
        callback.attempts.append(status)
        self._changed()

    async def _exchange(self, http: aiohttp.ClientSession, callback: Callback) -> int:
        """The status; 0 where the answer is not one that RingCentral takes."""
        url, headers = callback.endpoint.url, callback.endpoint.headers
        if callback.kind == VALIDATION:
            query = {
                "hub.mode": "subscribe",
                "hub.challenge": CHALLENGE,
                "hub.verify_token": self._account.verify_token,
            }
            async with http.get(url, params=query, allow_redirects=False) as answer:
                taken = answer.status == 200 and await answer.read() == CHALLENGE.encode()
        else:
            headers = {"Content-Type": callback.content_type, **headers}
            async with http.post(url, data=callback.body, headers=headers, allow_redirects=False) as answer:
                content = await answer.read()
                taken = answer.status == 200
                if SIGNATURE in callback.endpoint.headers:
                    return self._of_source(callback, answer, content)
        if taken:
            self._answered(callback, None)
        return answer.status if taken or answer.status >= 300 else 0

    def _of_source(self, callback: Callback, answer: aiohttp.ClientResponse, content: bytes) -> int:
        if not 200 <= answer.status < 300:
            return answer.status
        proof = answer.headers.get(SIGNATURE, "")
        if not hmac.compare_digest(proof, signature(self._account.source_token, content)):
            return 0
        try:
            said = json.loads(content)
        except ValueError:
            return 0
        if isinstance(said, dict) and "error" in said:
            return 0
        self._answered(callback, said)
        return answer.status
