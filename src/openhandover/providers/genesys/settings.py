"""Settings of the `genesys` provider and the routing keys of its handover steps."""

import re
from typing import Annotated, Any

from msgspec import Meta, Struct

from openhandover.core.settings import Secret, Template

REGIONS = {
    "us-east-1": "mypurecloud.com",
    "us-east-2": "use2.us-gov-pure.cloud",
    "us-west-2": "usw2.pure.cloud",
    "ca-central-1": "cac1.pure.cloud",
    "mx-central-1": "mxc1.pure.cloud",
    "sa-east-1": "sae1.pure.cloud",
    "eu-west-1": "mypurecloud.ie",
    "eu-west-2": "euw2.pure.cloud",
    "eu-central-1": "mypurecloud.de",
    "eu-central-2": "euc2.pure.cloud",
    "eusc-de-east-1": "edee1.eusc-pure.cloud",
    "ap-southeast-1": "apse1.pure.cloud",
    "ap-southeast-2": "mypurecloud.com.au",
    "ap-northeast-1": "mypurecloud.jp",
    "ap-northeast-2": "apne2.pure.cloud",
    "ap-northeast-3": "apne3.pure.cloud",
    "ap-south-1": "aps1.pure.cloud",
    "me-central-1": "mec1.pure.cloud",
}
"""AWS region -> domain, from the vendor's own client library (PureCloudPlatformClientV2 269.0.0)."""

_DOMAIN = re.compile(r"(?=.{4,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+")
_ID = r"^[^/?#%\s]+$"
UNTOLD_LOOK_S = 15.0
"""A client may call 300 times a minute, so that this leaves room for some 50 conversations and their messages."""

_SHORTEST_SECRET = 16  # the vendor: "longer than 15 characters"
_Id = Annotated[str, Meta(pattern=_ID)]
_Url = Annotated[str, Meta(pattern=r"^https?://[^\s/]+")]
_Count = Annotated[int, Meta(ge=1)]


