"""Runs one turn of a flow: from what happened to the next place where the flow waits.

The position and the variables are saved together with whatever a step does, so that after a crash only the step in
work repeats. Steps that do nothing outside (`set`, `if`, `lookup`, `run`) are saved with the next one that does; they
give the same result when they run again. A turn that finds the floor changed stops, and the position stays.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import structs

from openhandover.core.errors import Refused
from openhandover.core.events import FlowStep, PostMessage
from openhandover.texts.catalogue import Catalogue
from openhandover.texts.scope import scope

from .definition import Place, Program
from .doing import Doing
from .state import (
    FLOOR_CHANGED,
    OPEN_EVENTS,
    Called,
    Frame,
    HandoverHappened,
    HandoverOrder,
    Host,
    Run,
    Triggered,
    Turn,
    UserSaid,
    load,
    save,
)
from .steps import AskStep, Step

MAX_STEPS = 1_000
"""Steps of one turn; more is an endless loop."""
MAX_DEPTH = 64
"""Blocks within blocks, `run` included."""

CALL_STARTED = "call_started"
"""The event of a phone call that begins. Without a flow of its own it runs the bot's: a caller waits to be spoken to."""


async def run_turn(current: Program, turn: Turn, host: Host, texts: Catalogue, default_language: str) -> None:
    """Run the flow until it waits or ends. `current` is the configured program: a run that has begun keeps its own."""
    stored = load(turn.conversation.run)
    if stored is not None and stored.is_over:
        stored = Run(id=host.new_id(), definition=current.hash, kept=stored.kept, turn=stored.turn)
    run = stored or Run(id=host.new_id(), definition=current.hash)
    program = current if run.definition == current.hash else await stored_program(run.definition, host)
    if program is None:
        host.report(
            Place(turn.root, 0), "the definition this run began with is gone; the flow starts at the top"
        )
        program, run = (
            current,
            Run(id=host.new_id(), definition=current.hash, kept={**run.kept, **run.variables}),
        )
    runner = Runner(program, turn, run, Doing(host, texts, default_language))
    try:
        await runner.go()
    except Refused as refused:
        if refused.code not in FLOOR_CHANGED:
            raise


async def stored_program(digest: str, host: Host) -> Program | None:
    """The program that a run began with; None when it is gone, or of a version whose steps this one does not have."""
    try:
        return await host.definition(digest)
    except msgspec.DecodeError:
        return None


