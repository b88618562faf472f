"""A bot of your own: it gets events as signed webhooks and may answer in the reply, or later over the API."""

from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from openhandover.net.client import Sender
from openhandover.net.guard import Guard
from openhandover.net.statuses import Outcome
from openhandover.net.webhooks import Webhook

REMEDY = 'answer with an empty body or with {"messages":[{...}],"handover":{...}}, both optional'


class Post(NamedTuple):
    """One call that the bot makes by its answer: the body of POST .../messages or .../handovers."""

    kind: str
    """`messages` or `handovers`."""
    body: dict[str, Any]


class Answer(NamedTuple):
    """What became of one try. `wrong` says why an answer was not understood and how to mend it; the event counts as
    delivered all the same, for a repeat would bring the same answer."""

    outcome: Outcome
    detail: str
    posts: tuple[Post, ...] = ()
    wrong: str | None = None


class _Body(Struct, forbid_unknown_fields=True):
    messages: list[dict[str, Any]] = []
    handover: dict[str, Any] | None = None


class HttpBot:
    """One configured bot with `http:`."""

    def __init__(
        self, name: str, url: str, secrets: tuple[str | None, ...], http: Sender, guard: Guard
    ) -> None:
        """Raises ValueError without a proper secret."""
        self.name = name
        self._webhook = Webhook(http, guard, url, *secrets)

    async def deliver(self, event_id: str, epoch: int, event: bytes) -> Answer:
        """Post one event once; what the bot answers is taken as posts with the event's epoch."""
        posted = await self._webhook.post(event_id, event)
        if posted.outcome.kind != "delivered":
            return Answer(posted.outcome, posted.detail)
        try:
            posts = answered(posted.body, event_id, epoch)
        except (ValueError, RecursionError) as error:
            return Answer(
                posted.outcome, posted.detail, wrong=f"The bot's answer was not taken: {error}; {REMEDY}"
            )
        return Answer(posted.outcome, posted.detail, posts)


def answered(body: bytes, event_id: str, epoch: int) -> tuple[Post, ...]:
    """The posts in an answer, in order, with ids `{event_id}:{n}` from 0. Raises ValueError with the place."""
    if not body.strip():
        return ()
    answer = msgspec.json.decode(body, type=_Body)
    given = [("messages", one | {"author": "bot"}) for one in answer.messages]
    if answer.handover is not None:
        given.append(("handovers", answer.handover))
    return tuple(
        Post(kind, one | {"id": f"{event_id}:{n}", "epoch": epoch}) for n, (kind, one) in enumerate(given)
    )
