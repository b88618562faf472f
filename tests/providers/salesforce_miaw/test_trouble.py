"""What goes wrong with Salesforce, and what becomes of the conversation."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from openhandover.core.errors import ProviderRejected, ProviderUnavailable
from openhandover.emulators.salesforce_miaw import IDENTITY, Account, SalesforceMiawEmulator
from openhandover.net.client import HttpClient
from openhandover.providers.base import Alone
from openhandover.providers.salesforce_miaw import wire
from openhandover.providers.salesforce_miaw.api import Api
from openhandover.providers.salesforce_miaw.settings import Settings
from openhandover.providers.salesforce_miaw.talks import Talk as OneTalk
from tests.contract.vendor_world import Talk, VendorWorld, until, uploaded, vendor_world

ROUTE = {"routing_attributes": {"Customer_Name": "{{ user }}"}}


def living(
    folder: Path, emulator: SalesforceMiawEmulator | None = None, **settings: Any
) -> AbstractAsyncContextManager[VendorWorld]:
    """A world of Salesforce with these settings."""
    there = emulator or SalesforceMiawEmulator()
    return vendor_world(folder, "salesforce_miaw", there, webhooks=False, **settings)


def miaw(world: VendorWorld) -> SalesforceMiawEmulator:
    """The emulated organisation."""
    assert isinstance(world.emulator, SalesforceMiawEmulator)
    return world.emulator


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[VendorWorld]:
    """Salesforce with the usual settings."""
    async with living(tmp_path) as world:
        yield world


def talk(world: VendorWorld, **route: Any) -> Talk:
    """A user who is nobody's verified customer."""
    return Talk(world, {**ROUTE, **route})


# --- tokens and identities


async def test_a_token_is_renewed_before_its_end(tmp_path: Path) -> None:
    """An anonymous user's token cannot be had again once it has ended, so it never does."""
    async with living(tmp_path, SalesforceMiawEmulator(Account(token_life_s=3.0))) as world:
        one = await talk(world).active()
        first = list(miaw(world).account.tokens)
        await until(lambda: len(world.emulator.requests_to("token.continuation")) >= 2, "two renewals")
        assert all(miaw(world).account.tokens[value].ends_at for value in first)
        await one.says("still there?")
        await one.shown("still there?")
        await one.agent_says("yes")
        await one.hears("yes")
        assert len(world.emulator.requests_to("token.unauthenticated")) == 1
        assert one.heard() == [f"hello {one.token}", "yes"]


@pytest.mark.parametrize("text", ["hello?", ""])
async def test_an_anonymous_user_s_lost_token_is_the_end(world: VendorWorld, text: str) -> None:
    """Nobody can reach the conversation again: an error, what was due is failed, and the log says what can be done. Met by
    a message, or by the stream alone."""
    one = await talk(world).active()
    with capture_logs() as logs:
        world.emulator.expire_tokens()
        miaw(world).break_streams()
        if text:
            await one.says(text)
        found = await one.is_(status="error")
    assert found["reason"] == "provider_error"
    (said, *_) = [record for record in logs if record["event"] == "session_lost"]
    assert (said["handover_id"], said["provider"]) == (one.handover_id, "vendor")
    assert "token" in said["detail"]
    assert "by hand" in said["remedy"]
    if text:
        assert await one.settled(text) == "failed"


async def test_a_restart_goes_on_with_the_same_token(world: VendorWorld) -> None:
    """It is kept, or the user would be another one."""
    one = await talk(world).active()
    await world.restart()
    await one.says("after")
    await one.shown("after")
    assert len(world.emulator.requests_to("token.unauthenticated")) == 1


async def test_an_identity_that_is_not_accepted_is_refused_where_it_has_to_be(tmp_path: Path) -> None:
    """Salesforce takes the user for an anonymous one without a word; then no conversation is made."""
    async with living(tmp_path, require_verified=True) as world:
        with capture_logs() as logs:
            one = await (await talk(world, identity_token="e30.e30.x").begin()).asks()
            assert (await one.is_(status="error"))["reason"] == "rejected"
        assert any("identity_token" in str(record) for record in logs)
        assert not world.chats()
        known = await talk(world, identity_token=IDENTITY).queued()
        assert len(known.mine()) == 1


