"""The signature of 8x8's webhooks: a JWS with detached, unencoded payload (RFC 7515, RFC 7797), RS256.

It binds the body only by its CRC-32, together with customer, tenant, event id, time and number of the try. Public keys are
fetched when a webhook first names one.
Source: 8x8's guide "Validating Webhook Events".
"""

import asyncio
import binascii
import hashlib
import hmac
import re
import time
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from msgspec import Struct

from openhandover.core.errors import ProviderUnavailable, SignatureError
from openhandover.net.client import Request, Sender
from openhandover.providers.base import Host

_OTHER = "another key signed it, or it was changed on the way: check `keys_url`, and what stands between 8x8 and us"
TOLERANCE_MS = 300_000
"""How far the time of sending may be from our clock, either way."""

_HEADER = "x-8x8-"
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_NUMBER = re.compile(r"[0-9]{1,16}")
_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
"""What stands before a SHA-256 digest in a PKCS #1 v1.5 signature (RFC 8017, 9.2)."""


class PublicKey(NamedTuple):
    """An RSA key."""

    n: int
    e: int


class Signed(NamedTuple):
    """A webhook's signature and what it was made over."""

    key_id: str
    signing_input: bytes
    signature: bytes
    tenant: str
    sent_at_ms: int


class _Protected(Struct, frozen=True):
    alg: str
    kid: str
    b64: bool = True
    crit: list[str] = []


class _Jwk(Struct, frozen=True):
    kty: str
    n: str
    e: str


def read(headers: Mapping[str, str], body: bytes) -> Signed:
    """The signature of a webhook; header names in lower case. Raises SignatureError when there is none to check."""
    protected, _, rest = headers.get(_HEADER + "signature", "").partition(".")
    middle, _, mac = rest.partition(".")
    tenant, event_id = headers.get(_HEADER + "tenant-id", ""), headers.get(_HEADER + "event-id", "")
    sent_at, retry = headers.get(_HEADER + "transmission-time", ""), headers.get(_HEADER + "retry", "")
    try:
        head = msgspec.json.decode(_decoded(protected), type=_Protected)
        signature = _decoded(mac)
    except (ValueError, RecursionError):
        raise SignatureError from None
    whole = (event_id, tenant, *map(_NUMBER.fullmatch, (sent_at, retry)), _KEY_ID.fullmatch(head.kid))
    if middle or not all(whole) or head.alg != "RS256" or head.b64 or head.crit != ["b64"]:
        raise SignatureError
    payload = {
        "checksum": zlib.crc32(body),
        "cid": headers.get(_HEADER + "customer-id", ""),
        "eid": event_id,
        "retry": int(retry),
        "tid": tenant,
        "tt": int(sent_at),
    }
    signing_input = protected.encode("ascii") + b"." + msgspec.json.encode(payload)
    return Signed(head.kid, signing_input, signature, tenant, int(sent_at))


def check(signed: Signed, key: PublicKey, now: float) -> None:
    """Raise SignatureError unless the key's owner signed this, and lately; `now` in epoch seconds."""
    size = (key.n.bit_length() + 7) // 8
    if abs(now * 1000 - signed.sent_at_ms) > TOLERANCE_MS:
        raise SignatureError("compare the clocks of 8x8 and of this machine")
    if len(signed.signature) != size:
        raise SignatureError(_OTHER)
    # The whole block is made and compared, never taken apart: nothing in it can be forged by leaving something open.
    digest = _SHA256 + hashlib.sha256(signed.signing_input).digest()
    expected = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
    found = pow(int.from_bytes(signed.signature), key.e, key.n).to_bytes(size)
    if not hmac.compare_digest(expected, found):
        raise SignatureError(_OTHER)


def public_key(text: bytes) -> PublicKey:
    """The key that 8x8 answers: a JWK, or one inside a JSON string, as its specification has it. Raises ValueError."""
    try:
        whole = msgspec.json.decode(text)
        jwk = (
            msgspec.json.decode(whole, type=_Jwk) if isinstance(whole, str) else msgspec.convert(whole, _Jwk)
        )
        key = PublicKey(int.from_bytes(_decoded(jwk.n)), int.from_bytes(_decoded(jwk.e)))
    except RecursionError:
        raise ValueError("the public key is not a JWK") from None
    if jwk.kty != "RSA" or not 1024 <= key.n.bit_length() <= 8192 or not 2 < key.e < 1 << 32:
        raise ValueError("the public key is not RSA of a usable size")
    return key


def _decoded(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64url") from error


# --- the keys --------------------------------------------------------------------------------------------------

MISSING_S = 60.0
"""How long a key that 8x8 did not have is not asked for again: whoever names it may be anybody."""
_MANY = 100
_TIMEOUT_S = 5.0


class Keys:
    """Keys by their id; only ever from one address, never from one that a request names. No key of ours is needed there, but
    who has several tenants has to name one, as in every call."""

    def __init__(self, url: str, tenant: str | None, http: Sender) -> None:
        self._url = url.rstrip("/")
        self._headers = {"X-8x8-Tenant": tenant} if tenant else {}
        self._http = http
        self._known: dict[str, PublicKey] = {}
        self._missing: dict[str, float] = {}
        self._fetching = asyncio.Lock()

    def get(self, key_id: str) -> PublicKey | None:
        """The key, if it was fetched."""
        return self._known.get(key_id)

    async def need(self, key_id: str, host: Host) -> None:
        """Have the key from now on, if 8x8 has it. Raises ProviderUnavailable where that cannot be told."""
        if key_id in self._known:
            return
        async with self._fetching:  # one at a time: strangers may name what they like
            if key_id in self._known or time.monotonic() < self._missing.get(key_id, 0.0):
                return
            text = await host.recall(_key(key_id)) or await self._fetched(key_id)
            if text is None:
                if len(self._missing) >= _MANY:
                    self._missing.clear()
                self._missing[key_id] = time.monotonic() + MISSING_S
                return
            try:
                self._known[key_id] = public_key(text.encode())
            except ValueError:
                raise ProviderUnavailable("8x8's public key cannot be read; check `keys_url`") from None
            await host.remember(_key(key_id), text)

    async def _fetched(self, key_id: str) -> str | None:
        url = f"{self._url}/{key_id}/public"
        reply = await self._http.send(
            Request(method="GET", url=url, headers=self._headers, timeout_s=_TIMEOUT_S)
        )
        if reply.is_success:
            return reply.body.decode("utf-8", "replace")
        if reply.status in (400, 404):
            return None
        raise ProviderUnavailable(f"HTTP status {reply.status} to a public key; check `keys_url`")


def _key(key_id: str) -> str:
    return f"jwk:{key_id}"
