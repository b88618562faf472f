"""Agents' words that Genesys Cloud could not bring: after an outage they are read where they are kept."""

import json
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from openhandover.emulators.genesys.conversation import Sent
from openhandover.providers.genesys import looks, wire
from tests.contract.vendor_world import until

from .centre import Centre, talking

WORDS = "written while you were away"


async def unheard(talk: Centre, text: str = WORDS) -> None:
    """The agent writes while nobody takes webhooks, and the vendor gives up."""
    talk.genesys.callbacks.redelivery_s = ()
    await talk.genesys.agent_says((await talk.chat())["id"], text)
    await until(lambda: talk.genesys.callbacks.sent[-1].given_up, "the vendor gave up")


async def test_words_that_were_given_up_are_read(tmp_path: Path) -> None:
    """After the start the user hears them, of the agent who wrote, and the agent learns that they arrived."""
    async with talking(tmp_path) as talk:
        await talk.active()
        await talk.world.stop()
        await unheard(talk)
        await talk.world.start()
        assert (await talk.hears(WORDS))["data"]["author_name"] == "Kim"
        conversation = await talk.there()
        line = conversation.lines[-1]
        await until(lambda: any(one["id"] == line.id for one in conversation.receipts), "a receipt")


async def test_words_are_read_once(tmp_path: Path) -> None:
    """Looking again, another start and a late webhook of the same message change nothing."""
    async with talking(tmp_path, look_every_s=0.05) as talk:
        await talk.active()
        await talk.world.stop()
        await unheard(talk)
        late = talk.genesys.callbacks.sent[-1]
        await talk.world.start()
        await talk.hears(WORDS)
        await talk.world.stop()
        await talk.world.start()
        talk.genesys.callbacks.post(late)
        await until(lambda: late.delivered, "the webhook came after all")
        await talk.genesys.agent_says((await talk.chat())["id"], "and on we go")
        await talk.hears("and on we go")
        assert [one["text"] for one in await talk.world.messages(talk.id)].count(WORDS) == 1


async def test_last_words_come_before_the_end(tmp_path: Path) -> None:
    """Both happened while we were down: the user reads the words, then it is over."""
    async with talking(tmp_path) as talk:
        await talk.active()
        await talk.world.stop()
        await unheard(talk)
        await talk.agent_ends()
        await talk.world.start()
        message = (await talk.hears(WORDS))["data"]
        assert (await talk.is_(status="completed"))["reason"] == "agent_closed"
        assert "late" not in message


async def test_words_are_read_when_the_vendor_has_given_up_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the start the vendor was still trying: there is a second look when it can no longer be."""
    monkeypatch.setattr(looks, "TRIED_S", 0.5)
    async with talking(tmp_path) as talk:
        await talk.active()
        await talk.world.stop()
        await unheard(talk)
        talk.genesys.callbacks.sent[-1].given_up = False
        before = len(talk.genesys.requests_to("conversation"))
        await talk.world.start()
        await until(lambda: len(talk.genesys.requests_to("conversation")) > before, "the first look")
        talk.genesys.callbacks.sent[-1].given_up = True
        await talk.hears(WORDS)


async def test_without_the_permission_the_rest_is_still_found(tmp_path: Path) -> None:
    """The log names the permission; who has the conversation and that it is over is told all the same."""
    async with talking(tmp_path) as talk:
        await talk.active()
        talk.genesys.permissions.remove("conversation:message:view")
        await talk.world.stop()
        await unheard(talk)
        talk.genesys.notices.events_by = "none"
        await talk.agent_ends()
        with capture_logs() as logs:
            await talk.world.start()
            assert (await talk.is_(status="completed"))["reason"] == "agent_closed"
            await until(lambda: "conversation:message:view" in json.dumps(logs, default=str), "the remedy")


async def test_a_message_that_is_gone_there_is_no_hindrance(tmp_path: Path) -> None:
    """404: nothing is left to read, and the next one is read."""
    async with talking(tmp_path) as talk:
        await talk.active()
        await talk.world.stop()
        await unheard(talk, "gone by now")
        await unheard(talk)
        talk.genesys.faults.fail_next(404, 1, endpoint="message_of")
        await talk.world.start()
        await talk.hears(WORDS)
        assert "gone by now" not in [one["text"] for one in await talk.world.messages(talk.id)]


STATUSES = (
    "queued",
    "sent",
    "received",
    "delivery-success",
    "delivery-failed",
    "read",
    "removed",
    "published",
)


def test_only_what_the_vendor_gave_up_is_read() -> None:
    """What is on its way comes by itself; what we answered for, we have; what the user wrote is theirs."""
    statuses = [{"messageId": f"m-{one}", "messageStatus": one} for one in (*STATUSES, "failed")]
    parties = [
        {"id": "p-1", "purpose": "customer", "messages": statuses},
        {"id": "p-2", "purpose": "agent", "name": "Kim", "user": {"id": "u-1"}, "messages": statuses},
        {"id": "p-3", "purpose": "acd"},
    ]
    there = msgspec.convert({"participants": parties}, wire.MessageConversation)
    given_up = there.given_up()
    assert [(message_id, agent.name) for message_id, agent in given_up] == [("m-failed", "Kim")]


@pytest.mark.parametrize(
    ("receipts", "status"),
    [
        ([], "queued"),
        ([("m-1", "Sent")], "queued"),
        ([("m-1", "Delivered")], "delivery-success"),
        ([("m-1", "Failed")], "delivery-failed"),
        ([("m-2", "Delivered")], "queued"),
    ],
)
def test_a_receipt_changes_the_emulated_status(receipts: list[tuple[str, str]], status: str) -> None:
    """What our caller says of a message is what the agent's side shows; of another message it says nothing."""
    sent = Sent({"id": "m-1"}, None)
    assert sent.status([{"id": id_, "status": said} for id_, said in receipts]) == status
