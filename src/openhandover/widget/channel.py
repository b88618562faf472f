"""One web chat channel as its calls and sockets share it: who may come, how often, and who is there."""

import asyncio
import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from openhandover.channels.webchat.identity import Identities, is_verified
from openhandover.channels.webchat.origins import Origins
from openhandover.channels.webchat.token import Tokens, Visitor
from openhandover.config.model import Config, WebchatChannel
from openhandover.core.errors import Refused
from openhandover.core.events import PatchConversation
from openhandover.core.model import OPEN, Conversation, User
from openhandover.core.settings import Texts
from openhandover.store.port import ERASED, HandoverFilter
from openhandover.texts.language import prior
from openhandover.texts.variants import variant
from openhandover.web.limits import RateLimit

from .desk import DeskWatch

if TYPE_CHECKING:
    from openhandover.engine import Engine


class Lobby:
    """All web chat channels of this process."""

    def __init__(self, engine: "Engine", config: Config) -> None:
        self.engine = engine
        self.config = config
        self.channels = {
            name: Channel(name, channel, config)
            for name, channel in config.channels.items()
            if isinstance(channel, WebchatChannel)
        }
        self.visitor_limit = RateLimit(config.rate_limits.visitor)
        self.address_limit = RateLimit(config.rate_limits.address)
        self.presence = Presence(engine)
        self.desk = DeskWatch(engine)
        self._tokens: Tokens | None = None
        self._started: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Start in the background; without a running loop only the routes are wanted."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._started = loop.create_task(self._notice_absent(), name="webchat-start")

    async def _notice_absent(self) -> None:
        """After a crash nobody has said that the visitors' sockets are gone: who does not come back is away."""
        async for rows in self.engine.handovers(HandoverFilter(status=[status.value for status in OPEN])):
            for row in rows:
                if row.channel in self.channels:
                    await self.presence.missing(row.handover.conversation_id)

    def channel(self, name: str) -> "Channel":
        """The channel of this name.

        Raises:
            Refused: `not_found`.
        """
        if name not in self.channels:
            raise Refused("not_found", "There is no web chat of this name")
        return self.channels[name]

    async def tokens(self) -> Tokens:
        """The signer; its secret is made on the first start of the installation."""
        if self._tokens is None:
            kept = await self.engine.store.put_new("secret", "webchat", os.urandom(32))
            self._tokens = Tokens(kept)
        return self._tokens

    async def enter(self, channel: str, token: str) -> tuple[Visitor, Conversation]:
        """Whose token this is, and their conversation.

        Raises:
            Refused: `unauthorized`, `token_expired` or `not_found`.
        """
        visitor = (await self.tokens()).check(token, channel, time.time())
        return visitor, await self.conversation(visitor.conversation_id)

    async def conversation(self, conversation_id: str) -> Conversation:
        """A visitor's conversation.

        Raises:
            Refused: `not_found`, also when the visitor has been erased: what they write now is a new one's.
        """
        state = await self.engine.conversation(conversation_id)
        if state.user.id == ERASED:
            raise Refused("not_found", "This conversation has been erased")
        return state

    async def recognise(self, channel: "Channel", state: Conversation, identity: str | None) -> None:
        """Let somebody into their own conversation only. One of nobody in particular becomes theirs.

        Raises:
            Refused: `unauthorized`.
        """
        known = is_verified(state.user)
        if identity is None:
            if known:
                raise Refused("unauthorized", "This conversation opens with its visitor's identity only")
            return
        user = channel.user(identity, expired_too=known)
        if not known:
            await self.engine.patch(state.id, PatchConversation(user=msgspec.to_builtins(user)))
        elif user.id != state.user.id:
            raise Refused("unauthorized", "This conversation is somebody else's")


class Channel:
    """One configured web chat."""

    def __init__(self, name: str, settings: WebchatChannel, config: Config) -> None:
        self.name = name
        self.settings = settings
        self._identities = Identities(settings.identity.secret) if settings.identity else None
        self.origins = Origins(settings.allowed_origins, config.server.public_url)
        self._config = config

    def language(self, locale: str | None) -> str:
        """The supported language nearest to the browser's."""
        return prior(locale, self._config.languages.supported, self._config.languages.default)

    def user(self, identity: str, *, expired_too: bool = False) -> User:
        """Whom the site vouches for.

        Raises:
            Refused: `unauthorized`, also where the channel has no secret to check it with.
        """
        if self._identities is None:
            raise Refused("unauthorized", "This channel checks no identities; it has no `identity.secret`")
        return self._identities.read(identity, expired_too=expired_too)

    def takes_files(self, state: Conversation) -> bool:
        """Whether the visitor may send a file now."""
        rule = self.settings.attachments
        handover = state.handover
        return rule == "always" or (rule == "human" and handover is not None and handover.takes_files)

    def shown(self, language: str, max_text_bytes: int) -> dict[str, Any]:
        """What a page needs to know of the channel."""
        settings = self.settings
        return {
            "channel": self.name,
            "language": language,
            "title": self._in(language, settings.title),
            "bot": {"name": self._in(language, settings.bot_name), "avatar_url": settings.bot_avatar_url},
            "attachments": settings.attachments,
            "human_button": settings.human_button is not None,
            "end_button": settings.end_button,
            "sound": settings.sound,
            "max_file_bytes": self._config.uploads.max_bytes,
            "file_types": self._config.uploads.types,
            "max_text_bytes": max_text_bytes,
        }

    def _in(self, language: str, texts: Texts | None) -> str | None:
        return None if texts is None else variant(texts, language, self._config.languages.default).text


class Presence:
    """A visitor is there while one of their sockets is open."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._open: dict[str, int] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def lock(self, conversation_id: str) -> asyncio.Lock:
        """Held by the one socket of the conversation that reports what arrived."""
        return self._locks[conversation_id]

    async def missing(self, conversation_id: str) -> None:
        """Tell that the visitor is away, unless a socket is open."""
        if conversation_id not in self._open:
            await self._engine.presence(conversation_id, "disconnected")

    @asynccontextmanager
    async def here(self, conversation_id: str) -> AsyncGenerator[None]:
        """One socket more, until it is over."""
        self._open[conversation_id] = self._open.get(conversation_id, 0) + 1
        try:
            if self._open[conversation_id] == 1:
                self._locks[conversation_id] = asyncio.Lock()
                await self._engine.presence(conversation_id, "connected")
            yield
        finally:
            self._open[conversation_id] -= 1
            if self._open[conversation_id] == 0:
                del self._open[conversation_id], self._locks[conversation_id]
                await self._engine.presence(conversation_id, "disconnected")
