"""Signs of Genesys Cloud that are easily taken for something else, and what no event tells."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from openhandover.providers.genesys import looks
from tests.contract.vendor_world import until

from .centre import Centre, alone, talking


async def is_waiting(talk: Centre, wait_ms: int) -> None:
    """Until the handover has this wait."""
    await talk.world.server.until(
        f"/v1/handovers/{talk.handover_id}", lambda found: found["queue"]["estimated_wait_ms"] == wait_ms
    )


async def test_a_declined_offer_is_no_agent(tmp_path: Path) -> None:
    """It rang and nobody answered: the user still waits, and then gets the next one."""
    async with talking(tmp_path, left_s=0.1) as talk:
        await talk.queued()
        chat = (await talk.chat())["id"]
        talk.genesys.agent_is_offered(chat, "Lee")
        await until(lambda: _delivered(talk), "the offer is told")
        talk.genesys.agent_declines(chat)
        await until(lambda: _delivered(talk), "that it was declined is told")
        assert (await talk.handover())["status"] == "queued"
        await talk.genesys.agent_joins(chat, "Kim")
        assert (await talk.is_(status="active"))["agent"]["name"] == "Kim"
        assert len(talk.events("handover.agent_joined")) == 1


@pytest.mark.parametrize("by", ["eventbridge", "trigger"])
async def test_a_transfer_with_its_wrap_up_is_no_end(tmp_path: Path, by: Any) -> None:
    """The first agent's wrap-up comes when the second one has it: the handover goes on, with the new name."""
    async with talking(tmp_path, left_s=0.1) as talk:
        talk.genesys.notices.events_by = by
        await talk.active()
        chat = (await talk.chat())["id"]
        await talk.genesys.agent_transfers(chat, "Lee")
        await talk.is_(agent={"id": (await talk.there()).participants[-1].user_id, "name": "Lee"})
        await until(lambda: _delivered(talk), "the wrap-up is told")
        await talk.genesys.agent_says(chat, "Lee here")
        await talk.hears("Lee here")
        assert (await talk.handover())["status"] == "active"
        await talk.genesys.agent_leaves(chat)
        await until(lambda: _delivered(talk), "that they left is told")
        await talk.genesys.agent_joins(chat, "Max")
        await talk.genesys.agent_says(chat, "Max here")
        await talk.hears("Max here")
        assert (await talk.handover())["status"] == "active"


async def test_triggers_alone_tell_the_end(tmp_path: Path) -> None:
    """Of `user.end` and `acw` it is an end when nobody has the conversation after the grace."""
    async with talking(tmp_path, left_s=0.2, look_up=False) as talk:
        talk.genesys.notices.events_by = "trigger"
        await talk.active()
        talk.genesys.callbacks.hold()
        await talk.agent_ends()
        body = {
            "topic": "user.end",
            "conversationId": (await talk.there()).id,
            "userId": (await talk.there()).address,
            "agentId": "u-1",
            "disconnectType": "CLIENT",
            "eventTime": 1768469400000,
        }
        answer = await talk.world.call(
            "POST",
            "/webhooks/vendor/trigger",
            body,
            headers={"Authorization": talk.genesys.events_key},
            key=None,
        )
        assert answer.status == 200
        await talk.got("handover.agent_left")
        assert (await talk.is_(status="completed"))["reason"] == "agent_closed"


async def test_without_events_the_first_words_are_the_join(tmp_path: Path) -> None:
    """Messages are all that the integration tells; who wrote is looked up."""
    async with talking(tmp_path) as talk:
        talk.genesys.notices.events_by = "none"
        await talk.queued()
        chat = (await talk.chat())["id"]
        talk.genesys.flow_says(chat, "All agents are busy")
        await talk.hears("All agents are busy")
        assert (await talk.handover())["status"] == "queued"
        await talk.genesys.agent_says(chat, "hello")
        await talk.hears("hello")
        assert (await talk.is_(status="active"))["agent"]["name"] == "Kim"


async def test_looking_tells_what_no_event_does(tmp_path: Path) -> None:
    """Without EventBridge and triggers: who joined, that another one took over, that they left, that it is over."""
    async with talking(tmp_path, look_every_s=0.05) as talk:
        talk.genesys.notices.events_by = "none"
        await talk.queued()
        chat = (await talk.chat())["id"]
        await talk.genesys.agent_joins(chat)
        assert (await talk.is_(status="active"))["agent"]["name"] == "Kim"
        await talk.genesys.agent_transfers(chat, "Lee")
        await talk.is_(agent={"id": (await talk.there()).participants[-1].user_id, "name": "Lee"})
        await talk.genesys.agent_leaves(chat)
        await talk.got("handover.agent_left")
        await talk.genesys.agent_says(chat, "back again")
        await talk.hears("back again")
        await talk.agent_ends()
        assert (await talk.is_(status="completed"))["reason"] == "agent_closed"


async def test_the_wait_is_told_anew_while_somebody_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits hears of a shorter queue; who is being helped is not asked for any more."""
    monkeypatch.setattr(looks, "FRESH_S", 0.0)
    async with talking(tmp_path, wait_every_s=0.05) as talk:
        await talk.queued()
        await is_waiting(talk, 95_000)
        talk.genesys.centre.wait_s = 30
        await is_waiting(talk, 30_000)
        await talk.genesys.agent_joins((await talk.chat())["id"])
        await talk.is_(status="active")
        asked = -1
        while asked != (asked := len(talk.genesys.requests_to("wait"))):
            await asyncio.sleep(0.3)


async def test_the_wait_is_not_told_again_right_after_the_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The opening has told it; what the first look read could come in after an event that knows better."""
    monkeypatch.setattr(looks, "FRESH_S", 0.0)
    async with talking(tmp_path, look_every_s=0.05) as talk:
        talk.genesys.notices.events_by = "none"
        await talk.queued()
        looked = len(talk.genesys.requests_to("conversation"))
        await until(lambda: len(talk.genesys.requests_to("conversation")) > looked + 3, "it was looked at")
        assert len(talk.genesys.requests_to("wait")) == 1


