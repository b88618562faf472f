"""Settings of the `ringcentral` provider and the routing keys of its handover steps."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from openhandover.core.settings import Secret

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]+$", max_length=255)]

_SECRETS = ("access_token", "realtime_token", "webhook_secret", "verify_token")
LONGEST_SECRET = 255
"""Characters of a webhook secret that RingCentral takes, all of them ASCII."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One Engage Digital source of the type SDK, and the account that it belongs to."""

    api_url: Annotated[
        str,
        Meta(
            pattern=r"^https?://[^\s/?#]+(/1\.0)?/?$",
            description="base address of the REST API, as `https://<account>.api.engagement.dimelo.com`; North "
            "American accounts have `digital.ringcentral.com`; `/1.0` may follow",
        ),
    ]
    access_token: Annotated[
        Secret,
        Meta(
            description="API access token; its user reads the source, recategorises threads, closes interventions and "
            "monitors the task view"
        ),
    ]
    realtime_url: Annotated[
        str,
        Meta(
            pattern=r"^https?://[^\s/?#]+/realtime/sdk/[A-Za-z0-9_-]+/?$",
            description="Realtime Endpoint URL of the source, from its Implementation Details; it ends in the source's id",
        ),
    ]
    realtime_token: Annotated[
        Secret, Meta(description="access token of the source; signs everything between it and us, both ways")
    ]
    webhook_secret: Annotated[
        Secret,
        Meta(description="secret of the webhook, 1 to 255 ASCII characters; RingCentral sends it along"),
    ]
    verify_token: Annotated[
        Secret,
        Meta(description="verification token of the webhook; Cognigy's default for its own is `cognigy123`"),
    ]
    bot_category_id: Annotated[Id, Meta(description="category of conversations that agents do not see")]
    agent_category_id: Annotated[Id, Meta(description="category that gives a conversation to agents")]
    only_handover_conversations: Annotated[
        bool,
        Meta(
            description="RingCentral gets a conversation when it is handed over, with its history. The other choice, to "
            "mirror every conversation with the bot, does not exist here: false is refused"
        ),
    ] = True
    queue_updates: Annotated[
        bool, Meta(description="ask for place in the queue and waiting time; RingCentral needs its task mode")
    ] = True
    agent_name: Annotated[
        Literal["person", "sender"],
        Meta(
            description="whose name the user sees: the agent's own, looked up when an event tells who has taken the "
            "conversation, or the sender's as RingCentral shows it to customers; before they write, `agent_identity_name`"
        ),
    ] = "person"
    bot_identity_id: Annotated[Id, Meta(description="our id of the identity that stands for the bot")] = (
        "openhandover-bot"
    )
    bot_name: Annotated[str, Meta(min_length=1, description="the name of that identity")] = "Bot"
    agent_identity_id: Annotated[
        Id, Meta(description="our id of the identity that agents write as; assign it to them in RingCentral")
    ] = "openhandover-agent"
    agent_identity_name: Annotated[str, Meta(min_length=1, description="the name of that identity")] = (
        "Support"
    )
    opening_text: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=20_000,
            description="stands as the user's first message where the transcript has none of theirs",
        ),
    ] = "The user asks for a person."
    typing_preview: Annotated[
        str,
        Meta(
            min_length=1,
            description="what agents see while the user types; RingCentral demands a text, and the user's is not sent yet",
        ),
    ] = "..."
    max_age_s: Annotated[
        float,
        Meta(
            ge=0,
            description="seconds that the time in a signed call of the source may differ from our clock; 0 = any",
        ),
    ] = 900
    catch_up_s: Annotated[
        float,
        Meta(
            ge=0,
            description="seconds between two looks at RingCentral for what no webhook has brought, beginning with the "
            "start of the server; 0 = never",
        ),
    ] = 300

    def __post_init__(self) -> None:
        """Refuse what RingCentral would not take, when the file is read."""
        for name in _SECRETS:
            secret = getattr(self, name)
            if not secret or not secret.isascii() or any(part.isspace() for part in secret):
                raise ValueError(f"`{name}` must be one or more ASCII characters without spaces")
        if len(self.webhook_secret) > LONGEST_SECRET:
            raise ValueError(f"`webhook_secret` is longer than {LONGEST_SECRET} characters")
        if self.bot_category_id == self.agent_category_id:
            raise ValueError(
                "`bot_category_id` and `agent_category_id` are the same; the change of category is what routes"
            )
        if self.bot_identity_id == self.agent_identity_id:
            raise ValueError(
                "`bot_identity_id` and `agent_identity_id` are the same; agents need their own identity"
            )
        if not self.only_handover_conversations:
            raise ValueError(
                "`only_handover_conversations: false` is not supported; drop it, the history is sent at the handover"
            )

    @property
    def source_id(self) -> str:
        """RingCentral's id of the source."""
        return self.realtime_url.rstrip("/").rpartition("/")[2]

    @property
    def rest(self) -> str:
        """The REST API with its version."""
        return self.api_url.rstrip("/").removesuffix("/1.0") + "/1.0"


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where inside the contact centre."""

    additional_category_ids: Annotated[
        list[str],
        Meta(description="ids of categories that the conversation gets beside `agent_category_id`"),
    ] = []
