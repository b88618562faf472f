"""Looking at a chat: what is seen late, out of order, after a restart, and at the end."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec import structs

from openhandover.core import errors, events as e
from openhandover.core.events import FromProvider
from openhandover.core.model import Agent
from openhandover.providers.base import Session

from .alone import Pair, alone, said

_UNSERVED = "nobody took the chat before Live Helper Chat closed it by itself"
_SILENT = "Live Helper Chat closed the chat by itself while the user waited for an answer"


class Listener:
    """Somebody who listens to a session; what was heard stays in `heard`."""

    def __init__(self, pair: Pair, one: Session, cursor: str | None = None) -> None:
        self.cursor = cursor
        self.heard: list[FromProvider] = []
        self._stream: AsyncIterator[tuple[str, FromProvider | None]] = pair.provider.listen(one, cursor)

    async def next(self) -> e.ProviderFact:
        """The next fact."""
        async with asyncio.timeout(10):
            while True:
                self.cursor, event = await anext(self._stream)
                if event is not None:
                    self.heard.append(event)
                    return event.fact

    async def until(self, kind: type[e.ProviderFact]) -> e.ProviderFact:
        """The next fact of this kind."""
        while not isinstance(found := await self.next(), kind):
            pass
        return found

    async def rest(self) -> list[e.ProviderFact]:
        """Everything that still comes, to the end."""
        found: list[e.ProviderFact] = []
        try:
            while True:
                found.append(await self.next())
        except StopAsyncIteration:
            return found


async def test_a_department_that_sends_waiting_visitors_to_its_form_has_nobody() -> None:
    """After `delay_lm` the visitor can write no more, and no agent was there: no completed handover, but a failed one."""
    async with alone() as pair:
        one = await pair.opened()
        pair.lhc.site.departments[1].delay_lm = 1
        pair.chat(one).time -= 2
        assert await Listener(pair, one).until(e.Failed) == e.Failed(
            "unavailable",
            "nobody took the chat in time: the department sends waiting visitors to its contact form",
            sequenced=True,
        )


@pytest.mark.parametrize(
    ("served", "reason", "figures", "expected"),
    [
        (False, "autoclose_timeout_pending", {}, e.Failed("unavailable", _UNSERVED, sequenced=True)),
        (False, "autoclose_activity_timeout", {}, e.Failed("unavailable", _UNSERVED, sequenced=True)),
        (True, "autoclose_timeout", {"last_user_msg_time": 5}, e.Closed("user_idle", sequenced=True)),
        (True, "autoclose_timeout_active", {}, e.Closed("total_timeout", sequenced=True)),
        (
            True,
            "autoclose_activity_timeout",
            {"last_user_msg_time": 5, "last_op_msg_time": 6},
            e.Closed("user_idle", sequenced=True),
        ),
        (
            True,
            "autoclose_activity_timeout",
            {"last_user_msg_time": 6, "last_op_msg_time": 5},
            e.Failed("agent_timeout", _SILENT, sequenced=True),
        ),
        (True, "something_new", {}, e.Closed(sequenced=True)),
    ],
)
async def test_a_close_by_the_installation_itself(
    served: bool, reason: str, figures: dict[str, int], expected: e.ProviderFact
) -> None:
    """What it says of its reason tells whether nobody came, who was silent, or that it took too long."""
    async with alone() as pair:
        one = await pair.opened()
        listener = Listener(pair, one)
        if served:
            await pair.lhc.agent_says(one.external_id, "Hi")
            await listener.until(e.AgentMessage)
        await pair.lhc.cron_closes(one.external_id, reason, **figures)
        assert (await listener.rest())[-1] == expected


async def test_a_form_after_an_agent_was_there_is_an_end() -> None:
    """Whoever was helped and then sees a form has been closed."""
    async with alone() as pair:
        one = await pair.opened()
        await pair.lhc.agent_says(one.external_id, "Hi")
        pair.chat(one).now.status_sub = 2
        pair.lhc.site.commit(pair.chat(one))
        assert await Listener(pair, one).until(e.Closed) == e.Closed(sequenced=True)


async def test_a_talk_from_the_queue_to_the_end() -> None:
    """Place, name, words, typing, another operator, the queue again, and the last words before the end."""
    async with alone() as pair:
        one = await pair.opened()
        listener = Listener(pair, one)
        assert await listener.next() == e.QueueUpdated(position=1)
        await pair.lhc.agent_joins(one.external_id, "Kim")
        assert await listener.next() == e.AgentJoined(Agent("4", "Kim"))
        await pair.lhc.agent_types(one.external_id)
        assert await listener.next() == e.AgentTyping(True)
        await pair.lhc.agent_says(one.external_id, "Hi")
        words = await listener.next()
        assert isinstance(words, e.AgentMessage)
        assert (words.text, words.agent) == ("Hi", Agent("4", "Kim"))
        assert await listener.next() == e.AgentTyping(False)
        await pair.lhc.agent_transfers(one.external_id, "Lee")
        assert await listener.next() == e.AgentTransferred(Agent("5", "Lee"))
        await pair.lhc.agent_leaves(one.external_id)
        assert await listener.next() == e.AgentLeft()
        assert await listener.next() == e.QueueUpdated(position=1)
        await pair.lhc.agent_says(one.external_id, "Amy here")
        await pair.lhc.agent_ends(one.external_id)
        said, closed = await listener.rest()  # who wrote is there by having written
        assert isinstance(said, e.AgentMessage)
        assert (said.text, said.agent) == ("Amy here", Agent("2", "Amy Agent"))
        assert closed == e.Closed(sequenced=True)
        assert len({event.event_id for event in listener.heard}) == len(listener.heard)


async def test_a_line_that_was_overtaken_is_not_lost() -> None:
    """A higher number was visible first: the lower one is heard when it comes, and each once."""
    async with alone() as pair:
        one = await pair.opened()
        await pair.lhc.agent_joins(one.external_id, "Amy Agent")
        chat = pair.chat(one)
        late = pair.lhc.site.write(chat, 2, "first", "Amy Agent")
        await pair.lhc.agent_says(one.external_id, "second")
        late.visible = False
        listener = Listener(pair, one)
        heard = await listener.until(e.AgentMessage)
        assert isinstance(heard, e.AgentMessage)
        assert heard.text == "second"
        late.visible = True
        heard = await listener.until(e.AgentMessage)
        assert isinstance(heard, e.AgentMessage)
        assert heard.text == "first"
        await pair.lhc.agent_ends(one.external_id)
        assert await listener.rest() == [e.Closed(sequenced=True)]


async def test_after_a_restart_the_same_events_have_the_same_names() -> None:
    """What was missed comes, what was heard can be told from it, and what is known is not told again."""
    async with alone() as pair:
        one = await pair.opened()
        await pair.lhc.agent_joins(one.external_id, "Amy Agent")
        await pair.lhc.agent_says(one.external_id, "before")
        first = Listener(pair, one)
        await first.until(e.AgentMessage)
        await pair.lhc.agent_says(one.external_id, "meanwhile")
        await pair.lhc.agent_ends(one.external_id)
        second = Listener(pair, one, first.cursor)
        await second.rest()
        before = {event.event_id for event in first.heard}
        new = [event.fact for event in second.heard if event.event_id not in before]
        assert [getattr(fact, "text", fact) for fact in new] == ["meanwhile", e.Closed(sequenced=True)]


async def test_what_is_read_again_calls_nobody_back() -> None:
    """After a restart the old words of an operator who has left since are seen again: they do not leave once more."""
    async with alone() as pair:
        one = await pair.opened()
        await pair.lhc.agent_says(one.external_id, "before")
        first = Listener(pair, one)
        await first.until(e.AgentMessage)
        await pair.lhc.agent_leaves(one.external_id)
        await first.until(e.QueueUpdated)
        second = Listener(pair, one, first.cursor)
        await second.until(e.AgentMessage)
        await pair.lhc.agent_joins(one.external_id, "Amy Agent")
        assert await second.next() == e.AgentJoined(Agent("2", "Amy Agent"))


async def test_words_that_come_after_the_close_are_heard_before_the_end() -> None:
    """Who writes and closes in one call is told of in the wrong order."""
    async with alone(last_words_s=0.6) as pair:
        one = await pair.opened()
        await pair.lhc.agent_joins(one.external_id, "Amy Agent")
        await pair.lhc.agent_ends(one.external_id)
        listener = Listener(pair, one)
        rest = asyncio.create_task(listener.rest())
        await pair.lhc.wait_until(
            lambda: pair.lhc.requests_to("messages")[1:]
        )  # one of `open`, one of the look
        pair.lhc.site.write(pair.chat(one), 2, "Bye", "Amy Agent")
        pair.lhc.site.commit(pair.chat(one))
        *_, said, closed = await rest
        assert isinstance(said, e.AgentMessage)
        assert said.text == "Bye"
        assert closed == e.Closed(sequenced=True)


async def test_a_chat_that_goes_to_their_bot_has_ended() -> None:
    """The user would talk to a bot that we do not show."""
    async with alone() as pair:
        one = await pair.opened()
        await pair.lhc.site.set_status(pair.chat(one), 5, pair.lhc.site.us)
        assert (await Listener(pair, one).rest())[-1] == e.Closed(sequenced=True)


async def test_a_chat_that_was_deleted_is_gone() -> None:
    """With good credentials there is nothing to come back to; with wrong ones nothing is known."""
    async with alone() as pair:
        one = await pair.opened()
        del pair.lhc.site.chats[int(one.external_id)]
        with pytest.raises(errors.SessionGone, match="deleted"):
            await Listener(pair, one).next()
        pair.lhc.site.us.api_key = "another"
        with pytest.raises(errors.ProviderAuthError):
            await Listener(pair, one).next()


async def test_a_waiting_chat_asks_to_be_assigned() -> None:
    """As a visitor's browser does; not at each look, and no more once somebody has it."""
    async with alone(poll_s=0.1) as pair:
        one = await pair.opened()
        listener = Listener(pair, one)
        await listener.next()
        looks = len(pair.lhc.requests_to("chat.get"))
        waiting = asyncio.create_task(listener.next())
        await pair.lhc.wait_until(lambda: len(pair.lhc.requests_to("chat.get")) > looks + 3)
        assert len(pair.lhc.requests_to("chat.check")) == 1
        await pair.lhc.agent_joins(one.external_id, "Amy Agent")
        assert await waiting == e.AgentJoined(Agent("2", "Amy Agent"))


