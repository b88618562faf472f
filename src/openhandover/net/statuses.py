"""What an HTTP status means for us, as data; the engine decides what to do about it and when."""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple

from openhandover.core.errors import (
    NobodyThere,
    ProviderAuthError,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    SessionGone,
)

from .client import Reply

PASSING_4XX = frozenset({401, 403, 408, 409, 425, 429})
"""4xx that heal by themselves: a key is being rotated, a clock corrected, a limit waited for."""

LONGEST_RETRY_AFTER_S = 86_400.0


class Outcome(NamedTuple):
    """What became of a webhook call: `refused` counts towards the tries, `gone` gives up at once. `detail` says why,
    for the log, without any content."""

    kind: Literal["delivered", "retry", "refused", "gone"]
    retry_after_s: float | None = None
    detail: str = ""


def webhook_outcome(reply: Reply, now: float) -> Outcome:
    """How a channel or bot webhook's answer is taken."""
    if reply.is_success:
        return Outcome("delivered")
    if reply.status == 410:
        return Outcome("gone")
    if 400 <= reply.status < 500 and reply.status not in PASSING_4XX:
        return Outcome("refused", retry_after_s(reply.headers, now))
    return Outcome("retry", retry_after_s(reply.headers, now))


Reactions = Mapping[int, type[ProviderError]]

OPEN: Reactions = {401: ProviderAuthError, 403: ProviderAuthError, 409: NobodyThere, 429: ProviderUnavailable}
MESSAGE: Reactions = (
    dict.fromkeys(PASSING_4XX, ProviderUnavailable)
    | dict.fromkeys((401, 403), ProviderAuthError)
    | dict.fromkeys((404, 410), SessionGone)
)
NO_HINTS: Mapping[int, str] = {}


def check(reply: Reply, reactions: Reactions, now: float, hints: Mapping[int, str] = NO_HINTS) -> None:
    """Return on 2xx, else raise: by `reactions`, else ProviderRejected for 4xx and ProviderUnavailable for the rest.

    `hints` say to a status what to look at.
    """
    if reply.is_success:
        return
    default = ProviderRejected if 400 <= reply.status < 500 else ProviderUnavailable
    kind = reactions.get(reply.status, default)
    raise kind(
        "; ".join(filter(None, (f"HTTP status {reply.status}", hints.get(reply.status)))),
        http_status=reply.status,
        retry_after_s=retry_after_s(reply.headers, now),
    )


def retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait by `Retry-After` (seconds or an HTTP date); None when absent or unreadable."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), LONGEST_RETRY_AFTER_S)
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return min(max(date.timestamp() - now, 0.0), LONGEST_RETRY_AFTER_S)
