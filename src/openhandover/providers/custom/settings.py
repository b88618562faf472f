"""Settings of the `custom` provider and the keys of a step's `voice:` part."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from openhandover.core.settings import Template


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What your gateway is told when the step does not say it."""

    custom_type: Annotated[
        str | None, Meta(description="what your gateway knows it by, where the step gives no `type`")
    ] = None
    configuration: Annotated[
        dict[str, Any], Meta(description="what your gateway needs; the step's keys go over these")
    ] = {}

    @property
    def type(self) -> str | None:
        """Under the step's name for it; in the settings that word says the kind of provider."""
        return self.custom_type


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What your gateway is told about this call."""

    type: Annotated[Template | None, Meta(description="what your gateway knows it by")] = None
    configuration: Annotated[
        dict[str, Any] | None, Meta(description="what your gateway needs; values are templates")
    ] = None
