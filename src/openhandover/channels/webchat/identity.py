"""Who a visitor is, when the site that embeds the chat vouches for them: a JSON Web Token signed with a shared secret."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from openhandover.core.errors import Refused
from openhandover.core.model import User

LEEWAY_S = 60
"""So much the clocks of the site and ours may differ."""
VERIFIED = "verified"
"""The user's attribute that says that the site has vouched for them."""


class Claims(Struct, frozen=True):
    """What a token says; other claims are the site's own business."""

    sub: Annotated[str, Meta(min_length=1, max_length=200)]
    name: Annotated[str, Meta(max_length=200)] | None = None
    email: Annotated[str, Meta(max_length=320)] | None = None
    phone: Annotated[str, Meta(max_length=50)] | None = None


class Identities:
    """Reads the identities of one channel."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def read(self, token: str, *, expired_too: bool = False) -> User:
        """The user that a token names. `expired_too`: only to compare, not to believe.

        Raises:
            Refused: `unauthorized`; it says what is wrong, never what is in it.
        """
        import jwt  # here, because it brings much along that only few installations need

        options: Any = {"require": ["exp", "sub"], "verify_aud": False, "verify_exp": not expired_too}
        try:
            claims: Any = jwt.decode(  # pyright: ignore[reportUnknownMemberType]  (for keys of kinds that we do not take)
                token, self._secret, ["HS256"], options, leeway=LEEWAY_S
            )
        except jwt.ExpiredSignatureError:
            raise Refused(
                "unauthorized", "The identity has expired; have the site sign a fresh one"
            ) from None
        except jwt.MissingRequiredClaimError as error:
            raise Refused("unauthorized", f"The identity lacks the claim `{error.claim}`") from None
        except jwt.PyJWTError:
            detail = "The identity is no valid JSON Web Token signed by HS256 with the channel's secret"
            raise Refused("unauthorized", detail) from None
        try:
            found = msgspec.convert(claims, Claims)
        except msgspec.ValidationError as error:
            raise Refused("unauthorized", f"The identity does not fit: {error}") from None
        return User(found.sub, found.name, found.email, found.phone, {VERIFIED: True})


def is_verified(user: User) -> bool:
    """Whether a site has vouched for this user."""
    return user.attributes.get(VERIFIED) is True
