"""Refusals as `application/problem+json` (RFC 9457)."""

import math
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

from .endpoint import Headers, Reply, encode

PROBLEM = b"application/problem+json"

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


def problem_of(error: Exception, where: str) -> Reply:
    """The answer for any error that ends a call. What we did not foresee is logged, once, and tells nothing."""
    match error:
        case Refused():
            return problem(error.code, error.detail, headers=_headers(error), **error.extra)
        case SignatureError():
            return problem("unauthorized", error.detail)
        case NotJsonError():
            return problem("bad_json", error.detail)
        case PayloadError():
            return problem("bad_payload", error.detail)
        case ProviderUnavailable():
            return problem("unavailable", error.detail)
        case _:
            _log.error("request_failed", call=where, error=type(error).__name__, exc_info=error)
            return problem("internal_error")


def _headers(error: Refused) -> Headers:
    if error.status == 401:
        return ((b"www-authenticate", b"Bearer"),)
    retry_after_s = error.extra.get("retry_after_s")
    if isinstance(retry_after_s, int | float):
        return ((b"retry-after", str(max(1, math.ceil(retry_after_s))).encode()),)
    return ()
