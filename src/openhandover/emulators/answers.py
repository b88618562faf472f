"""Reading a call strictly, and saying no."""

import json
from typing import Any

from aiohttp import web


class Refused(Exception):
    """The vendor says no: a status and a sentence that says what was wrong."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}


def problem(refusal: Refused) -> web.Response:
    """A refusal as JSON: `{"error": ...}`. The vendor's real form is whatever its pages say; nobody should read it."""
    return web.json_response({"error": refusal.detail}, status=refusal.status, headers=refusal.headers)


async def json_object(request: web.Request) -> dict[str, Any]:
    """The body as a JSON object.

    Raises:
        Refused: 415 without the JSON content type, 400 for anything else than an object.
    """
    if request.content_type != "application/json":
        raise Refused(415, "Content-Type must be application/json")
    try:
        found = json.loads(await request.read())
    except ValueError:
        raise Refused(400, "the body is not JSON") from None
    if not isinstance(found, dict):
        raise Refused(400, "the body is not a JSON object")
    return found  # pyright: ignore[reportUnknownVariableType]
