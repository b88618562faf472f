"""What RingCentral gets: users, threads and messages for the source, and who of its agents is there.

After RingCentral's own pages, "Source SDK" (objects, Send API, request and response) and the OpenAPI file of the REST API.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from openhandover.core.model import Attachment, Message, User
from openhandover.net.bodies import read_answer
from openhandover.net.client import Reply, encode_json
from openhandover.providers.base import Availability, HandoverRequest
from openhandover.texts.cutting import in_parts
from openhandover.texts.readable import said

OURS = "openhandover"
"""Our threads begin with this, and so do our messages: whatever carries it was never written by an agent."""
LONGEST_BODY = 20_000
"""Characters of a message; more is cut into several."""
MOST_FILES = 14_000_000
"""Bytes of a message's files that go along inside the call, which takes 20 971 520 bytes and the files as base64."""

Params = dict[str, Any]

_FIELDS = {
    "firstname": "firstname",
    "lastname": "lastname",
    "screenname": "screenname",
    "email": "email",
    "avatarurl": "avatar_url",
    "homephone": "home_phone",
    "mobilephone": "mobile_phone",
    "phone": "mobile_phone",
    "gender": "gender",
}
"""A key of the user's profile without case, blanks and dashes -> the field of RingCentral's user."""
_GENDERS = ("man", "woman")


# --- signed calls --------------------------------------------------------------------------------------------


def signature(token: str, body: bytes) -> str:
    """The value of `X-SMCCSDK-SIGNATURE`: HMAC-SHA512 over exactly these bytes, in hexadecimal."""
    return hmac.digest(token.encode(), body, hashlib.sha512).hex()


def signed(token: str, body: bytes) -> dict[str, str]:
    """The headers of a signed call, and of our answer to one."""
    return {"Content-Type": "application/json", "X-SMCCSDK-SIGNATURE": signature(token, body)}


def call(action: str, params: Mapping[str, Any]) -> bytes:
    """The body of a call to the realtime endpoint."""
    return encode_json({"action": action, "params": params})


# --- whom and what we know -----------------------------------------------------------------------------------


def thread_id(key: str) -> str:
    """Our id of the thread of one attempt: the same whenever its open call is made again, and safe in a search."""
    return OURS + hashlib.blake2b(key.encode(), digest_size=16).hexdigest()


EVER = "2026-01-01T00:00:00Z"
"""Since when our identities have been there; RingCentral wants a time, and nothing depends on it."""


def puppet(identity_id: str, name: str) -> Params:
    """A user on the company's side: RingCentral may write as them once an admin has made them a controlled identity."""
    return {
        "id": identity_id,
        "screenname": name,
        "created_at": EVER,
        "updated_at": EVER,
        "puppetizable": True,
    }


def thread(thread_id: str, author: Params) -> Params:
    """The thread of one attempt, under the user's name."""
    return {"id": thread_id, "title": author["screenname"]}


def user(one: User, at: str) -> Params:
    """The author of the user's messages. What of their profile has a field of its own goes there, the rest into
    `context_data`."""
    found: Params = {"id": one.id, "screenname": one.name or one.id, "created_at": at, "updated_at": at}
    rest: dict[str, Any] = {}
    for key, value in (("email", one.email), ("phone", one.phone), *one.attributes.items()):
        field = _FIELDS.get(re.sub(r"[\s_-]", "", key).lower())
        fits = isinstance(value, str) and value and (field != "gender" or value in _GENDERS)
        if field and fits and (field == "screenname" or field not in found):
            found[field] = value
        else:
            rest[key] = value
    if told := context_data(rest):
        found["context_data"] = told
    return found


def context_data(values: Mapping[str, Any]) -> dict[str, Any]:
    """Texts and lists of texts under keys of letters and dashes, which is all that RingCentral takes; the first of two
    keys that become the same stays."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        name = re.sub(r"[^A-Za-z]+", "-", key).strip("-")
        if name and name not in found and value not in (None, "", [], {}):
            found[name] = [_text(one) for one in value] if isinstance(value, list | tuple) else _text(value)  # pyright: ignore[reportUnknownVariableType]
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def about(request: HandoverRequest) -> dict[str, Any]:
    """What the agent should know of this handover."""
    facts = {
        "handover-id": request.handover_id,
        "reason": request.reason,
        "conversation-id": request.conversation.id,
        "channel": request.conversation.channel,
        "language": request.conversation.language,
    }
    return context_data({**facts, **request.context})


class State(Struct, frozen=True, omit_defaults=True):
    """What must be known again with every call: RingCentral's id of the thread, and the author of the messages."""

    thread: str
    author: Params

    @classmethod
    def of(cls, vendor_state: str | None) -> "State":
        """As it was written by `text`."""
        return msgspec.json.decode(vendor_state or '{"thread": "", "author": {}}', type=cls)

    @property
    def text(self) -> str:
        """To be kept with the session; the profile was told at the start."""
        author = {key: value for key, value in self.author.items() if key != "context_data"}
        return msgspec.json.encode(State(self.thread, author)).decode()


