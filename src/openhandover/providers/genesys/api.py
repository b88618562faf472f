"""Calls of the Platform API with a client's token, and what a refusal means: which setting to look at."""

import base64
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from openhandover.core.errors import ProviderAuthError, ProviderError, ProviderUnavailable
from openhandover.net.client import Reply, Request, Sender, encode_json
from openhandover.net.statuses import check
from openhandover.net.tokens import Token, Tokens

from . import wire
from .settings import Settings

_REACTIONS: Mapping[int, type[ProviderError]] = {
    401: ProviderAuthError,
    403: ProviderAuthError,
    408: ProviderUnavailable,
    429: ProviderUnavailable,
}
_NO_TOKEN: Mapping[int, type[ProviderError]] = dict.fromkeys((400, 401, 403, 404), ProviderAuthError) | {
    408: ProviderUnavailable,
    429: ProviderUnavailable,
}

Hints = Mapping[int, str]


class Api:
    """The Platform API of one organisation."""

    def __init__(self, settings: Settings, http: Sender) -> None:
        self._settings = settings
        self._http = http
        self._tokens = Tokens(self._token)

    async def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, timeout_s: float = 10.0
    ) -> Reply:
        """The answer, whatever its status; with a new token where the one we had was refused."""
        content = b"" if body is None else encode_json(body)

        async def send(token: str) -> Reply:
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            return await self._http.send(
                Request(
                    method=method,
                    url=self._settings.api + path,
                    headers=headers,
                    body=content,
                    timeout_s=timeout_s,
                )
            )

        return await self._tokens.call(send)

    async def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, hints: Hints | None = None
    ) -> Reply:
        """The answer of a call that went well; a refusal says what to look at."""
        reply = await self.call(method, path, body)
        self.check(reply, hints or {})
        return reply

    def check(self, reply: Reply, hints: Hints) -> None:
        """Raise what a refusal means; `hints` say to a status which setting to look at."""
        known = {
            401: f"Genesys Cloud in {self._settings.domain} refuses the token; check `region`, and whether the OAuth client "
            "is still there",
            403: "check the roles of the OAuth client, and the divisions that they hold for",
            **hints,
        }
        _check(reply, _REACTIONS, known)

    async def _token(self) -> Token:
        settings = self._settings
        pair = f"{settings.client_id}:{settings.client_secret}".encode()
        request = Request(
            method="POST",
            url=f"{settings.login}/oauth/token",
            headers={
                "Authorization": f"Basic {base64.b64encode(pair).decode()}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
            body=urlencode({"grant_type": "client_credentials"}).encode(),
        )
        try:
            reply = await self._http.send(request)
        except ProviderUnavailable as error:
            raise ProviderUnavailable(
                f"{error.detail}; the log-in of `region` {settings.region!r} is asked at {settings.login}"
            ) from error
        # A client is known in its own region only: elsewhere it is as unknown as one that was never made.
        wrong = (
            f"no token: check `client_id` and `client_secret`, and `region`: it is {settings.domain}, and in any other "
            "region than its own a client is unknown"
        )
        _check(reply, _NO_TOKEN, dict.fromkeys(_NO_TOKEN.keys() - {408, 429}, wrong))
        return Token(*wire.token(reply))


def _check(reply: Reply, reactions: Mapping[int, type[ProviderError]], hints: Hints) -> None:
    code, context = wire.error_of(reply)
    said = "; ".join(filter(None, (code, hints.get(reply.status), context and f"contextId {context}")))
    check(reply, reactions, time.time(), {reply.status: said})
