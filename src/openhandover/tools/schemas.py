"""Tools as language models are told of them."""

from collections.abc import Mapping
from typing import Any, Literal

from openhandover.config.model import Tool

Format = Literal["openai", "anthropic"]


def schema_of(name: str, tool: Tool, shape: Format | None = None) -> dict[str, Any]:
    """The function schema of a tool: flat, as OpenAI's Responses take it, or as another API wants it."""
    about: dict[str, Any] = {"name": name, "description": tool.description}
    match shape:
        case "openai":
            return {"type": "function", "function": {**about, "parameters": tool.parameters}}
        case "anthropic":
            return {**about, "input_schema": tool.parameters}
        case None:
            return {"type": "function", **about, "parameters": tool.parameters}


def schemas(tools: Mapping[str, Tool], shape: Format | None = None) -> list[dict[str, Any]]:
    """All tools, in the order of the file."""
    return [schema_of(name, tool, shape) for name, tool in tools.items()]