# --- messages ------------------------------------------------------------------------------------------------


def second(at: str | None) -> str:
    """A time as RingCentral documents it: whole seconds, UTC; None: now."""
    moment = datetime.fromisoformat(at) if at else datetime.now(UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def messages(thread: str, one: Message, author: Params) -> list[Params]:
    """The words of one message, in parts where they are too long. Their ids are the same every time."""
    offered = " ".join(f"[{button.text}]" for button in one.buttons or ())
    text = "\n".join(part for part in (said(one), offered) if part)
    bodies = in_parts(text, lambda rest: rest[:LONGEST_BODY])
    names = [f"{one.seq}.{n}" if n else str(one.seq) for n in range(len(bodies))]
    return [message(thread, name, author, body) for name, body in zip(names, bodies, strict=True)]


def linked(part: Params, files: Sequence[Attachment]) -> Params:
    """A message that names its files and says where they are, instead of having them."""
    links = (f"{file.name}: {file.url}" if file.name else file.url for file in files)
    return {**part, "body": "\n".join(filter(None, (part.get("body", ""), *links)))}


def message(thread: str, name: str, author: Params, body: str) -> Params:
    """One message of the thread; `name` is what tells it from the others."""
    found: Params = {"id": f"{thread}.{name}", "thread_id": thread, "author": author, "format": "text"}
    return {**found, "body": body} if body else found


def attachment(name: str, content: bytes) -> Params:
    """A file that goes along."""
    return {"content": base64.b64encode(content).decode(), "filename": name}


# --- RingCentral's answers -----------------------------------------------------------------------------------


class Thread(Struct):
    """A thread of the REST API."""

    id: str
    foreign_id: str | None = None
    source_id: str | None = None


class Intervention(Struct):
    """What an agent does about a thread, from taking it to closing it."""

    id: str
    thread_id: str | None = None
    source_id: str | None = None
    closed: bool = False
    closed_at: str | None = None
    updated_at: str | None = None
    user_id: str | None = None
    user_replies_count: int | None = None


class ContentFile(Struct):
    """A file of a content."""

    url: str | None = None
    filename: str | None = None
    content_type: str | None = None


class Content(Struct):
    """A message as the REST API has it; `creator_id` is the agent who wrote it."""

    id: str
    foreign_id: str | None = None
    author_id: str | None = None
    body: str | None = None
    body_input_format: str | None = None
    creator_id: str | None = None
    created_at: str | None = None
    published: bool | None = None
    approval_required: bool = False
    remotely_deleted: bool = False
    attachments: list[ContentFile] | None = None


class Named(Struct):
    """An agent."""

    firstname: str | None = None
    lastname: str | None = None
    nickname: str | None = None

    @property
    def name(self) -> str | None:
        """As people call them."""
        whole = " ".join(part for part in (self.firstname, self.lastname) if part)
        return whole or self.nickname or None


class Channel(Struct):
    """A channel of the task mode: the sources that agents serve together."""

    id: str = ""
    source_ids: list[str] | None = None


class _OfAgent(Struct):
    id: str = ""
    status: str | None = None
    busyness: str | None = None


class _Agent(Struct):
    channels: list[_OfAgent] | None = None


class Source(Struct):
    """The source."""

    active: bool | None = None
    default_category_ids: list[str] | None = None


class Category(Struct):
    """A category."""

    id: str


class Hook(Struct):
    """A registered webhook."""

    url: str | None = None
    active: bool | None = None
    registered_events: list[str] | None = None


class Threads(Struct):
    """A page of threads."""

    records: list[Thread] = []


class Interventions(Struct):
    """A page of interventions."""

    records: list[Intervention] = []


class Contents(Struct):
    """A page of contents."""

    records: list[Content] = []


class Channels(Struct):
    """A page of channels."""

    records: list[Channel] = []


class Categories(Struct):
    """A page of categories."""

    records: list[Category] = []


class Hooks(Struct):
    """A page of webhooks."""

    records: list[Hook] = []


def available(reply: Reply, channels: Iterable[Channel], source_id: str) -> Availability:
    """Whether an agent is free on a channel with our source; without such a channel nobody can tell."""
    ours = {channel.id for channel in channels if source_id in (channel.source_ids or ())}
    if not ours:
        return Availability(open=None)
    free = sum(_is_free(agent, ours) for agent in read_answer(reply, list[_Agent]))
    return Availability(open=free > 0, agents=free)


def _is_free(agent: _Agent, ours: Collection[str]) -> bool:
    return any(
        one.id in ours and one.status == "available" and one.busyness != "full"
        for one in agent.channels or ()
    )
