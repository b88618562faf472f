"""Refusals as `application/problem+json` (RFC 9457)."""

import math
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import structlog

from openhandover.core.errors import (
    CODES,
    NotJsonError,
    PayloadError,
    ProviderUnavailable,
    Refused,
    SignatureError,
)
from openhandover.store.port import StoreError

from .endpoint import Headers, Reply, encode

PROBLEM = b"application/problem+json"

COMPARE = "compare the secret and the clock of both sides"
REMIND_S = 60.0
_told: dict[tuple[str, ...], float] = {}
"""When a wrong secret was last told of, by call and what its path names."""

_log = structlog.get_logger("openhandover.web")


def problem(code: str, detail: str = "", *, headers: Headers = (), **extra: Any) -> Reply:
    """The answer for a code of `core.errors.CODES`."""
    status, title = CODES[code]
    body = {
        "type": f"urn:openhandover:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail or title,
        "code": code,
        **extra,
    }
    return Reply(status, encode(body), PROBLEM, headers)


def problem_of(error: Exception, where: str, path: Mapping[str, str] = MappingProxyType({})) -> Reply:
    """The answer for any error that ends a call. What we did not foresee is logged, once, and tells nothing; a wrong
    secret is logged once a minute, because only the other side would notice it otherwise."""
    match error:
        case Refused():
            return problem(error.code, error.detail, headers=_headers(error), **error.extra)
        case SignatureError():
            tell_of_secret(where, path, error.remedy or COMPARE)
            return problem("unauthorized", error.detail)
        case NotJsonError():
            return problem("bad_json", error.detail)
        case PayloadError():
            return problem("bad_payload", error.detail)
        case ProviderUnavailable():
            return problem("unavailable", error.detail)
        case StoreError():
            remedy = "check disk space and rights of the database"
            _log.error("store_failed", call=where, detail=str(error), remedy=remedy)
            return problem("unavailable", "Nothing can be saved now; try again later")
        case _:
            _log.error("request_failed", call=where, error=type(error).__name__, exc_info=error)
            return problem("internal_error")


def tell_of_secret(where: str, path: Mapping[str, str], remedy: str = COMPARE) -> None:
    """Log that a call with a wrong secret came, once a minute for each call and what its path names.

    The path must name what is configured, so that what is remembered stays small.
    """
    key, now = (where, *path.values()), time.monotonic()
    if now - _told.get(key, -math.inf) < REMIND_S:
        return
    _told[key] = now
    _log.warning("signature_refused", call=where, remedy=f"{remedy}; this is said once a minute", **path)


def _headers(error: Refused) -> Headers:
    if error.status == 401:
        return ((b"www-authenticate", b"Bearer"),)
    retry_after_s = error.extra.get("retry_after_s")
    if isinstance(retry_after_s, int | float):
        return ((b"retry-after", str(max(1, math.ceil(retry_after_s))).encode()),)
    return ()
