"""Built pages: an index and its files, read once, revalidated by the browser on every visit."""

import hashlib
import mimetypes
from collections.abc import Sequence
from pathlib import Path

from openhandover.core.errors import Refused

from .call import Call
from .endpoint import Endpoint, Headers, Reply
from .headers import page_policy

REVALIDATE = (b"cache-control", b"no-cache")


class _File:
    """A file as it is sent; `headers` hold its policy and fingerprint."""

    def __init__(self, path: Path, extra: Headers = ()) -> None:
        self.body = path.read_bytes()
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        self.content_type = f"{kind}; charset=utf-8".encode() if kind.startswith("text/") else kind.encode()
        self.etag = f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'
        self.headers: Headers = (*extra, REVALIDATE, (b"etag", self.etag.encode()))

    def reply(self, call: Call) -> Reply:
        if call.header(b"if-none-match") == self.etag:
            return Reply(304, b"", self.content_type, self.headers)
        return Reply(200, self.body, self.content_type, self.headers)


def page_endpoints(path: str, folder: Path, frame_ancestors: Sequence[str] = ()) -> tuple[Endpoint, ...]:
    """The page at `path` and its files below it, under the policy of our pages."""
    page = _File(folder / "index.html", (page_policy(frame_ancestors),))
    files = {
        file.name: _File(file) for file in folder.iterdir() if file.is_file() and file.name != "index.html"
    }

    async def index(call: Call) -> Reply:
        return page.reply(call)

    async def file(call: Call) -> Reply:
        found = files.get(call.path["file"])
        if found is None:
            raise Refused("not_found")
        return found.reply(call)

    return (
        Endpoint("GET", path, index, "Page", documented=False),
        Endpoint("GET", f"{path}/{{file}}", file, "A file of the page", documented=False),
    )
