"""The tables of keys: what a reader has to set, and what only where its map is there."""

from msgspec import Struct

from scripts.docs_keys import walk


class Inner(Struct):
    """A map with one key that has to be there."""

    url: str


class Outer(Struct):
    """Where such maps stand."""

    always: Inner
    perhaps: Inner | None = None
    several: list[Inner] = []


def test_a_key_of_a_map_that_may_be_absent_is_required_in_it_only() -> None:
    """Else a reader would set up what they do not need; of an item that is there, its keys are."""
    assert {key.path: key.default for key in walk(Outer, "")} == {
        "always.url": "required",
        "perhaps.url": "required in `perhaps`",
        "several": "",
        "several[].url": "required",
    }
