"""The state survives being stored."""

import msgspec

from openhandover.core.model import Conversation, Held, Lane, User


def test_a_state_with_everything_open_survives_the_store() -> None:
    """What is encoded decodes to the same: a paused flow, a vendor's own state and a held event among it."""
    lane = Lane(1, "h", 1, "p", 1, vendor_state='{"a":1}', held=(Held(msgspec.Raw(b'{"b":2}'), 1.0, 3),))
    state = Conversation(
        "c",
        "web",
        User("u"),
        1.0,
        run='{"id":"r"}',
        lanes=(lane,),
        preparing={4: 2.0},
        deadlines={"open_s": 3.0},
    )
    again = msgspec.json.decode(msgspec.json.encode(state), type=Conversation)
    assert again.run == state.run
    assert again.lanes[0].vendor_state == lane.vendor_state
    assert bytes(again.lanes[0].held[0].event) == b'{"b":2}'
    assert (again.preparing, again.deadlines) == (state.preparing, state.deadlines)
