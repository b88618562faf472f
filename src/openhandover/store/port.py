"""The store port: one way to change state, and the reads.

A change is a `Unit`: what to load, and a pure function from what was loaded to `Changes`. The store runs many units
in one transaction (group commit) and answers each one after the commit. Data crosses this border, cursors never do,
so an embedded store with one writer and a server with many processes can both keep the promise:

* units of one conversation run one after the other, each seeing the changes of those before it;
* a unit's changes are all there after the commit or none is;
* a unit whose `decide` raises is left out of its batch, and only its caller sees the error.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeVar

from msgspec import Struct

from openhandover.core.digest import NeedRecent as NeedRecent
from openhandover.core.errors import OpenHandoverError
from openhandover.core.model import Conversation, Entry, Handover, Medium

T = TypeVar("T")
Receiver = Literal["user", "agent", "bot"]
ERASED = "erased"
"""The id of every user who was erased."""


class StoreError(OpenHandoverError):
    """The store could not do it, and nothing of it was done."""


class HandoverRow(Struct, frozen=True):
    """A handover as listed: the state, plus what only lists and reports need."""

    handover: Handover
    channel: str
    language: str
    digest: bytes | None = None
    """The finished digest as JSON, once the handover has ended."""
    fingerprint: str | None = None
    """Of the creating request, when the caller chose the id."""
    medium: Medium = "text"
    """Of the conversation."""


class Mark(Struct, frozen=True):
    """What became of a log entry on its way to one receiver; `at` is epoch seconds. A second `delivered` for the
    same entry and receiver counts up its `repeats`. A state never goes back (read, delivered, failed), and once
    delivered, `at` stays the time of the delivery."""

    seq: int
    receiver: Receiver
    state: Literal["delivered", "read", "failed"]
    attempts: int
    at: float


class Claim(Struct, frozen=True):
    """An inbound event, taken once: (source, event_id) is unique. `outcome` says what we did with it; `raw` is kept
    for unknown and late events."""

    source: str
    event_id: str
    at: float
    outcome: str
    handover_id: str | None = None
    kind: str = ""
    raw: bytes = b""


class Parked(Struct, frozen=True):
    """An event whose vendor session nobody knows yet; waits at most until `until_at`."""

    provider: str
    external_id: str
    event_id: str
    until_at: float
    event: bytes


class Loaded(Struct, frozen=True):
    """What a unit asked for, as it is inside the transaction."""

    conversation: Conversation | None
    message: Entry | None = None
    """The entry with the unit's `message_key`."""
    message_delivery: "Delivered | None" = None
    handover: HandoverRow | None = None
    """The handover with the unit's `handover_id`, of whichever conversation."""
    claimed: bool = False
    """Whether the unit's `claim` was taken before."""
    recent: "Sequence[LogRow] | None" = None


class Cursor(NamedTuple):
    """A place in a stream of events, by the stream's name; read it with `get("cursor", name)`. `at` as of small things."""

    name: str
    value: str
    at: float | None = None


class Changes(Struct, frozen=True):
    """What a unit decided; everything in it is saved in one transaction."""

    conversation: Conversation | None = None
    entries: Sequence[Entry] = ()
    marks: Sequence[Mark] = ()
    rewritten: Sequence[tuple[int, bytes]] = ()
    """(seq, data) of entries whose data was completed before anybody saw them."""
    handovers: Sequence[HandoverRow] = ()
    sessions: Sequence[tuple[str, str, str]] = ()
    """(provider, external_id, conversation_id or handover-lane reference "conversation_id/lane")."""
    claim: Claim | None = None
    cursor: Cursor | None = None
    """Saved together with the event that it follows."""
    result: Any = None


class Unit(Struct, frozen=True):
    """One unit of work. `decide` is pure and quick: it runs inside the transaction, perhaps in another thread."""

    conversation_id: str
    decide: Callable[[Loaded], Changes]
    message_key: str | None = None
    handover_id: str | None = None
    claim: tuple[str, str] | None = None


class Delivered(Struct, frozen=True):
    """How far an entry got with each receiver: (state, attempts, at); absent = not tried yet."""

    user: tuple[str, int, float] | None = None
    agent: tuple[str, int, float] | None = None
    bot: tuple[str, int, float] | None = None
    repeats: int = 0


class LogRow(Struct, frozen=True):
    """A log entry with its deliveries."""

    entry: Entry
    delivered: Delivered = Delivered()


class Upload(Struct, frozen=True):
    """A file kept by us: its bytes lie in the file store under `id`; `size` in bytes, `at` epoch seconds."""

    id: str
    name: str
    content_type: str
    size: int
    at: float
    sha256: str
    fingerprint: str | None = None


