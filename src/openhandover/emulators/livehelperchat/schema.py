"""What Live Helper Chat takes: the JSON of a new chat, and forms. It ignores what it does not know; we refuse it."""

import re
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from openhandover.emulators.answers import Refused

T = TypeVar("T")
Text = Annotated[str, Meta(min_length=1)]
Named = Annotated[str, Meta(max_length=100)]


class No(Refused):
    """It refuses in its own form: `{"error": true, ...}` with the status of that call."""

    def __init__(self, detail: str, status: int = 400, key: str = "result", **more: Any) -> None:
        super().__init__(status, detail)
        self.body = {"error": True, key: detail, **more}


class Maintenance(Refused):
    """A body that it did not expect ends in an exception, and that in a page."""

    def __init__(self, detail: str) -> None:
        super().__init__(503, detail)


class FieldsIn(Struct, frozen=True, forbid_unknown_fields=True):
    """What a visitor would type into the form."""

    Question: Text  # required by us: without it the last message stays 0
    DepartamentID: int
    Username: Named = ""
    Email: str = ""
    Phone: Named = ""
    operator: int = 0


class ImportedIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of before."""

    msg: Text
    user_id: Annotated[int, Meta(ge=-2, le=0)]
    time: Annotated[int, Meta(ge=1_000_000_000, le=9_999_999_999)]  # seconds, not milliseconds
    name_support: Named = ""


class AdditionalIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Something for the operator to read."""

    identifier: Text
    key: Text
    value: str


class ColumnsIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Columns of the chat, set after it was made."""

    remarks: Text = ""
    priority: int = 0
    chat_locale: Text = ""


class ChatIn(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /restapi/chat`."""

    department: Annotated[list[int], Meta(min_length=1, max_length=1)]
    fields: FieldsIn
    ignore_required: bool
    ignore_bot: bool
    chat_variables: dict[str, str]
    additional_data: list[AdditionalIn] = []
    main_attr: ColumnsIn = ColumnsIn()
    messages: list[ImportedIn] = []


async def json_body(request: web.Request, kind: type[T]) -> T:
    """The body as JSON of this kind."""
    if request.content_type != "application/json":
        raise Maintenance("JSON is expected")
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except msgspec.MsgspecError as error:
        raise Maintenance(str(error)) from None


async def form(request: web.Request, *needed: str, may: tuple[str, ...] = ()) -> dict[str, str]:
    """A form with these fields and no others."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise Maintenance("a form is expected")
    found = {key: str(value) for key, value in (await request.post()).items()}
    named(found, needed, may)
    return found


class Part(NamedTuple):
    """One part of an upload."""

    field: str
    filename: str
    type: str
    content: bytes


async def multipart(request: web.Request) -> dict[str, Part]:
    """The parts of a multipart form by name; a name may be there once."""
    boundary = request.headers.get("Content-Type", "").partition("boundary=")[2].strip('"').encode()
    if request.content_type != "multipart/form-data" or not boundary:
        raise Maintenance("multipart/form-data is expected")
    body = b"\r\n" + await request.read()
    first, *between, last = body.split(b"\r\n--" + boundary)
    if first or last.strip() != b"--":
        raise Maintenance("the parts do not begin or end as they should")
    parts = [_part(raw) for raw in between]
    found = {part.field: part for part in parts}
    if len(found) != len(parts):
        raise Maintenance("a part is there twice")
    return found


def _part(raw: bytes) -> Part:
    head, middle, content = raw.partition(b"\r\n\r\n")
    named = dict(re.findall(r'(filename|name)="([^"]*)"', head.decode()))
    kind = re.search(r"content-type: *(\S+)", head.decode(), re.IGNORECASE)
    if not middle or "name" not in named:
        raise Maintenance("a part has no name")
    return Part(named["name"], named.get("filename", ""), kind[1] if kind else "", content)


def query(request: web.Request, *needed: str, may: tuple[str, ...] = ()) -> dict[str, str]:
    """The query, with these parameters and no others."""
    found = dict(request.query)
    named(found, needed, may)
    return found


def named(found: dict[str, Any], needed: tuple[str, ...], may: tuple[str, ...]) -> None:
    """Refuse what is missing or has a name that nobody knows."""
    missing, unknown = set(needed) - set(found), set(found) - set(needed) - set(may)
    if missing or unknown:
        raise Maintenance(f"missing: {sorted(missing)}, unknown: {sorted(unknown)}")
