"""Desk routing: who matches, who gets the offer, who stands where in the queue. Pure rules over values."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

PRIORITIES = ("urgent", "high", "medium", "low", "none")
"""Highest first; the order of the queue."""

OFFER_S = 30.0
"""An offer nobody took lapses after this long and goes to the next agent."""

HANDLING_SAMPLE = 50
"""So many of the last handovers make the mean handling time."""

HANDLING_UNKNOWN_S = 300.0
"""The mean handling time before there is any sample."""


class Demand(Struct, frozen=True, kw_only=True):
    """What a handover asks of its agent: the desk keys of `route`."""

    inbox: str = "default"
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    priority: str = "none"
    agent: str | None = None


class Seat(Struct, frozen=True, kw_only=True):
    """An agent as routing sees them; `open` counts the conversations they hold, `offered` those on offer to them."""

    agent_id: str
    online: bool
    inboxes: tuple[str, ...] = ("default",)
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    capacity: int = 3
    open: int = 0
    offered: int = 0
    last_offer_at: float = 0.0


class Waiting(Struct, frozen=True, kw_only=True):
    """A handover without an agent; `asked` names the agents who let an offer of it lapse in this round."""

    handover_id: str
    demand: Demand
    requested_at: float
    asked: frozenset[str] = frozenset()


def language_key(tag: str) -> str:
    """The language of a tag without its region, so that an agent for `en` serves `en-GB`."""
    return tag.partition("-")[0].lower()


def qualifies(seat: Seat, demand: Demand) -> bool:
    """Whether the agent has the inbox, all skills and one of the languages, online or not; one without languages
    takes all of them."""
    if demand.agent is not None and demand.agent != seat.agent_id:
        return False
    if demand.inbox not in seat.inboxes or not set(demand.skills) <= set(seat.skills):
        return False
    if not demand.languages or not seat.languages:
        return True
    spoken = {language_key(tag) for tag in seat.languages}
    return any(language_key(tag) in spoken for tag in demand.languages)


def matches(seat: Seat, demand: Demand) -> bool:
    """Whether the agent counts for this handover now: qualified and online."""
    return seat.online and qualifies(seat, demand)


def rank(entry: Waiting) -> tuple[int, float, str]:
    """Sort key of the queue: priority, then request time; the id only settles a tie the same way each time."""
    return (PRIORITIES.index(entry.demand.priority), entry.requested_at, entry.handover_id)


def position(entry: Waiting, queue: Iterable[Waiting]) -> int:
    """Place of a handover among those waiting for the same inbox, from 1."""
    return 1 + sum(
        1 for other in queue if other.demand.inbox == entry.demand.inbox and rank(other) < rank(entry)
    )


def mean_handling_s(durations_s: Sequence[float]) -> float:
    """Mean of the last handling times, oldest first; the agreed default when there are none."""
    last = durations_s[-HANDLING_SAMPLE:]
    return sum(last) / len(last) if last else HANDLING_UNKNOWN_S


def estimated_wait_s(place: int, mean_s: float, matching: int) -> float | None:
    """Expected wait in seconds at this place, or None when nobody matches."""
    return place * mean_s / matching if matching else None


def choose(entry: Waiting, seats: Iterable[Seat]) -> Seat | None:
    """The matching agent below capacity with the fewest open conversations, then longest without an offer.

    Agents who let this handover lapse come again only when everybody who could take it has been asked.
    """
    able = [s for s in seats if matches(s, entry.demand) and _has_room(s)]
    fresh = [s for s in able if s.agent_id not in entry.asked]
    return min(fresh or able, key=lambda s: (s.open, s.last_offer_at, s.agent_id), default=None)


def plan_offers(queue: Iterable[Waiting], seats: Mapping[str, Seat], now: float) -> list[tuple[str, str]]:
    """New offers as (handover id, agent id), head of the queue first; `queue` holds those without an offer."""
    at_work = {agent_id: seat for agent_id, seat in seats.items() if _has_room(seat)}
    hopeless: set[Demand] = set()  # nobody with room matches: a long queue mostly repeats the same few wishes
    offers: list[tuple[str, str]] = []
    for entry in sorted(queue, key=rank):
        if not at_work:
            break
        if entry.demand in hopeless:
            continue
        seat = choose(entry, at_work.values())
        if seat is None:
            hopeless.add(entry.demand)
            continue
        offers.append((entry.handover_id, seat.agent_id))
        asked = replace(seat, offered=seat.offered + 1, last_offer_at=now)
        if _has_room(asked):
            at_work[seat.agent_id] = asked
        else:
            del at_work[seat.agent_id]
    return offers


def _has_room(seat: Seat) -> bool:
    return seat.open + seat.offered < seat.capacity
