"""What a flow does around a handover: where it waits, where it goes on, what its events run."""

import pytest

from openhandover.flow.state import HandoverHappened
from tests.flow.stage import Stage, program, stage

HANDOVER = """
main:
  - ask: {text: "Topic?", into: topic}
  - handover: {provider: support, route: {skills: ["{{ topic }}"]}}
  - lookup: handover.event
    cases:
      completed: [{say: "Welcome back"}]
      cancelled: [{say: "Fine"}]
      error: [{say: "Sorry: {{ handover.status }}"}]
      returned: [{say: "Back with {{ input.text }}"}]
      active: [{say: "Someone is here"}]
      queued: [{say: "In line"}, {ask: {text: "never put", into: q}}, {say: never}]
  - say: "End"
"""


async def handed_over(**fields: object) -> Stage:
    """A stage where the handover is open."""
    play = Stage(program(HANDOVER, {"go": "main"}), **fields)
    await play.user("hi")
    assert await play.user("billing") == []
    assert play.orders[0].step.provider == "support"
    assert play.orders[0].scope["topic"] == "billing"
    return play


@pytest.mark.parametrize(
    ("event", "texts"),
    [
        ("completed", ["Welcome back", "End"]),
        ("cancelled", ["Fine", "End"]),
        ("error", ["Sorry: error", "End"]),
    ],
)
async def test_the_flow_goes_on_below_the_handover(event: str, texts: list[str]) -> None:
    """Each end has its own branch, then the flow goes on."""
    play = await handed_over()
    assert await play.ended(event) == texts  # type: ignore[arg-type]


async def test_returned_goes_on_below_with_the_message_as_input() -> None:
    """After a transfer the user's message is the input below the step."""
    play = await handed_over()
    assert await play.ended("returned", go_on=False) == []
    assert await play.user("me again") == ["Back with me again", "End"]


async def test_without_the_resolve_event_the_next_message_is_the_first_input() -> None:
    """`send_event: false` only sets the position."""
    play = await handed_over()
    assert await play.ended("completed", go_on=False) == []
    assert await play.user("hello") == ["Welcome back", "End"]


async def test_entrypoint_without_a_question_starts_at_the_top() -> None:
    """The question before the handover was answered, so the next message begins anew."""
    play = await handed_over()
    assert await play.ended("completed", resume_at="entrypoint") == []
    assert await play.user("hello") == ["Topic?"]


async def test_entrypoint_puts_the_last_unanswered_question_again() -> None:
    """A question that an event interrupted is put again after the handover."""
    play = stage(
        "main: [{ask: {text: 'Name?', into: n}}, {say: 'Hi {{ n }}'}]\nf: [{handover: {}}, {say: never}]",
        go="f",
    )
    await play.user("x")
    await play.event("go")
    assert await play.ended("completed", resume_at="entrypoint") == ["Name?"]
    assert await play.user("Ada") == ["Hi Ada"]


async def test_entrypoint_without_event_waits_silently_at_the_question() -> None:
    """`send_event: false` at the entry point: the next message answers the question that waits."""
    play = stage(
        "main: [{ask: {text: 'Name?', into: n}}, {say: 'Hi {{ n }}'}]\nf: [{handover: {}}, {say: never}]",
        go="f",
    )
    await play.user("x")
    await play.event("go")
    assert await play.ended("completed", resume_at="entrypoint", go_on=False) == []
    assert await play.user("Ada") == ["Hi Ada"]


@pytest.mark.parametrize("event", ["completed", "cancelled", "error"])
async def test_a_handover_begun_by_others_resumes_at_the_question(event: str) -> None:
    """The flow knows nothing of it; its question is put again at the end."""
    play = stage("main: [{ask: {text: 'Name?', into: n}}, {say: 'Hi {{ n }}'}]")
    await play.user("x")
    play.take_over()
    assert await play.ended(event) == ["Name?"]  # type: ignore[arg-type]
    assert await play.user("Ada") == ["Hi Ada"]


async def test_events_of_the_open_handover_run_below_and_never_move_the_position() -> None:
    """Such a run ends at the first ask and says to both sides."""
    play = await handed_over()
    assert await play.during("queued") == ["In line"]
    assert play.said[-1].to == "both"
    assert await play.during("active") == ["Someone is here", "End"]
    assert await play.ended("completed") == ["Welcome back", "End"]


@pytest.mark.parametrize(
    ("flow", "follows"),
    [
        ("main: [{handover: {}}]", False),
        ("main: [{handover: {}}, {say: below}]", True),
        ("main: [{if: '1 == 1', then: [{handover: {}}]}, {say: below}]", True),
        ("main: [{run: other}]\nother: [{handover: {}}]", False),
        ("main: [{run: other}, {say: below}]\nother: [{handover: {}}]", True),
    ],
)
async def test_an_order_tells_whether_a_step_follows(flow: str, follows: bool) -> None:
    """Where none follows, nobody but the catalogue can tell the user that it failed."""
    play = stage(flow)
    await play.user("x")
    assert play.orders[0].follows is follows


async def test_close_handover_ends_it() -> None:
    """A flow may end the handover when nobody answers; what follows in that run is stale."""
    play = stage("""
    main:
      - handover: {}
      - if: "handover.event == 'inactive'"
        then: [{say: Closing}, {close_handover: {}}, {say: "too late"}]
      - say: Below
    """)
    await play.user("x")
    assert await play.during("inactive") == ["Closing"]
    assert play.closed == 1
    assert await play.ended("completed") == ["Below"]


async def test_a_stale_turn_stops_and_the_position_stays() -> None:
    """When somebody takes over in the middle of a turn, nothing more is said."""
    play = stage("main: [{say: One}, {ask: {text: 'Name?', into: n}}, {say: 'Hi {{ n }}'}, {say: Two}]")
    await play.user("x")
    play.change_floor_at = play.commits + 1
    assert await play.user("Ada") == ["Hi Ada"]
    assert await play.ended("completed") == []
    assert await play.user("again") == ["One", "Name?"]


async def test_a_finished_turn_that_comes_again_does_nothing() -> None:
    """The same log entry delivered twice gives one answer."""
    play = await handed_over()
    await play.ended("completed", go_on=False)
    await play.deliver(HandoverHappened("completed", play.orders[0].id, "below", False))
    assert play.said[-1].text == "Topic?"


async def test_a_handover_that_cannot_be_made_is_an_error_for_the_flow() -> None:
    """Wrong settings do not stop the flow: it goes on below, or the user hears that it failed."""
    play = stage(
        "main: [{handover: {provider: unknown}}, {say: '{{ handover.status }} {{ handover.error.code }}'}]"
    )
    assert await play.user("x") == ["error configuration"]
    assert "cannot be made" in play.reports[0]
    assert await stage("main: [{handover: {provider: unknown}}]").user("x") == [
        "Sorry, we could not reach anybody for you."
    ]
