"""One more cannot hurt."""

from openhandover.core import machine
from openhandover.core.events import RequestHandover

BREAKS = "tests/core/test_floor.py::test_a_second_handover_is_refused_with_the_id_of_the_first"


def plant() -> None:
    """Rule 8: a second handover begins while one is open."""
    request = machine.HANDLERS[RequestHandover]

    def forgetful(turn: machine.Turn, event: RequestHandover) -> None:
        turn.set(handover=None, floor="bot", epoch=event.epoch)
        request(turn, event)

    machine.HANDLERS[RequestHandover] = forgetful
