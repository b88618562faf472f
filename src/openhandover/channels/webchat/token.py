"""Visitor tokens: they name one conversation and an end, and only we can make them. Nothing is stored per token."""

import base64
import binascii
import hashlib
import hmac

import msgspec
from msgspec import Struct

from openhandover.core.errors import Refused

LIFE_S = 7 * 86400.0
"""So long a token opens its conversation."""
GRACE_S = 86400.0
"""A token that has ended is taken for this long all the same: a page that slept over the end goes on where it was."""
RENEW_AFTER_S = 86400.0
"""A token older than this is replaced by a fresh one while its visitor is here."""
VERSION = "v1"
LONGEST = 1024


class Visitor(Struct, frozen=True, array_like=True):
    """What a token says; times are epoch seconds."""

    channel: str
    conversation_id: str
    issued_at: float
    expires_at: float

    def is_old(self, now: float) -> bool:
        """Whether a fresh token is due."""
        return now - self.issued_at > RENEW_AFTER_S


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Visitor).decode


class Tokens:
    """Issues and checks tokens with one secret of the installation."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def issue(self, channel: str, conversation_id: str, now: float) -> tuple[str, float]:
        """A token and its end."""
        visitor = Visitor(channel, conversation_id, now, now + LIFE_S)
        payload = _text(_encode(visitor))
        return f"{VERSION}.{payload}.{self._sign(payload)}", visitor.expires_at

    def check(self, token: str, channel: str, now: float) -> Visitor:
        """Whose token this is.

        Raises:
            Refused: `unauthorized` unless we made it for this channel, `token_expired` when its time and the grace
                after it are over.
        """
        version, _, rest = token.partition(".") if len(token) <= LONGEST else ("", "", "")
        payload, _, signature = rest.rpartition(".")
        signed = hmac.compare_digest(signature.encode("utf-8", "replace"), self._sign(payload).encode())
        if version != VERSION or not signed:
            raise Refused("unauthorized", "This is no visitor token of this server")
        try:
            visitor = _decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except (binascii.Error, msgspec.MsgspecError) as error:
            raise Refused("unauthorized", "This is no visitor token of this server") from error
        if visitor.channel != channel:
            raise Refused("unauthorized", "This token is for another channel")
        if now >= visitor.expires_at + GRACE_S:
            raise Refused("token_expired")
        return visitor

    def _sign(self, payload: str) -> str:
        message = f"{VERSION}.{payload}".encode("utf-8", "replace")
        return _text(hmac.digest(self._secret, message, hashlib.sha256))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