async def test_the_auto_responder_is_heard_by_setting() -> None:
    """Its line is automatic, or nothing."""
    for shown in (True, False):
        async with alone(show_auto_responder=shown) as pair:
            one = await pair.opened()
            meta = '{"content":{"auto_responder":true}}'
            pair.lhc.site.write(pair.chat(one), -2, "One moment", "Support", meta)
            pair.lhc.site.commit(pair.chat(one))
            await pair.lhc.agent_ends(one.external_id)
            words = [fact for fact in await Listener(pair, one).rest() if isinstance(fact, e.AgentMessage)]
            assert [(fact.text, fact.automatic) for fact in words] == (
                [("One moment", True)] if shown else []
            )


async def test_trouble_is_reported_and_heard_over() -> None:
    """A look that fails ends the stream; the next one goes on where it was."""
    async with alone() as pair:
        one = await pair.opened()
        listener = Listener(pair, one)
        await listener.next()
        pair.lhc.faults.fail_next(503, endpoint="chat.get", retry_after="7")
        with pytest.raises(errors.ProviderUnavailable) as raised:
            await listener.next()
        assert raised.value.retry_after_s == 7
        await pair.lhc.agent_says(one.external_id, "Still here")
        heard = await Listener(pair, one, listener.cursor).until(e.AgentMessage)
        assert isinstance(heard, e.AgentMessage)
        assert heard.text == "Still here"


