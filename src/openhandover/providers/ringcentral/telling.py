"""What the source is told in messages: who speaks, with which files, and the story so far when a handover begins."""

from collections.abc import Sequence

from openhandover.core.errors import ProviderRejected
from openhandover.core.model import Attachment, Message
from openhandover.providers.base import HandoverRequest, Host

from . import wire
from .account import Realtime
from .settings import Settings
from .wire import Params


class Telling:
    """Speaks at the source for the user, and for the two identities of the company's side."""

    def __init__(self, settings: Settings, realtime: Realtime) -> None:
        self._realtime = realtime
        self._opening_text = settings.opening_text
        self.bot = wire.puppet(settings.bot_identity_id, settings.bot_name)
        self._agent = wire.puppet(settings.agent_identity_id, settings.agent_identity_name)

    async def begin(self, host: Host, thread: str, author: Params, request: HandoverRequest) -> None:
        """The user, the thread, the story so far. Where it broke off, the next try goes on behind what was taken."""
        await self._introduce(host)
        steps = [("users.create", author), ("threads.create", wire.thread(thread, author))]
        steps += [("messages.create", part) for part in await self._story(host, thread, author, request)]
        key = f"told:{thread}"
        for n in range(int(await host.recall(key) or 0), len(steps)):
            await self._realtime.push(*steps[n])
            await host.remember(key, str(n + 1))

    async def messages(self, host: Host, thread: str, one: Message, author: Params) -> list[Params]:
        """One message as what RingCentral takes at once; mostly it is one."""
        speaker = {"user": author, "bot": self.bot}.get(one.author, self._agent)
        return wire.messages(thread, one, speaker, await self._files(host, one.attachments))

    async def _story(self, host: Host, thread: str, author: Params, request: HandoverRequest) -> list[Params]:
        """Agents are shown what a customer wrote, so there is always something; it carries what we know of the handover."""
        told: list[Params] = []
        for one in request.transcript:
            at = wire.second(one.at)
            told += [{**part, "created_at": at} for part in await self.messages(host, thread, one, author)]
        theirs = [part for part in told if part["author"] == author]
        if not theirs:
            theirs = [wire.message(thread, "0", author, self._opening_text)]
            told += theirs
        theirs[-1]["context_data"] = wire.about(request)
        return told

    async def _introduce(self, host: Host) -> None:
        """Make both identities known once, so that an admin can give them to agents."""
        identities = [self.bot, self._agent]
        known = "\n".join(f"{one['id']} {one['screenname']}" for one in identities)
        if await host.recall("identities") != known:
            for one in identities:
                await self._realtime.push("users.create", one)
            await host.remember("identities", known)

    async def _files(self, host: Host, files: Sequence[Attachment]) -> list[Params]:
        """With their bytes, because only so do they keep their names, as long as the call has room; else as links."""
        found: list[Params] = []
        room = wire.MOST_FILES
        for file in files:
            content = await _content(host, file, room)
            room -= len(content or b"")
            found.append({"url": file.url} if content is None else wire.attachment(file.name, content))
        return found


async def _content(host: Host, file: Attachment, room: int) -> bytes | None:
    """The bytes; None where there are too many, or where they are not ours: then RingCentral may fetch the link."""
    if (file.size or 0) > room or not file.name:
        return None
    try:
        content = await host.content(file)
    except ProviderRejected:
        return None
    return content if len(content) <= room else None
