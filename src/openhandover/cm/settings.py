"""Who we are at CM.com: the account of its Conversational Router, and the addresses that belong to it.

Documented by CM.com ("Control routing", "Twoway format", "Router and Scripted Bot API"); the state-based addresses are
seen in public integrations only.
"""

import re
from typing import Annotated, Literal
from urllib.parse import quote

from msgspec import Meta, Struct

from openhandover.core.settings import Secret

CURRENT = "https://api.conversational.cm.com"
OLDER = "https://api.cm.com"
STATE = "https://api.cm.com/router/control/v1"

UUID = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
ORIGIN = r"^https?://[^\s/?#]+(/[^\s?#]*)?$"

_is_uuid = re.compile(UUID).search

AdapterId = Annotated[str, Meta(pattern=UUID, description="id of an adapter: a UUID, from the Router page")]


def is_uuid(text: str) -> bool:
    """Whether this can be the id of an adapter."""
    return _is_uuid(text) is not None


class Connection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One account of the Router; its page in CM.com's Channels app names all of it."""

    technical_link_id: Annotated[
        str,
        Meta(min_length=1, description="id of the CONVERSATIONAL technical link, also BotRouterAccountId"),
    ]
    product_token: Annotated[Secret, Meta(min_length=1, description="product token of the Router")]
    base_url: Annotated[
        str | None,
        Meta(
            pattern=ORIGIN,
            description=f"absent: {CURRENT}; {OLDER} is the older form, the only documented one of TwoWay v1",
        ),
    ] = None

    @property
    def headers(self) -> dict[str, str]:
        """What every call carries; CM takes the name in any case."""
        return {"x-cm-producttoken": self.product_token, "content-type": "application/json"}

    def mutation_url(self, chat_id: str) -> str:
        """Where a chat's routing is changed (cm "Control routing")."""
        return f"{self._account('control/v1', CURRENT)}/chats/{_segment(chat_id)}/routing/mutationrequests"

    def _account(self, api: str, default: str) -> str:
        base = (self.base_url or default).rstrip("/")
        return f"{base}/conversational/{api}/accounts/{_segment(self.technical_link_id)}"


class Account(Connection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account as one of its TwoWay adapters: what a party that sends messages to the Router is."""

    adapter_id: Annotated[AdapterId, Meta(description="our own TwoWay adapter")]
    twoway_version: Annotated[Literal["v2", "v1"], Meta(description="version of the TwoWay API")] = "v2"

    @property
    def twoway_url(self) -> str:
        """Where our adapter's messages go (cm "Twoway")."""
        default = CURRENT if self.twoway_version == "v2" else OLDER
        return (
            f"{self._account(f'twoway/{self.twoway_version}', default)}/adapters/{_segment(self.adapter_id)}"
        )


def _segment(text: str) -> str:
    return quote(text, safe="")
