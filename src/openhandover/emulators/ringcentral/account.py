"""One Engage Digital account: its source, categories, agents, and the threads with what was written in them."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from openhandover.emulators.answers import Refused

State = Literal["waiting", "active", "ended"]


def now() -> str:
    """This moment, as RingCentral writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def filled(**fields: Any) -> dict[str, Any]:
    """The fields that have a value: the API leaves out what is not there."""
    return {name: value for name, value in fields.items() if value is not None}


@dataclass
class File:
    """A file of a content; `content` None: it was given as a link."""

    id: str
    name: str
    url: str
    content: bytes | None = None
    content_type: str = "application/octet-stream"


@dataclass
class Content:
    """One message; `creator_id` is the agent who wrote it."""

    id: str
    author: dict[str, Any]
    side: Literal["user", "bot", "agent", "note"]
    body: str
    files: list[File] = field(default_factory=list[File])
    foreign_id: str | None = None
    creator_id: str | None = None
    intervention_id: str | None = None
    context: dict[str, Any] = field(default_factory=dict[str, Any])
    at: str = field(default_factory=now)
    read: bool = False
    deleted: bool = False
    """The agent has taken it back."""

    def line(self) -> dict[str, Any]:
        """For the page."""
        files = [{"name": one.name, "url": one.url} for one in self.files]
        at = datetime.fromisoformat(self.at).timestamp()
        return {"author": self.side, "text": self.body, "at": at} | ({"files": files} if files else {})


@dataclass
class Intervention:
    """What one agent does about a thread."""

    id: str
    thread_id: str
    source_id: str
    content_id: str
    user_id: str | None
    category_ids: list[str]
    closed: bool = False
    closed_at: str | None = None
    status: str = "opened"
    replies: int = 0
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)

    def shown(self) -> dict[str, Any]:
        """As the REST API has it."""
        return filled(
            id=self.id,
            thread_id=self.thread_id,
            source_id=self.source_id,
            content_id=self.content_id,
            user_id=self.user_id,
            category_ids=self.category_ids,
            closed=self.closed,
            closed_at=self.closed_at,
            status=self.status,
            user_replies_count=self.replies,
            created_at=self.created_at,
            updated_at=self.updated_at,
        )


@dataclass
class Thread:
    """One conversation; `foreign_id` is its id on the source's side."""

    id: str
    foreign_id: str
    title: str
    source_id: str
    category_ids: list[str]
    contents: list[Content] = field(default_factory=list[Content])
    interventions: list[Intervention] = field(default_factory=list[Intervention])
    archived: bool = False
    seen: bool = False
    """It has been in the agents' category, so that they know it."""
    typing: str | None = None
    typed_at: float = 0.0
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)

    @property
    def open(self) -> Intervention | None:
        """What an agent is at."""
        return next((one for one in self.interventions if not one.closed), None)

    def state(self, agent_category: str) -> State:
        """As the page tells it."""
        if self.open is not None:
            return "active" if self.open.user_id else "waiting"
        waits = agent_category in self.category_ids and not self.archived and not self.interventions
        return "waiting" if waits else "ended"

    def shown(self) -> dict[str, Any]:
        """As the REST API has it."""
        return {
            "id": self.id,
            "foreign_id": self.foreign_id,
            "title": self.title,
            "source_id": self.source_id,
            "category_ids": self.category_ids,
            "thread_category_ids": self.category_ids,
            "closed": False,
            "contents_count": len(self.contents),
            "interventions_count": len(self.interventions),
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


@dataclass
class Agent:
    """Somebody who answers."""

    id: str
    name: str
    status: str = "available"
    busyness: str = "unoccupied"


@dataclass
class Account:
    """Everything that an admin sets up by hand. All ids are made up."""

    access_token: str = "rc-access-token-4711"  # noqa: S105  made up, as all ids here
    source_token: str = "rc_source_token_0123456789abcdef"  # noqa: S105
    webhook_secret: str = "rc-webhook-secret-0815"  # noqa: S105
    verify_token: str = "rc-verify-token-0816"  # noqa: S105
    source_id: str = "8da592bc6fcf8bae41b20001"
    channel_id: str = "55794bd9416472d4e8050001"
    identity_name: str = "Customer care"
    """The name that customers see of whoever answers as the controlled identity."""
    categories: dict[str, str] = field(
        default_factory=lambda: {
            "4f3951557aa58d146201b071": "Bot",
            "4f3951557aa58d146201a6e7": "Agents",
            "4f3951557aa58d14620b1111": "Billing",
            "4f3951557aa58d1462000dd1": "Returns",
        }
    )
    registered_events: list[str] = field(
        default_factory=lambda: [
            *("intervention.opened", "intervention.assigned", "intervention.user_updated"),
            *("intervention.closed", "intervention.canceled", "intervention.recategorized"),
            *("intervention.reopened", "content.thread_closed", "content.imported"),
            *("task.taken", "task.expired_from_workbin"),
        ]
    )
    reads: bool = True
    """Whether the token's user may read the source."""
    source_active: bool = True
    refused_files: set[str] = field(default_factory=set[str])
    """Endings of names of files that the source's settings do not allow."""
    unfound: int = 0
    """So many searches for a thread find nothing yet."""
    agents: dict[str, Agent] = field(default_factory=dict[str, Agent])
    identities: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """The source's users by their id over there."""
    threads: dict[str, Thread] = field(default_factory=dict[str, Thread])
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        """Kim works here."""
        self.agent("Kim")

    @property
    def bot_category(self) -> str:
        """The source's default category."""
        return next(iter(self.categories))

    @property
    def agent_category(self) -> str:
        """What agents see."""
        return list(self.categories)[1]

    def new_id(self, kind: str) -> str:
        """24 hexadecimal digits, as all ids there; no two are alike."""
        return f"{kind.encode().hex()[:8]:0<8}{next(self._numbers):016x}"

    def agent(self, name: str) -> Agent:
        """The agent of this name; made when new."""
        found = next((one for one in self.agents.values() if one.name == name), None)
        if found is None:
            found = Agent(self.new_id("user"), name)
            self.agents[found.id] = found
        return found

    def thread(self, thread_id: str) -> Thread:
        """The thread with RingCentral's id.

        Raises:
            Refused: there is none, or the token's user may not read it.
        """
        found = self.threads.get(thread_id)
        if found is None or not self.reads:
            raise Refused(404, "not_found")
        return found

    def foreign(self, foreign_id: str) -> Thread | None:
        """The thread with the source's id."""
        return next((one for one in self.threads.values() if one.foreign_id == foreign_id), None)

    def intervention(self, intervention_id: str) -> tuple[Thread, Intervention]:
        """The intervention and its thread.

        Raises:
            Refused: there is none.
        """
        for thread in self.threads.values() if self.reads else ():
            for one in thread.interventions:
                if one.id == intervention_id:
                    return thread, one
        raise Refused(404, "not_found")
