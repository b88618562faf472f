"""API keys: who calls, and what they may do."""

import hashlib
import hmac
from collections.abc import Sequence

from openhandover.config.model import ApiKey, Scope
from openhandover.core.errors import Refused


class Keys:
    """The configured keys, kept as hashes."""

    def __init__(self, keys: Sequence[ApiKey]) -> None:
        self._keys = [(_hash(key.key), key) for key in keys]

    def require(self, authorization: str | None, scope: Scope) -> ApiKey:
        """The key of an `Authorization` header.

        Raises:
            Refused: `unauthorized` without a valid key, `forbidden` when it lacks the scope.
        """
        key = self.find(authorization)
        if key is None:
            raise Refused("unauthorized")
        if scope not in key.scopes:
            raise Refused("forbidden", f"This key lacks the scope `{scope}`")
        return key

    def find(self, authorization: str | None) -> ApiKey | None:
        """The key of an `Authorization: Bearer` header, or None; takes the same time for every wrong one."""
        presented = bearer(authorization)
        if presented is None:
            return None
        hashed = _hash(presented)
        found = None
        for known, key in self._keys:
            if hmac.compare_digest(known, hashed):
                found = key
        return found


def bearer(authorization: str | None) -> str | None:
    """What an `Authorization: Bearer` header presents."""
    kind, _, presented = (authorization or "").partition(" ")
    return presented.strip() if kind.lower() == "bearer" else None


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