async def test_a_user_without_identity_is_a_mistake_of_the_step(tmp_path: Path) -> None:
    """Found before anything is said or asked."""
    async with living(tmp_path, require_verified=True) as world:
        one = await (await talk(world).begin()).asks()
        assert (await one.is_(status="error"))["reason"] == "configuration"
        assert not world.emulator.requests


@pytest.mark.parametrize(
    ("endpoint", "status", "reason", "setting"),
    [
        ("token.unauthenticated", 403, "auth", "es_developer_name"),
        ("token.unauthenticated", 400, "auth", "org_id"),
        ("token.unauthenticated", 404, "rejected", "scrt_url"),
        ("conversation.create", 400, "rejected", "routing_attributes"),
        ("conversation.create", 403, "auth", "es_developer_name"),
    ],
)
async def test_a_refused_open_names_what_to_look_at(
    world: VendorWorld, endpoint: str, status: int, reason: str, setting: str
) -> None:
    """Another organisation, deployment, region or channel parameter."""
    world.emulator.faults.fail_next(status, endpoint=endpoint)
    with capture_logs() as logs:
        one = await (await talk(world).begin()).asks()
        assert (await one.is_(status="error"))["reason"] == reason
    assert any(f"`{setting}`" in str(record) for record in logs), logs


async def test_an_attribute_that_the_channel_does_not_know(world: VendorWorld) -> None:
    """The whole open is refused, and the route is named."""
    miaw(world).account.parameters = {"Reason"}
    one = await (await talk(world).begin()).asks()
    found = await one.is_(status="error")
    assert found["reason"] == "rejected"
    assert "routing_attributes" in found["error"]["message"]


# --- the stream


async def test_what_a_broken_stream_did_not_tell_comes_from_the_history(world: VendorWorld) -> None:
    """Even where the stream has forgotten it: all of it, once, in its order."""
    one = await talk(world).active()
    miaw(world).hold_streams()
    texts = [f"while away {n}" for n in range(60)]  # more than one page
    for text in texts:
        await one.agent_says(text)
    miaw(world).forget_events()
    miaw(world).break_streams()
    miaw(world).hold_streams(on=False)
    await one.hears(texts[-1])
    assert one.heard() == [f"hello {one.token}", *texts]


async def test_who_else_is_there_is_known_after_a_break(tmp_path: Path) -> None:
    """Two agents, a broken stream, and the first one leaves: the other one has the conversation."""
    async with living(tmp_path, left_s=0.5) as world:
        one = await talk(world).active()
        chat = miaw(world).conversations[(await one.chat())["id"]]
        kim, lee = {"role": "Agent", "subject": "005kim"}, {"role": "Agent", "subject": "005lee"}
        for who, name in ((kim, "Kim"), (lee, "Lee")):
            added = {"operation": "add", "displayName": name, "participant": who}
            chat.add("ParticipantChanged", {"entries": [added]})
        await one.agent_says("there are two of us")
        await one.hears("there are two of us")
        before = len(world.emulator.requests_to("events"))
        miaw(world).break_streams()
        await until(lambda: len(world.emulator.requests_to("events")) > before, "the next stream")
        gone = [chat.agent and {"role": "Agent", "subject": chat.agent[0]}, kim]
        changes = [{"operation": "remove", "displayName": "Kim", "participant": who} for who in gone]
        chat.add("ParticipantChanged", {"entries": changes})
        await one.is_(status="active", agent={"id": "005lee", "name": "Lee"})


async def test_a_silent_stream_is_taken_anew(tmp_path: Path) -> None:
    """No sign of life for `silence_s`: the connection is dead, whatever it looks like."""
    async with living(tmp_path, SalesforceMiawEmulator(heartbeat_s=60), silence_s=5) as world:
        one = await talk(world).active()
        miaw(world).hold_streams()
        await one.agent_says("anybody?")
        miaw(world).forget_events()
        miaw(world).hold_streams(on=False)
        before = len(world.emulator.requests_to("events"))
        await one.hears("anybody?")
        assert len(world.emulator.requests_to("events")) == before + 1


