"""Parts of the input that know where they stand, so that the report can say it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from openhandover.config.nodes import ListNode, MapNode, Node, Path, TextNode, spell


def plain(name: str) -> str:
    """A name without case and signs: `$type`, `End Conversation` and `end_conversation` are spelled in many ways."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


@dataclass(frozen=True, slots=True)
class Spot:
    """A value of the input, and the way to it."""

    node: Node
    path: Path = ()

    @property
    def where(self) -> str:
        """Line, column and path."""
        place = f"line {self.node.mark.line}, column {self.node.mark.column}"
        return f"{place}: {spell(self.path)}" if self.path else place

    @property
    def name(self) -> str:
        """The key under which it stands; empty for an item of a list."""
        return self.path[-1] if self.path and isinstance(self.path[-1], str) else ""

    @property
    def list_name(self) -> str:
        """The key of the list in which it is an item; empty where there is none."""
        return self.path[-2] if len(self.path) > 1 and isinstance(self.path[-2], str) else ""

    @property
    def text(self) -> str | None:
        """The text of a scalar that is not null."""
        return self.node.text if isinstance(self.node, TextNode) and not self.node.is_null else None

    @property
    def is_map(self) -> bool:
        """Whether it has keys."""
        return isinstance(self.node, MapNode)

    @property
    def is_list(self) -> bool:
        """Whether it has items."""
        return isinstance(self.node, ListNode)

    def items(self) -> list["Spot"]:
        """The items of a list; none of anything else."""
        if not isinstance(self.node, ListNode):
            return []
        return [Spot(item, (*self.path, number)) for number, item in enumerate(self.node.items)]

    def entries(self) -> Iterator["Spot"]:
        """The values of a map; none of anything else."""
        if isinstance(self.node, MapNode):
            for key, value in self.node.entries.items():
                yield Spot(value, (*self.path, key))

    def children(self) -> Iterator["Spot"]:
        """Whatever is directly inside."""
        yield from self.entries()
        yield from self.items()

    def get(self, *names: str) -> "Spot | None":
        """The first value under one of these names, in any spelling."""
        for name in names:
            for entry in self.entries():
                if plain(entry.name) == name:
                    return entry
        return None
