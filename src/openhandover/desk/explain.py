"""A handover's life in sentences: who, when, why, which timer, which vendor call, how long. English, for people
who look after the system; made from the log alone."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import msgspec
from msgspec import Struct

from openhandover.core.model import Handover, Limits, Queue, Rating
from openhandover.core.view import time
from openhandover.store.port import HandoverRow, LogRow
from openhandover.texts.redaction import Kind, redact

PAGE = 1000
INITIATORS = {"bot": "The bot", "user": "The user", "agent": "An agent", "operator": "An operator"}

REASONS = {
    "agent_closed": "the agent closed it",
    "bot_closed": "the bot or an operator closed it",
    "user_idle": "the user did not answer for {user_idle_s} (limit user_idle_s)",
    "user_left": "the user ended the chat, hung up, or was gone for {user_gone_s} (limit user_gone_s)",
    "total_timeout": "it had lasted {total_s} (limit total_s)",
    "user_cancelled": "the user withdrew",
    "transferred": "control was passed on",
    "logged": "it was recorded only",
    "ticket": "a ticket was made",
    "unsupported": "the provider cannot do this",
    "unavailable": "nobody was there",
    "queue_timeout": "nobody took it for {queue_s} (limit queue_s)",
    "agent_timeout": "the agent did not answer in time (limits first_reply_s {first_reply_s}, agent_idle_s {agent_idle_s})",
    "auth": "the provider refused our credentials",
    "rejected": "the provider refused it",
    "configuration": "the configuration is wrong",
    "provider_error": "the provider failed or did not answer within {open_s} (limit open_s)",
    "busy": "the line was busy",
    "no_answer": "nobody answered",
    "declined": "the call was declined",
    "invalid_target": "the number or address is wrong",
    "voicemail": "a voicemail answered",
    "unknown": "no reason is known",
}
"""Every reason of the closed list in words; braces name a limit of the handover."""

ENDS = {
    "completed": "Completed",
    "cancelled": "Cancelled",
    "error": "Failed",
    "transferred": "Handed on for good",
}


class Sentence(Struct, frozen=True):
    """What happened when; `at` is RFC 3339."""

    at: str
    text: str


class Logs(Protocol):
    """The part of the store that is read here."""

    async def log(
        self,
        conversation_id: str,
        after: int,
        limit: int,
        *,
        until: int | None = None,
        messages_only: bool = False,
    ) -> Sequence[LogRow]: ...


async def story(logs: Logs, row: HandoverRow, hidden: Iterable[Kind] = ()) -> list[Sentence]:
    """The sentences of one handover, oldest first. What people wrote freely (a reason, a vendor's words) may hold
    personal data: the kinds in `hidden` are blacked out."""
    handover = row.handover
    rows: list[LogRow] = []
    after = handover.requested_seq - 1
    while batch := await logs.log(handover.conversation_id, after, PAGE):
        rows += batch
        after = batch[-1].entry.seq
        if len(batch) < PAGE or (handover.end_seq is not None and after > handover.end_seq + PAGE):
            break
    told = explain(handover, rows)
    return [Sentence(one.at, redact(one.text, hidden)) for one in told]


def explain(handover: Handover, rows: Sequence[LogRow]) -> list[Sentence]:
    """The sentences of these log entries, as far as they belong to the handover."""
    return list(_Teller(handover).tell(rows))


def duration(seconds: float) -> str:
    """A stretch of time as people say it: "0.4 s", "45 s", "3 min 20 s", "2 h 5 min"."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def because(reason: str | None, limits: Limits) -> str:
    """A reason in words, with the figures of the limits that may have ended it."""
    values = {name: duration(value) for name, value in msgspec.structs.asdict(limits).items()}
    return REASONS.get(reason or "unknown", reason or "unknown").format(**values)


class _Agent(Struct, frozen=True):
    name: str = "An agent"


class _Attempt(Struct, frozen=True):
    provider: str = ""
    reason: str | None = None


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


_decode = msgspec.json.Decoder(_Data).decode


class _Teller:
    """Walks through the log once, remembering what later sentences refer to."""

    def __init__(self, handover: Handover) -> None:
        self.handover = handover
        self.began_at = handover.requested_at
        self.joined_at: float | None = None
        self.replied = False
        self.counts = {"user": 0, "agent": 0}
        self.agent = "the agent"

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
                yield Sentence(time(entry.at), text)
            if entry.type in _ENDINGS and entry.handover_id == self.handover.id:
                ended = True
                yield Sentence(time(entry.at), self.totals())
        if not ended and self.handover.is_open:
            yield Sentence(
                time(rows[-1].entry.at if rows else self.began_at), f"It is {self.handover.status.value} now."
            )

    def totals(self) -> str:
        lasted = duration((self.handover.ended_at or self.began_at) - self.began_at)
        return (
            f"Messages: {self.counts['user']} by the user, {self.counts['agent']} by agents; "
            f"{lasted} from the request to the end."
        )

    def requested(self, row: LogRow, data: _Data) -> str:
        if len(data.attempts) < 2:
            who = INITIATORS[self.handover.initiator]
            why = f" ({self.handover.why})" if self.handover.why else ""
            return f"{who} asked for a human{why}. Provider {data.provider} is asked."
        before = data.attempts[-2]
        why = because(before.reason, self.handover.settings.limits)
        return f"Provider {before.provider} was given up: {why}. Attempt {len(data.attempts)}: provider {data.provider}."

    def queued(self, row: LogRow, data: _Data) -> str:
        opened_s = row.entry.at - self.handover.attempts[max(len(data.attempts), 1) - 1].started_at
        return f"Provider {data.provider} accepted after {duration(opened_s)}{_place(data)}."

    def place(self, row: LogRow, data: _Data) -> str | None:
        return f"Queue{_place(data)}." if _place(data) else None

    def joined(self, row: LogRow, data: _Data) -> str:
        self.joined_at = row.entry.at
        self.agent = _name(data)
        return f"{self.agent} joined; the user had waited {duration(row.entry.at - self.began_at)}."

    def changed(self, row: LogRow, data: _Data) -> str:
        before, self.agent = self.agent, _name(data)
        return f"The conversation went from {before} to {self.agent}."

    def left(self, row: LogRow, data: _Data) -> str:
        return f"{self.agent} left; somebody else is looked for."

    def inactive(self, row: LogRow, data: _Data) -> str:
        return f"The one whose turn it was stayed silent (time {data.inactivity_count}); the flow was told."

    def ended(self, row: LogRow, data: _Data) -> str:
        word = ENDS[row.entry.type.removeprefix("handover.")]
        by = f", by {data.ended_by}" if data.ended_by else ""
        detail = f" The provider said: {data.error.message}." if data.error and data.error.message else ""
        return f"{word} ({data.reason}): {because(data.reason, self.handover.settings.limits)}{by}.{detail}"

    def rated(self, row: LogRow, data: _Data) -> str:
        return f"The user rated it {data.rating.score if data.rating else '?'} of 5."

    def message(self, row: LogRow, data: _Data) -> str | None:
        note = data.to == "agent"
        if data.author in self.counts and not note:
            self.counts[data.author] += 1
        if data.author == "agent" and not note and not self.replied:
            self.replied = True
            since = f" {duration(row.entry.at - self.joined_at)} after joining" if self.joined_at else ""
            return f"{data.author_name or self.agent} answered for the first time{since}.{_trouble(row)}"
        return (f"Message {row.entry.seq} by the {data.author}:{_trouble(row)}") if _trouble(row) else None

    def failed(self, row: LogRow, data: _Data) -> str:
        return f"Message {data.message_id} could not be delivered and was given up."


def _trouble(row: LogRow) -> str:
    """What was unusual about a message's deliveries, empty when nothing was."""
    told: list[str] = []
    for side, reached in (("the provider", row.delivered.agent), ("the user", row.delivered.user)):
        if reached and reached[1] > 1:
            verb = "was given up for" if reached[0] == "failed" else "reached"
            told.append(
                f" It {verb} {side} after {reached[1]} calls, {duration(reached[2] - row.entry.at)} later."
            )
    return "".join(told)


def _place(data: _Data) -> str:
    parts: list[str] = []
    if data.queue.position is not None:
        parts.append(f"position {data.queue.position}")
    if data.queue.estimated_wait_ms is not None:
        parts.append(f"expected wait {duration(data.queue.estimated_wait_ms / 1000)}")
    return f": {', '.join(parts)}" if parts else ""


def _name(data: _Data) -> str:
    return data.agent.name if data.agent else "An agent"


_ENDINGS = frozenset(f"handover.{status}" for status in ENDS)

TELLERS: dict[str, Callable[[_Teller, LogRow, _Data], str | None]] = {
    "handover.requested": _Teller.requested,
    "handover.queued": _Teller.queued,
    "handover.queue_updated": _Teller.place,
    "handover.agent_joined": _Teller.joined,
    "handover.agent_changed": _Teller.changed,
    "handover.agent_left": _Teller.left,
    "handover.inactive": _Teller.inactive,
    **dict.fromkeys(_ENDINGS, _Teller.ended),
    "handover.returned": lambda _teller, _row, _data: "The conversation came back to the bot.",
    "handover.rated": _Teller.rated,
    "message.created": _Teller.message,
    "message.failed": _Teller.failed,
    "user.disconnected": lambda _teller, _row, _data: "The user's connection was lost.",
    "user.connected": lambda _teller, _row, _data: "The user came back.",
}
"""What each kind of log entry tells; kinds that are not here tell nothing."""
