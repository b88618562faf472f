"""The other ends of user and bot lanes: webhooks, clients that fetch, HTTP bots, flows."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec
import structlog

from openhandover.bots.http import HttpBot, Post
from openhandover.channels.api import ApiChannel
from openhandover.core.errors import Refused
from openhandover.core.model import Conversation, Entry, Message
from openhandover.core.view import message_of
from openhandover.net.statuses import Outcome

from .present import Link, linked

Present = Callable[[Entry], dict[str, Any]]
Accept = Callable[[str, Post], Awaitable[None]]
DELIVERED = Outcome("delivered")

_encode = msgspec.json.Encoder().encode
_log = structlog.get_logger("openhandover.delivery")


class Fetching:
    """A channel without webhook: what is in the log can be fetched, and that is its delivery."""

    async def deliver(self, state: Conversation, entry: Entry) -> Outcome:
        """Nothing to call."""
        return DELIVERED


class ChannelWebhook:
    """A channel with webhook. A retry repeats the body byte for byte."""

    def __init__(self, channel: ApiChannel, present: Present) -> None:
        self._channel = channel
        self._present = present

    async def deliver(self, state: Conversation, entry: Entry) -> Outcome:
        """One try."""
        posted = await self._channel.deliver(event_id(entry), _encode(self._present(entry)))
        return posted.outcome._replace(detail=posted.detail)

    async def typing(self, event: dict[str, Any]) -> None:
        """Once, without consequence."""
        posted = await self._channel.deliver(str(event["id"]), _encode(event))
        if posted.outcome.kind != "delivered":
            _log.info("typing_not_delivered", channel=self._channel.name, detail=posted.detail)


class Vendor(Protocol):
    """A channel that another company runs: it takes messages and hears of nothing else."""

    async def deliver(self, state: Conversation, message: Message, key: str) -> Outcome:
        """One try; `key` stays the same on every try."""
        ...


class Messages:
    """A channel of another company: its users get the messages."""

    def __init__(self, vendor: Vendor, link: Link) -> None:
        self._vendor = vendor
        self._link = link

    async def deliver(self, state: Conversation, entry: Entry) -> Outcome:
        """One try."""
        if entry.type != "message.created":
            return DELIVERED
        message = message_of(entry)
        if message.attachments:
            message = msgspec.structs.replace(message, attachments=linked(message.attachments, self._link))
        return await self._vendor.deliver(state, message, event_id(entry))


class BotWebhook:
    """An HTTP bot; its answer is taken as if it had posted to the API."""

    def __init__(self, bot: HttpBot, present: Present, accept: Accept) -> None:
        self._bot = bot
        self._present = present
        self._accept = accept

    async def deliver(self, state: Conversation, entry: Entry) -> Outcome:
        """One try; a stale or wrong answer is counted and dropped, the event counts as delivered."""
        answer = await self._bot.deliver(event_id(entry), entry.epoch, _encode(self._present(entry)))
        if answer.wrong:
            _log.warning(
                "bot_answer_wrong", bot=self._bot.name, conversation_id=state.id, detail=answer.wrong
            )
        for post in answer.posts:
            try:
                await self._accept(state.id, post)
            except Refused as refused:
                _log.warning(
                    "bot_answer_refused",
                    bot=self._bot.name,
                    conversation_id=state.id,
                    code=refused.code,
                    detail=refused.detail,
                )
        return answer.outcome._replace(detail=answer.detail)


def event_id(entry: Entry) -> str:
    """The webhook id: the same on every retry and after a restart."""
    return f"{entry.conversation_id}:{entry.seq}"
