"""What Salesforce Messaging is told: once, whatever becomes of the answers."""

import msgspec
import pytest

from openhandover.core.errors import ProviderRejected, ProviderUnavailable
from openhandover.emulators.salesforce_miaw import SalesforceMiawEmulator
from openhandover.net.client import HttpClient
from openhandover.providers.base import Alone
from openhandover.providers.salesforce_miaw import wire
from openhandover.providers.salesforce_miaw.api import Api
from openhandover.providers.salesforce_miaw.settings import Settings
from openhandover.providers.salesforce_miaw.talks import Talk as OneTalk
from tests.contract.vendor_world import VendorWorld, until, uploaded

from .deployment import miaw, talk


async def test_without_a_word_on_it_no_transcript_is_sent(world: VendorWorld) -> None:
    """The agent gets the opening line and the reason."""
    one = await talk(world).begin("this stays with the bot")
    await one.asks({"transcript": {}}, reason="billing")
    await one.is_(status="queued")
    assert one.lines() == ["The user asks for a person.\nbilling"]


async def test_a_lost_reply_to_the_first_message(world: VendorWorld) -> None:
    """What has arrived is looked up before the open call is repeated."""
    world.emulator.faults.lose_next_reply(endpoint="message")
    one = await talk(world).queued()
    assert len(one.mine()) == 1
    assert len(one.lines()) == 1
    assert len(world.emulator.requests_to("message")) == 1


async def test_a_conversation_that_an_earlier_try_made_is_used(world: VendorWorld) -> None:
    """Found by its status, or where that did not know it yet by the conflict."""
    world.emulator.faults.lose_next_reply(endpoint="conversation.create")
    world.emulator.faults.fail_next(404, endpoint="conversation.status")
    one = await talk(world).queued()
    assert [made.status for made in world.emulator.requests_to("conversation.create")] == [0, 409]
    assert len(one.mine()) == 1


async def test_a_conflict_with_nothing_is_a_refusal(world: VendorWorld) -> None:
    """409, and there is no such conversation."""
    world.emulator.faults.fail_next(409, endpoint="conversation.create")
    one = await (await talk(world).begin()).asks()
    assert (await one.is_(status="error"))["reason"] == "rejected"


async def test_after_a_restart_nothing_is_sent_twice(world: VendorWorld) -> None:
    """The first message of a new process looks for itself first."""
    one = await talk(world).active()
    world.emulator.faults.lose_next_reply(endpoint="message")
    await one.says("once")
    await one.shown("once")
    await world.restart()
    await one.says("then")
    await one.shown("then")
    assert [line for line in one.lines("user") if line in {"once", "then"}] == ["once", "then"]


@pytest.mark.parametrize("status", [413, 415])
async def test_a_file_that_is_not_taken_becomes_a_link(world: VendorWorld, status: int) -> None:
    """Too large, or of a kind that the organisation does not allow."""
    one = await talk(world).active()
    if status == 413:
        world.emulator.faults.fail_next(413, endpoint="file")
    else:
        miaw(world).account.file_types = ("image/",)
    upload = await uploaded(world, "note.txt", b"words", "text/plain")
    await one.says("look", attachments=[{"upload_id": upload}])
    await until(lambda: any(line.startswith("note.txt: http") for line in one.lines("user")), "a link")
    assert world.emulator.requests_to("file")[0].status == status


async def test_the_agent_learns_that_the_user_has_it(world: VendorWorld) -> None:
    """Receipts go by the entry's identifier."""
    one = await talk(world).active()
    await one.hears(f"hello {one.token}")
    chat = miaw(world).conversations[(await one.chat())["id"]]
    await until(lambda: chat.acks, "an acknowledgement")
    (said,) = [
        entry
        for entry in chat.entries
        if entry["sender"]["role"] == "Agent" and entry["entryType"] == "Message"
    ]
    assert chat.acks == [(said["identifier"], "Delivery")]


async def test_a_close_that_is_refused_ends_the_session_instead(world: VendorWorld) -> None:
    """Where a conversation cannot be closed by its user."""
    one = await talk(world).active()
    world.emulator.faults.fail_next(400, endpoint="conversation.close")
    await world.call("POST", f"/v1/handovers/{one.handover_id}/close")
    await until(lambda: world.emulator.requests_to("session.end"), "the session is ended")
    assert one.mine()[0]["state"] == "ended"


async def test_a_close_is_repeated_until_it_is_heard(world: VendorWorld) -> None:
    """503 does not leave an agent with nobody."""
    one = await talk(world).active()
    world.emulator.faults.fail_next(503, endpoint="conversation.close")
    await world.call("POST", f"/v1/handovers/{one.handover_id}/close")
    await until(lambda: one.mine()[0]["state"] == "ended", "the conversation is closed")


async def test_a_minute_s_share_of_messages_is_waited_for() -> None:
    """The engine is told how long; nothing is sent meanwhile."""
    settings = Settings(scrt_url="http://x", org_id="00Dxx0000000001", es_developer_name="C", any_host=True)
    async with HttpClient() as http:
        one = OneTalk("c", Api(settings, http), Alone(), 2)
        one.pace()
        one.pace()
        with pytest.raises(ProviderUnavailable, match="messages_per_minute") as raised:
            one.pace()
        assert raised.value.retry_after_s == pytest.approx(60, abs=5)


async def test_a_message_that_is_there_already_is_no_refusal() -> None:
    """409: where the history has it, it was taken."""
    async with SalesforceMiawEmulator() as emulator, HttpClient() as http:
        settings = msgspec.convert(emulator.settings(), Settings)
        api = Api(settings, http)
        one = OneTalk(wire.uuid_of("a"), api, Alone(), 22)
        await one.begin("")
        made = wire.conversation(settings, one.id, wire.routing({}, settings))
        await one.call(lambda token: api.call("POST", "/conversation", token, made))
        await one.post(known := wire.text(settings, wire.uuid_of("b"), "once"))
        emulator.faults.fail_next(409, 2, endpoint="message")
        await one.post(known)
        with pytest.raises(ProviderRejected):
            await one.post(wire.text(settings, wire.uuid_of("c"), "never"))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "Look here https://acme.example/returns",
            ["Look here", "acme.example\nhttps://acme.example/returns"],
        ),
        ("https://acme.example/a and\nso", ["acme.example\nhttps://acme.example/a", "and\nso"]),
        ("https://acme.example", ["acme.example\nhttps://acme.example"]),
        ("Not https://acme.example alone", ["Not https://acme.example alone"]),
    ],
)
async def test_the_addresses_that_an_agent_writes_reach_the_user(
    world: VendorWorld, text: str, parts: list[str]
) -> None:
    """Salesforce takes one at the beginning or end of a text out of it, and tells it as a message of its own."""
    one = await talk(world).active()
    before = len(one.heard())
    await one.agent_says(text)
    await one.hears(parts[-1])
    assert one.heard()[before:] == parts
