"""Settings of the `eight_by_eight` provider and the routing keys of its handover steps."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from openhandover.core.settings import Secret, Template

ADDRESS = r"^https?://[^\s/?#]+(/[^\s?#]*)?$"
WORLD = "https://api.8x8.com"
REGIONS = {"us": "", "eu": "/eu", "au": "/au", "ca": "/ca"}

Key = Annotated[Secret, Meta(min_length=1)]


class Metrics(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another API of 8x8, with credentials of its own, that knows how busy a queue is, and what agents are called."""

    client_id: Annotated[str, Meta(min_length=1, description="key of an app with the real-time metrics API")]
    client_secret: Annotated[Key, Meta(description="its secret")]
    region: Annotated[
        Literal["us", "eu", "au", "ca"], Meta(description="where the contact centre is: us, eu, au or ca")
    ] = "us"
    url: Annotated[
        str | None, Meta(pattern=ADDRESS, description="address before /queues; absent: the region's")
    ] = None
    token_url: Annotated[str, Meta(pattern=ADDRESS, description="where tokens are given out")] = (
        WORLD + "/oauth/v2/token"
    )
    wait: Annotated[
        str,
        Meta(
            min_length=1, description="metric that serves as estimated wait; `int-15m` is the last 15 minutes"
        ),
    ] = "interactionsAvgWaitTime.int-15m"
    wait_unit: Annotated[
        Literal["ms", "s"], Meta(description="its unit, ms or s: 8x8 does not say, its examples look like ms")
    ] = "ms"

    @property
    def address(self) -> str:
        """Before /queues and /agents."""
        return (self.url or f"{WORLD}{REGIONS[self.region]}/analytics/cc/v5/realtime-metrics").rstrip("/")


class AgentStatus(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The API that knows what an agent is called; 8x8 may have to switch it on for a tenant."""

    url: Annotated[
        str, Meta(pattern=ADDRESS, description="the platform's address, such as https://na12.8x8.com")
    ]
    username: Annotated[str, Meta(min_length=1, description="from Integration, API Token")]
    token: Annotated[Key, Meta(description="the action request token from there")]
    tenant: Annotated[
        str | None,
        Meta(
            min_length=1,
            description="the tenant's name (Home, Profile, Tenant Name), where it is not its label; absent: `tenant`",
        ),
    ] = None


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Chat Gateway of an 8x8 contact centre."""

    api_key: Annotated[Key, Meta(description="key of an app with the API product Chat Gateway")]
    tenant: Annotated[
        str | None,
        Meta(
            min_length=1,
            description="tenant id; needed where the customer has more than one. Webhooks of others are refused",
        ),
    ] = None
    channel_id: Annotated[
        str | None, Meta(min_length=1, description="id of the Chat API channel, where the step names none")
    ] = None
    queue_id: Annotated[
        str | None,
        Meta(
            min_length=1, description="id of the queue, where the step names none; absent: the channel's own"
        ),
    ] = None
    base_url: Annotated[
        str,
        Meta(
            pattern=ADDRESS,
            description="address of the Chat Gateway; without a path, /chat-gateway/v1 is added",
        ),
    ] = WORLD
    keys_url: Annotated[
        str | None,
        Meta(
            pattern=ADDRESS,
            description="address before the id of a webhook's public key; absent: `base_url` and /jwk",
        ),
    ] = None
    webhook_secret: Annotated[
        Secret | None,
        Meta(
            min_length=16,
            description="what `?secret=` in the webhook's address says, beside the signature; absent: nothing is asked for",
        ),
    ] = None
    left_s: Annotated[
        float,
        Meta(
            ge=0,
            le=600,
            description="seconds after which an agent who left, without a transfer, has ended the talk",
        ),
    ] = 5
    max_text: Annotated[
        int, Meta(ge=200, description="longer texts are sent in several messages; 8x8 documents no limit")
    ] = 4000
    catch_up_s: Annotated[
        float,
        Meta(
            ge=0,
            le=3600,
            description="seconds between two looks for missed webhooks; 0: only after a restart",
        ),
    ] = 60
    metrics: Annotated[
        Metrics | None, Meta(description="for availability, queue and names; absent: these are not known")
    ] = None
    agents: Annotated[
        AgentStatus | None, Meta(description="another way to agents' names; needs `tenant`, or its own")
    ] = None

    @property
    def gateway(self) -> str:
        """Before /conversations and so on."""
        address = self.base_url.rstrip("/")
        return address if urlsplit(address).path else address + "/chat-gateway/v1"

    def __post_init__(self) -> None:
        """Refuse what could never work when the file is read."""
        if self.agents is not None and not (self.agents.tenant or self.tenant):
            raise ValueError("`agents` needs `tenant`: the tenant is part of that API's addresses")


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where in the contact centre the conversation goes, and what agents see of the user."""

    channel_id: Annotated[Template | None, Meta(description="id of the Chat API channel")] = None
    queue_id: Annotated[Template | None, Meta(description="id of the queue")] = None
    properties: Annotated[
        dict[str, Any] | Template | None,
        Meta(
            description="replaces what 8x8 is told of the user: name, userId, email, phone, company, caseId, language, "
            "additionalProperties (a list of key and value); any other key becomes an additional property"
        ),
    ] = None
