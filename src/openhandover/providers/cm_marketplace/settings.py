"""Settings of the `cm_marketplace` provider and the routing keys of its handover steps."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from openhandover.cm.settings import UUID, RouterSettings
from openhandover.core.settings import Template


class Settings(RouterSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Router that leads to a desk of CM's marketplace."""

    routing_key: Annotated[
        str, Meta(min_length=1, description="key of `routing` in the Context; CM documents none")
    ] = "Routing"


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To which desk the chat goes, and what that desk gets to know."""

    messaging_adapter: Annotated[
        Template, Meta(pattern=UUID, description="id of the channel's adapter, a UUID")
    ]
    marketplace_adapter: Annotated[
        Template, Meta(pattern=UUID, description="id of the desk's adapter, a UUID")
    ]
    routing: Annotated[
        Template | dict[str, Any] | None, Meta(description="the desk's own; its format is the product's")
    ] = None
    context: Annotated[
        dict[str, Any] | None, Meta(description="keys of the Context; values become texts")
    ] = None
