"""Settings of the `cm_msc` provider and the routing keys of its handover steps."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from openhandover.cm.settings import (
    HEADER,
    UUID,
    AdapterId,
    HeaderName,
    HeaderSecret,
    OldSecret,
    PresenceSettings,
    RouterSettings,
)
from openhandover.core.settings import Template


class TwoWay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Our own adapter, with *Is Bot* off: the bot is outside the Router, and every message passes through us."""

    adapter_id: Annotated[AdapterId, Meta(description="our TwoWay adapter")]
    version: Annotated[Literal["v2", "v1"], Meta(description="version of the TwoWay API")] = "v2"
    channel: Annotated[str, Meta(description="the Router's name of the channel that we stand for")] = (
        "CXWebConversations"
    )
    host_id: Annotated[str, Meta(min_length=1, description="the business's side: `conversationHostId`")]
    header: HeaderName = HEADER
    secret: HeaderSecret
    old_secret: OldSecret = None
    mutation: Annotated[
        bool, Meta(description="also take the bot's components out of the chat and pass on the route")
    ] = True
    opening_text: Annotated[
        str, Meta(min_length=1, description="opens the chat when there is nothing to tell of it yet")
    ] = "The user asks for a person."


class Settings(RouterSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Router that leads to Mobile Service Cloud, and what its agents get to see."""

    phone_key: Annotated[
        str,
        Meta(min_length=1, description="key of the phone number inside `CustomerInfo`; CM documents none"),
    ] = "phone"
    profile_key: Annotated[
        str, Meta(min_length=1, description="key of the MSC profile in the Context; CM documents none")
    ] = "MSCProfile"
    transcript_key: Annotated[
        str | None,
        Meta(
            description="key of the Context under which the talk so far is passed on, for Routers without the "
            "Conversation History adapter; absent: it is not"
        ),
    ] = None
    presence: Annotated[
        PresenceSettings | None, Meta(description="how to ask whether agents are online; absent: not asked")
    ] = None
    twoway: Annotated[
        TwoWay | None,
        Meta(description="the bot is outside the Router: we relay every message; absent: inside"),
    ] = None


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who the user is, and to whom in Mobile Service Cloud the chat goes."""

    user_name: Annotated[Template, Meta(description="shown to the agent")]
    user_email: Annotated[Template, Meta(description="shown to the agent")]
    messaging_adapter: Annotated[
        Template | None,
        Meta(
            pattern=UUID, description="id of the channel's adapter, a UUID; required unless there is `twoway`"
        ),
    ] = None
    phone_number: Annotated[Template | None, Meta(description="shown to the agent")] = None
    webstore_referrer: Annotated[
        Template | None, Meta(description="picks the web store, also for the availability")
    ] = None
    routing_keywords: Annotated[
        Template | list[Template] | None, Meta(description="skills; a list is joined by commas")
    ] = None
    profile: Annotated[Template | None, Meta(description="the MSC profile")] = None
    context: Annotated[dict[str, Any] | None, Meta(description="further keys of the Context")] = None
    channel: Annotated[
        Template | None, Meta(description="the Router's name of the chat's channel, for the availability")
    ] = None
