"""Looking at one chat until it is over.

Lines become visible out of order: while one is being written, a later one with a higher number may already be there. So a
line is handled when it was not handled before, never because its number is higher; the number to ask from follows a minute
behind. What is seen twice has one effect, because an event is named by its line.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager

from msgspec import structs

from openhandover.core.events import FromProvider
from openhandover.providers.base import Session

from . import wire
from .api import Api
from .settings import Settings
from .view import PENDING, WITH_BOT, Chat, Line, Lines, Sight

_SETTLED_S = 60.0
"""A line that was seen so long ago has no earlier one left that is still being written."""
_AFTER_A_CALL_S = (0.0, 0.2, 0.8, 2.0)
"""Pauses after a webhook: most come before the change that they tell of is visible."""
_ASSIGN_S = 8.0
"""Pause between two requests to assign a waiting chat, which a visitor's browser would make every few seconds."""


class Bell:
    """Says how long to wait for the next look."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self._soon: deque[float] = deque()

    def ring(self) -> None:
        """Look now, and a few times soon."""
        self._soon = deque(_AFTER_A_CALL_S)
        self._rung.set()

    async def wait(self, at_most_s: float) -> None:
        """Until the next look is due."""
        self._rung.clear()
        pause_s = min(self._soon.popleft(), at_most_s) if self._soon else at_most_s
        try:
            async with asyncio.timeout(pause_s):
                await self._rung.wait()
        except TimeoutError:
            return


class Bells:
    """The bells of all chats that are watched now."""

    def __init__(self) -> None:
        self._bells: dict[str, Bell] = {}

    def ring(self, chat_id: str) -> None:
        """Whoever watches this chat looks at it; a chat that nobody watches needs no look."""
        if chat_id in self._bells:
            self._bells[chat_id].ring()

    @contextmanager
    def at(self, chat_id: str) -> Generator[Bell]:
        """The bell of a chat, as long as it is watched."""
        bell = self._bells[chat_id] = Bell()
        try:
            yield bell
        finally:
            self._bells.pop(chat_id, None)


class Watch:
    """One chat's lines, and which of them were handled."""

    def __init__(self, api: Api, settings: Settings, session: Session, unread: dict[int, str]) -> None:
        self._api = api
        self._settings = settings
        self._session = session
        self._unread = unread
        self._seen: dict[int, float] = {}
        """Line -> when it was first seen, by the monotonic clock."""
        self._assigned_at = -_ASSIGN_S

    async def look(self, after: int) -> tuple[Chat, Lines]:
        """The chat first, then its lines: what was said before it ended is among them."""
        chat = await self._api.chat(self._session.external_id)
        if chat.status == PENDING and time.monotonic() - self._assigned_at >= _ASSIGN_S:
            self._assigned_at = time.monotonic()
            await self._api.assign(self._session.external_id, wire.held(self._session).hash)
        return chat, await self.lines(after)

    async def lines(self, after: int) -> Lines:
        """The lines from there on, and from our first one that nobody has seen."""
        first = min([after, *(number - 1 for number in self._unread)])
        return await self._api.lines(self._session.external_id, first, media=True)

    def new(self, lines: Lines, after: int) -> list[Line]:
        """Those that were not handled yet, as far as they are for the user."""
        now = time.monotonic()
        found = [line for line in lines.messages if line.id > after and line.id not in self._seen]
        self._seen |= {line.id: now for line in found}
        shown = self._settings.show_auto_responder
        return [line for line in found if shown or line.user_id != wire.BOT]

    def settled(self, after: int) -> int:
        """From which line on to ask the next time."""
        until = time.monotonic() - _SETTLED_S
        old = [number for number, at in self._seen.items() if at <= until]
        settled = max([after, *old])
        self._seen = {number: at for number, at in self._seen.items() if number > settled}
        return settled


async def watched(
    sight: Sight, watch: Watch, settings: Settings, unread: dict[int, str], bell: Bell
) -> AsyncIterator[tuple[str, FromProvider]]:
    """(cursor, event) of a chat; it ends with the chat. Raises SessionGone when the chat was deleted."""
    while True:
        chat, lines = await watch.look(sight.view.after)
        is_over = chat.is_closed or chat.status == WITH_BOT
        for event in sight.facts(chat, lines, watch.new(lines, sight.view.after)):
            yield sight.view.cursor, event
        for event in sight.opened(chat, lines, unread):
            yield sight.view.cursor, event
        if is_over:
            # An operator who writes and closes in one call is heard of in the wrong order.
            await asyncio.sleep(settings.last_words_s)
            last = await watch.lines(sight.view.after)
            for event in sight.facts(chat, last, watch.new(last, sight.view.after)):
                yield sight.view.cursor, event
            event = sight.ended(chat, last)
            yield sight.view.cursor, event
            return
        sight.view = structs.replace(sight.view, after=watch.settled(sight.view.after))
        await bell.wait(settings.poll_s)
