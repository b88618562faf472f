"""A memory of the last few things."""

from openhandover.core.recent import Recent


def test_what_was_set_longest_ago_is_forgotten() -> None:
    """Setting it again makes it young; reading does not."""
    known: Recent[str, int] = Recent(2)
    known["a"] = 1
    known["b"] = 2
    known["a"] = 3
    assert known["b"] == 2
    known["c"] = 4
    assert dict(known) == {"a": 3, "c": 4}
    assert known.pop("a") == 3
    known["d"] = 5
    assert list(known) == ["c", "d"]
