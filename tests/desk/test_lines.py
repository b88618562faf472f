"""What waits at the desk, in queue order, and that offers over a long queue are those of the plain rule."""

import random

from openhandover.core.routing import PRIORITIES, Demand, Seat, Waiting, choose, plan_offers, position, rank
from openhandover.desk.line import Lines

SKILLS = ((), ("billing",), ("billing", "vip"))


def waiting(chance: random.Random, number: int) -> Waiting:
    """Some handover that waits."""
    demand = Demand(
        inbox=chance.choice(("default", "sales")),
        skills=chance.choice(SKILLS),
        priority=chance.choice(PRIORITIES),
    )
    return Waiting(handover_id=f"h{number}", demand=demand, requested_at=float(chance.randrange(20)))


def test_lines_agree_with_the_rule_whatever_comes_and_goes() -> None:
    """Positions and order are those of sorting everything anew, after any coming, going and moving."""
    chance, lines, there = random.Random(7), Lines(), dict[str, Waiting]()
    for _ in range(2_000):
        one = waiting(chance, chance.randrange(40))
        if chance.random() < 0.4:
            lines.remove(one.handover_id)
            there.pop(one.handover_id, None)
        else:
            lines.put(one)
            there[one.handover_id] = one
        ranked = sorted(there.values(), key=rank)
        assert list(lines) == [other.handover_id for other in ranked]
        for inbox in ("default", "sales"):
            here = [other for other in ranked if other.demand.inbox == inbox]
            assert list(lines.of(inbox)) == [other.handover_id for other in here]
        asked = waiting(chance, 99)
        assert lines.position(asked) == position(asked, there.values())
    for handover_id in list(there):
        lines.remove(handover_id)
    assert (list(lines), lines.inboxes()) == ([], [])


def test_long_queues_get_the_offers_of_the_plain_rule() -> None:
    """Skipping wishes that nobody can serve changes no offer."""
    chance = random.Random(11)
    for _ in range(200):
        queue = [waiting(chance, number) for number in range(chance.randrange(12))]
        seats = {
            name: Seat(
                agent_id=name,
                online=chance.random() < 0.8,
                inboxes=chance.choice((("default",), ("default", "sales"), ("sales",))),
                skills=chance.choice(SKILLS),
                capacity=chance.randrange(4),
                open=chance.randrange(3),
            )
            for name in "abc"[: chance.randrange(4)]
        }
        assert plan_offers(queue, seats, 5.0) == plainly(queue, seats)


def plainly(queue: list[Waiting], seats: dict[str, Seat]) -> list[tuple[str, str]]:
    """Each in turn to the best agent with room, nothing left out."""
    offers: list[tuple[str, str]] = []
    for entry in sorted(queue, key=rank):
        now = [
            Seat(
                agent_id=seat.agent_id,
                online=seat.online,
                inboxes=seat.inboxes,
                skills=seat.skills,
                capacity=seat.capacity,
                open=seat.open,
                offered=sum(agent == seat.agent_id for _, agent in offers),
                last_offer_at=5.0 if any(agent == seat.agent_id for _, agent in offers) else 0.0,
            )
            for seat in seats.values()
        ]
        best = choose(entry, now)
        if best is not None:
            offers.append((entry.handover_id, best.agent_id))
    return offers
