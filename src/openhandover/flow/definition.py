"""A set of flows as one addressable program.

Every list of steps is a block with a path: `main`, `main/2/then`, `main/3/cases/completed`, `main/1/on_fail`. A
running flow remembers paths and indexes, and the hash of the definition they are good for.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

import msgspec
from msgspec import Struct

from .steps import AskStep, CallStep, IfStep, LookupStep, Step


class Definition(Struct, frozen=True):
    """The flows and which event starts which, as they are stored."""

    flows: dict[str, tuple[Step, ...]]
    events: dict[str, str] = {}


class Place(NamedTuple):
    """Where a step is: its block and its index there."""

    block: str
    step: int

    def __str__(self) -> str:
        return f"{self.block}/{self.step}"


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Definition)


class Program:
    """A definition with its blocks found and its content hash."""

    def __init__(self, definition: Definition, stored: bytes | None = None) -> None:
        # The hash is that of the bytes as stored: a later version of the program may write the same steps anew.
        self.definition = definition
        self.stored = _encoder.encode(definition) if stored is None else stored
        self.hash = sha256(self.stored).hexdigest()
        self.blocks = dict(_blocks(definition.flows))

    @classmethod
    def of(cls, flows: Mapping[str, Sequence[Step]], events: Mapping[str, str] | None = None) -> "Program":
        """The program of the configured flows."""
        return cls(Definition({name: tuple(steps) for name, steps in flows.items()}, dict(events or {})))

    @classmethod
    def load(cls, stored: bytes) -> "Program":
        """The program that `stored` was; raises msgspec.DecodeError when this version cannot read it."""
        return cls(_decoder.decode(stored), stored)


def inner_blocks(step: Step) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """The lists of steps inside a step, each with its name below the step's own path."""
    match step:
        case IfStep():
            yield "then", step.then
            yield "else", step.else_
        case LookupStep():
            for value, steps in step.cases.items():
                yield f"cases/{value}", steps
            yield "default", step.default
        case AskStep():
            yield "on_fail", step.ask.on_fail
        case CallStep():
            yield "on_error", step.call.on_error
        case _:
            return


def _blocks(flows: Mapping[str, tuple[Step, ...]]) -> Iterator[tuple[str, tuple[Step, ...]]]:
    waiting = list(flows.items())
    while waiting:
        path, steps = waiting.pop()
        yield path, steps
        for index, step in enumerate(steps):
            waiting.extend((f"{path}/{index}/{name}", inner) for name, inner in inner_blocks(step))
