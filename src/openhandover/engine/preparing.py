"""What comes before a message is shown: translation and the download of files. Both have 3 seconds; then the
original text, or a link, is shown."""

import asyncio
import hashlib
import secrets
from urllib.parse import urlsplit

import msgspec
import structlog

from openhandover.core import table
from openhandover.core.errors import ProviderError
from openhandover.core.events import Prepared
from openhandover.core.model import Attachment, Conversation, Entry, Lane, Message, Translation
from openhandover.core.turn import Turn
from openhandover.core.view import message_of
from openhandover.net.client import Request
from openhandover.net.fetch import download
from openhandover.net.guard import Guard
from openhandover.store.port import Upload
from openhandover.translation import TranslationError, Translator

from .parts import Parts
from .providers import session_of

PREPARE_S = table.GRACE["prepare"].seconds - 0.2  # the timer must not be first

_log = structlog.get_logger("openhandover.preparing")
replace = msgspec.structs.replace


class Preparing:
    """Translates and downloads in the background, one task per message."""

    def __init__(self, parts: Parts, translator: Translator) -> None:
        self._max_bytes = parts.config.uploads.max_bytes
        self._work = parts.work
        self._files = parts.files
        self._http = parts.http
        self._guard = parts.guard
        self._allow = parts.config.outbound.allow
        self._guards: dict[str, Guard] = {}
        """By provider: what its files may be fetched from."""
        self._providers = parts.providers
        self._clock = parts.clock
        self.translator = translator
        self._tasks: set[asyncio.Task[None]] = set()

    def is_needed(
        self, state: Conversation, attachments: tuple[Attachment, ...], source: str, target: str
    ) -> bool:
        """Whether a message must be prepared before it is shown."""
        translates = state.floor == "human" and self.is_foreign(source, target)
        return translates or any(file.url for file in attachments)

    def is_foreign(self, source: str | None, reader: str) -> bool:
        """Whether an engine can put a text of `source` into the reader's language; a region makes no language."""
        return bool(source) and self.translator.is_active and _base(source) != _base(reader)

    async def in_words(self, text: str, source: str, reader: str) -> str:
        """The text in the reader's language; as it is where it need not or cannot be translated in time."""
        if not text or not self.is_foreign(source, reader):
            return text
        translation = await self.translation(text, source, reader)
        return translation.text if translation else text

    def begin_all(self, turn: Turn, target: str | None) -> None:
        """Prepare what this turn accepted; `target` is the reader's language."""
        for entry in turn.entries:
            if entry.seq in turn.state.preparing:
                self._begin(entry, target, _lane_of(turn.state, entry))

    def _begin(self, entry: Entry, target: str | None, lane: Lane | None) -> None:
        task = asyncio.create_task(self._prepare(entry, target, lane), name="prepare")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _prepare(self, entry: Entry, target: str | None, lane: Lane | None) -> None:
        message = message_of(entry)
        translation, attachments = await asyncio.gather(
            self._translated(message, target), self._fetched(message.attachments, lane)
        )
        done = replace(message, translation=translation, attachments=attachments)
        await self._work.run(entry.conversation_id, Prepared(entry.seq, done))

    async def _translated(self, message: Message, target: str | None) -> Translation | None:
        if not message.text or not target or not self.is_foreign(message.language, target):
            return None
        return await self.translation(message.text, message.language or "", target)

    async def translation(self, text: str, source: str, target: str) -> Translation | None:
        """The translation, None where it failed or took too long; that is in the log."""
        try:
            async with asyncio.timeout(PREPARE_S):
                return Translation(target, await self.translator.translate(text, source, target))
        except (TranslationError, TimeoutError) as error:
            _log.warning(
                "translation_failed", detail=str(error) or type(error).__name__, remedy="original is shown"
            )
            return None

    async def _fetched(self, files: tuple[Attachment, ...], lane: Lane | None) -> tuple[Attachment, ...]:
        return tuple(await asyncio.gather(*(self._kept(file, lane) for file in files)))

    async def _kept(self, file: Attachment, lane: Lane | None) -> Attachment:
        if not file.url:
            return file
        try:
            async with asyncio.timeout(PREPARE_S):
                found = await download(self._http, await self._wanted(file.url, lane), file.name)
        except (ProviderError, TimeoutError) as error:
            detail = str(error) or "it took too long"
            _log.warning("download_failed", detail=detail, remedy="the link itself is shown")
            return file
        upload = Upload(
            id=f"f_{secrets.token_urlsafe(16)}",
            name=found.name,
            content_type=found.content_type,
            size=len(found.content),
            at=self._clock(),
            sha256=hashlib.sha256(found.content).hexdigest(),
        )
        kept = await self._files.keep(upload, found.content)
        return Attachment(kept.id, kept.name, kept.content_type, kept.size, "")

    async def _wanted(self, url: str, lane: Lane | None) -> Request:
        """The download, with what the vendor wants to see of it; its own address may be a private one."""
        wanted = Request(
            method="GET", url=url, guard=self._guard, max_bytes=self._max_bytes, timeout_s=PREPARE_S
        )
        provider = self._providers.get(lane.provider) if lane else None
        if provider is None or lane is None:
            return wanted
        guard = self._guards.get(provider.name)
        if guard is None:
            own = [_origin(address) for address in provider.origins()]
            guard = self._guards[provider.name] = Guard([*self._allow, *own]) if own else self._guard
        return replace(wanted, headers=await provider.file_headers(session_of(lane), url), guard=guard)

    async def stop(self) -> None:
        """Let go; what is not ready is shown as it was when its time is over."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _lane_of(state: Conversation, entry: Entry) -> Lane | None:
    """The session in which a contact centre said this."""
    provider = (entry.source or "").partition(":")[0]
    mine = [
        lane for lane in state.lanes if (lane.handover_id, lane.provider) == (entry.handover_id, provider)
    ]
    return mine[-1] if mine else None


def _base(language: str) -> str:
    return language.partition("-")[0].lower()
