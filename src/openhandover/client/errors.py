"""What can go wrong in a call.

OpenHandoverError
├─ Unreachable      no answer in the time given; what was asked may have been done or not
├─ Unreadable       an answer that this client does not understand
└─ Problem          the server refused; `code`, `status`, `detail`, `errors`, `extra`
   ├─ Unauthorized, Forbidden, NotFound, Invalid, RateLimited, TooLarge
   ├─ IdReused, HandoverOpen, StaleEpoch, FloorTaken
   └─ ServerFault   5xx, after all the retries
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from openhandover.core.errors import OpenHandoverError


class FieldError(NamedTuple):
    """One wrong field of a request."""

    path: str
    detail: str


class Unreachable(OpenHandoverError):
    """There was no complete answer in the time given; repeated with the same id, the call has one effect."""


class Unreadable(OpenHandoverError):
    """The answer is not what this client understands; check the address, and that no proxy answers in its place."""


class Problem(OpenHandoverError):
    """The server refused the call."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(body.get("code", ""))
        listed = cast("list[Mapping[str, Any]]", body.get("errors") or [])
        self.errors = tuple(FieldError(str(one.get("path")), str(one.get("detail"))) for one in listed)
        self.extra = {key: value for key, value in body.items() if key not in _KNOWN}
        title = str(body.get("detail") or body.get("title") or f"HTTP status {status}")
        super().__init__(f"{title} ({self.code})" if self.code else title)
        self.detail = title


class Unauthorized(Problem):
    """The API key is missing or unknown."""


class Forbidden(Problem):
    """The key lacks the scope, or files are not taken now."""


class NotFound(Problem):
    """Nothing with this id."""


class Invalid(Problem):
    """The request does not fit; `errors` names each place."""


class TooLarge(Problem):
    """Body, text or file is over its limit."""


class RateLimited(Problem):
    """Too many requests, and the time given was too short to wait."""


class Conflict(Problem):
    """The state of the conversation does not allow it now."""


class IdReused(Conflict):
    """The id was used before with another body."""


class HandoverOpen(Conflict):
    """The conversation has an open handover: `handover_id`."""

    @property
    def handover_id(self) -> str:
        """The handover that is open."""
        return str(self.extra.get("handover_id", ""))


class StaleEpoch(Conflict):
    """The floor has changed since; read the conversation and decide anew."""


class FloorTaken(Conflict):
    """A human has the floor."""


class ServerFault(Problem):
    """The server could not do it, after all the retries."""


_KNOWN = frozenset({"type", "title", "status", "detail", "code", "errors"})
_BY_CODE: dict[str, type[Problem]] = {
    "id_reused": IdReused,
    "handover_open": HandoverOpen,
    "stale_epoch": StaleEpoch,
    "floor_taken": FloorTaken,
}
_BY_STATUS: dict[int, type[Problem]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    422: Invalid,
    429: RateLimited,
}


def problem_of(status: int, body: Mapping[str, Any]) -> Problem:
    """The error for an answer; a code or status that is new here is still a Problem."""
    plain = ServerFault if status >= 500 else Problem
    kind = _BY_CODE.get(str(body.get("code")), _BY_STATUS.get(status, plain))
    return kind(status, body)
