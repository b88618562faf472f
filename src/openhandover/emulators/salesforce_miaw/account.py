"""The organisation: its deployment, the users it knows, and the tokens it gave them."""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from openhandover.emulators.answers import Refused

SUBJECT = "v2/iamessage/{kind}/NA/uid:{id}"
"""Only that `/AUTH/` is in a verified user's is known, from a public client."""
EXPIRED = "Jwt is expired"


def jwt(claims: Mapping[str, object]) -> str:
    """Something that has the form of a signed token; nobody checks signatures here."""
    parts = ({"alg": "RS256", "typ": "JWT", "kid": "emulator"}, claims)
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join((*coded, "c2lnbmVkLWJ5LW5vYm9keQ"))


IDENTITY = jwt({"sub": "customer-1", "iss": "openhandover", "aud": "salesforce", "iat": 1, "exp": 4102444800})
"""The identity of the one registered customer."""


@dataclass
class Token:
    """An access token. `subject` is the user."""

    value: str
    subject: str
    ends_at: float


@dataclass
class Account:
    """One organisation with one deployment of type Custom Client."""

    org_id: str = "00Dxx0000000001"
    es_developer_name: str = "OpenHandover_Client"
    published: bool = True
    identities: dict[str, str] = field(default_factory=lambda: {IDENTITY: "customer-1"})
    """Identity JWT -> the customer whom its key vouches for."""
    token_life_s: float = 3600.0
    messages_per_minute: int = 600
    """Salesforce takes 22 of a user; who tries something out should not have to wait."""
    max_text_length: int = 3000
    file_types: tuple[str, ...] = ("image/", "application/pdf", "text/plain")
    """How the types begin that are taken; the list is each organisation's own."""
    parameters: set[str] | None = None
    """The channel's parameters; None: whatever comes is one."""
    tokens: dict[str, Token] = field(default_factory=dict[str, Token])

    def deployment(self, org_id: str, name: str) -> None:
        """Refuse what is not this deployment. With which status Salesforce does is not documented.

        Raises:
            Refused: 400 for another organisation, 403 for another deployment, or one that is not published.
        """
        if org_id != self.org_id:
            raise Refused(400, "orgId names no organisation here")
        self.named(name)
        if not self.published:
            raise Refused(403, "the deployment is not published")

    def named(self, name: str) -> None:
        """Refuse another deployment's name.

        Raises:
            Refused: 403.
        """
        if name != self.es_developer_name:
            raise Refused(403, "esDeveloperName names no deployment of this organisation")

    def anonymous(self) -> str:
        """A new user's subject."""
        return SUBJECT.format(kind="UNAUTH", id=uuid4())

    def verified(self, identity: str) -> str:
        """The subject of this identity; of one that nobody vouches for a new anonymous user, as a client reported."""
        customer = self.identities.get(identity)
        return SUBJECT.format(kind="AUTH", id=customer) if customer else self.anonymous()

    def token_for(self, subject: str) -> Token:
        """A new token for this user."""
        now = time.time()
        claims = {"sub": subject, "iat": int(now), "exp": int(now + self.token_life_s), "jti": str(uuid4())}
        token = Token(jwt(claims), subject, now + self.token_life_s)
        self.tokens[token.value] = token
        return token

    def subject_of(self, authorization: str | None) -> str:
        """Who calls.

        Raises:
            Refused: 401, the token is missing, unknown, revoked or expired.
        """
        kind, _, value = (authorization or "").partition(" ")
        token = self.tokens.get(value)
        if kind != "Bearer" or token is None:
            raise Refused(401, "the access token is missing or unknown")
        if token.ends_at <= time.time():
            raise Refused(401, EXPIRED)
        return token.subject

    def expire(self) -> None:
        """Every token given so far has ended."""
        for token in self.tokens.values():
            token.ends_at = 0.0
