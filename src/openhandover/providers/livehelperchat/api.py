"""Live Helper Chat's REST API: the calls that we make, and what its refusals mean.

A status of 200 says nothing there: many errors come with it, an unknown address answers with the home page, and 503 may be a
body it did not expect. Its error texts are in the installation's language, so what a refusal means is found out by looking.
"""

import base64
import re
import time
from collections.abc import Awaitable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from openhandover.core.errors import (
    ProviderAuthError,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    SessionEnded,
    SessionGone,
)
from openhandover.core.model import Attachment
from openhandover.net.client import Reply, Request, Sender, encode_json
from openhandover.net.statuses import check

from . import wire
from .settings import Settings
from .view import CLOSED, Chat, Line, Lines, mapping, read

_ASKED_S, _OPENED_S, _WRITTEN_S = 10.0, 25.0, 60.0
"""How long an answer may take: of a question; of a new chat, because a whole open call has 30 s; of everything else that
writes, because each webhook on it may hold the answer up for as long as it was allowed to."""
_SIGHT = "plain_user_name,number_in_queue"
_PAGE = 100
_REACTIONS = {408: ProviderUnavailable, 429: ProviderUnavailable} | dict.fromkeys(
    (401, 403), ProviderAuthError
)
_HINTS: Mapping[int, str] = dict.fromkeys(
    (401, 403), "a proxy refused us before Live Helper Chat; check `base_url`"
)
_VISITOR_SECRET = re.compile(r"\b[A-Za-z0-9]{40}\b")
"""A chat's `hash`, where it is part of an address: whoever has it writes in the visitor's name."""
_PASS = {400, 404}
"""Statuses with which it refuses in its own form."""


