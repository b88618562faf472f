"""The calls of the custom client API: where they go, what their refusals mean, and which setting to look at."""

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import urlencode

from openhandover.core.errors import (
    ProviderAuthError,
    ProviderRejected,
    ProviderUnavailable,
    SessionEnded,
)
from openhandover.net.client import Reply, Request, Sender, Streamed, encode_json
from openhandover.net.sse import Parser, ServerSent
from openhandover.net.statuses import Reactions, check

from . import wire
from .settings import Settings

GONE = frozenset({404, 410})
_MAX_EVENT_BYTES = 1 << 20
_PASSING: Reactions = dict.fromkeys((408, 425, 429), ProviderUnavailable)
ACCESS: Reactions = _PASSING | dict.fromkeys((401, 403), ProviderAuthError)
IDENTIFY: Reactions = ACCESS | {400: ProviderAuthError}
TALK: Reactions = ACCESS | dict.fromkeys((404, 410), SessionEnded)
DEPLOYMENT = "check that the deployment is of type Custom Client and published"
ACCESS_HINTS = {
    400: "check `org_id`, `es_developer_name` and `capabilities_version`",
    401: "check `org_id` and `es_developer_name`, and the route's `identity_token`",
    403: f"check `es_developer_name`; {DEPLOYMENT}",
    404: "check `scrt_url`",
}
CREATE_HINTS = {
    400: "check the route's `routing_attributes`: each name must be a parameter of the channel; and `languages`",
    403: f"check `es_developer_name`; {DEPLOYMENT}",
    404: "check `scrt_url`",
}
TALK_HINTS = {
    400: "check `es_developer_name` and `max_text_length`",
    401: "the user's access token was refused twice",
    403: f"the conversation is not this user's; {DEPLOYMENT}",
    404: "the conversation is closed over there, or not known",
}


class Api:
    """One deployment."""

    def __init__(self, settings: Settings, http: Sender) -> None:
        self._settings = settings
        self._http = http
        self._base = settings.scrt_url.rstrip("/")

    async def access(self, identity: str = "") -> wire.Token:
        """A new user's token; with an identity, that user's."""
        kind = "authenticated" if identity else "unauthenticated"
        body = wire.identification(self._settings, identity)
        reply = await self.call("POST", f"/authorization/{kind}/access-token", "", body)
        check(reply, IDENTIFY, time.time(), ACCESS_HINTS)
        token, verified = wire.token(reply, self._settings, identity)
        if self._settings.require_verified and not verified:
            raise ProviderRejected(
                "Salesforce did not accept the identity; check the route's `identity_token` (its key, `iss` and `exp`) "
                "and the keyset of the channel's user verification, or switch `require_verified` off"
            )
        return token

    async def renewed(self, token: wire.Token) -> wire.Token | None:
        """A further token for the same user; None when this one is no longer good for that."""
        reply = await self.call("GET", "/authorization/continuation-access-token", token.value)
        if reply.status in {401, 403}:
            return None
        check(reply, ACCESS, time.time(), ACCESS_HINTS)
        return wire.token(reply, self._settings, token.identity)[0]

    async def call(self, method: str, path: str, token: str, body: Mapping[str, Any] | None = None) -> Reply:
        """One call with JSON, whatever its answer."""
        content = b"" if body is None else encode_json(body)
        return await self.send(
            method, path, token, content, {"Content-Type": "application/json"} if content else {}
        )

    async def send(
        self, method: str, path: str, token: str, content: bytes, headers: Mapping[str, str]
    ) -> Reply:
        """One call, whatever its answer."""
        said = {"Accept": "application/json", **headers} | (
            {"Authorization": f"Bearer {token}"} if token else {}
        )
        url = f"{self._base}/iamessage/api/v2{path}"
        return await self._http.send(Request(method=method, url=url, headers=said, body=content))

    async def hours(self) -> Reply:
        """The business hours, for which nobody needs a token."""
        query = urlencode({"orgId": self._settings.org_id, "esConfigName": self._settings.es_developer_name})
        url = f"{self._base}/embeddedservice/v1/businesshours?{query}"
        return await self._http.send(Request(method="GET", url=url, headers={"Accept": "application/json"}))

    def events(self, token: str, event_id: str) -> AbstractAsyncContextManager[Streamed]:
        """The stream of this user's events, from the one after `event_id`."""
        headers = {
            "Accept": "text/event-stream",
            "Authorization": f"Bearer {token}",
            "X-Org-Id": self._settings.org_id,
            "Last-Event-Id": event_id,
        }
        request = Request(method="GET", url=f"{self._base}/eventrouter/v1/sse", headers=headers)
        return self._http.stream(request, silence_s=self._settings.silence_s)

    def is_ours(self, url: str) -> bool:
        """Whether an address is on the host that the users' tokens are for."""
        return url.startswith(self._base + "/")

    @staticmethod
    async def parsed(answer: Streamed) -> AsyncGenerator[ServerSent]:
        """The events of an open stream."""
        parser = Parser(_MAX_EVENT_BYTES)
        async for chunk in answer.chunks:
            for event in parser.feed(chunk):
                yield event
