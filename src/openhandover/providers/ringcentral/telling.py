"""What the source is told in messages: who speaks, with which files, and the story so far when a handover begins."""

from collections.abc import Sequence
from typing import NamedTuple

from openhandover.core.errors import ProviderRejected
from openhandover.core.model import Attachment, Message
from openhandover.providers.base import HandoverRequest, Host

from . import wire
from .account import Realtime
from .settings import Settings
from .wire import Params


class _Step(NamedTuple):
    """One call of the realtime endpoint, and the files that go along; they are fetched when it is made."""

    action: str
    params: Params
    files: Sequence[Attachment] = ()


class Telling:
    """Speaks at the source for the user, and for the two identities of the company's side."""

    def __init__(self, settings: Settings, realtime: Realtime) -> None:
        self._realtime = realtime
        self._opening_text = settings.opening_text
        self.bot = wire.puppet(settings.bot_identity_id, settings.bot_name)
        self._agent = wire.puppet(settings.agent_identity_id, settings.agent_identity_name)
        self._is_introduced = False

    async def begin(self, host: Host, thread: str, author: Params, request: HandoverRequest) -> None:
        """The user, the thread, the story so far. Where it broke off, the next try goes on behind what was taken."""
        await self._introduce()
        steps = [_Step("users.create", author), _Step("threads.create", wire.thread(thread, author))]
        steps += self._story(thread, author, request)
        key = f"told:{thread}"
        for n in range(int(await host.recall(key) or 0), len(steps)):
            await self._do(host, steps[n])
            await host.remember(key, str(n + 1))

    async def say(self, host: Host, thread: str, one: Message, author: Params) -> None:
        """One message, in as many calls as it needs."""
        for step in self._said(thread, one, author):
            await self._do(host, step)

    def _said(self, thread: str, one: Message, author: Params) -> list["_Step"]:
        """Its files come with the last part."""
        speaker = {"user": author, "bot": self.bot}.get(one.author, self._agent)
        parts = wire.messages(thread, one, speaker)
        files = [*[()] * (len(parts) - 1), one.attachments]
        steps = [_Step("messages.create", part, with_) for part, with_ in zip(parts, files, strict=True)]
        return [step for step in steps if step.files or "body" in step.params]

    def _story(self, thread: str, author: Params, request: HandoverRequest) -> list["_Step"]:
        """Agents are shown what a customer wrote, so there is always something; it carries what we know of the handover."""
        told: list[_Step] = []
        for one in request.transcript:
            steps = self._said(thread, one, author)
            for step in steps:
                step.params["created_at"] = wire.second(one.at)
            told += steps
        theirs = [step for step in told if step.params["author"] == author]
        if not theirs:
            theirs = [_Step("messages.create", wire.message(thread, "0", author, self._opening_text))]
            told += theirs
        theirs[-1].params["context_data"] = wire.about(request)
        return told

    async def _do(self, host: Host, step: "_Step") -> None:
        files = await self._files(host, step.files)
        try:
            await self._realtime.push(
                step.action, {**step.params, "attachments": files} if files else step.params
            )
        except ProviderRejected:
            if step.action == "threads.create":
                return  # not every source makes threads: then one begins with its first message, or that says what is wrong
            if not files:
                raise
            # Not every file is taken there. What was said with it counts more, and the agent learns where it is.
            await self._realtime.push(step.action, wire.linked(step.params, step.files))

    async def _introduce(self) -> None:
        """Make both identities known, so that an admin can give them to agents. Once for each start: they stay the same,
        but the source may be another one by then."""
        if not self._is_introduced:
            for one in (self.bot, self._agent):
                await self._realtime.push("users.create", one)
            self._is_introduced = True

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
