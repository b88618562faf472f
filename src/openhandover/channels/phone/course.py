"""What comes next in a call: decided anew at every request from what is stored, never from what was decided before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from openhandover.core.model import Conversation, Message, Status

Waits = Literal["nothing", "turn", "answer", "handover"]
"""What the flow waits for; nothing: it is over."""
Next = Literal["transfer", "listen", "speak", "hang_up", "wait"]


@dataclass(frozen=True, slots=True)
class Scene:
    """A call at one moment. `waits` is said by the flow; `unspoken` are messages that the caller has not heard."""

    state: Conversation
    waits: Waits
    unspoken: Sequence[Message] = ()
    is_told: bool = False
    """Whether the handover's message is to be spoken."""
    is_transferred: bool = False
    """Whether the call is to be given to a human."""

    @property
    def is_at_work(self) -> bool:
        """Whether the bot still has something to answer, or a message is being prepared."""
        state = self.state
        return state.bot_done < state.bot_last or state.shown < state.seq or self.waits == "turn"

    @property
    def is_given_away(self) -> bool:
        """Whether a human elsewhere has the call, or will call back: nobody here answers."""
        handover = self.state.handover
        return (
            handover is not None
            and handover.status is Status.TRANSFERRED
            and not handover.returned
            and (handover.reason == "transferred" or handover.target.returns == "call")
        )

    @property
    def is_listening(self) -> bool:
        """Whether the next word is the caller's."""
        if self.state.open_handover is not None or self.is_given_away or self.is_at_work:
            return False
        # After a handover that was only recorded, the caller's next word gives the call back to the flow.
        return self.waits == "answer" or self.state.floor == "human"


def next_of(scene: Scene) -> Next:
    """What the call does now."""
    if not scene.state.connected:
        return "hang_up"
    has_words = bool(scene.unspoken) or scene.is_told
    if scene.is_transferred and not has_words:
        return "transfer"
    if scene.is_listening:
        return "listen"
    if has_words:
        return "speak"
    if scene.state.open_handover is not None or (scene.is_at_work and not scene.is_given_away):
        return "wait"
    return "hang_up"
