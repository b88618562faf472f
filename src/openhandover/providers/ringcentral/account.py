"""The two ways out: the realtime endpoint of the source, whose calls we sign, and the REST API with its access token."""

import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from openhandover.core.errors import ProviderAuthError, ProviderError, ProviderRejected, ProviderUnavailable
from openhandover.net.bodies import T, read_answer
from openhandover.net.client import Reply, Request, Sender
from openhandover.net.statuses import Reactions, check

from . import wire
from .settings import Settings

Query = Sequence[tuple[str, str]]

_REST: Reactions = {
    **dict.fromkeys((401, 403), ProviderAuthError),
    # 409 is said of a thread or an intervention that somebody changes at this moment.
    **dict.fromkeys((408, 409, 429), ProviderUnavailable),
}
_REST_HINTS = {
    401: "check `access_token`: RingCentral does not know it",
    403: "check `access_token`: its user lacks the permission",
    404: "check the source's id in `realtime_url`, `api_url`, and whether the user of `access_token` may read the source",
    422: "check `agent_category_id`, `bot_category_id` and `additional_category_ids`",
}
_REALTIME: Reactions = {
    **dict.fromkeys((401, 403), ProviderAuthError),
    **dict.fromkeys((408, 429), ProviderUnavailable),
}
_REALTIME_HINTS = {
    401: "check `realtime_token`",
    403: "check `realtime_token`",
    404: "check `realtime_url`",
    413: "a file or text is too large for RingCentral",
    422: "the source does not take this; do its attachment settings allow such a file?",
}
_WORDS: Mapping[str, tuple[type[ProviderError], str]] = {
    "Invalid signature": (ProviderAuthError, "check `realtime_token`: the source refuses our signature"),
    "Source not found": (ProviderRejected, "check `realtime_url`: there is no such source"),
    "Invalid action": (ProviderRejected, "the source does not take this; save it again in RingCentral"),
    "Invalid resource format": (ProviderRejected, "the source misses a field"),
}
"""Refusals of the realtime endpoint have one status, 422, and are told apart by their words."""


class Realtime:
    """The source: speaks as users and identities of ours."""

    def __init__(self, settings: Settings, http: Sender) -> None:
        self._url = settings.realtime_url.rstrip("/")
        self._token = settings.realtime_token
        self._http = http

    async def push(self, action: str, params: Mapping[str, Any], timeout_s: float = 10.0) -> None:
        """Do this at once.

        Raises:
            ProviderError: refused, or out of reach.
        """
        reply = await self._send(action, params, timeout_s)
        _refuse(reply)
        check(reply, _REALTIME, time.time(), _REALTIME_HINTS)

    async def prove(self) -> None:
        """Ask for something that changes nothing: nobody types in a thread that is not there.

        Raises:
            ProviderError: there is no such source, or it does not take our signature.
        """
        reply = await self._send("typing.stop", {"thread_id": f"{wire.OURS}check"}, 10.0)
        if reply.status != 422:
            check(reply, _REALTIME, time.time(), _REALTIME_HINTS)
        elif not _words(reply).startswith("Invalid resource format"):
            _refuse(reply)

    async def _send(self, action: str, params: Mapping[str, Any], timeout_s: float) -> Reply:
        body = wire.call(action, params)
        headers = wire.signed(self._token, body)
        request = Request(method="POST", url=self._url, headers=headers, body=body, timeout_s=timeout_s)
        return await self._http.send(request)


def _words(reply: Reply) -> str:
    return reply.body[:200].decode("utf-8", "replace")


def _refuse(reply: Reply) -> None:
    for phrase, (kind, hint) in _WORDS.items():
        if reply.status == 422 and phrase in _words(reply):
            raise kind(f"HTTP status 422; {hint}", http_status=422)


class Rest:
    """The REST API, version 1.0."""

    def __init__(self, settings: Settings, http: Sender) -> None:
        self._base = settings.rest
        self._authorization = {"Authorization": f"Bearer {settings.access_token}"}
        self._origins = {urlsplit(url)[:2] for url in (settings.api_url, settings.realtime_url)}
        self._http = http

    def headers_for(self, url: str) -> Mapping[str, str]:
        """What a download needs: the token, and only RingCentral may see it."""
        return self._authorization if urlsplit(url)[:2] in self._origins else {}

    async def get(self, path: str, kind: type[T], query: Query = ()) -> T:
        """What is there.

        Raises:
            ProviderError: refused, or out of reach.
        """
        return read_answer(await self.call("GET", path, query), kind)

    async def call(
        self, method: str, path: str, query: Query = (), *, fine: frozenset[int] | set[int] = frozenset()
    ) -> Reply:
        """One call; arguments go in the query, also of a PUT. The statuses in `fine` are as good as success.

        Raises:
            ProviderError: refused, or out of reach.
        """
        url = f"{self._base}{path}" + (f"?{urlencode(query)}" if query else "")
        reply = await self._http.send(Request(method=method, url=url, headers=self._authorization))
        if reply.status not in fine:
            check(reply, _REST, time.time(), _REST_HINTS)
        return reply
