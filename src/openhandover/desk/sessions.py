"""Who sits at the desk: log-in with lock-out, signed session tokens, CSRF values. No HTTP here."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct

from openhandover.core.errors import Refused

HOUR_S = 3600.0
"""A session lasts one long working day."""

LOCKOUT_S = 15 * 60.0
AGENT_FAILURES = 5
ADDRESS_FAILURES = 20
REMEMBERED_KEYS = 10_000
"""So many agents and addresses with failures are remembered at most; the oldest is forgotten first."""


class Session(Struct, frozen=True):
    """What a valid token says."""

    agent_id: str
    expires_at: float
    nonce: str


class Ticket(Struct, frozen=True):
    """A fresh session as the browser gets it."""

    token: str
    csrf: str


class Lockout:
    """Counts failures per key within the window, and says how long a key must wait."""

    def __init__(self) -> None:
        self._failures: dict[str, list[float]] = {}

    def wait_s(self, key: str, limit: int, now: float) -> float:
        """Seconds until this key may try again; 0 when it may now."""
        recent = [at for at in self._failures.get(key, ()) if now - at < LOCKOUT_S]
        return recent[-1] + LOCKOUT_S - now if len(recent) >= limit else 0.0

    def fail(self, key: str, now: float) -> None:
        """Count one failure."""
        recent = [at for at in self._failures.pop(key, ()) if now - at < LOCKOUT_S]
        self._failures[key] = [*recent[-ADDRESS_FAILURES:], now]
        while len(self._failures) > REMEMBERED_KEYS:
            del self._failures[next(iter(self._failures))]

    def clear(self, key: str) -> None:
        """Forget the failures of a key, after it succeeded."""
        self._failures.pop(key, None)


class Sessions:
    """Log-in and tokens. A token is signed together with the agent's password hash, so that it survives a
    restart and dies with a changed password; `password_hash` answers None for an agent who is not configured."""

    def __init__(
        self,
        secret: bytes,
        password_hash: Callable[[str], str | None],
        revoked: Iterable[str] = (),
        lasts_s: float = 12 * HOUR_S,
    ) -> None:
        self.lasts_s = lasts_s
        self._secret = secret
        self._password_hash = password_hash
        self._hasher = PasswordHasher()
        # An unknown agent costs the same work as a wrong password: nobody learns names from the time it takes.
        self._decoy = self._hasher.hash(secrets.token_urlsafe(16))
        self._lockout = Lockout()
        self._revoked = set(revoked)

    async def login(self, agent_id: str, password: str, address: str, now: float) -> Ticket:
        """A session for the right password.

        Raises:
            Refused: `rate_limited` while locked out, `unauthorized` for an unknown agent or a wrong password.
        """
        keys = ((f"agent:{agent_id}", AGENT_FAILURES), (f"address:{address}", ADDRESS_FAILURES))
        wait_s = max(self._lockout.wait_s(key, limit, now) for key, limit in keys)
        if wait_s > 0:
            raise Refused("rate_limited", "Too many failed log-ins; wait and try again", retry_after_s=wait_s)
        stored = self._password_hash(agent_id)
        right = await asyncio.to_thread(self._verify, stored or self._decoy, password)
        if not right or stored is None:
            for key, _ in keys:
                self._lockout.fail(key, now)
            raise Refused("unauthorized", "Agent or password is wrong")
        self._lockout.clear(f"agent:{agent_id}")
        token = self._sign(Session(agent_id, now + self.lasts_s, secrets.token_urlsafe(12)))
        return Ticket(token, self.csrf(token))

    def read(self, token: str, now: float) -> Session | None:
        """The session of a token, or None when it is forged, expired, revoked or its agent changed."""
        body, _, signature = token.rpartition(".")
        try:
            session = msgspec.json.decode(base64.urlsafe_b64decode(body), type=Session)
        except (binascii.Error, msgspec.DecodeError, ValueError):
            return None
        expected = self._signature(body, session.agent_id)
        if not expected or not hmac.compare_digest(expected.encode(), signature.encode()):
            return None
        return None if session.expires_at <= now or session.nonce in self._revoked else session

    def revoke(self, session: Session) -> None:
        """End a session before its time."""
        self._revoked.add(session.nonce)

    def csrf(self, token: str) -> str:
        """The value that every changing call of this session must repeat."""
        return hmac.new(self._secret, b"csrf:" + token.encode(), hashlib.sha256).hexdigest()

    def _sign(self, session: Session) -> str:
        body = base64.urlsafe_b64encode(msgspec.json.encode(session)).decode()
        return f"{body}.{self._signature(body, session.agent_id)}"

    def _signature(self, body: str, agent_id: str) -> str:
        stored = self._password_hash(agent_id)
        if stored is None:
            return ""
        return hmac.new(self._secret, f"desk:{body}:{stored}".encode(), hashlib.sha256).hexdigest()

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
