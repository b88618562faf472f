"""What a running flow is: plain data before, during and after a turn, and what it needs from its surroundings."""

from collections.abc import Mapping
from typing import Any, Literal, Protocol, get_args

import msgspec
from msgspec import Struct

from openhandover.core.events import FlowStep
from openhandover.core.model import Conversation
from openhandover.core.step import HandoverStep
from openhandover.net.client import Reply, Request
from openhandover.providers.base import Availability

from .definition import Place, Program

Waiting = Literal["nothing", "turn", "answer", "handover"]
"""What has to come before the flow goes on; `turn`: nothing, a turn is at work or was stopped in its middle."""


FLOOR_CHANGED = frozenset({"stale_epoch", "floor_taken", "handover_open"})
"""Codes of refusals that end a turn; any other one is about the step itself."""


class Frame(Struct, frozen=True, array_like=True):
    """A block that is being run and the index of its next step.

    A frame begun by an event lies on what it interrupted: `event` is its name, `pending` the number of wrong answers
    to the question below it, None when no question was waiting.
    """

    block: str
    step: int = 0
    event: str | None = None
    pending: int | None = None


class Run(Struct, frozen=True, omit_defaults=True):
    """A flow in one conversation, from its first step to its last. `kept` are the variables of earlier runs."""

    id: str
    definition: str
    stack: tuple[Frame, ...] = ()
    side: tuple[Frame, ...] | None = None
    """The stack of the run that an open handover's event began; the real one waits untouched."""
    variables: dict[str, Any] = {}
    kept: dict[str, Any] = {}
    availability: dict[str, Any] = {}
    n: int = 0
    """Steps executed so far."""
    waiting: Waiting = "nothing"
    wrong: int = 0
    """Wrong answers to the question that waits."""
    handover_id: str | None = None
    turn: int = 0
    """Seq of the log entry of the last turn that changed something."""

    @property
    def is_over(self) -> bool:
        """Whether the next user message starts at the top."""
        return not self.stack


class UserSaid(Struct, frozen=True):
    """The user wrote while the floor was the bot's."""

    text: str
    button: str | None = None
    intent: str | None = None
    attachments: tuple[dict[str, Any], ...] = ()


class Triggered(Struct, frozen=True):
    """A named event was fired."""

    event: str


OpenEvent = Literal["queued", "active", "queue_updated", "inactive"]
"""What an open handover tells the flow."""
EndEvent = Literal["completed", "cancelled", "error", "returned"]
OPEN_EVENTS = frozenset(get_args(OpenEvent))
END_EVENTS = frozenset(get_args(EndEvent))


class HandoverHappened(Struct, frozen=True):
    """A handover's event for the flow. `go_on` False only sets the position: the user's next message is the input."""

    event: OpenEvent | EndEvent
    handover_id: str
    resume_at: Literal["below", "entrypoint"] = "below"
    go_on: bool = True


class Called(Struct, frozen=True):
    """An LLM called a tool: the root runs from the top, with the arguments as variables."""


Cause = UserSaid | Triggered | HandoverHappened | Called


class Turn(Struct, frozen=True):
    """One entry of the log that runs the flow: what happened, and the conversation as it is then."""

    seq: int
    cause: Cause
    conversation: Conversation
    root: str
    """The flow that a user message starts."""
    handover: dict[str, Any] | None = None
    """What the flow sees as `handover`: the open one, else the last."""


class HandoverOrder(Struct, frozen=True):
    """A handover step that was reached; its templates are rendered from `scope` by whoever makes the request."""

    id: str
    step: HandoverStep
    scope: Mapping[str, Any]
    follows: bool = False
    """Whether a step follows on this branch, which may say what went wrong."""


class Host(Protocol):
    """What a flow needs from its surroundings."""

    async def commit(self, step: FlowStep, order: HandoverOrder | None) -> None:
        """Save the position together with what the step does. Raises core.errors.Refused when the floor changed."""
        ...

    async def send(self, request: Request) -> Reply:
        """An HTTP call under the rules for outbound targets. Raises core.errors.ProviderError."""
        ...

    async def availability(
        self, provider: str | None, route: Mapping[str, Any], language: str
    ) -> Availability:
        """Whether somebody is there; None means the channel's provider. Raises core.errors.ProviderError."""
        ...

    async def definition(self, digest: str) -> Program | None:
        """The program that was stored under this hash. Raises msgspec.DecodeError when it cannot be read."""
        ...

    def new_id(self) -> str:
        """An id that nothing else has."""
        ...

    def report(self, place: Place, problem: str) -> None:
        """Tell the owner of the flow; the text holds no value of the user."""
        ...


_decode = msgspec.json.Decoder(Run).decode


def load(stored: str | None) -> Run | None:
    """The run as it was saved."""
    return None if stored is None else _decode(stored)


def save(run: Run) -> str:
    """The run as it is stored."""
    return msgspec.json.encode(run).decode()
