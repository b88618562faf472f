"""Links to our own files, made anew whenever a message is shown: those in the log have long ended."""

import time
from collections.abc import Mapping
from typing import Any, Protocol, cast
from urllib.parse import quote

import msgspec

OURS = "/v1/files/"


class Links(Protocol):
    """Who makes links to our files."""

    def url(self, upload_id: str, now: float) -> str: ...


def with_links(files: Links, message: Mapping[str, Any]) -> Mapping[str, Any]:
    """A message with fresh links to the files that we keep."""
    attachments = cast("list[dict[str, Any]]", message.get("attachments") or [])
    if not any(OURS in one["url"] for one in attachments):
        return message
    now = time.time()
    return {**message, "attachments": [_linked(files, one, now) for one in attachments]}


def _linked(files: Links, attachment: dict[str, Any], now: float) -> dict[str, Any]:
    # The server's address may have changed since; an attachment that names its own file is ours wherever it was.
    if f"{OURS}{quote(attachment['id'], safe='')}?sig=" not in attachment["url"]:
        return attachment
    return {**attachment, "url": files.url(attachment["id"], now)}


def event_with_links(files: Links, event: Mapping[str, Any]) -> Mapping[str, Any]:
    """An event whose message has fresh links; its data may still be encoded."""
    data = event["data"]
    if event["type"] != "message.created":
        return event
    if isinstance(data, msgspec.Raw):
        if OURS.encode() not in bytes(data):
            return event
        data = msgspec.json.decode(data)
    return {**event, "data": with_links(files, data)}
