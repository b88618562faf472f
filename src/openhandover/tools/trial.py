"""A tool tried in the terminal: you are the LLM, and what the user and the contact centre would get is shown."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec

from openhandover.flow.trial import Trial

from .parameters import properties_of
from .play import Tools


class ToolTrial(Trial):
    """One call in one conversation. No agent is ever bothered."""

    hint = ""

    async def call(self, tools: Tools, name: str, given: Mapping[str, str]) -> None:
        """Call the tool with arguments written as texts, and show what the LLM gets.

        Raises:
            Refused: `invalid`, where the arguments do not fit.
        """
        arguments = tools.parameters[name].checked(arguments_of(tools.configured[name].parameters, given))
        run = tools.begin("try", name, arguments, self.conversation)
        result = await tools.play(name, run, self.conversation, self)
        handover = self.handover
        answer: dict[str, Any] = {"result": result}
        if handover is not None:
            answer = {"handover": {key: handover[key] for key in ("id", "status")}}
        self.write(f"the LLM gets: {msgspec.json.encode(answer).decode()}")


def arguments_of(schema: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """What was written as text, as JSON where the parameter is no text."""
    known = properties_of(schema)
    arguments: dict[str, Any] = {}
    for name, text in given.items():
        arguments[name] = text
        if name in known and _kind(known[name]) != "string":
            with suppress(msgspec.DecodeError):  # it stays the text, which the schema then judges
                arguments[name] = msgspec.json.decode(text)
    return arguments


def _kind(schema: Any) -> Any:
    return schema.get("type") if isinstance(schema, Mapping) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
