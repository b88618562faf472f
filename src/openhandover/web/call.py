"""One request of the API as its handler sees it: parameters read with their limits, refusals in one form."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qsl

from openhandover.core.errors import invalid

from .body import read_body, read_json
from .endpoint import header_of
from .validation import checked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openhandover.config.model import ApiKey
    from openhandover.engine import Engine

    from .endpoint import AsgiScope, Receive
    from .site import Site

T = TypeVar("T")

MAX_JSON_BYTES = 1024 * 1024
DEFAULT_PAGE = 100
LONGEST_PAGE = 1_000
MAX_SEQ = 2**53


class Call:
    """The request in hand. `path` are the decoded parts named in the endpoint's path; `key` is who calls."""

    __slots__ = ("_query", "key", "path", "receive", "scope", "site")

    def __init__(
        self, site: "Site", scope: "AsgiScope", receive: "Receive", path: "Mapping[str, str]"
    ) -> None:
        self.site = site
        self.scope = scope
        self.receive = receive
        self.path = path
        self.key: ApiKey | None = None
        self._query: dict[str, str] | None = None

    @property
    def engine(self) -> "Engine":
        """Where every command goes."""
        return self.site.engine

    @property
    def address(self) -> str:
        """The caller's network address; of the last proxy that the server trusts."""
        client = self.scope.get("client")
        return client[0] if client else ""

    def header(self, name: bytes) -> str | None:
        """The first header of this lower-case name."""
        return header_of(self.scope, name)

    def headers(self) -> dict[str, str]:
        """All headers, names in lower case."""
        return {key.decode("latin-1"): value.decode("latin-1") for key, value in self.scope["headers"]}

    @property
    def query(self) -> "Mapping[str, str]":
        """Query parameters; of a repeated one the last counts. Bytes that are no UTF-8 are refused."""
        if self._query is None:
            try:
                text = self.scope["query_string"].decode("ascii")
                pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=100)
            except ValueError:
                raise invalid("query", "is not readable as UTF-8 `name=value` pairs") from None
            self._query = dict(pairs)
        return self._query

    def text(self, name: str) -> str | None:
        """A query parameter; empty counts as absent."""
        return self.query.get(name) or None

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number in the query, refused outside its range."""
        value = self.text(name)
        if value is None:
            return default
        digits = value.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 16 or not low <= int(value) <= high:
            raise invalid(name, f"must be a whole number from {low} to {high}")
        return int(value)

    @property
    def limit(self) -> int:
        """How many items the caller wants."""
        return self.whole("limit", DEFAULT_PAGE, 1, LONGEST_PAGE)

    @property
    def after(self) -> int:
        """The seq after which the caller wants to read on."""
        return self.whole("after", 0, 0, MAX_SEQ)

    @property
    def cursor(self) -> str | None:
        """Where the caller wants to read on in a list without seqs."""
        return self.text("cursor")

    def moment(self, name: str) -> float | None:
        """A time in the query as epoch seconds: RFC 3339, or a date (its first moment in UTC)."""
        value = self.text(name)
        if value is None:
            return None
        try:
            parsed = datetime.fromisoformat(value)
            return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            raise invalid(name, "must be a time like 2026-01-31T12:00:00Z or a date") from None

    async def body(self, limit: int = MAX_JSON_BYTES) -> bytes:
        """The raw body, refused with `too_large` as soon as it passes the limit."""
        return await read_body(self.scope, self.receive, limit)

    async def json(self, kind: type[T], limit: int = MAX_JSON_BYTES) -> T:
        """The body as this type; every wrong field is named in the refusal. No body counts as `{}`."""
        raw = await self.body(limit)
        return checked(read_json(raw or b"{}"), kind)
