"""A handover's life in sentences: who, when, why, which timer, which vendor call, how long. Made from the log alone;
the words of each language lie beside this file."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct

from openhandover.core.model import Handover, Queue, Rating
from openhandover.core.table import REASONS
from openhandover.core.view import time
from openhandover.store.port import HandoverRow, LogRow, Store
from openhandover.texts.redaction import Kind, redact

from . import Words

PAGE = 1000


class Sentence(Struct, frozen=True):
    """What happened when; `at` is RFC 3339."""

    at: str
    text: str


async def story(
    store: Store, row: HandoverRow, hidden: Iterable[Kind] = (), language: str | None = None
) -> list[Sentence]:
    """The sentences of one handover, oldest first, in English where the language is none of ours. What people wrote
    freely (a reason, a vendor's words) may hold personal data: the kinds in `hidden` are blacked out."""
    handover = row.handover
    rows: list[LogRow] = []
    after = handover.requested_seq - 1
    while batch := await store.log(handover.conversation_id, after, PAGE):
        rows += batch
        after = batch[-1].entry.seq
        if len(batch) < PAGE or (handover.end_seq is not None and after > handover.end_seq + PAGE):
            break
    told = explain(handover, rows, language)
    return [Sentence(one.at, redact(one.text, hidden)) for one in told]


def explain(handover: Handover, rows: Sequence[LogRow], language: str | None = None) -> list[Sentence]:
    """The sentences of these log entries, as far as they belong to the handover."""
    return list(_Teller(handover, Words(language)).tell(rows))


class _Agent(Struct, frozen=True):
    name: str | None = None


class _Attempt(Struct, frozen=True):
    provider: str = ""
    reason: str | None = None


_WHO_SAYS = {"agent_closed": "agent", "user_left": "user", "user_cancelled": "user"}
"""Reasons whose words name who ended it: said once is enough."""


class _Error(Struct, frozen=True):
    message: str = ""


class _Data(Struct, frozen=True):
    """What is told of an entry's data, whichever kind it is."""

    provider: str = ""
    reason: str | None = None
    ended_by: str | None = None
    agent: _Agent | None = None
    attempts: tuple[_Attempt, ...] = ()
    queue: Queue = Queue()
    error: _Error | None = None
    inactivity_count: int = 0
    rating: Rating | None = None
    author: str = ""
    author_name: str | None = None
    to: str | None = None
    message_id: str = ""
    spoken: bool = True
    kind: str = ""
    mode: str = ""
    noticed: bool = False


_decode = msgspec.json.Decoder(_Data).decode


class _Teller:
    """Walks through the log once, remembering what later sentences refer to."""

    def __init__(self, handover: Handover, words: Words) -> None:
        self.handover = handover
        self.words = words
        self.say = words.say
        self.timed = words.timed
        self.began_at = handover.requested_at
        self.joined_at: float | None = None
        self.replied = False
        self.counts = {"user": 0, "agent": 0}
        self.agent = self.say("somebody")

    def tell(self, rows: Sequence[LogRow]) -> Iterator[Sentence]:
        ended = False
        for row in rows:
            entry = row.entry
            after_end = self.handover.end_seq is not None and entry.seq > self.handover.end_seq
            if entry.handover_id != self.handover.id and (
                after_end or not entry.type.startswith(("message.", "user."))
            ):
                continue
            tell = TELLERS.get(entry.type)
            text = tell(self, row, _decode(entry.data)) if tell else None
            if text:
                yield Sentence(time(entry.at), text[0].upper() + text[1:])
            if entry.type in _ENDINGS and entry.handover_id == self.handover.id:
                ended = True
                yield Sentence(time(entry.at), self.totals())
        if not ended and self.handover.is_open:
            at = rows[-1].entry.at if rows else self.began_at
            yield Sentence(time(at), self.say(f"now_{self.handover.status.value}"))

    def totals(self) -> str:
        lasted_s = (self.handover.ended_at or self.began_at) - self.began_at
        return self.timed("totals", lasted_s, **self.counts)

    def requested(self, row: LogRow, data: _Data) -> str:
        if len(data.attempts) < 2:
            who = self.say(f"who_{self.handover.initiator}")
            why = f" ({self.handover.why})" if self.handover.why else ""
            return self.say("requested", who=who, why=why, provider=data.provider)
        before = data.attempts[-2]
        return self.say(
            "next_attempt",
            before=before.provider,
            because=self.because(before.reason),
            attempt=len(data.attempts),
            provider=data.provider,
        )

    def queued(self, row: LogRow, data: _Data) -> str:
        opened_s = row.entry.at - self.handover.attempts[max(len(data.attempts), 1) - 1].started_at
        place = self.place_of(data)
        key = "queued_place" if place else "queued"
        return self.timed(key, opened_s, provider=data.provider, place=place)

    def place(self, row: LogRow, data: _Data) -> str | None:
        if data.noticed:
            return self.say("noticed")
        place = self.place_of(data)
        return self.say("place", place=place) if place else None

    def joined(self, row: LogRow, data: _Data) -> str:
        self.joined_at = row.entry.at
        self.agent = self.name_of(data)
        return self.timed("joined", row.entry.at - self.began_at, agent=self.agent)

    def answered(self, row: LogRow, data: _Data) -> str | None:
        """On a phone call nobody joins by name; elsewhere the one who joined was told already."""
        if self.joined_at is not None:
            return None
        self.joined_at = row.entry.at
        return self.timed("answered", row.entry.at - self.began_at)

    def spoke(self, row: LogRow, data: _Data) -> str:
        return self.say("call_said" if data.spoken else "call_not_said")

    def given(self, row: LogRow, data: _Data) -> str:
        return self.say("call_given", kind=f"{data.kind}, {data.mode}" if data.mode else data.kind)

    def changed(self, row: LogRow, data: _Data) -> str:
        before, self.agent = self.agent, self.name_of(data)
        return self.say("changed", before=before, agent=self.agent)

    def left(self, row: LogRow, data: _Data) -> str:
        return self.say("left", agent=self.agent)

    def inactive(self, row: LogRow, data: _Data) -> str:
        return self.say("inactive", count=data.inactivity_count)

    def ended(self, row: LogRow, data: _Data) -> str:
        told = self.say(
            "ended_by" if data.ended_by and _WHO_SAYS.get(data.reason or "") != data.ended_by else "ended",
            end=self.say(row.entry.type.replace("handover.", "end_")),
            reason=data.reason,
            because=self.because(data.reason),
            by=self.say(f"by_{data.ended_by}") if data.ended_by else "",
        )
        of_limit = (
            data.ended_by == "system" and data.reason != "configuration"
        )  # which the reason names already
        detail = data.error.message if data.error and not of_limit else ""
        return f"{told} {self.say('detail', words=detail)}" if detail else told

    def rated(self, row: LogRow, data: _Data) -> str:
        return self.say("rated", score=data.rating.score if data.rating else "?")

    def message(self, row: LogRow, data: _Data) -> str | None:
        note = data.to == "agent"
        if data.author in self.counts and not note:
            self.counts[data.author] += 1
        trouble = self.trouble(row)
        if data.author == "agent" and not note and not self.replied:
            self.replied = True
            return " ".join((self.first_reply(row, data.author_name or self.agent), *trouble))
        if not trouble:
            return None
        by = self.say(f"by_{data.author}")
        return self.say("message", seq=row.entry.seq, by=by, trouble=" ".join(trouble))

    def first_reply(self, row: LogRow, agent: str) -> str:
        if self.joined_at is None:
            return self.say("first_reply", agent=agent)
        return self.timed("first_reply_after", row.entry.at - self.joined_at, agent=agent)

    def failed(self, row: LogRow, data: _Data) -> str:
        return self.say("message_failed", message=data.message_id)

    def trouble(self, row: LogRow) -> list[str]:
        """What was unusual about a message's deliveries."""
        told: list[str] = []
        for side, reached in (("agent", row.delivered.agent), ("user", row.delivered.user)):
            if reached and reached[1] > 1:
                key = "given_up" if reached[0] == "failed" else "reached"
                later = self.words.duration(reached[2] - row.entry.at)
                told.append(self.say(f"{key}_{side}", calls=reached[1], later=later))
        return told

    def place_of(self, data: _Data) -> str:
        parts: list[str] = []
        if data.queue.position is not None:
            parts.append(self.say("place_position", position=data.queue.position))
        if data.queue.estimated_wait_ms is not None:
            parts.append(self.timed("place_wait", data.queue.estimated_wait_ms / 1000))
        return ", ".join(parts)

    def name_of(self, data: _Data) -> str:
        return (data.agent.name if data.agent else None) or self.say("somebody")

    def because(self, reason: str | None) -> str:
        return self.words.because(reason, self.handover.settings.limits)


_ENDINGS = frozenset(f"handover.{status.value}" for status in REASONS)

TELLERS: dict[str, Callable[[_Teller, LogRow, _Data], str | None]] = {
    "handover.requested": _Teller.requested,
    "handover.queued": _Teller.queued,
    "handover.queue_updated": _Teller.place,
    "handover.agent_joined": _Teller.joined,
    "handover.active": _Teller.answered,
    "call.say": _Teller.spoke,
    "call.transfer": _Teller.given,
    "handover.agent_changed": _Teller.changed,
    "handover.agent_left": _Teller.left,
    "handover.inactive": _Teller.inactive,
    **dict.fromkeys(_ENDINGS, _Teller.ended),
    "handover.returned": lambda teller, _row, _data: teller.say("returned"),
    "handover.rated": _Teller.rated,
    "message.created": _Teller.message,
    "message.failed": _Teller.failed,
    "user.disconnected": lambda teller, _row, _data: teller.say("disconnected"),
    "user.connected": lambda teller, _row, _data: teller.say("connected"),
}
"""What each kind of log entry tells; kinds that are not here tell nothing."""
