"""How 8x8 signs its webhooks: a detached JWS over customer, tenant, event, try, time, and the CRC-32 of the body."""

import hashlib
import json
import secrets
import time
import zlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import cache
from math import gcd
from typing import Any

from openhandover.emulators.callbacks import Callback, Callbacks, Endpoint

BITS = 2048
E = 65537
_SMALL = [n for n in range(3, 2000, 2) if all(n % other for other in range(3, int(n**0.5) + 1, 2))]
_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")


@dataclass(frozen=True)
class PrivateKey:
    """An RSA key with its id."""

    id: str
    p: int
    q: int

    @property
    def n(self) -> int:
        """The modulus."""
        return self.p * self.q

    def jwk(self) -> dict[str, str]:
        """The public half."""
        return {"kty": "RSA", "kid": self.id, "n": _number(self.n), "e": _number(E)}

    def sign(self, data: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256."""
        digest = _SHA256 + hashlib.sha256(data).digest()
        block = b"\x00\x01" + b"\xff" * (BITS // 8 - len(digest) - 3) + b"\x00" + digest
        number = int.from_bytes(block)
        # The same as pow(number, d, n), four times as fast: once modulo each prime, then put together.
        mp, mq = (pow(number, pow(E, -1, prime - 1), prime) for prime in (self.p, self.q))
        whole = mq + self.q * ((mp - mq) * pow(self.q, -1, self.p) % self.p)
        return whole.to_bytes(BITS // 8)


@cache
def own_key() -> PrivateKey:
    """A key of this process: none is kept in any file."""
    p = _prime()
    q = next(prime for prime in iter(_prime, None) if prime != p)
    return PrivateKey(f"key-{secrets.token_hex(4)}", p, q)


@dataclass(frozen=True)
class Signer:
    """Who signs, and for whom."""

    key: PrivateKey
    customer: str
    tenant: str
    secret: str = ""

    def headers(self, body: bytes, event_id: str, retry: int, at: float) -> dict[str, str]:
        """The headers of one try; `at` in epoch seconds."""
        sent_at = int(at * 1000)
        protected = _text({"b64": False, "crit": ["b64"], "kid": self.key.id, "alg": "RS256"})
        payload = {
            "checksum": zlib.crc32(body),
            "cid": self.customer,
            "eid": event_id,
            "retry": retry,
            "tid": self.tenant,
            "tt": sent_at,
        }
        signed = protected + "." + json.dumps(payload, separators=(",", ":"))
        return {
            "x-8x8-customer-id": self.customer,
            "x-8x8-tenant-id": self.tenant,
            "x-8x8-event-id": event_id,
            "x-8x8-transmission-time": str(sent_at),
            "x-8x8-retry": str(retry),
            "x-8x8-signature": f"{protected}..{_base64(self.key.sign(signed.encode()))}",
        }


class SignedCallbacks(Callbacks):
    """Each try is signed anew: the event's id stays, time and number of the try change."""

    signer: Signer
    ahead_s: float = 0.0
    """How far the vendor's clock is ahead of ours."""

    def signed(self, lane: str, kind: str, url: str, body: bytes) -> None:
        """Post an event of its own id."""
        headers = self.signer.headers(body, f"evt-{secrets.token_hex(8)}", 0, time.time() + self.ahead_s)
        self.post(Callback(lane, kind, Endpoint(url, headers), body))

    async def _try(self, callback: Callback) -> None:
        if callback.attempts:
            event_id = callback.endpoint.headers["x-8x8-event-id"]
            retry, now = len(callback.attempts), time.time() + self.ahead_s
            headers = self.signer.headers(callback.body, event_id, retry, now)
            callback.endpoint = Endpoint(callback.endpoint.url, headers)
        await super()._try(callback)


def _prime() -> int:
    while True:
        found = secrets.randbits(BITS // 2) | 3 << (BITS // 2 - 2) | 1
        if gcd(found - 1, E) == 1 and all(found % small for small in _SMALL) and _is_prime(found):
            return found


def _is_prime(n: int) -> bool:
    """Miller and Rabin's test, often enough to be sure."""
    d, twos = n - 1, 0
    while d % 2 == 0:
        d, twos = d // 2, twos + 1
    for _ in range(12):
        x = pow(secrets.randbelow(n - 3) + 2, d, n)
        if x in (1, n - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def _number(value: int) -> str:
    return _base64(value.to_bytes((value.bit_length() + 7) // 8))


def _text(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
