"""What the Chat REST API takes, checked field by field."""

from typing import Annotated, Literal, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from openhandover.emulators.answers import Refused

_T = TypeVar("_T")
Text = Annotated[str, Meta(min_length=1)]


class Strict(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """Whether unknown fields are refused over there is not documented: here they are."""


class EntityMap(Strict, kw_only=True):
    """How a detail is mapped to a record's field."""

    entity_name: Text
    field_name: Text
    is_fast_fillable: bool = False
    is_auto_queryable: bool = True
    is_exact_matchable: bool = True


class Detail(Strict, kw_only=True):
    """One pre-chat detail; an empty value is refused."""

    label: Text
    value: Text
    entity_maps: list[EntityMap] = []
    transcript_fields: list[str] = []
    display_to_agent: bool = True
    do_knowledge_search: bool = False


class FieldMap(Strict, kw_only=True):
    """How a field of an entity is found or made."""

    field_name: Text
    label: Text
    do_find: bool = False
    is_exact_match: bool = False
    do_create: bool = False


class Entity(Strict, kw_only=True):
    """One pre-chat entity."""

    entity_name: Text
    save_to_transcript: str | None = None
    link_to_entity_name: str | None = None
    link_to_entity_field: str | None = None
    show_on_create: bool = False
    entity_fields_maps: list[FieldMap] = []


class Init(Strict, kw_only=True):
    """Body of `ChasitorInit`."""

    organization_id: Text
    deployment_id: Text
    button_id: Text
    session_id: Text
    agent_id: str = ""
    do_fallback: bool = False
    user_agent: str
    language: Text
    screen_resolution: str
    visitor_name: Text
    tracking_id: str | None = None
    prechat_details: list[Detail]
    prechat_entities: list[Entity]
    button_overrides: list[str] = []
    receive_queue_updates: Literal[True]
    is_post: Literal[True]


class Said(Strict, kw_only=True):
    """Body of `ChatMessage`."""

    text: Text


class Nothing(Strict, kw_only=True):
    """An empty body."""


class End(Strict, kw_only=True):
    """Body of `ChatEnd`; both forms have been seen to be taken."""

    type: Literal["ChatEndReason"] = "ChatEndReason"
    reason: Literal["client"]


class Resync(Strict, kw_only=True):
    """Body of `ChasitorResyncState`."""

    organization_id: Text


async def read(request: web.Request, kind: type[_T]) -> _T:
    """The JSON body of a request, checked.

    Raises:
        Refused: 400, with the place that is wrong; without the content type as well, as a forum reports.
    """
    if request.content_type != "application/json":
        raise Refused(400, "Content-Type must be application/json")
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except ValueError as error:
        raise Refused(400, str(error)) from None
