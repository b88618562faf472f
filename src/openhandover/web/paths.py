"""What is declared at a path. A path is cut at its slashes before it is decoded, so an id may contain any character."""

from collections.abc import Mapping
from typing import Generic, TypeVar
from urllib.parse import unquote_to_bytes

from .endpoint import AsgiScope

T = TypeVar("T")
Parts = tuple[str, ...]


class Paths(Generic[T]):
    """Values by path; paths may have `{names}`, and those without come first."""

    def __init__(self) -> None:
        self._exact: dict[Parts, T] = {}
        self._named: dict[int, list[tuple[Parts, T]]] = {}

    def at(self, path: str, new: T) -> T:
        """What is at a declared path; `new` where nothing was."""
        parts = tuple(path.split("/")[1:])
        if "{" not in path:
            return self._exact.setdefault(parts, new)
        candidates = self._named.setdefault(len(parts), [])
        for known, value in candidates:
            if known == parts:
                return value
        candidates.append((parts, new))
        return new

    def find(self, raw_path: str) -> tuple[T, Mapping[str, str]] | None:
        """What is at the path of a request, and the ids in it; None for a path that is not ours."""
        parts = tuple(raw_path.split("/")[1:])
        if (value := self._exact.get(parts)) is not None:
            return value, {}
        for path, value in self._named.get(len(parts), ()):
            if all(want == have or want[:1] == "{" for want, have in zip(path, parts, strict=True)):
                pairs = (
                    (want[1:-1], have) for want, have in zip(path, parts, strict=True) if want[:1] == "{"
                )
                named = {name: _decoded(part) for name, part in pairs}
                return (value, named) if all(named.values()) else None
        return None


def raw_path(scope: AsgiScope) -> str:
    """The path as it came, not decoded."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0].decode("latin-1")


def _decoded(part: str) -> str:
    if "%" not in part:
        return part
    return unquote_to_bytes(part).decode("utf-8", "replace")