class VendorCall(Struct, frozen=True):
    """One call to a contact centre (`out`), or one thing that it told us (`in`), without its body.

    `operation` is what we wanted of the provider, or the kind of fact; `target` method and address, or the event's id;
    `status` None where nobody answered; `detail` why it failed, or what became of the event."""

    at: float
    handover_id: str
    attempt: int
    direction: Literal["out", "in"]
    operation: str
    target: str
    status: int | None = None
    took_ms: int | None = None
    detail: str = ""


class HandoverFilter(Struct, frozen=True):
    """Which handovers to list; times are epoch seconds on `requested_at`."""

    status: Sequence[str] = ()
    provider: str | None = None
    channel: str | None = None
    from_at: float | None = None
    to_at: float | None = None
    conversation_id: str | None = None


class Page(Struct, Generic[T], frozen=True):
    """A page of a list; `next` is the cursor of the next page, None at the end."""

    items: Sequence[T] = ()
    next: str | None = None


class Store(Protocol):
    """See the module text. Every read sees all units answered before it began."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...

    async def transact(self, unit: Unit) -> Changes: ...

    # conversations and their log
    async def conversation(self, conversation_id: str) -> Conversation | None: ...
    async def conversations(
        self, user_id: str | None, cursor: str | None, limit: int
    ) -> Page[Conversation]: ...
    async def log(
        self,
        conversation_id: str,
        after: int,
        limit: int,
        *,
        until: int | None = None,
        messages_only: bool = False,
    ) -> Sequence[LogRow]: ...
    async def lane(
        self, conversation_id: str, receiver: Receiver, after: int, limit: int, *, agent_lane: int = 0
    ) -> Sequence[Entry]:
        """The entries due to one receiver after a seq, in order."""
        ...

    async def tail(self, conversation_id: str, until: int, limit: int) -> Sequence[LogRow]:
        """The last `limit` messages with seq <= until, oldest first (the transcript)."""
        ...

    async def message(self, conversation_id: str, key: str) -> LogRow | None: ...
    async def session(self, provider: str, external_id: str) -> str | None: ...

    # handovers
    async def handover(self, handover_id: str) -> HandoverRow | None: ...
    async def handovers(self, where: HandoverFilter, cursor: str | None, limit: int) -> Page[HandoverRow]: ...

    # what is due after a start, and when to wake
    async def busy(self, after: str | None, limit: int) -> Sequence[str]:
        """Ids of conversations whose state says that a lane has work (`core.state.is_busy`)."""
        ...

    async def wakes(self, until_at: float, limit: int) -> Sequence[tuple[str, float]]:
        """(conversation id, wake_at) of the earliest timers due until then."""
        ...

    async def next_wake(self) -> float | None: ...

    # events of unknown sessions
    async def claim(self, claim: Claim) -> bool:
        """Take an event that belongs to no conversation; False when it was taken before."""
        ...

    async def park(self, parked: Parked) -> None: ...
    async def parked_sessions(self) -> Sequence[tuple[str, str]]:
        """Provider and external id of the sessions for which something is parked."""
        ...

    async def parked(self, provider: str, external_id: str) -> Sequence[tuple[str, bytes]]:
        """Event ids and events parked for a session, in their order of arrival; they stay until forgotten."""
        ...

    async def forget_parked(self, provider: str, external_id: str, event_ids: Sequence[str]) -> None: ...

    # small things by name: one with `at` (epoch seconds) is forgotten as old claims are, one without is kept for good
    async def get(self, kind: str, name: str) -> bytes | None: ...
    async def put(self, kind: str, name: str, value: bytes, *, at: float | None = None) -> None: ...
    async def put_new(self, kind: str, name: str, value: bytes, *, at: float | None = None) -> bytes:
        """Store the value unless there is one; answers the one that is kept."""
        ...

    async def all(self, kind: str) -> Mapping[str, bytes]: ...

    # what was said to and by contact centres
    async def add_vendor_calls(self, calls: Sequence[VendorCall]) -> None: ...
    async def vendor_calls(self, handover_id: str, limit: int) -> Sequence[VendorCall]:
        """The last `limit` of a handover, oldest first."""
        ...

    # files
    async def upload(self, upload_id: str) -> Upload | None: ...
    async def add_upload(self, upload: Upload) -> Upload:
        """Register a file; answers the one already there when the id is known."""
        ...

    # reports, retention, operation
    async def report(self, name: str, parameters: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Run the named report query of `reports.sql`."""
        ...

    async def purge(
        self,
        *,
        claims_before: float,
        parked_before: float,
        messages_before: float | None,
        files_before: float | None,
    ) -> Sequence[str]:
        """Forget old claims, parked events, dated small things and, by retention, texts, with the context and flow variables of conversations
        in which nothing was said since; answers the ids of files to delete."""
        ...

    async def erase(self, user_id: str) -> Sequence[str]:
        """Remove a user's texts, names and files for good; answers the ids of files to delete."""
        ...

    async def backup(self, path: str) -> None: ...
    async def ready(self) -> bool: ...
