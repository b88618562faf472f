"""Settings of the `http` provider and the routing keys of its handover steps."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from openhandover.core.settings import Secret
from openhandover.net.signatures import decode_secrets


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where your desk is, and the secret that you share with it."""

    url: Annotated[
        str, Meta(pattern=r"^https?://[^\s/]+", description="address before /open, /messages and so on")
    ]
    secret: Annotated[Secret, Meta(description="whsec_<base64>; signs both directions")]
    old_secret: Annotated[Secret | None, Meta(description="also valid while you rotate the secret")] = None

    def __post_init__(self) -> None:
        """Refuse a malformed secret when the file is read, not when the first handover fails."""
        if not self.secret:
            raise ValueError("`secret` is empty; both sides need the same whsec_<base64>")
        for key, secret in (("secret", self.secret), ("old_secret", self.old_secret)):
            try:
                decode_secrets(secret)
            except ValueError:
                raise ValueError(
                    f"`{key}` is not a webhook secret; write whsec_ followed by base64"
                ) from None


Route = dict[str, Any]
"""Anything: it reaches your desk as `settings`, rendered, otherwise as written."""