class Api:
    """One installation, as one operator."""

    def __init__(self, settings: Settings, http: Sender) -> None:
        self.url = settings.base_url.rstrip("/")
        self._http = http
        secret = f"{settings.username}:{settings.api_key}".encode()
        self.authorization = {"Authorization": "Basic " + base64.b64encode(secret).decode()}

    # --- chats ----------------------------------------------------------------------------------------------------

    async def create(self, body: Mapping[str, Any]) -> Chat:
        """A new chat. Whoever does not know whether it was made looks with `find` first."""
        found = await self._told(
            self._post("/restapi/chat", encode_json(body), "application/json", timeout_s=_OPENED_S)
        )
        return read(Chat, found.get("result"))

    async def find(self, key: str, since: int) -> Chat | None:
        """The chat that carries our key, among those made since then (seconds of the epoch, their clock)."""
        offset = 0
        while True:
            query = {"status_ids": "0,1,2,5", "time_gt": since, "limit": _PAGE, "offset": offset}
            answer = await self._told(self._get("/restapi/chats", query))
            found: Any = answer.get("list") or []
            chats = read(list[Chat], list(mapping(found).values()) or found)
            for chat in chats:
                if chat.variables.get(wire.MARK) == key:
                    return chat
            if not chats:
                return None
            offset += _PAGE

    async def chat(self, chat_id: str) -> Chat:
        """The chat as it is. Raises SessionGone where there is none."""
        try:
            found = await self._get(f"/restapi/chat/{quote(chat_id, safe='')}", {"attr": _SIGHT})
        except ProviderRejected:
            await self.prove()
            raise SessionGone(
                "the chat was deleted in Live Helper Chat, or moved where `username` may not read it"
            ) from None
        return read(Chat, found.get("result"))

    async def lines(self, chat_id: str, after: int, *, media: bool = False) -> Lines:
        """All lines with a higher id, and whether an operator types."""
        query: dict[str, Any] = {"chat_id": chat_id, "last_message_id": after}
        if media:
            query |= {"extract_media": "true", "remove_media": "true"}
        found = await self._told(self._get("/restapi/fetchchatmessages", query), chat_id)
        return read(Lines, found.get("result"))

    async def assign(self, chat_id: str, chat_hash: str) -> None:
        """What a waiting visitor's browser asks; it makes Live Helper Chat assign the chat to somebody."""
        await self._told(
            self._get("/restapi/checkchatstatus", {"chat_id": chat_id, "hash": chat_hash}), chat_id
        )

    # --- lines ----------------------------------------------------------------------------------------------------

    async def user_says(self, chat_id: str, chat_hash: str, text: str) -> int:
        """The id of the user's new line. By the visitor's secret alone: with our key, a deleted chat would take it."""
        form = {"chat_id": chat_id, "hash": chat_hash, "msg": text}
        found = await self._told(
            self._post("/restapi/addmsguser", form, auth=False), chat_id, "; check `max_message_length`"
        )
        return read(Line, found.get("msg")).id

    async def we_say(self, chat_id: str, sender: str, text: str, name: str = "") -> int:
        """The id of a new line of the bot's (`bot`) or the system's (`system`)."""
        form = {"chat_id": chat_id, "sender": sender, "msg": wire.no_command(text), "no_event": "true"}
        if name:
            form["operator_name"] = name
        found = await self._told(self._post("/restapi/addmsgadmin", form), chat_id)
        return read(Line, found.get("msg")).id

    async def upload(self, chat_id: str, file: Attachment, content: bytes) -> str | None:
        """The token that stands for the file in a line; None where its kind or size is not allowed there."""
        kind, body = wire.form_with_file(chat_id, file, content)
        try:
            found = await self._post("/restapi/file", body, kind)
        except ProviderRejected:
            await self.prove()
            return None
        if "id" not in found or not found.get("security_hash"):
            return None
        return f"[file={found['id']}_{found['security_hash']}]"

    async def user_types(self, chat_id: str, chat_hash: str, *, on: bool) -> None:
        """Shown to operators for ten seconds. What is typed stays with the user."""
        path = f"/chat/usertyping/{quote(chat_id, safe='')}/{quote(chat_hash, safe='')}/{'true' if on else 'false'}"
        reply = await self._send("POST", path, urlencode({"msg": ""}).encode(), {"Content-Type": _FORM})
        check(reply, _REACTIONS, time.time(), _HINTS)

    # --- the end --------------------------------------------------------------------------------------------------

    async def user_left(self, chat_id: str, chat_hash: str) -> None:
        """The visitor's browser would say so: operators see it, the chat stays open."""
        query = {"chat_id": chat_id, "hash": chat_hash, "vid": "", "eclose": "true"}
        await self._told(self._get("/restapi/closechatasvisitor", query, auth=False), chat_id)

    async def close(self, chat_id: str) -> None:
        """Close it and see that it is closed: without the right to, they say yes and do nothing."""
        try:
            await self._told(
                self._post("/restapi/setchatstatus", {"chat_id": chat_id, "status": str(CLOSED)}), chat_id
            )
        except SessionGone:
            return
        if (await self.chat(chat_id)).status != CLOSED:
            raise ProviderRejected(
                "the chat was not closed; give `username` the right lhchat, allowcloseremote"
            )

    # --- who is there, and whether we may ask ----------------------------------------------------------------------

    async def departments(self) -> list[dict[str, Any]]:
        """All departments."""
        try:
            found = (await self._get("/restapi/departments", {})).get("result")
        except ProviderRejected:
            await self.prove()
            raise ProviderRejected("give `username` the right lhdepartment, list") from None
        return read(list[dict[str, Any]], found)

    async def is_online(self, department: int, mode: str) -> bool:
        """Whether somebody is there. Bots and mere opening hours do not count, except where only the widget is asked."""
        query: dict[str, Any]
        match mode:
            case "widget":
                path, query = "/widgetrestapi/chatcheckstatus", {"dep": department}
            case "any":
                path, query = "/restapi/isonline", {"exclude_online_hours": "true"}
            case _:
                path = f"/restapi/isonlinedepartment/{department}"
                query = {"exclude_bot": "true", "exclude_online_hours": "true"}
        found = await self._get(path, query, auth=False)
        return found.get("online" if mode == "widget" else "isonline") is True

    async def prove(self) -> None:
        """Return when our credentials are good; a call that can fail for no other reason."""
        try:
            await self._get("/restapi/chatscount", {"status_ids": "0,0"})
        except ProviderRejected as error:
            raise ProviderAuthError(
                "check `username` and `api_key`: the key must be active and belong to that operator, who needs the "
                "right lhchat, use",
                http_status=error.http_status,
            ) from None

    async def _explained(
        self, error: ProviderRejected, chat_id: str | None = None, hint: str = ""
    ) -> ProviderError:
        """The same refusal, or what is behind it; its own words are localized and may hold what the user wrote."""
        await self.prove()
        if chat_id is None:
            return error
        try:
            chat = await self.chat(chat_id)
        except SessionGone as gone:
            return gone
        if chat.is_closed:
            return SessionEnded("the chat is closed in Live Helper Chat")
        return ProviderRejected(error.detail + hint, http_status=error.http_status)

    async def _told(
        self, call: Awaitable[dict[str, Any]], chat_id: str | None = None, hint: str = ""
    ) -> dict[str, Any]:
        """The answer; a refusal as what is behind it."""
        try:
            return await call
        except ProviderRejected as error:
            raise await self._explained(error, chat_id, hint) from None

    # --- every call -----------------------------------------------------------------------------------------------

    async def _get(self, path: str, query: Mapping[str, Any], *, auth: bool = True) -> dict[str, Any]:
        asked = f"{path}?{urlencode(query)}" if query else path
        return _understood(await self._send("GET", asked, headers=self.authorization if auth else {}))

    async def _post(
        self,
        path: str,
        body: bytes | Mapping[str, str],
        kind: str = "",
        *,
        auth: bool = True,
        timeout_s: float = _WRITTEN_S,
    ) -> dict[str, Any]:
        headers = {"Content-Type": kind or _FORM}
        content = body if isinstance(body, bytes) else urlencode(body).encode()
        if auth:
            headers |= self.authorization
        return _understood(await self._send("POST", path, content, headers, timeout_s))

    async def _send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = _ASKED_S,
    ) -> Reply:
        return await self._http.send(
            Request(
                method=method,
                url=self.url + path,
                headers=headers or {},
                body=body,
                timeout_s=timeout_s,
                max_bytes=8 << 20,
                hidden=tuple(_VISITOR_SECRET.findall(path)),
            )
        )


_FORM = "application/x-www-form-urlencoded"


def _understood(reply: Reply) -> dict[str, Any]:
    """The JSON object of an answer that is no refusal.

    Raises:
        ProviderRejected: it says `error`, with whatever status.
        ProviderUnavailable: it is no answer of theirs, or they are down.
    """
    if reply.status not in _PASS:
        check(reply, _REACTIONS, time.time(), _HINTS)
    try:
        found = mapping(reply.json())
    except ValueError:
        found = {}
    if not found:
        raise ProviderUnavailable(
            f"HTTP status {reply.status} without JSON; check `base_url`: it ends in index.php unless addresses are "
            "rewritten",
            http_status=reply.status,
        )
    if found.get("error") not in (None, False, "false") or not reply.is_success:
        names = ", ".join(sorted(mapping(found.get("errors"))))
        raise ProviderRejected(
            f"HTTP status {reply.status}; Live Helper Chat refused the call"
            + (f": {names}" if names else ""),
            http_status=reply.status,
        )
    return found
