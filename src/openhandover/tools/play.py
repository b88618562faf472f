"""Plays a tool: its steps are run by the flow machinery, then its output is rendered."""

from collections.abc import Mapping
from typing import Any

from openhandover.config.model import Tool
from openhandover.core.model import Conversation
from openhandover.flow.bot import seen_handover
from openhandover.flow.definition import Place, Program
from openhandover.flow.doing import Doing
from openhandover.flow.run import Runner, stored_program
from openhandover.flow.state import Called, Host, Run, Turn, load
from openhandover.flow.steps import Step
from openhandover.texts.catalogue import Catalogue
from openhandover.texts.templates import TemplateError, render_value

from .parameters import Parameters

TURN = 1
"""A call is one turn."""


def root_of(name: str) -> str:
    """The block of a tool's steps; no flow has a slash in its name."""
    return f"tools/{name}"


class Tools:
    """The configured tools, as one program with the flows that they may run."""

    def __init__(
        self,
        tools: Mapping[str, Tool],
        flows: Mapping[str, tuple[Step, ...]],
        texts: Catalogue,
        default_language: str,
    ) -> None:
        self.configured = tools
        self.parameters = {name: Parameters(tool.parameters) for name, tool in tools.items()}
        self.program = Program.of({**flows, **{root_of(name): tool.steps for name, tool in tools.items()}})
        self._texts = texts
        self._default_language = default_language

    def begin(self, run_id: str, name: str, arguments: Mapping[str, Any], conversation: Conversation) -> Run:
        """The run of a new call. Its variables are the parameters, on top of the conversation's."""
        flow = load(conversation.run)
        known = {**flow.kept, **flow.variables} if flow else {}
        values = self.parameters[name].variables(arguments)
        return Run(id=run_id, definition=self.program.hash, variables=values, kept=known)

    async def play(self, name: str, run: Run, conversation: Conversation, host: Host) -> Any:
        """Run the steps, or what is left of them, and render the output; None without one.

        Raises:
            Refused: the floor has changed; what was done is done, and the position is kept.
        """
        program = self.program
        if run.definition != program.hash:
            program = await stored_program(run.definition, host) or self.program
        turn = Turn(TURN, Called(), conversation, root_of(name), seen_handover(conversation))
        runner = Runner(program, turn, run, Doing(host, self._texts, self._default_language))
        await runner.go()
        output = self.configured[name].output
        if output is None:
            return None
        try:
            return render_value(output, runner.scope, typed=True)
        except TemplateError as error:
            host.report(Place(root_of(name), 0), f"the output cannot be rendered: {error}")
            return None
