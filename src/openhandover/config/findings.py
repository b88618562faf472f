"""Where checks report: a path into the configuration becomes a place in the file."""

from .loaded import Loaded, place
from .nodes import MapNode, Path, Problem, TextNode, nearest, spell


class Findings:
    """Collects the problems of one file."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self.problems: list[Problem] = []

    def error(self, path: Path, what: str, mend: str, *, at_key: bool = False) -> None:
        """Something that must be mended; `at_key` when the key is wrong and not its value."""
        self._add(path, what, mend, at_key=at_key, warning=False)

    def warn(self, path: Path, what: str, mend: str, *, at_key: bool = False) -> None:
        """Something that works, but probably not as meant."""
        self._add(path, what, mend, at_key=at_key, warning=True)

    def names(self, part: str) -> list[str]:
        """The names that the file defines under `part`, also those whose values are wrong."""
        node = self._loaded.tree.entries.get(part)
        return list(node.entries) if isinstance(node, MapNode) else []

    def is_given(self, path: Path) -> bool:
        """Whether the file has this key with a value, also with a wrong one."""
        node: object = self._loaded.tree
        for key in path:
            node = node.entries.get(str(key)) if isinstance(node, MapNode) else None
        return node is not None and not (isinstance(node, TextNode) and node.is_null)

    def name(self, path: Path, part: str, name: str, kind: str) -> bool:
        """Report a name that is not defined under `part`; true when it is."""
        known = self.names(part)
        if name in known:
            return True
        mend = nearest(name, known) if known else f"define it under `{part}:`"
        self.error(path, f'there is no {kind} "{name}"', mend)
        return False

    def language(self, path: Path, language: str, *, at_key: bool = False) -> None:
        """Report a language that is not supported."""
        supported = self._loaded.config.languages.supported
        if language not in supported:
            mend = f"add it to `languages`, or take another; {nearest(language, supported)}"
            self.error(path, f'"{language}" is not a supported language', mend, at_key=at_key)

    def _add(self, path: Path, what: str, mend: str, *, at_key: bool, warning: bool) -> None:
        mark = place(self._loaded.tree, path, at_key=at_key)
        self.problems.append(
            Problem(self._loaded.file, mark.line, mark.column, spell(path), what, mend, warning)
        )
