"""Who we are at CM.com: the account of its Conversational Router, and the addresses that belong to it.

Documented by CM.com ("Control routing", "Twoway format", "Router and Scripted Bot API"); the state-based addresses are
seen in public integrations only.
"""

import re
from typing import Annotated, Literal
from urllib.parse import quote

from msgspec import Meta, Struct

from openhandover.core.settings import Secret
from openhandover.net.errors import Unsendable

CURRENT = "https://api.conversational.cm.com"
OLDER = "https://api.cm.com"
REFUSED_HINT = "check `product_token`"
STATE = "https://api.cm.com/router/control/v1"
PRESENCE = "https://presence.robinhq.com/api/v1"

UUID = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
ORIGIN = r"^https?://[^\s/?#]+(/[^\s?#]*)?$"

_is_uuid = re.compile(UUID).search

HEADER = "X-Openhandover-Secret"
HeaderName = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", description="extra header of the adapter's form"),
]
HeaderSecret = Annotated[Secret, Meta(min_length=16, description="the value that CM sends in `header`")]
OldSecret = Annotated[HeaderSecret | None, Meta(description="also valid while you rotate the secret")]

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
            description=f"absent: {CURRENT}, or {OLDER} for TwoWay v1 and BM Proxy",
        ),
    ] = None

    @property
    def headers(self) -> dict[str, str]:
        """What every call carries; CM takes the name in any case."""
        return {"x-cm-producttoken": self.product_token, "content-type": "application/json"}

    def mutation_url(self, chat_id: str) -> str:
        """Where a chat's routing is changed (cm "Control routing")."""
        return f"{self._account('control/v1', CURRENT)}/chats/{_segment(chat_id)}/routing/mutationrequests"

    @property
    def proxy_url(self) -> str:
        """Where BM Proxy takes messages; only the older host is documented."""
        return self._account("bmproxy/v1", OLDER)

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
    if not text.strip("."):
        raise Unsendable("an id that is empty or made of dots cannot be part of an address")
    return quote(text, safe="")


class States(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Named states of the Router session; their ids come from the Router's configuration."""

    human: Annotated[str, Meta(min_length=1, description="id of the state in which agents have the chat")]
    bot: Annotated[str | None, Meta(description="id of the state in which the bot has it")] = None


class RouterSettings(Connection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a chat is given to people and taken back."""

    bot_adapter: Annotated[
        AdapterId | None,
        Meta(
            description="adapter of the bot; absent: no link is cut, only the components below are disabled"
        ),
    ] = None
    disable_components: Annotated[tuple[str, ...], Meta(description="components of the bot")] = ("CMBot",)
    states: Annotated[
        States | None, Meta(description="control by named session states instead of mutation requests")
    ] = None
    session_url: Annotated[
        str,
        Meta(pattern=ORIGIN, description="address of the session calls, which `states` and `handback` use"),
    ] = STATE
    logical_account_id: Annotated[
        str | None, Meta(description="account of the session calls; absent: `technical_link_id`")
    ] = None
    handback: Annotated[
        Literal["off", "enable", "session_end"],
        Meta(description="experimental: what gives the chat back to the bot when the conversation returns"),
    ] = "off"

    def __post_init__(self) -> None:
        """Refuse what could have no effect."""
        if self.states is None and self.bot_adapter is None and not self.disable_components:
            raise ValueError(
                "`disable_components` is empty and there is no `bot_adapter`, so a handover would change nothing; "
                "give one of the two"
            )
        if self.handback == "enable" and (self.states.bot if self.states else self.bot_adapter) is None:
            what = "`states` with `bot`" if self.states else "`bot_adapter`"
            raise ValueError(f"`handback` is `enable`, which needs {what}; add it, or choose `session_end`")

    def session_call(self, chat_id: str, verb: Literal["state", "end"]) -> str:
        """Where the Router session of a chat is moved or ended."""
        account = _segment(self.logical_account_id or self.technical_link_id)
        base = self.session_url.rstrip("/")
        return f"{base}/accounts/{account}/chats/{_segment(chat_id)}/session/{verb}"


CHANNELS = {"CXWebConversations": "WebChat"}
"""Channels that the Router and the presence call name differently."""


class PresenceSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether agents are online, as Mobile Service Cloud says it."""

    api_key: Annotated[Secret, Meta(min_length=1, description="API key of the MSC subscription")]
    url: Annotated[str, Meta(pattern=ORIGIN, description="address of the presence call")] = PRESENCE
    channel: Annotated[str, Meta(description="the chats' channel when the step names none")] = (
        "CXWebConversations"
    )
    channels: Annotated[
        dict[str, str],
        Meta(
            description="name of a channel at the Router -> its name at the presence call, beside "
            "CXWebConversations -> WebChat; a channel that is not here has the same name at both"
        ),
    ] = {}
    referrer: Annotated[str | None, Meta(description="web store to ask when the step names none")] = None
    cache_s: Annotated[float, Meta(ge=0, le=60, description="seconds for which an answer is remembered")] = 5