async def test_a_large_event_is_read(world: VendorWorld) -> None:
    """100 kB in one line."""
    one = await talk(world).active()
    await one.agent_says(text := "long " * 20_000 + ".")
    await one.hears(text)


async def test_nobody_to_route_to_is_a_failure(world: VendorWorld) -> None:
    """Not a completed handover."""
    one = await talk(world).queued()
    await miaw(world).routing_fails((await one.chat())["id"])
    assert (await one.is_(status="error"))["reason"] == "unavailable"


async def test_bots_and_supervisors_have_not_joined(world: VendorWorld) -> None:
    """A bot's words are shown, automatic ones and whispers are not; the user still waits for a human."""
    one = await talk(world).queued()
    chat = (await one.chat())["id"]
    await miaw(world).agent_notes(chat, "whisper")
    await miaw(world).system_says(chat, "automated")
    await miaw(world).bot_says(chat, "I am a bot")
    await one.hears("I am a bot")
    assert (await one.handover())["status"] == "queued"
    assert one.heard() == ["I am a bot"]


async def test_an_inactive_session_is_no_end(world: VendorWorld) -> None:
    """The agent set it aside; the user's next message brings it back."""
    one = await talk(world).active()
    chat = (await one.chat())["id"]
    await miaw(world).session_is(chat, "Inactive")
    await one.says("I am back")
    await one.shown("I am back")
    await one.agent_says("so am I")
    await one.hears("so am I")
    assert (await one.handover())["status"] == "active"


async def test_an_expired_session_is_the_end(world: VendorWorld) -> None:
    """Ended by the system."""
    one = await talk(world).active()
    await miaw(world).session_is((await one.chat())["id"], "Ended", "System")
    assert (await one.is_(status="completed"))["reason"] == "agent_closed"


# --- an agent leaves


async def test_an_agent_who_leaves_nobody_behind_has_ended_it(tmp_path: Path) -> None:
    """After `left_s`, and the conversation is closed there, too."""
    async with living(tmp_path, left_s=1) as world:
        one = await talk(world).active()
        await miaw(world).agent_drops((await one.chat())["id"])
        await one.got("handover.agent_left")
        assert (await one.is_(status="completed"))["reason"] == "agent_closed"
        await until(lambda: (one.mine()[0])["state"] == "ended", "the conversation is closed")


async def test_an_agent_who_sends_it_back_to_the_queue_has_not(tmp_path: Path) -> None:
    """The conversation's status says that another one is asked, however long that takes."""
    async with living(tmp_path, left_s=0) as world:
        one = await talk(world).active()
        chat = (await one.chat())["id"]
        await world.emulator.agent_leaves(chat)
        await one.got("handover.agent_left")
        await world.emulator.agent_joins(chat, "Lee")
        await one.agent_says("I took over")
        await one.hears("I took over")
        assert (await one.handover())["agent"]["name"] == "Lee"


async def test_the_step_may_end_at_once(world: VendorWorld) -> None:
    """`immediate`: also a transfer is an end then."""
    one = await talk(world, end_on_participant_change=True).active()
    await world.emulator.agent_leaves((await one.chat())["id"])
    assert (await one.is_(status="completed"))["reason"] == "agent_closed"


async def test_the_step_may_leave_the_end_to_the_session(tmp_path: Path) -> None:
    """`never`: only the end of the session counts."""
    async with living(tmp_path, left_s=0) as world:
        one = await talk(world, end_on_participant_change="never").active()
        chat = (await one.chat())["id"]
        await miaw(world).agent_drops(chat)
        await one.got("handover.agent_left")
        await world.emulator.agent_joins(chat)
        await one.agent_says("here again")
        await one.hears("here again")
        await one.agent_ends()
        await one.is_(status="completed")


# --- sending


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
