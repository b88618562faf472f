"""Settings of a desk provider, and the keys that a handover step may give under `route:`."""

from typing import Annotated, Literal

from msgspec import Meta, Struct


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The built-in desk. Its agents are listed under `agents:`, its rules for all of them under `desk:`."""

    accept: Annotated[
        Literal["manual", "auto"], Meta(description="auto: what is offered to an agent is theirs at once")
    ] = "manual"


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which agents may take the handover."""

    inbox: Annotated[str, Meta(min_length=1, description="inbox whose agents see it")] = "default"
    skills: Annotated[list[str], Meta(description="the agent has all of them")] = []
    languages: Annotated[list[str], Meta(description="the agent speaks one of them; empty: any")] = []
    priority: Annotated[
        Literal["none", "low", "medium", "high", "urgent"], Meta(description="place in the queue")
    ] = "none"
    agent: Annotated[str | None, Meta(description="only this agent (the name under `agents:`)")] = None
