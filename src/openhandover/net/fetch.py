"""Downloads of files that the other side only names by url, so that they can be kept and served by us."""

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from msgspec.structs import replace

from openhandover.core.errors import ProviderRejected

from .client import Request, Sender
from .sniff import content_type
from .statuses import check

REDIRECTS = 5
_UNSAFE_IN_NAME = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u202a-\u202e\u2066-\u2069]+")


class Download(NamedTuple):
    """A file as it came; `content_type` is sniffed, `name` is safe to show and to store."""

    name: str
    content_type: str
    content: bytes


async def download(sender: Sender, wanted: Request, name: str = "") -> Download:
    """Fetch a file under the target rules of `wanted`, whose headers do not travel to another origin. Raises Blocked,
    TooLarge, Unreachable, ProviderRejected, ..."""
    reply = await sender.send(replace(wanted, redirects=REDIRECTS))
    check(reply, {}, 0.0)
    if not reply.body:
        raise ProviderRejected("The file is empty")
    declared = reply.headers.get("Content-Type", "")
    return Download(
        safe_name(name or _last_segment(wanted.url)), content_type(reply.body, declared), reply.body
    )


def safe_name(name: str) -> str:
    """A file name without path, control and direction characters, at most 200 characters; never empty."""
    return _UNSAFE_IN_NAME.sub("_", name).strip(" .")[:200] or "file"


def _last_segment(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2])
