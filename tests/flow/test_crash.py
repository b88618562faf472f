"""A flow survives crashes and changed definitions."""

from dataclasses import dataclass

import pytest

from openhandover.flow.code import registered
from openhandover.flow.definition import Program
from tests.flow.stage import program, stage

LONG = """
main:
  - set: {a: "{{ input.text }}"}
  - say: "one {{ a }}"
  - if: "a == 'x'"
    then: [{say: two}, {run: sub}]
  - ask: {text: "three", into: b, validate: email}
  - say: "{{ a }} {{ b }}"
  - handover: {events: {queued: true}}
  - say: "after {{ handover.event }}"
sub: [{say: sub}, {check_availability: {}}, {code: "tests.flow.test_crash:double"}, {say: "{{ doubled }}"}]
"""


@registered
async def double(variables: dict[str, object], facts: dict[str, object]) -> dict[str, object]:
    """Doubles the variable `a`."""
    assert set(facts) == {"user", "context", "input", "handover", "availability"}
    return {"doubled": str(variables["a"]) * 2}


@dataclass
class Played:
    """What a whole play left behind."""

    texts: list[str]
    orders: int
    commits: int


async def whole_play(crash_at: int | None) -> Played:
    """The long flow from beginning to end, with a crash before one commit."""
    play = stage(LONG)
    play.crash_at = crash_at
    texts = [*await play.user("x"), *await play.user("wrong"), *await play.user("a@b.example")]
    texts += [*await play.during("queued"), *await play.ended("completed")]
    assert play.crash_at is None
    assert play.run.is_over
    return Played(texts, len(play.orders), play.commits)


async def test_a_crash_before_any_commit_changes_nothing() -> None:
    """Whatever moment the process dies, the user sees the same messages once each, in order."""
    straight = await whole_play(None)
    assert straight.texts == [
        "one x", "two", "sub", "xx", "three",
        "That does not look like an e-mail address. Please try again.",
        "x a@b.example", "after queued", "after completed",
    ]  # fmt: skip
    for at in range(straight.commits):
        assert await whole_play(at) == straight


async def test_a_run_keeps_the_definition_it_began_with() -> None:
    """A changed flow is for new runs; the one that waits goes on as it was."""
    play = stage("main: [{ask: {text: 'Old?', into: a}}, {say: old}]")
    await play.user("x")
    play.play = program("main: [{say: new}]")
    assert await play.user("y") == ["old"]
    assert await play.user("z") == ["new"]


def test_a_stored_definition_keeps_its_hash() -> None:
    """The hash names the bytes, however this version would write them; the same flows have the same hash."""
    flow = "main: [{call: {url: x, timeout_s: 1}}, {if: a, then: [{say: b}], else: [{end: {}}]}]"
    play = program(flow, {"go": "main"})
    spaced = Program.load(play.stored.replace(b":1.0", b":1"))
    assert Program.load(play.stored).hash == play.hash == program(flow, {"go": "main"}).hash
    assert spaced.definition == play.definition
    assert Program.load(spaced.stored).hash == spaced.hash
    assert program(flow).hash != play.hash


@pytest.mark.parametrize("stored", [None, b"{}", b'{"flows": {"main": [{"step": "dance", "dance": {}}]}}'])
async def test_a_lost_definition_starts_at_the_top(stored: bytes | None) -> None:
    """Without a readable definition the flow starts again, with the variables it had, and the owner hears of it."""
    play = stage("main: [{set: {v: 1}}, {ask: {text: 'Old?', into: a}}]")
    await play.user("x")
    play.stored = {digest: stored for digest in play.stored if stored is not None}
    play.play = program("main: [{say: 'new {{ v }}'}]")
    assert await play.user("y") == ["new 1"]
    assert "gone" in play.reports[0]
