"""Settings of the `cm_voice_msc` provider and the keys of a step's `voice:` part."""

from typing import Annotated

from msgspec import Meta, Struct

from openhandover.core.settings import Secret, Template


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The voice environment of the Mobile Service Cloud."""

    api_key: Annotated[Secret, Meta(description="of the voice environment; goes to the call's gateway only")]
    webstore_referrer: Annotated[str | None, Meta(description="store, and with it the queue of calls")] = None
    routing_keywords: Annotated[str | None, Meta(description="skills")] = None

    def __post_init__(self) -> None:
        """A key that a variable left empty is none."""
        if not self.api_key.strip():
            raise ValueError("`api_key` is empty; take it from the voice environment")


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which queue this call joins."""

    webstore_referrer: Annotated[Template | None, Meta(description="store, and with it the queue")] = None
    routing_keywords: Annotated[Template | None, Meta(description="skills")] = None
