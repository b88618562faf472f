"""Paths: found before they are decoded."""

import pytest

from openhandover.web.call import Call
from openhandover.web.dispatch import Routes
from openhandover.web.endpoint import NO_CONTENT, Endpoint, Reply


async def nothing(call: Call) -> Reply:
    """Answers nothing."""
    return NO_CONTENT


def endpoint(method: str, path: str) -> Endpoint:
    """An endpoint at this path."""
    return Endpoint(method, path, nothing, "x")


ROUTES = Routes(
    [
        endpoint("GET", "/a"),
        endpoint("POST", "/a"),
        endpoint("GET", "/a/{id}"),
        endpoint("GET", "/a/{id}/b/{n}"),
    ]
)


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/a", {}),
        ("/a/1", {"id": "1"}),
        ("/a/x%2Fy", {"id": "x/y"}),
        ("/a/%C3%A9/b/2", {"id": "é", "n": "2"}),
        ("/a/..", {"id": ".."}),
    ],
)
def test_found(path: str, named: dict[str, str]) -> None:
    """Ids are decoded after the path was cut, so they may contain a slash."""
    found = ROUTES.find(path)
    assert found is not None
    assert found[1] == named


@pytest.mark.parametrize("path", ["", "/", "/b", "/a/", "/a//b/2", "/a/1/c/2", "/a/1/b/2/3", "a"])
def test_not_found(path: str) -> None:
    """An empty id or another path is not found."""
    assert ROUTES.find(path) is None


def test_methods_of_a_path() -> None:
    """A path knows its methods, for 405 and `Allow`."""
    found = ROUTES.find("/a")
    assert found is not None
    assert sorted(found[0]) == ["GET", "POST"]


def test_a_call_is_declared_once() -> None:
    """Two endpoints for one call are a fault of ours and stop the start."""
    with pytest.raises(ValueError, match="twice"):
        Routes([endpoint("GET", "/a/{id}"), endpoint("GET", "/a/{id}")])
