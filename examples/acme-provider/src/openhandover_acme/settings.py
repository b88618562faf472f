"""Settings of the `acme` provider and the routing keys of its handover steps."""

from typing import Annotated

from msgspec import Meta, Struct

from openhandover.core.settings import Secret, Template


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where your Acme Desk is, and how it and we know each other."""

    url: Annotated[str, Meta(pattern=r"^https?://[^\s/]+$", description="address of your Acme Desk")]
    api_key: Annotated[Secret, Meta(min_length=1, description="key of our calls, from Settings > API")]
    webhook_secret: Annotated[
        Secret, Meta(min_length=16, description="signs Acme's webhooks, from Settings > Webhooks")
    ]


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a handover step may say about where to go."""

    team: Annotated[Template | None, Meta(description="team that gets the chat; absent: Acme's default")] = (
        None
    )
