"""Checks of tools: their parameters, what may follow what, and that every name in a template is known where it stands."""

import re
from collections.abc import Iterator

from openhandover.flow.steps import AskStep, HandoverToHumanStep, RunStep, Step
from openhandover.texts.scope import RESERVED
from openhandover.tools.parameters import flaws, properties_of

from .check_flows import FlowChecks, all_steps, inner_blocks, variables_of
from .check_texts import TextChecks
from .findings import Findings
from .model import Config, Tool
from .nodes import Path, nearest, spell

NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
Known = set[str] | None
"""The names that are set; None when code may set any."""


class ToolChecks:
    """Walks all tools of one file; single steps are checked as those of flows."""

    def __init__(self, config: Config, findings: Findings, flows: FlowChecks) -> None:
        self._config = config
        self._findings = findings
        self._flows = flows
        self._conversation = variables_of(
            [step for flow in config.flows.values() for step in all_steps(flow)]
        )

    def run(self) -> None:
        """Report everything about tools."""
        for name, tool in self._config.tools.items():
            path: Path = ("tools", name)
            self._parameters(tool, (*path, "parameters"))
            self._order(tool, path)
            self._names(tool, path)

    # --- parameters

    def _parameters(self, tool: Tool, path: Path) -> None:
        for flaw in flaws(tool.parameters):
            self._findings.error((*path, *flaw.place), flaw.what, flaw.mend)
        for name in properties_of(tool.parameters):
            place = (*path, "properties", name)
            if name in RESERVED:
                what = f'"{name}" is a name of ours'
                self._findings.error(place, what, "choose another parameter name", at_key=True)
            elif not NAME.fullmatch(name):
                what = f'"{name}" cannot be written in a template'
                mend = "use letters, digits and _, and begin with a letter"
                self._findings.error(place, what, mend, at_key=True)

    # --- what follows what

    def _order(self, tool: Tool, path: Path) -> None:
        before = len(self._findings.problems)
        hands_over = self._walk(tool.steps, (*path, "steps"), follows=False)
        if hands_over and tool.output is not None and len(self._findings.problems) == before:
            mend = "remove it: the user has the handover's message, the LLM gets the handover alone"
            what = "a tool that can end in a handover has no output"
            self._findings.error((*path, "output"), what, mend, at_key=True)

    def _walk(self, steps: tuple[Step, ...], path: Path, *, follows: bool) -> bool:
        """Whether these steps can end in a handover; `follows`: others come after them."""
        found = False
        for index, step in enumerate(steps):
            place, more = (*path, index), follows or index + 1 < len(steps)
            match step:
                case HandoverToHumanStep():
                    found = True
                    if more:
                        mend = "move it to the end of its branch, or remove what comes after it"
                        self._last(
                            (*place, "handover"), "a handover is the last step on its branch of a tool", mend
                        )
                case AskStep():
                    mend = "make it a parameter: the LLM asks for it"
                    self._last((*place, "ask"), "a tool cannot wait for the user's answer", mend)
                case RunStep():
                    found = self._run(step.run, (*place, "run"), follows=more) or found
                case _:
                    for below, inner in inner_blocks(step):
                        found = self._walk(inner, (*place, *below), follows=more) or found
        return found

    def _last(self, path: Path, what: str, mend: str) -> None:
        self._findings.error(path, what, mend, at_key=True)

    def _run(self, flow: str, path: Path, *, follows: bool) -> bool:
        """The same for a flow that the tool runs; what is wrong there is told where it is run."""
        found = False
        for place, step, more in self._through(flow, set()):
            where = spell(place)
            if isinstance(step, AskStep):
                what = f"a tool cannot wait for the user's answer, and {where} asks for one"
                self._findings.error(path, what, "run a flow that asks nothing; make it a parameter")
                return found
            found = True
            if more or follows:
                what = f"a handover is the last step of a tool, and steps follow the one in {where}"
                self._findings.error(path, what, "run a flow that ends with it, as the last step")
                return found
        return found

    def _through(self, flow: str, seen: set[str]) -> Iterator[tuple[Path, Step, bool]]:
        """Questions and handovers of a flow and of those that it runs: place, step, whether something follows."""
        if flow in seen:
            return
        seen.add(flow)
        yield from self._inside(self._config.flows.get(flow, ()), ("flows", flow), seen, follows=False)

    def _inside(
        self, steps: tuple[Step, ...], path: Path, seen: set[str], *, follows: bool
    ) -> Iterator[tuple[Path, Step, bool]]:
        for index, step in enumerate(steps):
            place, more = (*path, index), follows or index + 1 < len(steps)
            if isinstance(step, AskStep | HandoverToHumanStep):
                yield place, step, more
            elif isinstance(step, RunStep):
                for below, found, after in self._through(step.run, seen):
                    yield below, found, after or more
            elif step is not None:  # pyright: ignore[reportUnnecessaryComparison]  a broken step keeps its place
                for below, inner in inner_blocks(step):
                    yield from self._inside(inner, (*place, *below), seen, follows=more)

    # --- names

    def _names(self, tool: Tool, path: Path) -> None:
        parameters = set(properties_of(tool.parameters))
        known: Known = None if self._conversation is None else parameters | self._conversation
        known = self._block(tool.steps, (*path, "steps"), known)
        self._texts(known).value(tool.output, (*path, "output"))

    def _block(self, steps: tuple[Step, ...], path: Path, known: Known) -> Known:
        """Check the steps in their order; what is known after them, on whichever branch it was set."""
        for index, step in enumerate(steps):
            if step is None:  # pyright: ignore[reportUnnecessaryComparison]  a broken step keeps its place
                continue
            place = (*path, index)
            self._flows.texts = self._texts(known)
            self._flows.step(step, place, is_last=index + 1 == len(steps))
            known = _joined(known, variables_of([step]))
            for below, inner in inner_blocks(step):
                known = _joined(known, self._block(inner, (*place, *below), known))
        return known

    def _texts(self, known: Known) -> "_ToolTexts":
        return _ToolTexts(self._findings, self._config.languages, known)


class _ToolTexts(TextChecks):
    """In a tool a name that nothing sets is an error: nobody sees the empty text before the LLM has passed it on."""

    def names(self, used: set[str], path: Path) -> None:
        super().names(used, path)
        if any(name.partition(".")[0] == "input" for name in used):
            what = "a tool gets no message of the user: `input` renders empty"
            self.findings.warn(path, what, "make it a parameter, which the LLM fills in")

    def unknown(self, name: str, known: list[str], path: Path) -> None:
        mend = f"make it a parameter, or set it before; {nearest(name, known)}"
        self.findings.error(path, f'nothing sets "{name}" before this step', mend)


def _joined(one: Known, other: Known) -> Known:
    return None if one is None or other is None else one | other