class Runner:
    """One turn at work. `run` is the state as it will be saved next."""

    def __init__(self, program: Program, turn: Turn, run: Run, doing: Doing) -> None:
        self.program = program
        self.turn = turn
        self.run = run
        self.doing = doing
        self._saved = run

    async def go(self) -> None:
        """From what happened to the next place where the flow waits."""
        if self.run.turn == self.turn.seq:
            # This entry came again after a crash: what was saved is done, the rest goes on.
            if self.run.waiting == "turn" or self.on_side:
                await self._steps()
            return
        self.change(turn=self.turn.seq)
        if not await self._begin():
            await self.save()
            return
        if not self.on_side:
            self.change(waiting="turn")
        await self._steps()

    # --- where the turn begins ---------------------------------------------------------------------------

    async def _begin(self) -> bool:
        """Take in what happened; whether steps are to run now."""
        match self.turn.cause:
            case UserSaid(text=text):
                if self.run.waiting == "answer":
                    return await self._answered(text)
                self.change(side=None)
                if not self.run.stack:
                    self.change(stack=(Frame(self.turn.root),))
                return True
            case Called():
                self.change(stack=(Frame(self.turn.root),))
                return True
            case Triggered(event=event):
                return self._event(event)
            case HandoverHappened() as happened if happened.event in OPEN_EVENTS:
                return self._side(happened)
            case HandoverHappened() as happened:
                return await self._handover_ended(happened)

    def _event(self, name: str) -> bool:
        flow = self.program.definition.events.get(name)
        if flow is None and name == CALL_STARTED:
            flow = self.turn.root
        if flow not in self.program.blocks:
            self.doing.host.report(Place(self.turn.root, 0), f"no flow is configured for the event `{name}`")
            return False
        stack = self.run.stack
        already = next((place for place, frame in enumerate(stack) if frame.event == name), None)
        if already is not None:
            # The event again while its flow still waits: it begins anew, it does not pile up.
            pending, stack = stack[already].pending, stack[:already]
        else:
            pending = self.run.wrong if self.run.waiting == "answer" else None
        self.change(stack=(*stack, Frame(flow, 0, name, pending)), wrong=0)
        return True

    def _side(self, happened: HandoverHappened) -> bool:
        if self.run.waiting != "handover" or self.run.handover_id != happened.handover_id:
            return False
        self.change(side=self.run.stack)
        return True

    async def _handover_ended(self, happened: HandoverHappened) -> bool:
        mine = self.run.waiting == "handover" and self.run.handover_id == happened.handover_id
        self.change(side=None)
        if mine:
            self.change(waiting="nothing", handover_id=None)
            if happened.event != "completed" or happened.resume_at == "below":
                return happened.go_on
            self._to_entrypoint()
        elif self.run.waiting != "answer":
            # Begun by somebody else in the middle of a turn: no question waits, so the top is next.
            self._finish()
        if self.run.waiting == "answer" and happened.go_on:
            await self._ask_again()
        return False

    def _to_entrypoint(self) -> None:
        """Back to the last question that was not answered, else to the top."""
        for place in range(len(self.run.stack) - 1, -1, -1):
            pending = self.run.stack[place].pending
            if pending is not None:
                self.change(stack=self.run.stack[:place], waiting="answer", wrong=pending)
                return
        self._finish()

    # --- questions ---------------------------------------------------------------------------------------

    def _asked(self) -> AskStep | None:
        """The question that waits."""
        frame = self.run.stack[-1] if self.run.stack else None
        step = self._step_at(frame) if frame else None
        return step if isinstance(step, AskStep) else None

    async def _ask_again(self) -> None:
        asked = self._asked()
        if asked:
            await self.save(say=self.doing.question(asked.ask, self))

    async def _answered(self, text: str) -> bool:
        asked = self._asked()
        if asked is None:
            return True
        place = self.place
        value, wrong_key = self.doing.judge(asked.ask, text, place)
        if wrong_key and self.run.wrong < asked.ask.retries:
            self.change(wrong=self.run.wrong + 1)
            await self.save(say=self.doing.system(wrong_key, self))
            return False
        self.change(wrong=0)
        if asked.ask.into is not None:
            self.set({asked.ask.into: None if wrong_key else value})
        self.next()
        if wrong_key:
            self.enter(f"{place}/on_fail")
        return True

    # --- steps -------------------------------------------------------------------------------------------

    async def _steps(self) -> None:
        """Run steps until one waits, the end is reached or the turn has had enough."""
        for _ in range(MAX_STEPS):
            if await self._leave_finished_blocks():
                return
            step = self._step_at(self.stack[-1])
            assert step is not None
            if self.on_side and self.doing.ends_side_run(step):
                break
            if not await self.doing.perform(step, self):
                return
            if len(self.stack) > MAX_DEPTH:
                self.doing.host.report(
                    self.place, f"more than {MAX_DEPTH} blocks within each other; the flow ends"
                )
                break
        else:
            self.doing.host.report(self.place, f"more than {MAX_STEPS} steps in one turn; the flow ends")
        self._end_of_stack()
        await self.save()

    async def _leave_finished_blocks(self) -> bool:
        """Drop what is done from the stack; whether the turn ends there."""
        while self.stack:
            frame = self.stack[-1]
            if frame.step < len(self.program.blocks.get(frame.block, ())):
                return False
            if await self._leave(frame):
                return True
        self._end_of_stack()
        await self.save()
        return True

    async def _leave(self, frame: Frame) -> bool:
        """Drop the topmost block; whether the turn ends because of what lies below it."""
        self._restack(self.stack[:-1])
        if frame.event is None:
            return False
        if self.on_side:
            # what the event had interrupted is not part of the handover's run
            self._restack(())
            return False
        if frame.pending is None:
            return False
        self.change(waiting="answer", wrong=frame.pending)
        await self._ask_again()
        return True

    def _end_of_stack(self) -> None:
        if self.on_side:
            self.change(side=None)
        else:
            self._finish()

    def _finish(self) -> None:
        """The run is over; its variables stay with the conversation."""
        kept = {**self.run.kept, **self.run.variables}
        self.change(
            stack=(), side=None, variables={}, kept=kept, waiting="nothing", wrong=0, handover_id=None
        )

    # --- what steps use ----------------------------------------------------------------------------------

    @property
    def on_side(self) -> bool:
        """Whether this is the run of an open handover's event."""
        return self.run.side is not None

    @property
    def stack(self) -> tuple[Frame, ...]:
        """The blocks being run, innermost last."""
        return self.run.stack if self.run.side is None else self.run.side

    @property
    def follows(self) -> bool:
        """Whether the flow at hand has steps left."""
        for frame in reversed(self.stack):
            if self._step_at(frame) is not None:
                return True
            if frame.event is not None:
                break
        return False

    @property
    def place(self) -> Place:
        """Where the step at work is."""
        frame = self.stack[-1] if self.stack else Frame(self.turn.root)
        return Place(frame.block, frame.step)

    @property
    def scope(self) -> Mapping[str, Any]:
        """What templates can see now."""
        cause = self.turn.cause
        said = structs.asdict(cause) if isinstance(cause, UserSaid) else None
        return scope(
            self.turn.conversation,
            variables={**self.run.kept, **self.run.variables},
            said=said,
            handover=self.turn.handover,
            availability=self.run.availability,
        )

    def set(self, values: Mapping[str, Any]) -> None:
        """Set flow variables."""
        self.change(variables={**self.run.variables, **values})

    def next(self) -> None:
        """Go below the step at work: it counts as executed."""
        frame = self.stack[-1]
        self._restack((*self.stack[:-1], structs.replace(frame, step=frame.step + 1)))
        self.change(n=self.run.n + 1)

    def change(self, **fields: Any) -> None:
        """Change the run's state; saved with the next step that acts."""
        self.run = structs.replace(self.run, **fields)

    def enter(self, block: str) -> None:
        """Run a block, then go on below."""
        if self.program.blocks.get(block):
            self._restack((*self.stack, Frame(block)))

    def end(self) -> None:
        """Leave the flow that is running, with all flows that it runs or that run it by `run`."""
        frames = list(self.stack)
        while len(frames) > 1 and frames[-1].event is None:
            frames.pop()
        if frames:
            frames[-1] = structs.replace(frames[-1], step=len(self.program.blocks.get(frames[-1].block, ())))
        self._restack(tuple(frames))

    async def save(
        self,
        say: PostMessage | None = None,
        order: HandoverOrder | None = None,
        *,
        close_handover: bool = False,
    ) -> None:
        """Commit the state together with what the step does. Raises Refused when the floor has changed."""
        if self.run == self._saved and say is None and order is None and not close_handover:
            return
        step = FlowStep(
            epoch=self.turn.conversation.epoch, run=save(self.run), say=say, close_handover=close_handover
        )
        await self.doing.host.commit(step, order)
        self._saved = self.run

    def _step_at(self, frame: Frame) -> Step | None:
        steps = self.program.blocks.get(frame.block, ())
        return steps[frame.step] if frame.step < len(steps) else None

    def _restack(self, stack: tuple[Frame, ...]) -> None:
        if self.run.side is None:
            self.change(stack=stack)
        else:
            self.change(side=stack)
