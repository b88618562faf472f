"""One CM.com account as the Router knows it: ids, token and rights, adapters, the rule set, states, stores."""

from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from openhandover.emulators.answers import Refused
from openhandover.emulators.callbacks import Endpoint

SESSION_RIGHT = "ConversationalRouter.RouterSession_Update"
"""Without it the state-based control answers 403 while mutation requests are still accepted."""

CHANNELS = {
    *("Apple Business Chat", "iMessage", "WhatsApp", "Line", "Push", "RCS", "SMS", "Viber", "Voice"),
    *("Facebook Messenger", "MobilePush", "CXWebConversations", "Instagram", "Telegram Messenger"),
    *("Slack", "Microsoft Teams"),
}
"""What the Router takes as `channel`. No `Custom`, no `Email`."""

HANDOVER_TEMPLATE = (
    '{"chatId":"{{$chatId}}","sessionId":"{{$sessionId}}","accountId":"{{$accountId}}",'
    '"channel":"{{$channel}}",\n "conversationHostId":"{{$conversationHostId}}",'
    '"conversationClientId":"{{$conversationClientId}}","context":{{$context}}}'
)
"""The adapter screen's default body. `context` is put in unquoted: empty, it leaves invalid JSON."""

Role = Literal["channel", "bot", "bmproxy", "outside", "desk"]
"""channel: a channel of CM's own. bot: a TwoWay adapter with Is Bot on. bmproxy: the component of that name, by which a bot
speaks in Business Messaging's shapes. outside: a TwoWay adapter with Is Bot off. desk: a contact centre in the Router."""


@dataclass
class Adapter:
    """One configured adapter; the endpoints are where the Router calls its owner."""

    id: str
    name: str
    role: Role
    messages: Endpoint | None = None
    handover: Endpoint | None = None
    events: Endpoint | None = None
    handover_template: str = HANDOVER_TEMPLATE

    def call(self, url: str, headers: dict[str, str]) -> None:
        """Point all three endpoints below one address: `/messages`, `/handover` and `/events`."""
        base = url.rstrip("/")
        self.messages = Endpoint(f"{base}/messages", headers)
        self.handover = Endpoint(f"{base}/handover", headers)
        self.events = Endpoint(f"{base}/events", headers)


@dataclass(frozen=True)
class Rule:
    """A link from a channel to who may answer it. Of the rules that hold for a chat, the first one counts."""

    source: str
    target: str
    """Id of an adapter or of a component."""
    on: bool = True
    """Whether it holds until a mutation says otherwise."""


WEB = "aaaaaaaa-0000-4000-8000-000000000001"
BOT = "bbbbbbbb-0000-4000-8000-000000000002"
OUTSIDE = "cccccccc-0000-4000-8000-000000000003"
MSC = "dddddddd-0000-4000-8000-000000000004"
MARKETPLACE = "eeeeeeee-0000-4000-8000-000000000005"
PHONE = "ffffffff-0000-4000-8000-000000000006"
CMBOT, BMPROXY = "CMBot", "BMProxy"


def standard_adapters() -> dict[str, Adapter]:
    """Name -> adapter, of the account that the emulator starts with."""
    adapters = [
        Adapter(WEB, "web", "channel"),
        Adapter(PHONE, "phone", "channel"),
        Adapter(BOT, "bot", "bot"),
        Adapter(BMPROXY, "bmproxy", "bmproxy"),
        Adapter(OUTSIDE, "outside", "outside"),
        Adapter(MSC, "msc", "desk"),
        Adapter(MARKETPLACE, "marketplace", "desk"),
    ]
    return {adapter.name: adapter for adapter in adapters}


STANDARD_RULES = (
    Rule(WEB, BOT),
    Rule(WEB, MARKETPLACE, on=False),
    Rule(WEB, MSC),
    Rule(PHONE, BMPROXY),
    Rule(PHONE, MARKETPLACE, on=False),
    Rule(PHONE, MSC),
    Rule(OUTSIDE, CMBOT),
    Rule(OUTSIDE, MARKETPLACE, on=False),
    Rule(OUTSIDE, MSC),
)


@dataclass
class Account:
    """Everything that an operator of the real thing sets up by hand. All ids are made up."""

    technical_link_id: str = "7a1f0c52-0001-4c11-9a00-000000000001"
    product_token: str = "00000000-aaaa-bbbb-cccc-000000000003"  # noqa: S105  made up, as all ids here
    presence_key: str = "presence-key"
    rights: set[str] = field(default_factory=lambda: {SESSION_RIGHT})
    adapters: dict[str, Adapter] = field(default_factory=standard_adapters)
    rules: tuple[Rule, ...] = STANDARD_RULES
    components: set[str] = field(default_factory=lambda: {CMBOT, BMPROXY})
    states: dict[str, str] = field(
        default_factory=lambda: {
            "51a7e000-0000-4000-8000-000000000001": "bot",
            "51a7e000-0000-4000-8000-000000000002": "agent",
        }
    )
    """Id of a state -> `bot` or `agent`."""
    stores: tuple[str, ...] = ("shop-nl", "shop-be")
    """Referrers that are configured on a web store."""
    history: bool = True
    """Whether the Conversation History adapter is there: the agent sees what was said before."""
    keeps_ids: bool = False
    """Whether a message sent twice with one id is taken once. No page says so; the careful caller expects the worst."""
    event_form: Literal["envelope", "flat"] = "envelope"
    """RouterSessionEnded inside `conversationEvents`, or as `eventType` at the top: both have been seen."""

    def adapter(self, adapter_id: str) -> Adapter | None:
        """The adapter with this id."""
        return next((one for one in self.adapters.values() if one.id.lower() == adapter_id.lower()), None)

    def authorise(self, token: str | None, account_id: str) -> None:
        """Raise 401 for another token than ours, 404 for another account."""
        if token != self.product_token:
            raise Refused(401, "X-Cm-Producttoken is missing or wrong")
        if account_id != self.technical_link_id:
            raise Refused(404, "no such account")


def is_uuid(value: Any) -> bool:
    """Whether this is a UUID in its usual written form."""
    if not isinstance(value, str):
        return False
    try:
        return str(UUID(value)) == value.lower()
    except ValueError:
        return False