class AttributeNames(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Under which name the Architect flow finds each value (*Get Participant Data*, names are case-sensitive). Empty: not sent."""

    queue: Annotated[str, Meta(description="the provider's `queue_id`")] = "queueId"
    language: Annotated[str, Meta(description="the route's `language`")] = "myLanguage"
    skills: Annotated[str, Meta(description="the route's `skills`, joined by commas")] = "mySkills"
    priority: Annotated[str, Meta(description="the route's `priority`")] = "priority"
    user: Annotated[str, Meta(description="the id that the user keeps over all handovers")] = "userId"
    phone: Annotated[str, Meta(description="the user's phone number, where the profile is sent")] = "phone"
    reason: Annotated[str, Meta(description="why the handover was asked for")] = "reason"
    handover: Annotated[str, Meta(description="id of the handover here")] = "handoverId"
    skipped: Annotated[
        str, Meta(description="names of the custom attributes that could not be sent, joined by commas")
    ] = "skippedAttributes"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The organisation in Genesys Cloud, its Open Messaging integration, and how we talk to both."""

    region: Annotated[
        str,
        Meta(description="AWS region of the organisation, such as eu-west-1, or its domain: mypurecloud.ie"),
    ]
    client_id: Annotated[
        str, Meta(min_length=1, description="OAuth client with the grant *Client Credentials*")
    ]
    client_secret: Annotated[Secret, Meta(description="its secret")]
    integration_id: Annotated[_Id, Meta(description="id of the Open Messaging integration")]
    webhook_secret: Annotated[
        Secret,
        Meta(
            description="the integration's *Outbound Notification Webhook Signature Secret Token*; over 15 characters"
        ),
    ]
    old_webhook_secret: Annotated[
        Secret | None, Meta(description="also valid while you change `webhook_secret`")
    ] = None
    events_key: Annotated[
        Secret | None,
        Meta(
            description="what EventBridge or a trigger's data action must send in `events_header`; absent: their "
            "addresses take nothing"
        ),
    ] = None
    old_events_key: Annotated[Secret | None, Meta(description="also valid while you change `events_key`")] = (
        None
    )
    events_header: Annotated[
        str,
        Meta(pattern=r"^[A-Za-z0-9-]+$", description="the header that holds `events_key`, and nothing else"),
    ] = "Authorization"
    queue_id: Annotated[
        _Id | None,
        Meta(
            description="the queue that the flow leads to: for availability and waiting time, and as an attribute; "
            "absent: neither is asked for",
        ),
    ] = None
    send_profile: Annotated[
        bool, Meta(description="the user's name, e-mail and phone number go along; off: only ids")
    ] = True
    attribute_names: Annotated[
        AttributeNames, Meta(description="under which names the flow finds what goes along")
    ] = AttributeNames()
    attribute_separator: Annotated[
        str,
        Meta(
            min_length=1,
            description="between the names when a nested custom attribute is made flat: order.id",
        ),
    ] = "."
    max_attributes_bytes: Annotated[
        _Count,
        Meta(
            description="bytes of all attributes together, names and values; what is over is left out and named"
        ),
    ] = 1900
    max_text: Annotated[
        _Count, Meta(description="characters of one message; a longer text goes as several messages")
    ] = 5000
    max_file_mb: Annotated[
        _Count, Meta(description="megabytes of one file; a larger one goes as a link in the text")
    ] = 25
    transcript_skip_empty: Annotated[
        bool, Meta(description="leave messages without text, file or button out of the transcript")
    ] = True
    transcript_skip_unsupported: Annotated[
        bool, Meta(description="leave messages with nothing but files or buttons out of the transcript")
    ] = False
    opening_text: Annotated[
        str, Meta(min_length=1, description="opens the conversation when there is nothing to tell of it yet")
    ] = "The user asks for a person."
    left_text: Annotated[
        str,
        Meta(
            description="what the agent reads when our side ended the conversation and Genesys did not let us "
            "disconnect it; empty: nothing"
        ),
    ] = "User left the conversation"
    disconnect: Annotated[
        bool,
        Meta(description="disconnect the conversation there when our side ends it; off: `left_text` only"),
    ] = True
    bot_messages: Annotated[
        bool, Meta(description="show the user what the Architect flow or a bot of Genesys says")
    ] = True
    look_up: Annotated[
        bool,
        Meta(
            description="read the conversation there: for the agent's name, for who has it when one agent left, for "
            "what no event told, and for words of agents that could not be brought"
        ),
    ] = True
    look_every_s: Annotated[
        Annotated[float, Meta(ge=0)] | None,
        Meta(
            description="seconds between two looks at an open conversation, for what no event told; 0: only "
            "after each start; absent: 15 without `events_key`, else 0"
        ),
    ] = None
    wait_every_s: Annotated[
        float,
        Meta(
            ge=0,
            description="seconds between two questions for the waiting time of `queue_id` while a user waits; 0: only at the "
            "start, and when an event says that they came into a queue",
        ),
    ] = 30.0
    left_s: Annotated[
        float,
        Meta(
            ge=0,
            description="seconds after an agent left or wrapped up until that counts as the end, unless somebody "
            "else has the conversation by then",
        ),
    ] = 10.0
    typing_every_s: Annotated[
        float, Meta(ge=0, description="seconds between two notices that the user types")
    ] = 5.0
    api_url: Annotated[
        _Url | None,
        Meta(description="address of the API, where it is not `https://api.` + region"),
    ] = None
    login_url: Annotated[
        _Url | None,
        Meta(description="address of the log-in, where it is not `https://login.` + region"),
    ] = None

    def __post_init__(self) -> None:
        """Refuse what can only fail later, while somebody is looking."""
        if not _DOMAIN.fullmatch(self.domain):
            raise ValueError(
                f"`region` {self.region!r} is neither an AWS region of Genesys Cloud ({', '.join(REGIONS)}) "
                "nor a domain such as mypurecloud.ie"
            )
        if not self.client_secret:
            raise ValueError("`client_secret` is empty; copy it from the OAuth client in Genesys Cloud")
        if len(self.webhook_secret) < _SHORTEST_SECRET:
            raise ValueError(
                "`webhook_secret` must be longer than 15 characters, or Genesys Cloud refuses it"
            )
        if self.events_key is not None and not self.events_key:
            raise ValueError("`events_key` is empty; leave it out, or write a long random text")

    @property
    def domain(self) -> str:
        """The region's domain, whichever way it was written."""
        given = self.region.strip().lower()
        for start in ("https://", "api.", "login.", "apps."):
            given = given.removeprefix(start)
        return REGIONS.get(given, given.rstrip("/"))

    @property
    def looks_every_s(self) -> float:
        """`look_every_s`, or what stands for it; 0: only once."""
        if self.look_every_s is not None:
            return self.look_every_s
        return 0.0 if self.events_key else UNTOLD_LOOK_S

    @property
    def api(self) -> str:
        """Address of the API, without a slash at its end."""
        return (self.api_url or f"https://api.{self.domain}").rstrip("/")

    @property
    def login(self) -> str:
        """Address of the log-in, without a slash at its end."""
        return (self.login_url or f"https://login.{self.domain}").rstrip("/")


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the Architect flow gets to route by; each needs a flow that reads it."""

    language: Annotated[Template | None, Meta(description="the language that the agent must speak")] = None
    skills: Annotated[
        Template | list[Template] | None, Meta(description="skills that the agent must have")
    ] = None
    priority: Annotated[
        Template | None, Meta(description="the priority in the queue, as the flow reads it")
    ] = None
    custom_attributes: Annotated[
        dict[str, Any] | Template | None,
        Meta(description="further attributes: an object, or its JSON as text; nested ones are made flat"),
    ] = None
