"""The JSON of our calls to Chatwoot, and what we read of its answers."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, get_args

from msgspec import Struct, field

from openhandover.core.model import Agent, Message, User
from openhandover.net.forms import Part, form
from openhandover.providers.base import HandoverRequest
from openhandover.texts.readable import author, links, said

from .settings import Priority, Settings

MARK = "oh-"
"""Every id that we give begins so: by it our own things are known again, also after a restart."""
_MESSAGE_MARK = MARK + "user:"
MARK_ATTRIBUTE = "openhandover"
"""Additional attribute of our conversations. Agents do not see these attributes."""
NOTE_CHARS = 100_000
"""Chatwoot takes 150,000 characters in a message."""
PRIORITIES: frozenset[str] = frozenset(get_args(Priority))
_NOT_IN_LABEL = re.compile(r"[^\w-]+")
_MENTION = "mention://"
_CANCELLED = {
    "user_cancelled": "The user cancelled the handover.",
    "user_left": "The user left before anybody answered.",
}


class File(NamedTuple):
    """A file to upload."""

    name: str
    content_type: str
    content: bytes


class Plan(NamedTuple):
    """Where a handover's conversation goes and what it carries."""

    inbox_id: int
    team_id: int | None
    priority: str
    labels: tuple[str, ...]
    attributes: dict[str, str]


# --- ids -----------------------------------------------------------------------------------------------------


def source_id(handover_id: str, attempt: int) -> str:
    """Our id of one attempt's conversation: the same each time, and fit for a path whatever the handover is called."""
    return reference(f"{handover_id}:{attempt}")


def reference(key: str) -> str:
    """Our id of whatever has this idempotency key."""
    return MARK + hashlib.sha256(key.encode()).hexdigest()[:32]


def message_reference(message: Message) -> str:
    """Our id of a user's message there, from which ours can be read again."""
    return f"{_MESSAGE_MARK}{message.id}"


def message_id(source: str | None) -> str | None:
    """The id of the user's message that has this id there; None for everything else."""
    return source.removeprefix(_MESSAGE_MARK) if source and source.startswith(_MESSAGE_MARK) else None


# --- the route -----------------------------------------------------------------------------------------------


def wrong(route: Mapping[str, Any]) -> str | None:
    """What in a rendered route Chatwoot could not take."""
    for key in ("inbox_id", "team_id"):
        text = _text(route.get(key))
        if text and not (text.isascii() and text.isdigit()):
            return f"`{key}` is not a number"
    priority = _text(route.get("priority"))
    if priority and priority not in PRIORITIES:
        return f"`priority` is none of {', '.join(sorted(PRIORITIES))}"
    return None


def plan(settings: Settings, route: Mapping[str, Any]) -> Plan:
    """What the route says, completed by the settings. The route is one that `wrong` has not refused."""
    skills, languages = _texts(route.get("skills")), _texts(route.get("languages"))
    named: list[str] = _texts(route.get("labels"))
    attributes: dict[str, str] = {}
    if settings.skills_as != "attributes":
        named += [*skills, *languages]
    if settings.skills_as != "labels":
        attributes = {
            settings.skills_attribute: ",".join(skills),
            settings.languages_attribute: ",".join(languages),
        }
    further: Mapping[str, Any] = route.get("custom_attributes") or {}
    attributes |= {key: _text(value) for key, value in further.items()}
    teams = (settings.skill_teams[skill] for skill in skills if skill in settings.skill_teams)
    return Plan(
        inbox_id=_number(route.get("inbox_id")) or settings.inbox_id,
        team_id=_number(route.get("team_id")) or next(teams, settings.team_id),
        priority=_text(route.get("priority")) or "none",
        labels=tuple(dict.fromkeys(label for label in (_label(name) for name in named) if label)),
        attributes={key: value for key, value in attributes.items() if value},
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _texts(value: Any) -> list[str]:
    several: Sequence[Any] = [value] if isinstance(value, str) else value or ()
    return [text for text in (_text(one) for one in several) if text]


def _number(value: Any) -> int | None:
    text = _text(value)
    return int(text) if text else None


def _label(text: str) -> str:
    """Labels in Chatwoot are lower case, of letters, digits, `-` and `_`."""
    return _NOT_IN_LABEL.sub("-", text.lower()).strip("-")


# --- bodies --------------------------------------------------------------------------------------------------


def contact(user: User, inbox_id: int) -> dict[str, Any]:
    """The body that makes the user a contact, known by our id of them."""
    known = {
        "name": user.name,
        "email": user.email,
        "phone_number": user.phone,
        "custom_attributes": {key: value for key, value in user.attributes.items() if _is_plain(value)},
    }
    return {
        "inbox_id": inbox_id,
        "identifier": user.id,
        **{key: value for key, value in known.items() if value},
    }


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float | bool)


def conversation(request: HandoverRequest, plan_: Plan, contact_id: int) -> dict[str, Any]:
    """The body that begins the conversation."""
    source = source_id(request.handover_id, request.attempt)
    body: dict[str, Any] = {
        "source_id": source,
        "inbox_id": plan_.inbox_id,
        "contact_id": contact_id,
        "status": "open",
        "custom_attributes": {"handover_id": request.handover_id, **plan_.attributes},
        "additional_attributes": {
            MARK_ATTRIBUTE: source,
            "conversation_language": request.conversation.language,
        },
    }
    return body if plan_.team_id is None else {**body, "team_id": plan_.team_id}


