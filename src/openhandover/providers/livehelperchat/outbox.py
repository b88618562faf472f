"""Lines of ours, each written once: Live Helper Chat takes the same line twice, so we know and look."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import msgspec
from msgspec import Struct

from openhandover.core.errors import ProviderRejected, Unsupported
from openhandover.core.model import Attachment, Message
from openhandover.core.recent import Recent
from openhandover.providers.base import Host, Session

from . import wire
from .api import Api
from .settings import Settings


class Sent(Struct, frozen=True):
    """How far a chat is: `parts` of the message `key` are there, `line` is the last line that we wrote. `message_id`: the
    user's message that ended with it."""

    key: str
    parts: int
    line: int
    message_id: str = ""


class Outbox:
    """Writes messages in parts. After each part it keeps how far it got; a part of which that is not certain is looked
    for in the chat before it is written again."""

    def __init__(self, api: Api, settings: Settings, host: Callable[[], Host]) -> None:
        self._api = api
        self._settings = settings
        self._host = host
        self._certain: Recent[str, Sent] = Recent()
        """By chat, where the last try to write ended well, and here."""
        self._unread: dict[str, dict[int, str]] = {}

    async def send(self, session: Session, message: Message, key: str) -> None:
        """All parts of the message that are not there yet."""
        parts = self._parts(message)
        if not parts:
            raise Unsupported("there is nothing in the message that could be sent")
        chat_id = session.external_id
        for number, part in enumerate(parts, 1):
            certain = self._certain.pop(chat_id, None)
            sent = certain or await self._kept(session)
            if sent.key == key and number <= sent.parts:
                if certain:
                    self._keep(chat_id, sent)
                continue
            author = wire.VISITOR if message.author == "user" else wire.BOT
            line = None if certain else await self._written(chat_id, sent.line, author, part)
            if line is None:
                line = await self._write(session, message, part)
            is_whole = number == len(parts) and author == wire.VISITOR
            sent = Sent(key, number, line, message.id if is_whole else "")
            await self._host().remember(f"sent:{chat_id}", msgspec.json.encode(sent).decode())
            self._keep(chat_id, sent)
            if is_whole and chat_id in self._unread:
                self._unread[chat_id][line] = message.id

    @asynccontextmanager
    async def unread(self, session: Session) -> AsyncGenerator[dict[int, str]]:
        """Lines that operators may not have seen yet -> the user's message that ended with it, as long as somebody
        follows the chat and takes out what was seen. After a restart it begins with the last one."""
        sent = await self._kept(session)
        self._unread[session.external_id] = {sent.line: sent.message_id} if sent.message_id else {}
        try:
            yield self._unread[session.external_id]
        finally:
            self._unread.pop(session.external_id, None)

    def _parts(self, message: Message) -> list[str | Attachment]:
        """Pieces of text, then one line for each file."""
        return [*wire.split(message.text, self._settings.max_message_length), *message.attachments]

    def _keep(self, chat_id: str, sent: Sent) -> None:
        self._certain[chat_id] = sent

    async def _kept(self, session: Session) -> Sent:
        known = await self._host().recall(f"sent:{session.external_id}")
        if known is None:
            return Sent("", 0, wire.held(session).after)
        return msgspec.json.decode(known, type=Sent)

    async def _written(self, chat_id: str, after: int, author: int, part: str | Attachment) -> int | None:
        """The line that an earlier try has left: nobody but us writes in the visitor's name, one line at a time."""
        expected = self._texts(part)
        for line in (await self._api.lines(chat_id, after)).messages:
            text = (line.msg or "").strip()
            if line.user_id == author and any(
                text == one or (one.endswith("=") and text.startswith(one)) for one in expected
            ):
                return line.id
        return None

    def _texts(self, part: str | Attachment) -> tuple[str, ...]:
        """What the line of a part looks like there; a file's token is another one after each upload."""
        if isinstance(part, str):
            return (part, wire.no_command(part))
        return ("[file=", wire.link(part))

    async def _write(self, session: Session, message: Message, part: str | Attachment) -> int:
        text = part if isinstance(part, str) else await self._file(session.external_id, part)
        if message.author == "user":
            return await self._api.user_says(session.external_id, wire.held(session).hash, text)
        name = wire.bot_name(message, self._settings)
        return await self._api.we_say(session.external_id, "bot", text, name)

    async def _file(self, chat_id: str, file: Attachment) -> str:
        """The file's token, or a link to it where they do not take it."""
        try:
            content = await self._host().content(file)
        except ProviderRejected:  # it lies elsewhere
            return wire.link(file)
        return await self._api.upload(chat_id, file, content) or wire.link(file)
