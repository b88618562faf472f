"""How Genesys Cloud says no: an `ErrorBody` with one of the codes that the specification lists for the status."""

from typing import Any
from uuid import uuid4

from aiohttp import web

from openhandover.emulators.answers import Refused

_CODES = {
    400: "bad.request",
    401: "bad.credentials",
    403: "missing.permissions",
    404: "not.found",
    405: "bad.request",
    408: "client.timeout",
    409: "request.conflict",
    413: "request.entity.too.large",
    415: "unsupported.media.type",
    429: "too.many.requests",
    500: "internal.server.error",
    503: "service.unavailable",
    504: "request.timeout",
}


class No(Refused):
    """A refusal with the vendor's own code."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(status, detail)
        self.code = code


def answer(refused: Refused) -> web.Response:
    """The refusal as the vendor writes it."""
    code = refused.code if isinstance(refused, No) else _CODES.get(refused.status, "internal.server.error")
    body: dict[str, Any] = {
        "message": refused.detail,
        "code": code,
        "status": refused.status,
        "contextId": str(uuid4()),
        "messageParams": {},
        "details": [],
        "errors": [],
    }
    return web.json_response(body, status=refused.status, headers=refused.headers)


def no_token(status: int, error: str) -> web.Response:
    """How the log-in says no. The exact keys are not documented: they follow OAuth."""
    return web.json_response(
        {"error": error, "error_description": "the client is not known here"}, status=status
    )