async def test_what_an_operator_has_opened_is_read() -> None:
    """Each message of the user once, by our name of it; long ones with their last part; what the bot wrote never."""
    async with alone(max_message_length=20) as pair:
        one = await pair.opened()
        listener = Listener(pair, one)
        await listener.next()
        for number, text in enumerate(("short", "one that is longer than a line", "third")):
            await pair.provider.send(one, structs.replace(said(text), id=f"m{number}"), f"k{number}")
        await pair.provider.send(one, said("from the bot", "bot"), "k9")
        await pair.lhc.agent_reads(one.external_id)
        read = [await listener.until(e.MessageRead) for _ in range(3)]
        assert read == [e.MessageRead("m0"), e.MessageRead("m1"), e.MessageRead("m2")]
        await pair.lhc.agent_ends(one.external_id)
        assert not [fact for fact in await listener.rest() if isinstance(fact, e.MessageRead)]


async def test_a_message_that_is_opened_after_a_restart() -> None:
    """The last one is known still, under the same event."""
    async with alone() as pair:
        one = await pair.opened()
        await pair.provider.send(one, structs.replace(said("before"), id="m1"), "k1")
        await pair.lhc.agent_reads(one.external_id)
        pair.provider = pair.another()
        first, second = Listener(pair, one), Listener(pair, one)
        for listener in (first, second):
            assert await listener.until(e.MessageRead) == e.MessageRead("m1")
        assert first.heard[-1].event_id == second.heard[-1].event_id
