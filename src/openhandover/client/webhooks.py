"""Webhooks that the server sends: is this one genuine, and what does it say."""

import time
from collections.abc import Mapping

import msgspec

from openhandover.core.errors import PayloadError
from openhandover.net.signatures import decode_secrets, verify

from .shapes import Event

_decode = msgspec.json.Decoder(Event).decode


def verify_webhook(
    headers: Mapping[str, str],
    body: bytes,
    secret: str,
    old_secret: str | None = None,
    *,
    now: float | None = None,
) -> Event:
    """The event of a genuine webhook.

    Args:
        headers: of the request; the case of their names does not matter.
        body: the raw bytes, not the JSON written anew.
        secret: `whsec_<base64>`.
        old_secret: accepted too while the secret is changed.
        now: epoch seconds, for tests; the clock when absent.

    Raises:
        SignatureError: missing, wrong, or more than five minutes away from our clock; answer 401.
        PayloadError: genuine, but no event; answer 400.
        ValueError: a secret is malformed.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    verify(lower, body, decode_secrets(secret, old_secret), time.time() if now is None else now)
    try:
        return _decode(body)
    except msgspec.MsgspecError as error:
        raise PayloadError(f"The body is no event: {error}") from error
