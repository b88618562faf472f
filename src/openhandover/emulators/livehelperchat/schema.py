"""What Live Helper Chat takes: the JSON of a new chat, and forms. It ignores what it does not know; we refuse it."""

from typing import Annotated, Any, TypeVar

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


class FieldsIn(Struct, forbid_unknown_fields=True):
    """What a visitor would type into the form."""

    Question: Text  # required by us: without it the last message stays 0
    DepartamentID: int
    Username: Named = ""
    Email: str = ""
    Phone: Named = ""
    operator: int = 0


class ImportedIn(Struct, forbid_unknown_fields=True):
    """A line of before."""

    msg: Text
    user_id: Annotated[int, Meta(ge=-2, le=0)]
    time: Annotated[int, Meta(ge=1_000_000_000, le=9_999_999_999)]  # seconds, not milliseconds
    name_support: Named = ""


class AdditionalIn(Struct, forbid_unknown_fields=True):
    """Something for the operator to read."""

    identifier: Text
    key: Text
    value: str


class ColumnsIn(Struct, forbid_unknown_fields=True):
    """Columns of the chat, set after it was made."""

    remarks: Text = ""
    priority: int = 0
    chat_locale: Text = ""


class ChatIn(Struct, forbid_unknown_fields=True):
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
