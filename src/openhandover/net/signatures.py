"""Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256 over `{id}.{timestamp}.{raw body}`.

A secret is `whsec_<base64>`. During rotation there are two: we sign with both and accept either. Vendors that sign
nothing show a secret as it is.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping
from functools import lru_cache

from openhandover.core.errors import SignatureError

TOLERANCE_S = 300
"""How far the timestamp may be from our clock, either way."""

_PREFIX = "whsec_"


def decode_secrets(*secrets: str | None) -> tuple[bytes, ...]:
    """The keys of those secrets that are given. Raises ValueError, without the secret, when one is malformed."""
    return tuple(_decode(secret) for secret in secrets if secret)


def sign(keys: Iterable[bytes], webhook_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one `v1,...` per key."""
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return " ".join(["v1," + _mac(key, signed) for key in keys])


def _mac(key: bytes, signed: bytes) -> str:
    mac = _keyed(key).copy()
    mac.update(signed)
    return base64.b64encode(mac.digest()).decode()


@lru_cache(maxsize=256)
def _keyed(key: bytes) -> hmac.HMAC:
    """Before its first byte: making it anew costs more than the text of a message."""
    return hmac.new(key, digestmod="sha256")


def signed_headers(keys: Iterable[bytes], webhook_id: str, now: float, body: bytes) -> dict[str, str]:
    """The headers of a signed JSON POST, with the timestamp `now` (epoch seconds)."""
    return {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now)),
        "webhook-signature": sign(keys, webhook_id, int(now), body),
    }


def verify(headers: Mapping[str, str], body: bytes, keys: Iterable[bytes], now: float) -> str:
    """The webhook id of a genuine request; header names in lower case. Raises SignatureError; always without keys."""
    webhook_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not webhook_id or not (webhook_id + stamp).isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise SignatureError
    if abs(now - int(stamp)) > TOLERANCE_S:
        raise SignatureError
    given = [part.encode("utf-8", "replace") for part in headers.get("webhook-signature", "").split()]
    expected = [part.encode() for part in sign(keys, webhook_id, int(stamp), body).split()]
    # Every pair is compared, so that the time taken tells nothing about which one failed.
    matches = [hmac.compare_digest(one, other) for one in given[:10] for other in expected]
    if not any(matches):
        raise SignatureError
    return webhook_id


def is_secret(given: bytes, *secrets: str | None) -> bool:
    """Whether somebody knows one of the secrets that are set; takes the same time for every wrong one."""
    matches = [hmac.compare_digest(given, secret.encode()) for secret in secrets if secret]
    return any(matches)


def _decode(part: str) -> bytes:
    try:
        if not part.startswith(_PREFIX):
            raise ValueError
        key = base64.b64decode(part[len(_PREFIX) :], validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"A webhook secret is {_PREFIX} followed by base64") from None
    if not key:
        raise ValueError(f"A webhook secret needs bytes after {_PREFIX}")
    return key
