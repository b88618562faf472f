"""Settings of the `livehelperchat` provider and the routing keys of its handover steps."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from openhandover.core.settings import Secret, Template


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which installation of Live Helper Chat, as whom, and how we hear of its operators."""

    base_url: Annotated[
        str,
        Meta(
            pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$",
            description="address of the installation up to and including index.php; without it where the web server "
            "rewrites addresses",
        ),
    ]
    username: Annotated[
        str,
        Meta(
            pattern="^[^:]+$", description="login name of the operator who owns the API key; no colon in it"
        ),
    ]
    api_key: Annotated[
        Secret, Meta(description="API key: System configuration, Rest API; active, of that operator")
    ]
    department: Annotated[
        str | int | None, Meta(description="id or identifier of the department, where a step names none")
    ] = None
    availability: Annotated[
        Literal["department", "widget", "any"],
        Meta(
            description="whose presence counts: of operators who are assigned to the department itself, of all whom the "
            "widget would count, or of anybody in any department"
        ),
    ] = "department"
    require_online: Annotated[
        bool,
        Meta(
            description="refuse to open (reason `unavailable`) while nobody is there; else the chat just waits"
        ),
    ] = False
    webhook_token: Annotated[
        Secret | None,
        Meta(
            description="the bearer token that the webhooks carry; without it all webhooks are refused and we only ask"
        ),
    ] = None
    old_webhook_token: Annotated[
        Secret | None, Meta(description="also valid while you change the webhook token")
    ] = None
    poll_s: Annotated[
        float,
        Meta(
            ge=0.1,
            le=60,
            description="seconds between two looks at an open chat when no webhook calls for one",
        ),
    ] = 3.0
    last_words_s: Annotated[
        float,
        Meta(
            ge=0,
            le=30,
            description="seconds after a close in which an operator's overtaken last line is awaited",
        ),
    ] = 1.5
    max_message_length: Annotated[
        int,
        Meta(
            ge=20,
            description="characters in one message of the user; longer ones are split. Not more than the installation's "
            "own setting of that name",
        ),
    ] = 500
    question: Annotated[
        str,
        Meta(
            min_length=1,
            description="what a chat begins with where the last word before the handover was not the user's",
        ),
    ] = "I would like to talk to a person."
    bot_name: Annotated[
        str, Meta(min_length=1, max_length=100, description="name that operators see at the bot's lines")
    ] = "Bot"
    close_on_cancel: Annotated[
        bool,
        Meta(
            description="close the chat when the user withdraws; false: they are only shown as gone, operators close it"
        ),
    ] = True
    show_auto_responder: Annotated[
        bool, Meta(description="show the user what the department's auto responder writes")
    ] = True

    def __post_init__(self) -> None:
        """Refuse empty secrets when the file is read, not when the first handover fails."""
        if not self.api_key:
            raise ValueError(
                "`api_key` is empty; make one in the back office: System configuration, Rest API"
            )
        if self.webhook_token is not None and len(self.webhook_token) < 16:
            raise ValueError(
                "`webhook_token` is too short; use at least 16 random characters, or leave it out"
            )
        if self.old_webhook_token is not None and self.webhook_token is None:
            raise ValueError("`old_webhook_token` is for the time of a change; set `webhook_token` too")


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the chat goes."""

    department: Annotated[
        Template | int | None, Meta(description="id or identifier of the department; absent: the provider's")
    ] = None
    priority: Annotated[
        Template | int | None,
        Meta(description="whole number; a higher one is served first; absent: the department's"),
    ] = None
    operator: Annotated[
        Template | int | None,
        Meta(description="id of the operator to whom the chat is assigned while it waits"),
    ] = None
