"""A call at work: what has been heard is stored, and what the caller hears next is read from what is stored."""

import asyncio
import time
from typing import TYPE_CHECKING, NamedTuple

from openhandover.channels.phone.course import Next, Scene, next_of
from openhandover.core.model import Conversation, Handover, Message
from openhandover.core.view import message_of
from openhandover.flow.state import load
from openhandover.gateways.base import order_key
from openhandover.gateways.twilio.orders import Order, Orders, TransferOrder

from .line import Line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openhandover.engine import Engine

ANSWER_S = 8.0
"""A request is answered within this time; Twilio itself waits 15 s."""
FINISH_S = 1.5
"""Words that are there already wait so long for those that are being made, so that they come with their question."""
LOOK_EVERY_S = 0.05
LOOK_SELDOM_S = 0.4
"""What takes long already is looked at less often."""
PAGE = 100


class Moment(NamedTuple):
    """A call as it stands, and what comes next. `asked_again`: the question before is still open."""

    line: Line
    scene: Scene
    next: Next
    say: Order | None = None
    transfer: Order | None = None
    asked_again: bool = False

    @property
    def state(self) -> Conversation:
        """The conversation."""
        return self.scene.state


class Talk:
    """Looks at calls until there is something to do."""

    def __init__(self, engine: "Engine", closing: asyncio.Event) -> None:
        self.engine = engine
        self.orders = Orders(engine.store)
        self._closing = closing

    async def moment(self, line: Line, conversation_id: str) -> Moment:
        """What comes next, as soon as it is known; `wait` when it is not known in time."""
        began = time.monotonic()
        while True:
            found = await self._look(line, conversation_id)
            waited_s = time.monotonic() - began
            unfinished = found.next == "speak" and found.scene.is_at_work and waited_s < FINISH_S
            if found.next != "wait" and not unfinished:
                return found
            if waited_s >= ANSWER_S or self._closing.is_set():
                return found
            await asyncio.sleep(min(LOOK_EVERY_S + waited_s / 10, LOOK_SELDOM_S))

    async def settled(self, conversation_id: str) -> None:
        """Returns when the bot has answered everything, or has taken too long for it."""
        until = time.monotonic() + ANSWER_S
        while time.monotonic() < until and not self._closing.is_set():
            state = await self.engine.conversation(conversation_id)
            if state.bot_done >= state.bot_last and state.shown >= state.seq:
                return
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look(self, line: Line, conversation_id: str) -> Moment:
        state = await self.engine.conversation(conversation_id)
        run = load(state.run)
        say = transfer = None
        if state.open_handover is not None:
            if not await self.orders.is_done(key := key_of(state.open_handover, "say")):
                say = await self.orders.placed(key)
            transfer = await self.orders.placed(key_of(state.open_handover, "transfer"))
        scene = Scene(
            state,
            run.waiting if run else "nothing",
            await self._unspoken(state),
            say is not None,
            transfer is not None,
        )
        return Moment(line, scene, next_of(scene), say, transfer, run is not None and run.wrong > 0)

    async def is_referred(self, handover: Handover) -> bool:
        """Whether the caller's side has been told to call somebody else."""
        order = await self.orders.placed(key_of(handover, "transfer"))
        return isinstance(order, TransferOrder) and order.mode == "refer"

    async def _unspoken(self, state: Conversation) -> "Sequence[Message]":
        if state.user_done >= state.user_last:
            return ()
        due = await self.engine.store.lane(state.id, "user", state.user_done, PAGE)
        return [message_of(entry) for entry in due if entry.seq <= state.shown]

    async def message(self, conversation_id: str, seq: int) -> Message | None:
        """The message that was said at this place."""
        rows = await self.engine.store.log(conversation_id, seq - 1, 1) if seq else ()
        return next((message_of(row.entry) for row in rows if row.entry.type == "message.created"), None)


def key_of(handover: Handover, verb: str) -> str:
    """The key of an order in the handover's current attempt."""
    return order_key(handover.id, len(handover.attempts), verb)
