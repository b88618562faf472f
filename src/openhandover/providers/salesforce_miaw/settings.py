"""Settings of the `salesforce_miaw` provider and the routing keys of its handover steps."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct, field

from openhandover.core.settings import Template

HOSTS = ".salesforce-scrt.com"
LANGUAGES = {"en": "en_US", "nl": "nl_NL", "zh": "zh_CN", "he": "iw", "id": "in", "nb": "no"}
"""Salesforce's codes of languages where they are not ours; all others are. Source: its metadata type Translations."""
END_ON_CHANGE = ("grace", "immediate", "never")


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The deployment of type Custom Client, as its code snippet names it, and how its conversations are read."""

    scrt_url: Annotated[
        str,
        Meta(pattern=r"^https?://[^\s/]+/?$", description="`Url` of the code snippet; Cognigy: Base URL"),
    ]
    org_id: Annotated[
        str,
        Meta(
            pattern=r"^00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?$", description="`OrganizationId` of the snippet"
        ),
    ]
    es_developer_name: Annotated[
        str,
        Meta(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", description="`DeveloperName` of the snippet"),
    ]
    capabilities_version: Annotated[str, Meta(min_length=1, description="Salesforce documents only 1")] = "1"
    platform: Annotated[
        Literal["Web", "Mobile"], Meta(description="what the conversation is counted as there")
    ] = "Web"
    languages: Annotated[
        dict[str, str],
        Meta(description="our language -> theirs; one that is not here is sent with `_` instead of `-`"),
    ] = field(default_factory=lambda: dict(LANGUAGES))
    opening_line: Annotated[
        str,
        Meta(
            min_length=1, max_length=1000, description="first line for the agent when no transcript is sent"
        ),
    ] = "The user asks for a person."
    max_text_length: Annotated[
        int, Meta(ge=100, le=100_000, description="longest message in characters; longer ones are split")
    ] = 3000
    max_transcript_pieces: Annotated[
        int, Meta(ge=1, le=20, description="so many messages a transcript has at most; the oldest text goes")
    ] = 15
    messages_per_minute: Annotated[
        int, Meta(ge=1, le=10_000, description="of one conversation; Salesforce takes 22 of a user")
    ] = 22
    end_on_participant_change: Annotated[
        Literal["grace", "immediate", "never"],
        Meta(
            description="an agent left: `grace` ends after `left_s` unless somebody has it, `immediate` at once, "
            "`never` waits for the end of the session"
        ),
    ] = "grace"
    left_s: Annotated[
        float,
        Meta(
            ge=0, le=3600, description="seconds that a conversation without an agent waits for the next one"
        ),
    ] = 10
    forward_system_messages: Annotated[
        bool, Meta(description="show the user what the contact centre itself writes, beside agents and bots")
    ] = False
    require_verified: Annotated[
        bool, Meta(description="only verified users: `identity_token` is needed and must be accepted")
    ] = False
    acknowledge: Annotated[
        bool, Meta(description="tell Salesforce when the user got and read an agent's message")
    ] = True
    silence_s: Annotated[
        float, Meta(ge=5, le=600, description="seconds without a sign of life until the stream is taken anew")
    ] = 90
    token_life_s: Annotated[
        float, Meta(ge=60, description="seconds an access token lives whose own end cannot be read")
    ] = 3600
    any_host: Annotated[
        bool, Meta(description="for emulators and proxies: `scrt_url` may be any address, also without TLS")
    ] = False

    def __post_init__(self) -> None:
        """The users' tokens go to Salesforce and nowhere else."""
        at = urlsplit(self.scrt_url)
        if not self.any_host and not (at.scheme == "https" and (at.hostname or "").endswith(HOSTS)):
            raise ValueError(f"`scrt_url` is not https://<name>{HOSTS}; copy `Url` from the code snippet")


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the conversation goes in Salesforce, and who the user is there."""

    routing_attributes: Annotated[
        dict[str, Any] | Template | None,
        Meta(
            description="channel parameters: names and plain values, or the same as JSON text; the name `language` "
            "overrides the conversation's language"
        ),
    ] = None
    identity_token: Annotated[
        Template | None,
        Meta(description="signed identity of a verified user (a JWT that you issue); empty: unverified"),
    ] = None
    end_on_participant_change: Annotated[
        bool | Template | None,
        Meta(description="overrides the setting of this name; true is `immediate`, false is `never`"),
    ] = None
