"""What goes wrong with Salesforce, and what becomes of the conversation."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from openhandover.emulators.salesforce_miaw import IDENTITY, Account, SalesforceMiawEmulator
from tests.contract.vendor_world import VendorWorld, until

from .deployment import living, miaw, talk

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
