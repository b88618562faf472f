"""Settings of the `forward` provider and the keys of a step's `voice:` part."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from openhandover.core.settings import Template
from openhandover.gateways.targets import target


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom calls are forwarded to when the step does not say."""

    to: Annotated[str | None, Meta(description="number in E.164, or SIP URI")] = None
    mode: Annotated[
        Literal["dial", "refer"] | None,
        Meta(
            description="dial: the gateway stays in the call and the caller comes back; refer (default): it leaves"
        ),
    ] = None

    def __post_init__(self) -> None:
        """Refuse when the file is read what could never be called."""
        if self.to is not None:
            try:
                target(self.to)
            except ValueError as error:
                raise ValueError(f"`to` cannot be called: {error}") from None


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom this call is forwarded to."""

    to: Annotated[Template | None, Meta(description="number in E.164, or SIP URI")] = None
    mode: Annotated[Literal["dial", "refer"] | None, Meta(description="how; default refer")] = None
