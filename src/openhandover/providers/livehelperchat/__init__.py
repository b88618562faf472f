"""Live Helper Chat 4.90: chats by REST, looked at again and again; its webhooks only say when to look."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from openhandover.core import events
from openhandover.core.errors import NobodyThere, ProviderRejected, SessionGone
from openhandover.core.events import FromProvider
from openhandover.core.model import Message
from openhandover.net.client import Sender
from openhandover.providers.base import (
    Availability,
    BaseProvider,
    Capabilities,
    HandoverRequest,
    Opened,
    Session,
    WebhookRequest,
)

from . import hooks, wire
from .api import Api
from .outbox import Outbox
from .settings import Settings
from .view import CLOSED, PENDING, Sight, seen_before
from .watch import Bells, Watch, watched

_MARGIN_S = 3600
"""How far their clock may be behind ours when a chat is looked for by the time it was made."""


class LiveHelperChat(BaseProvider):
    """One installation, in the name of one operator account made for us."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        inbound="session",
        availability=True,
        queue_position=True,
        typing_in=True,
        typing_out=True,
        attachments_in=True,
        attachments_out=True,
        presence=True,
        agent_name=True,
    )

    def __init__(self, name: str, settings: Settings, http: Sender) -> None:
        super().__init__(name)
        self._settings = settings
        self._api = Api(settings, http)
        self._outbox = Outbox(self._api, settings, lambda: self.host)
        self._bells = Bells()
        self._identifiers: dict[str, int] = {}

    async def connect(self) -> None:
        """Credentials, rights and the configured department; a list of departments changes nothing there."""
        await self._api.prove()
        known = {str(one.get("id")): one for one in await self._api.departments()}
        if self._settings.department is None:
            return
        department = await self._department({})
        found = known.get(str(department))
        if found is None or str(found.get("disabled", 0)) != "0":
            raise ProviderRejected(
                f"check `department`: there is no department {department}, or it is disabled"
            )

    async def availability(self, route: Mapping[str, Any], language: str | None) -> Availability:
        """Whether operators are there, in the sense of the setting `availability`."""
        mode = self._settings.availability
        if mode != "any" and not self._named(route):
            return Availability(open=None)
        department = 0 if mode == "any" else await self._department(route)
        return Availability(open=await self._api.is_online(department, mode))

    def refuse(self, route: Mapping[str, Any]) -> str | None:
        """A chat needs a department; priority and operator are whole numbers."""
        if not self._named(route):
            return "`department` is empty; name one in the step's route or in the provider's settings"
        for key in ("priority", "operator"):
            try:
                wire.number(route.get(key))
            except (TypeError, ValueError):
                return f"`{key}` must be a whole number"
        return None

    async def open(self, request: HandoverRequest) -> Opened:
        """A new chat, or the one that an earlier try has made."""
        department = await self._department(request.route)
        if self._settings.require_online and not (await self.availability(request.route, None)).open:
            raise NobodyThere("no operator is online")
        wanted = wire.Wanted(
            department,
            wire.number(request.route.get("priority")),
            wire.number(request.route.get("operator")),
        )
        body = wire.opening(request, self._settings, wanted)
        chat_id = await self._made(request.key, body, department)
        brought = len(body["messages"]) + 1
        ours = sorted(one.id for one in (await self._api.lines(chat_id, 0)).messages if one.user_id <= 0)
        chat = await self._api.chat(chat_id)
        return Opened(
            chat_id,
            position=chat.number_in_queue if chat.status == PENDING else None,
            vendor_state=wire.state(chat.hash, ours[:brought][-1] if ours else 0),
        )

    async def _made(self, key: str, body: Mapping[str, Any], department: int) -> str:
        """The id of the chat. They know no idempotency key, so whoever may have tried before looks first."""
        tried_at = await self.host.recall(f"open:{key}")
        if tried_at is None:
            await self.host.remember(f"open:{key}", str(int(time.time())))
        elif (found := await self._api.find(key, int(tried_at) - _MARGIN_S)) is not None:
            return str(found.id)
        chat = await self._api.create(body)
        if chat.dep_id != department:  # they choose another one without a word
            await self._api.close(str(chat.id))
            raise ProviderRejected(
                f"check `department`: Live Helper Chat put the chat into {chat.dep_id} instead of {department}"
            )
        return str(chat.id)

    async def send(self, session: Session, message: Message, key: str) -> None:
        """The user's message as the visitor's, the bot's as a bot's."""
        await self._outbox.send(session, message, key)

    async def typing(self, session: Session, *, on: bool) -> None:
        """Operators see it for ten seconds."""
        await self._api.user_types(session.external_id, wire.held(session).hash, on=on)

    async def presence(self, session: Session, user: Literal["connected", "disconnected"], text: str) -> None:
        """A system line."""
        await self._api.we_say(session.external_id, "system", text)

    async def cancel(self, session: Session, reason: str) -> None:
        """The visitor left; then the chat is closed, unless operators shall do that."""
        await self._end(session, left=True)

    async def close(self, session: Session, reason: str) -> None:
        """The chat is closed."""
        await self._end(session, left=False)

    async def _end(self, session: Session, *, left: bool) -> None:
        try:
            chat = await self._api.chat(session.external_id)
        except SessionGone:
            return
        if chat.status == CLOSED:
            return
        if left:
            await self._api.user_left(session.external_id, wire.held(session).hash)
        if not left or self._settings.close_on_cancel:
            await self._api.close(session.external_id)

    def verify(self, request: WebhookRequest) -> None:
        """The bearer token of the template; nothing is signed there."""
        hooks.verify(request, self._settings)

    def parse(self, request: WebhookRequest) -> Sequence[FromProvider]:
        """No facts: whoever watches the chat looks at it now. An event that the vendor's source does not have is kept."""
        hook = hooks.read(request.headers, request.body)
        if hook.is_news:
            self._bells.ring(hook.chat_id)
        if hook.is_known:
            return ()
        unknown = events.Unknown(hook.event or "")
        return (FromProvider(self.name, hook.id, unknown, external_id=hook.chat_id, raw=request.body),)

    async def listen(
        self, session: Session, cursor: str | None
    ) -> AsyncIterator[tuple[str, FromProvider | None]]:
        """Look at the chat until it is over."""
        before = seen_before(cursor, wire.held(session).after)
        sight = Sight(self.name, self._api.url, before)
        with self._bells.at(session.external_id) as bell:
            async with self._outbox.unread(session) as unread:
                watch = Watch(self._api, self._settings, session, unread)
                async for seen in watched(sight, watch, self._settings, unread, bell):
                    yield seen

    async def file_headers(self, session: Session, url: str) -> Mapping[str, str]:
        """Files are fetched by REST: the links in messages answer with an empty picture."""
        return self._api.authorization if url.startswith(f"{self._api.url}/restapi/file/") else {}

    def origins(self) -> frozenset[str]:
        """An installation in the own network has the agents' files, too."""
        address = urlsplit(self._api.url)
        return frozenset({f"{address.scheme}://{address.netloc}"})

    def _named(self, route: Mapping[str, Any]) -> str:
        """The id or identifier of the department; empty where nobody names one."""
        return str(route.get("department") or self._settings.department or "").strip()

    async def _department(self, route: Mapping[str, Any]) -> int:
        """The department's id; its identifier is looked up once."""
        named = self._named(route)
        if named.isdecimal():
            return int(named)
        if named not in self._identifiers:
            found = await self._api.departments()
            self._identifiers = {
                str(one.get("identifier")): int(one["id"]) for one in found if one.get("identifier")
            }
        if named not in self._identifiers:
            raise ProviderRejected(f"check `department`: no department has the identifier {named!r}")
        return self._identifiers[named]


PROVIDER = LiveHelperChat
