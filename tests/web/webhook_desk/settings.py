"""Settings of the provider whose webhooks leave out who wrote."""

from typing import Any

from msgspec import Struct

Route = dict[str, Any]


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the vendor is."""

    url: str
