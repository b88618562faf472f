"""Settings of the `salesforce_chat` provider and the routing keys of its handover steps."""

from typing import Annotated, Any

from msgspec import Meta, Struct, field

from openhandover.core.settings import Template

LANGUAGES = {"en": "en_US", "nl": "nl_NL", "zh": "zh_CN", "he": "iw", "id": "in", "nb": "no"}
"""Salesforce's codes of languages where they are not ours; all others are. Source: its metadata type Translations."""
BASE_URL = r"^https?://[^\s/]+(/[^\s]*)?$"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The deployment and button of legacy Chat (Live Agent), which Salesforce has retired."""

    enabled: Annotated[
        bool,
        Meta(description="Salesforce retired Chat on 14 February 2026; as long as this is off, it refuses"),
    ] = False
    base_url: Annotated[
        str,
        Meta(pattern=BASE_URL, description="Chat API endpoint from Setup > Chat Settings, to `/chat/rest/`"),
    ]
    api_version: Annotated[
        int, Meta(ge=37, le=99, description="sent with every call; older ones reconnect in another way")
    ] = 52
    organization_id: Annotated[str, Meta(min_length=15, description="of the organisation (00D...)")]
    deployment_id: Annotated[str, Meta(min_length=15, description="of the Chat deployment (572...)")]
    button_id: Annotated[str, Meta(min_length=15, description="of the Chat button (573...)")]
    agent_id: Annotated[str, Meta(description="ask for this agent (005...); empty: for any")] = ""
    languages: Annotated[
        dict[str, str],
        Meta(description="our language -> theirs; one that is not here is sent with `_` instead of `-`"),
    ] = field(default_factory=lambda: dict(LANGUAGES))
    visitor_name: Annotated[
        str, Meta(min_length=1, description="shown to the agent where the user has no name")
    ] = "Guest"
    opening_line: Annotated[
        str,
        Meta(
            min_length=1, max_length=1000, description="first line for the agent when no transcript is sent"
        ),
    ] = "The user asks for a person."
    max_text_length: Annotated[
        int, Meta(ge=100, le=100_000, description="longest message in characters; longer ones are split")
    ] = 3000
    left_s: Annotated[
        float, Meta(ge=0, le=3600, description="seconds that a chat without an agent waits for the next one")
    ] = 10
    origin: Annotated[
        Annotated[str, Meta(pattern=r"^https?://[^\s/]+$")] | None,
        Meta(description="sent as `Origin`, for organisations that list their domains"),
    ] = None
    any_host: Annotated[
        bool, Meta(description="for emulators and proxies: `base_url` may be without TLS")
    ] = False

    def __post_init__(self) -> None:
        """What the user says does not travel in the open."""
        if not self.any_host and not self.base_url.startswith("https://"):
            raise ValueError("`base_url` does not begin with https://; copy the Chat API endpoint")


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To whom the chat goes, and what the agent gets to know before it; absent keys are those of the settings."""

    base_url: Annotated[Template | None, Meta(description="another Chat API endpoint")] = None
    api_version: Annotated[int | Template | None, Meta(description="another version")] = None
    organization_id: Annotated[Template | None, Meta(description="another organisation")] = None
    deployment_id: Annotated[Template | None, Meta(description="another deployment")] = None
    button_id: Annotated[Template | None, Meta(description="another button")] = None
    prechat_details: Annotated[
        list[Any] | Template | None,
        Meta(
            description="pre-chat details as Salesforce describes them, or the same as JSON text; those with an empty "
            "`value` are left out"
        ),
    ] = None
    prechat_entities: Annotated[
        list[Any] | Template | None,
        Meta(description="pre-chat entities as Salesforce describes them, or the same as JSON text"),
    ] = None