def opening_notes(request: HandoverRequest) -> list[str]:
    """The talk so far as private notes, as few as their length allows."""
    head = [f"Handover {request.handover_id} from channel {request.conversation.channel}"]
    if request.reason:
        head.append(f"Reason: {request.reason}")
    lines = ["\n".join([f"{author(one)}: {said(one)}", *links(one)]) for one in request.transcript]
    whole = "\n".join([*head, "", *lines] if lines else head).replace(_MENTION, "mention: //")
    return [whole[start : start + NOTE_CHARS] for start in range(0, len(whole), NOTE_CHARS)]


def incoming(text: str, reference_: str) -> dict[str, Any]:
    """What the user says."""
    return {"content": text, "message_type": "incoming", "private": False, "source_id": reference_}


def note(text: str, reference_: str) -> dict[str, Any]:
    """What only agents see. A mention in it would call an agent, so nobody else's words may hold one."""
    content = text.replace(_MENTION, "mention: //")
    return {"content": content, "message_type": "outgoing", "private": True, "source_id": reference_}


def bot_said(message: Message) -> str:
    """A bot's words to the agent, with the choices that it offers."""
    buttons = [f"[{button.text}]" for button in message.buttons or ()]
    return "\n".join(
        part for part in (f"{author(message)}: {said(message)}", *links(message), *buttons) if part
    )


def withdrawn(reason: str) -> str:
    """Why the handover was cancelled, for the agents."""
    return _CANCELLED.get(reason, f"The handover was cancelled: {reason}.")


def message_form(fields: Mapping[str, Any], files: Sequence[File]) -> tuple[str, bytes]:
    """Content type and body of a message with files."""
    parts = [
        Part(name, (str(value).lower() if isinstance(value, bool) else str(value)).encode())
        for name, value in fields.items()
    ]
    return form([*parts, *(Part("attachments[]", one.content, one.content_type, one.name) for one in files)])


# --- answers -------------------------------------------------------------------------------------------------


class NewContact(Struct):
    """The person that a creating call made."""

    id: int


class _CreatedContact(Struct):
    contact: NewContact


class CreatedContact(Struct):
    """The answer to a new contact, as the server writes it."""

    payload: _CreatedContact


class FoundContact(Struct):
    """One hit of a search."""

    id: int
    identifier: str | None = None


class FoundContacts(Struct):
    """A page of a search."""

    payload: list[FoundContact]


class _Numbered(Struct):
    id: int


class Person(Struct):
    """An agent of the account."""

    id: int
    name: str | None = None
    available_name: str | None = None
    thumbnail: str | None = None

    @property
    def agent(self) -> Agent:
        """As users see them."""
        return Agent(str(self.id), self.available_name or self.name, self.thumbnail or None)


class _Meta(Struct):
    assignee: Person | None = None
    assignee_type: str | None = None


class Talk(Struct):
    """One conversation; `id` is the number that agents see. Of its messages the latest is shown."""

    id: int
    status: str = "open"
    inbox_id: int | None = None
    agent_last_seen_at: float | str | None = None
    additional_attributes: dict[str, Any] | None = None
    messages: list[_Numbered] = field(default_factory=list[_Numbered])
    meta: _Meta = field(default_factory=_Meta)
    first_reply_created_at: float | str | None = None

    @property
    def newest(self) -> int | None:
        """The id of its latest message, None where it is not told."""
        return max((message.id for message in self.messages), default=None)


class Talks(Struct):
    """The latest conversations of a contact."""

    payload: list[Talk]


class Labels(Struct):
    """The labels of a conversation."""

    payload: list[str]


class Member(Struct):
    """An agent of an inbox or a team."""

    id: int
    availability_status: str | None = None


class Members(Struct):
    """The agents of an inbox."""

    payload: list[Member]


class Day(Struct):
    """Working hours of one day of the week, 0 = Sunday, in the inbox's time zone."""

    day_of_week: int
    closed_all_day: bool | None = False
    open_all_day: bool | None = False
    open_hour: int | None = None
    open_minutes: int | None = None
    close_hour: int | None = None
    close_minutes: int | None = None


class Inbox(Struct):
    """An inbox. The last three are told for inboxes of type API, the secret to administrators; the published API
    description leaves them out (`app/views/api/v1/models/_inbox.json.jbuilder`)."""

    id: int
    channel_type: str = ""
    working_hours_enabled: bool | None = False
    timezone: str | None = None
    working_hours: list[Day] | None = None
    webhook_url: str | None = None
    inbox_identifier: str | None = None
    secret: str | None = None


class Hook(Struct):
    """A webhook of the account; `secret` since servers sign."""

    url: str = ""
    secret: str | None = None


class _Hooks(Struct):
    webhooks: list[Hook]


class Hooks(Struct):
    """The webhooks of the account, as the server writes them."""

    payload: _Hooks


def ours(found: Talks, source: str, inbox_id: int) -> Talk | None:
    """The conversation that an earlier try of the same open call has begun."""
    for talk in found.payload:
        if talk.inbox_id == inbox_id and (talk.additional_attributes or {}).get(MARK_ATTRIBUTE) == source:
            return talk
    return None
