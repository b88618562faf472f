"""What reading a file gave: values, places, problems."""

from dataclasses import dataclass

from .model import Config
from .nodes import ListNode, MapNode, Mark, Node, Path, Problem


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read: `config` is usable only when there are no `errors`. `tree` keeps the places of all values."""

    file: str
    tree: MapNode
    config: Config
    problems: tuple[Problem, ...]
    variables: frozenset[str] = frozenset()
    """Values that came from the environment, to be masked wherever something is printed."""

    @property
    def errors(self) -> list[Problem]:
        """What must be mended before the server can start."""
        return [one for one in self.problems if not one.warning]


def place(tree: Node, path: Path, *, at_key: bool = False) -> Mark:
    """Where the value (or the key) at `path` is written; the nearest place above it when it is not in the file."""
    above = node = tree
    for part in path:
        above = node
        if isinstance(node, MapNode) and part in node.entries:
            node = node.entries[str(part)]
        elif isinstance(node, ListNode) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
        else:
            break
    if at_key and isinstance(above, MapNode):
        return above.key_mark(str(path[-1]))
    return node.mark