async def test_one_prediction_serves_all_who_wait() -> None:
    """Asked twice within seconds is asked once, for a client may make few calls."""
    async with alone() as (provider, genesys):
        for _ in range(2):
            assert (await provider.availability({}, None)).estimated_wait_ms == 95_000
        assert len(genesys.requests_to("wait")) == 1


async def test_an_end_that_was_told_while_we_were_down_is_found(tmp_path: Path) -> None:
    """A trigger is not repeated for as long: after the start we look."""
    async with talking(tmp_path) as talk:
        await talk.active()
        await talk.world.stop()
        talk.genesys.notices.events_by = "none"
        await talk.agent_ends()
        await talk.world.start()
        assert (await talk.is_(status="completed"))["reason"] == "agent_closed"


async def test_a_look_up_that_fails_costs_only_the_name(tmp_path: Path) -> None:
    """Roles or an outage there: what the event says is taken as it came."""
    async with talking(tmp_path) as talk:
        await talk.queued()
        talk.genesys.faults.fail_next(403, 100, endpoint="conversation")
        chat = (await talk.chat())["id"]
        await talk.genesys.agent_says(chat, "hello")
        await talk.hears("hello")
        assert (await talk.is_(status="active"))["agent"].get("name") is None
        await talk.agent_ends()
        assert (await talk.is_(status="completed"))["reason"] == "agent_closed"


async def test_a_flow_that_ends_it_helps_nobody(tmp_path: Path) -> None:
    """Outside opening hours the flow ends it before a human came: an error, so that a fallback can be tried."""
    async with talking(tmp_path) as talk:
        await talk.queued()
        talk.genesys.flow_ends((await talk.chat())["id"])
        assert (await talk.is_(status="error"))["reason"] == "unavailable"


async def test_a_wait_that_cannot_be_told_is_no_failure(tmp_path: Path) -> None:
    """The handover is queued all the same."""
    async with talking(tmp_path) as talk:
        talk.genesys.permissions.remove("routing:queue:view")
        await talk.queued()
        assert (await talk.handover())["queue"]["estimated_wait_ms"] is None


async def test_notes_of_the_wrap_up_stay_there(tmp_path: Path) -> None:
    """The event has them; nobody else gets to see them."""
    async with talking(tmp_path) as talk:
        await talk.active()
        await talk.genesys.agent_notes((await talk.chat())["id"], "a difficult customer")
        with capture_logs() as logs:
            await talk.agent_ends()
            await talk.is_(status="completed")
            await until(lambda: _delivered(talk), "the wrap-up is told")
        assert any(b"a difficult customer" in one.body for one in talk.genesys.callbacks.sent)
        for place in (talk.world.channel.events, await talk.world.messages(talk.id), logs):
            assert "difficult" not in json.dumps(place, default=str)


async def test_the_agent_learns_that_words_arrived(tmp_path: Path) -> None:
    """A receipt for the agent's message, by its own id, once."""
    async with talking(tmp_path) as talk:
        await talk.active()
        conversation = await talk.there()
        (line,) = [one for one in conversation.lines if one.author == "agent"]
        await until(lambda: conversation.receipts, "a receipt")
        assert [(one["id"], one["status"]) for one in conversation.receipts] == [(line.id, "Delivered")]


async def test_a_clock_that_is_wrong_there_hinders_nothing(tmp_path: Path) -> None:
    """The signature has no time in it, and a message's own time decides nothing here."""
    async with talking(tmp_path) as talk:
        await talk.active()
        notices, conversation = talk.genesys.notices, await talk.there()
        channel = {
            "id": "i",
            "platform": "Open",
            "type": "Private",
            "messageId": "late",
            "to": {"id": conversation.address},
            "from": {"id": "i"},
            "time": "2001-01-01T00:00:00.000Z",
        }
        notices.message(
            conversation, "Text", text="from long ago", originatingEntity="Human", channel=channel
        )
        await talk.hears("from long ago")


async def test_a_huge_message_of_an_agent_arrives(tmp_path: Path) -> None:
    """100 kB."""
    async with talking(tmp_path) as talk:
        await talk.active()
        text = "long " * 20_000 + "."
        await talk.genesys.agent_says((await talk.chat())["id"], text)
        await talk.hears(text)


async def test_events_without_the_key_change_nothing(tmp_path: Path) -> None:
    """401 at both addresses, and the handover is as it was."""
    async with talking(tmp_path) as talk:
        await talk.active()
        talk.genesys.callbacks.hold()
        await talk.agent_ends()
        (end,) = [
            one
            for one in talk.genesys.callbacks.sent
            if b'.customer.end"' in one.body and b"CLIENT" not in one.body
        ]
        for part in ("eventbridge", "trigger"):
            for headers in ({}, {"Authorization": "wrong"}):
                answer = await talk.world.call(
                    "POST", f"/webhooks/vendor/{part}", data=end.body, headers=headers, key=None
                )
                assert answer.status == 401
        assert (await talk.handover())["status"] == "active"


def _delivered(talk: Centre) -> bool:
    return all(one.delivered for one in talk.genesys.callbacks.sent)
