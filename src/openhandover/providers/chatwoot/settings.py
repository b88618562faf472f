"""Settings of the `chatwoot` provider and the routing keys of its handover steps."""

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct

from openhandover.core.settings import Secret, Template

Priority = Literal["none", "low", "medium", "high", "urgent"]
TOKEN_CHARACTERS = 16
"""A secret that travels in an address must not be guessed."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which account and inbox, how its webhooks prove themselves, and what counts as joining and ending there."""

    base_url: Annotated[
        str,
        Meta(
            pattern=r"^https?://[^\s/?#]+[^\s?#]*$",
            description="address of the installation, with or without `/api/v1`",
        ),
    ]
    account_id: Annotated[
        int, Meta(ge=1, description="the number in the dashboard's address: `/app/accounts/{account_id}`")
    ]
    api_token: Annotated[
        Secret, Meta(description="access token of an agent or administrator who is a member of the inbox")
    ]
    inbox_id: Annotated[int, Meta(ge=1, description="inbox of type API, unless the step names another")]
    webhook_secret: Annotated[
        Secret | None, Meta(description="the inbox's secret; signs its webhooks (from version 4.13 on)")
    ] = None
    old_webhook_secret: Annotated[
        Secret | None,
        Meta(description="also valid: while you change it, or that of an account webhook"),
    ] = None
    webhook_token: Annotated[
        Secret | None,
        Meta(
            description="for servers that do not sign: what our address carries as `?token=`, at least 16 of "
            "`A-Z a-z 0-9 - _`"
        ),
    ] = None
    team_id: Annotated[
        int | None, Meta(ge=1, description="team that gets every conversation; absent: the inbox's own rules")
    ] = None
    skill_teams: Annotated[
        dict[str, int],
        Meta(description="skill to team: the first of the step's skills that is listed picks the team"),
    ] = {}
    skills_as: Annotated[
        Literal["labels", "attributes", "both"],
        Meta(
            description="skills and languages become labels, custom attributes of the conversation, or both"
        ),
    ] = "both"
    skills_attribute: Annotated[
        str, Meta(min_length=1, description="custom attribute with the skills, joined by commas")
    ] = "skills"
    languages_attribute: Annotated[
        str, Meta(min_length=1, description="custom attribute with the languages, joined by commas")
    ] = "languages"
    joined_when: Annotated[
        Literal["assigned", "replied"],
        Meta(
            description="when an agent has joined; `replied` where the inbox assigns by itself, before anybody has "
            "looked"
        ),
    ] = "assigned"
    end_statuses: Annotated[
        tuple[str, ...],
        Meta(min_length=1, description="statuses of a conversation that end the handover"),
    ] = ("resolved", "abandoned", "pending")
    cancel_status: Annotated[
        str, Meta(min_length=1, description="status that a cancelled handover's conversation gets")
    ] = "resolved"
    automatic_messages: Annotated[
        bool, Meta(description="the user sees greetings, out-of-office texts and what the inbox's bots say")
    ] = True
    csat_survey: Annotated[
        bool, Meta(description="the user sees the link to the satisfaction survey, up to 60 s after the end")
    ] = False
    only_when_online: Annotated[
        bool,
        Meta(description="refuse the handover as `unavailable` when no agent is online, instead of queueing"),
    ] = False
    working_hours: Annotated[
        bool, Meta(description="outside the inbox's working hours, where it has any, nobody is available")
    ] = True
    gap_check_s: Annotated[
        float,
        Meta(
            ge=0,
            description="seconds between two looks for messages whose webhook was lost, per open handover; 0: never",
        ),
    ] = 60

    def __post_init__(self) -> None:
        """Refuse what could never work, or would let strangers in, when the file is read."""
        if not re.fullmatch(r"[\x21-\x7e]+", self.api_token):
            raise ValueError("`api_token` is not an access token; copy it from Profile settings in Chatwoot")
        if not (self.webhook_secret or self.old_webhook_secret or self.webhook_token):
            raise ValueError(
                "nothing proves who sends the webhooks; set `webhook_secret`, or `webhook_token` for an old server"
            )
        if self.webhook_token and not re.fullmatch(
            rf"[A-Za-z0-9_-]{{{TOKEN_CHARACTERS},}}", self.webhook_token
        ):
            raise ValueError("`webhook_token` is too short or has other signs than letters, digits, - and _")
        if any(team < 1 for team in self.skill_teams.values()):
            raise ValueError("`skill_teams` names a team below 1; write the team's number")


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where in Chatwoot the conversation goes, and what it carries."""

    inbox_id: Annotated[
        Template | None, Meta(description="another inbox of type API; absent: the provider's")
    ] = None
    skills: Annotated[
        list[Template], Meta(description="labels, custom attribute, and the team by `skill_teams`")
    ] = []
    languages: Annotated[
        list[Template],
        Meta(description="labels and custom attribute; the first one is the agents' language"),
    ] = []
    priority: Annotated[Template, Meta(description="none, low, medium, high or urgent")] = Template("none")
    team_id: Annotated[Template | None, Meta(description="goes before `skill_teams` and `team_id`")] = None
    labels: Annotated[list[Template], Meta(description="further labels")] = []
    custom_attributes: Annotated[
        dict[str, Template], Meta(description="further custom attributes of the conversation")
    ] = {}
