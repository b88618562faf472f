"""Calls to one Chatwoot account, and what its refusals mean for us."""

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from openhandover.core.errors import ProviderAuthError, ProviderRejected, ProviderUnavailable
from openhandover.net.bodies import T, read_answer
from openhandover.net.client import Reply, Request, Sender, encode_json
from openhandover.net.statuses import MESSAGE, OPEN, Reactions, check

from .settings import Settings

UPLOAD_TIMEOUT_S = 60.0
MAX_ANSWER_BYTES = 4 << 20
"""A page of messages or conversations may be long."""
UNPROCESSABLE = 422
OPENING: Reactions = {**OPEN, 408: ProviderUnavailable, 409: ProviderUnavailable}
"""Chatwoot has no answer that says that nobody is there."""
SENDING: Reactions = MESSAGE
_FLOOD = "too many messages"
_INVALID = "validation failed: "
_OF_A_MESSAGE = ("content", "attachments")
"""Fields of a message: it is refused in a sentence, other records with the names of their fields."""
_MOVED = "check `base_url`: the server answers from another address"
HINTS: Mapping[int, str] = {
    401: "check `api_token`: it must belong to an agent or administrator who is a member of the inbox",
    402: "the plan of this Chatwoot account does not allow it",
    403: "check `api_token`: its owner may not do this",
    404: "check `account_id` and `inbox_id`, and that the owner of `api_token` is a member of the inbox",
    413: "the server takes no files as large as this",
    **dict.fromkeys((301, 302, 307, 308), _MOVED),
}


class Calls:
    """One account, with the token that opens it."""

    def __init__(self, settings: Settings, http: Sender) -> None:
        self._root = settings.base_url.rstrip("/").removesuffix("/api/v1")
        self._account = f"{self._root}/api/v1/accounts/{settings.account_id}"
        self._token = settings.api_token
        self._http = http

    async def get(self, path: str) -> Reply:
        """A GET below the account, whatever its status."""
        return await self.call("GET", path)

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Reply:
        """A call below the account, whatever its status."""
        content = b"" if body is None else encode_json(body)
        headers = {"api_access_token": self._token, "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return await self._send(method, self._account + path, headers, content)

    async def form(self, path: str, content_type: str, content: bytes) -> Reply:
        """A POST with files below the account, whatever its status."""
        headers = {
            "api_access_token": self._token,
            "Accept": "application/json",
            "Content-Type": content_type,
        }
        request = Request(
            method="POST",
            url=self._account + path,
            headers=headers,
            body=content,
            timeout_s=UPLOAD_TIMEOUT_S,
            max_bytes=MAX_ANSWER_BYTES,
        )
        return await self._http.send(request)

    async def public(self, path: str, body: Mapping[str, Any]) -> Reply:
        """A POST to the Client API, which knows the user by what is in the path; our token stays here."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        return await self._send(
            "POST", f"{self._root}/public/api/v1/inboxes{path}", headers, encode_json(body)
        )

    async def _send(self, method: str, url: str, headers: Mapping[str, str], content: bytes) -> Reply:
        return await self._http.send(
            Request(method=method, url=url, headers=headers, body=content, max_bytes=MAX_ANSWER_BYTES)
        )


def checked(reply: Reply, reactions: Reactions, hints: Mapping[int, str] = HINTS) -> Reply:
    """The reply itself when it is a success.

    Raises:
        ProviderError: of the class that fits, with what to look at. Of the server's own words only the names of
            fields are passed on, because the words may repeat what the user wrote.
    """
    if reply.status == UNPROCESSABLE:
        refusal = refusal_of(reply)
        if _FLOOD in refusal.words:  # its limit is per conversation and minute
            raise ProviderUnavailable("HTTP status 422; too many messages in one minute", http_status=422)
        if refusal.attributes:
            names = ", ".join(refusal.attributes)
            raise ProviderRejected(f"HTTP status 422; Chatwoot does not take: {names}", http_status=422)
    if reply.status == 401 and "bots" in refusal_of(reply).words:
        raise ProviderAuthError(
            "HTTP status 401; check `api_token`: it is an agent bot's, take a user's", http_status=401
        )
    check(reply, reactions, time.time(), hints)
    return reply


class Refusal(msgspec.Struct, frozen=True):
    """What a refusal says: its words in lower case, and the fields that it names."""

    words: str = ""
    attributes: tuple[str, ...] = ()


class _Body(msgspec.Struct):
    error: str | None = None
    message: str | None = None
    attributes: tuple[str, ...] = ()


def refusal_of(reply: Reply) -> Refusal:
    """The server's words; empty for an answer that is not its own, such as a proxy's page."""
    try:
        body = msgspec.json.decode(reply.body, type=_Body)
    except (ValueError, RecursionError):
        return Refusal()
    names = [name for name in body.attributes if name.replace("_", "").isalpha() and len(name) <= 40]
    words = (body.error or body.message or "").lower()
    if words.startswith(_INVALID):
        said = words.removeprefix(_INVALID).split(", ")
        names += [name for name in _OF_A_MESSAGE if any(one.startswith(name) for one in said)]
    return Refusal(words, tuple(names))


def decoded(reply: Reply, kind: type[T], call: str) -> T:
    """The answer to a call. Raises ProviderUnavailable where it is not Chatwoot's."""
    return read_answer(reply, kind, f"to {call}; check `base_url`")
