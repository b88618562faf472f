"""Events and messages on their way out: files that we keep get a signed link that opens for a day."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import msgspec

from openhandover.core import view
from openhandover.core.model import Attachment, Entry
from openhandover.store.port import LogRow

from .work import message_json

Link = Callable[[str], str]
"""File id -> signed address."""

_KEPT = b'"url":""'


def event(entry: Entry, link: Link) -> dict[str, Any]:
    """The event envelope; only data that holds files of ours is taken apart."""
    shape = view.event(entry)
    if _KEPT in bytes(entry.data):
        shape["data"] = _linked(msgspec.json.decode(entry.data), link)
    return shape


def message(row: LogRow, link: Link) -> dict[str, Any]:
    """A message as it is now."""
    shape = message_json(row)
    return cast("dict[str, Any]", _linked(shape, link)) if shape["attachments"] else shape


def linked(files: Sequence[Attachment], link: Link) -> tuple[Attachment, ...]:
    """Files with an address: ours, signed, for those that we keep."""
    return tuple(file if file.url else msgspec.structs.replace(file, url=link(file.id)) for file in files)


def _linked(value: Any, link: Link) -> Any:
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        if found.get("url") == "" and "content_type" in found:
            return {**found, "url": link(str(found["id"]))}
        return {key: _linked(item, link) for key, item in found.items()}
    if isinstance(value, list | tuple):
        return [_linked(item, link) for item in cast("list[Any]", value)]
    return value
