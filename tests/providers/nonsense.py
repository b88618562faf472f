"""What a contact centre, or somebody who plays one, may send: real bodies with something odd in any place, and bytes."""

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

GONE = object()
ODD: list[Any] = [
    *(
        GONE,
        None,
        True,
        0,
        -1,
        3.5,
        1e308,
        2**63,
        -(2**64),
        "",
        " ",
        [],
        {},
        [[]],
        [None],
        [{}],
        {"id": None},
    ),
    *(
        "\x00",
        "\n",
        "\r\nX-Injected: 1",
        "\ud83d\ude00",
        "\u202e",
        "{{ user }}",
        "<script>",
        "[file=1]",
        "a" * 5_000,
    ),
    *(
        "2026-13-45T99:99:99Z",
        "2026-02-01T10:20:00",
        "0",
        "-1",
        "1e400",
        "inf",
        "nan",
        "9" * 400,
        "٣",
        "%00",
        "\u2028",
    ),
    *(
        "file:///etc/passwd",
        "http://[::1",
        "//",
        "data:text/html,x",
        ".",
        "a.b.c",
        "null",
        "{}",
        "[]",
        "Infinity",
    ),
]
"""What may stand, or be missing, in any place."""
DEEP = b"[" * 3_000 + b"]" * 3_000
BYTES = [
    *(
        b"",
        b"null",
        b"[]",
        b"{}",
        b'""',
        b"0",
        b"\xff\xfe",
        b'{"a":\xff}',
        b'"\\ud800"',
        b"\xef\xbb\xbf{}",
        DEEP,
    ),
    *(
        b'{"a":' * 1_500,
        b"9" * 5_000,
        b"1e999",
        b"NaN",
        b'{"event":"x","event":"y"}',
        b"<html></html>",
        b"\x00" * 100,
    ),
    b'{"x": "' + b"a" * 8_000 + b'"}',
]
"""Bodies that are nothing."""


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of everything in a JSON value."""
    yield path
    pairs: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        pairs = list(value.items())  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    elif isinstance(value, list):
        pairs = list(enumerate(value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    for key, inner in pairs:
        yield from places(inner, (*path, key))


def changed(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    """The value with something odd in this place; what GONE leaves is without it."""
    if not path:
        return None if odd is GONE else odd
    whole = copy.deepcopy(value)
    inner = whole
    for key in path[:-1]:
        inner = inner[key]
    if odd is GONE:
        del inner[path[-1]]
    else:
        inner[path[-1]] = odd
    return whole


def real(folder: Path) -> list[Any]:
    """The bodies of a vendor's fixtures; those that are wrapped count with what is inside, too."""
    found: list[Any] = []
    for file in sorted(folder.glob("*.json")):
        try:
            whole = json.loads(file.read_text())
        except ValueError:
            continue  # a recording of a body that a user's text broke
        found.append(whole)
        if isinstance(whole, dict):
            inner = [one for one in whole.values() if isinstance(one, dict)]  # pyright: ignore[reportUnknownVariableType]
            found += inner
    return found


def altered(bodies: list[Any]) -> st.SearchStrategy[bytes]:
    """One of the bodies with up to two odd things in it."""
    return st.builds(
        _altered, st.sampled_from(bodies), st.lists(st.tuples(st.integers(0), odd()), max_size=2)
    )


def odd() -> st.SearchStrategy[Any]:
    """Something odd."""
    return (
        st.sampled_from(ODD)
        | st.text(max_size=20)
        | st.integers()
        | st.dictionaries(st.text(max_size=5), st.none())
    )


def _altered(body: Any, changes: list[tuple[int, Any]]) -> bytes:
    for at, value in changes:
        paths = list(places(body))
        body = changed(body, paths[at % len(paths)], value)
    return json.dumps(body, default=lambda _: None).encode()


@st.composite
def bodies(draw: st.DrawFn, folder: Path) -> bytes:
    """Anything: real bodies with something odd in them, and what is nothing."""
    found = _real(folder)
    if found and draw(st.integers(0, 2)):
        return draw(altered(found))
    return draw(st.sampled_from(BYTES) | st.binary(max_size=200))


@cache
def _real(folder: Path) -> list[Any]:
    return real(folder)
