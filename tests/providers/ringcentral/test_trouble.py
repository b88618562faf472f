"""What goes wrong with RingCentral, and what becomes of the conversation."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from openhandover.emulators.ringcentral import RingCentralEmulator
from tests.contract.vendor_world import VendorWorld, until
from tests.providers.ringcentral.there import BILLING, engage, living, posted, rest, source_call, talk


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[VendorWorld]:
    """RingCentral with the usual settings."""
    async with living(tmp_path) as world:
        yield world


# --- how it is set up


@pytest.mark.parametrize(
    ("changed", "reason", "setting"),
    [
        ({"realtime_token": "another-one"}, "auth", "realtime_token"),
        ({"access_token": "another-one"}, "auth", "access_token"),
        ({"agent_category_id": "deleted"}, "rejected", "agent_category_id"),
    ],
)
async def test_a_wrong_setting_is_named(
    tmp_path: Path, changed: dict[str, Any], reason: str, setting: str
) -> None:
    """The handover fails honestly, and the log says what to check."""
    async with living(tmp_path, **changed) as world:
        with capture_logs() as logs:
            one = await (await talk(world).begin()).asks()
            assert (await one.is_(status="error"))["reason"] == reason
        (failed,) = [record for record in logs if record["event"] == "open_failed"]
        assert setting in failed["detail"]
        assert not world.chats()


async def test_a_deleted_source_names_its_address(tmp_path: Path) -> None:
    """RingCentral knows us, and not the source."""
    emulator = RingCentralEmulator()
    async with living(tmp_path, emulator) as world:
        emulator.account.source_id = "another"
        with capture_logs() as logs:
            one = await (await talk(world).begin()).asks()
            assert (await one.is_(status="error"))["reason"] == "rejected"
        assert any("realtime_url" in str(record) for record in logs)


async def test_a_token_that_may_not_read_finds_no_thread(world: VendorWorld) -> None:
    """It looks as if the thread were not taken in yet, so it is tried until `open_s`; the log says what to check."""
    engage(world).account.reads = False
    with capture_logs() as logs:
        one = await (await talk(world).begin()).asks({"limits": {"open_s": 2}})
        assert (await one.is_(status="error"))["reason"] == "provider_error"
    assert any("access_token" in str(record) for record in logs)


async def test_additional_categories_come_beside_the_agents(world: VendorWorld) -> None:
    """And one that RingCentral does not have is refused."""
    one = await talk(world, additional_category_ids=[BILLING]).queued()
    assert (await one.chat())["facts"]["Categories"] == "Agents, Billing"
    other = await (await talk(world, additional_category_ids=["deleted"]).begin()).asks()
    assert (await other.is_(status="error"))["reason"] == "rejected"
    empty = await (await talk(world, additional_category_ids=[" "]).begin()).asks()
    assert (await empty.is_(status="error"))["reason"] == "configuration"


async def test_the_sender_s_name_can_be_the_one_that_counts(tmp_path: Path) -> None:
    """Who has taken it is not named, so that the user no longer waits, and is called as RingCentral calls them."""
    async with living(tmp_path, agent_name="sender") as world:
        one = await talk(world).queued()
        chat = (await one.chat())["id"]
        await world.emulator.agent_joins(chat)
        assert (await one.is_(status="active"))["agent"] == {"name": "Support"}
        await world.emulator.agent_says(chat, "hello")
        heard = await one.hears("hello")
        assert heard["data"]["author_name"] == engage(world).account.identity_name


async def test_without_queue_updates_there_are_none(tmp_path: Path) -> None:
    """The source says that it does not want them."""
    async with living(tmp_path, queue_updates=False) as world:
        await talk(world).queued()
        await until(lambda: engage(world).options, "the source has asked what we can")
        assert "messaging.queuing_update" not in engage(world).options
        assert "messaging.typing_indicator" in engage(world).options


# --- credentials that end


async def test_a_revoked_access_token_keeps_the_end_due(world: VendorWorld) -> None:
    """Talking needs the source only; what needs the token waits until there is a good one again."""
    one = await talk(world).active()
    account = engage(world).account
    good, account.access_token = account.access_token, "renewed"
    await one.says("still there?")
    await one.shown("still there?")
    await world.call("POST", f"/v1/handovers/{one.handover_id}/close")
    await one.is_(status="completed")
    await until(lambda: any(seen.status == 401 for seen in world.emulator.requests), "a refused call")
    assert (await one.chat())["state"] == "active"
    account.access_token = good
    await until(lambda: one.mine()[0]["state"] == "ended", "the chat is ended")


async def test_a_revoked_source_token_keeps_messages_due(world: VendorWorld) -> None:
    """They arrive once the token is right again, in their order."""
    one = await talk(world).active()
    account = engage(world).account
    good, account.source_token = account.source_token, "renewed"
    refused = [seen for seen in world.emulator.requests if seen.status == 422]
    await one.says("first")
    await one.says("second")
    await until(
        lambda: len([seen for seen in world.emulator.requests if seen.status == 422]) > len(refused),
        "a refused call",
    )
    account.source_token = good
    await one.shown("second")
    assert one.lines("user")[-2:] == ["first", "second"]


# --- what agents do


async def test_a_conversation_that_is_given_back_to_the_bot_has_ended(world: VendorWorld) -> None:
    """The category is what routes: beside the agents' one nothing happens, without it somebody else has it."""
    one = await talk(world).active()
    account, chat = engage(world).account, (await one.chat())["id"]
    path = f"/content_threads/{chat}/update_categories"
    key = "thread_category_ids[]"
    await rest(world, "PUT", path, **{key: account.agent_category})
    await rest(world, "PUT", path, **{key: BILLING})
    await one.got("handover.agent_changed")
    assert (await one.handover())["status"] == "active"
    await rest(world, "PUT", path, **{key: account.bot_category})
    assert (await one.is_(status="completed"))["reason"] == "agent_closed"


async def test_an_agent_who_was_deleted_has_no_name(world: VendorWorld) -> None:
    """Everything else is as usual."""
    one = await talk(world).queued()
    chat = (await one.chat())["id"]
    await world.emulator.agent_joins(chat, "Kim")
    world.emulator.faults.clear()
    assert (await one.is_(status="active"))["agent"]["name"] == "Kim"
    world.emulator.faults.fail_next(404, endpoint="user")
    await world.emulator.agent_transfers(chat, "Ghost")
    await one.got("handover.agent_changed")
    assert "name" not in (await one.handover())["agent"]
    await world.emulator.agent_says(chat, "boo")
    await one.hears("boo")


async def test_automatic_texts_are_shown_and_nobody_has_joined(world: VendorWorld) -> None:
    """RingCentral answers as the bot's identity, outside of business hours for one."""
    one = await talk(world).queued()
    thread = engage(world).account.threads[(await one.chat())["id"]].foreign_id
    params = {
        "content_id": "c-1",
        "author_id": "openhandover-bot",
        "body": "We are closed.",
        "thread_id": thread,
    }
    body = {"action": "messages.create", "params": params, "time": datetime.now(UTC).isoformat()}
    assert await posted(world, *source_call(world, body)) == 200
    await one.hears("We are closed.")
    assert (await one.handover())["status"] == "queued"


async def test_what_no_webhook_brought_is_looked_for_after_a_start(world: VendorWorld) -> None:
    """An agent answered and closed while nobody could be told: both are found, once."""
    one = await talk(world).active()
    world.emulator.callbacks.hold()
    await one.agent_says("meanwhile")
    await one.agent_ends()
    await world.restart()
    await one.hears("meanwhile")
    assert (await one.is_(status="completed"))["reason"] == "agent_closed"
    world.emulator.callbacks.release()
    await until(
        lambda: all(sent.delivered for sent in world.emulator.callbacks.sent), "all webhooks arrive late"
    )
    assert one.heard() == [f"hello {one.token}", "meanwhile"]


async def test_what_the_agent_has_taken_back_is_not_found(world: VendorWorld) -> None:
    """A message that was deleted while nobody could be told is not shown any more."""
    one = await talk(world).active()
    world.emulator.callbacks.hold()
    await one.agent_says("oh no")
    thread = engage(world).account.threads[(await one.chat())["id"]]
    thread.contents[-1].deleted = True
    await one.agent_says("sorry")
    await world.restart()
    await one.hears("sorry")
    assert one.heard() == [f"hello {one.token}", "sorry"]


async def test_looking_finds_who_has_it(tmp_path: Path) -> None:
    """No webhook told that an agent took it, and they have not written: the user does not wait for nobody."""
    async with living(tmp_path, catch_up_s=0.2) as world:
        one = await talk(world).queued()
        world.emulator.callbacks.hold()
        await world.emulator.agent_joins((await one.chat())["id"], "Grace Hopper")
        assert (await one.is_(status="active"))["agent"]["name"] == "Grace Hopper"
        world.emulator.callbacks.release()
        await until(lambda: all(sent.delivered for sent in world.emulator.callbacks.sent), "it is told late")
        assert (await one.handover())["agent"]["name"] == "Grace Hopper"


async def test_looking_goes_on_where_no_name_can_be_had(tmp_path: Path) -> None:
    """The token's user may not see agents: the message counts more than the name."""
    async with living(tmp_path, catch_up_s=0.2) as world:
        one = await talk(world).queued()
        world.emulator.callbacks.hold()
        world.emulator.faults.fail_next(403, 100, endpoint="user")
        await one.agent_says("hello")
        await one.hears("hello")
        assert (await one.is_(status="active"))["agent"].get("name") is None


async def test_looking_finds_a_cancelled_intervention_too(tmp_path: Path) -> None:
    """It is gone, and was there before."""
    async with living(tmp_path, catch_up_s=0.2) as world:
        one = await talk(world).queued()
        await world.emulator.agent_joins((await one.chat())["id"])
        await one.is_(status="active")
        looks = len(world.emulator.requests_to("interventions"))
        await until(
            lambda: len(world.emulator.requests_to("interventions")) > looks + 1, "it was looked at since"
        )
        world.emulator.callbacks.hold()
        await one.agent_ends()
        assert (await one.is_(status="completed"))["reason"] == "agent_closed"


# --- opening and ending


async def test_an_opening_that_broke_off_goes_on_behind_what_was_taken(world: VendorWorld) -> None:
    """Lost replies in the middle repeat one call each, and show nothing twice."""
    one = await talk(world).begin(*(texts := [f"text {n}" for n in range(5)]))
    world.emulator.faults.lose_next_reply(2, endpoint="realtime")
    await one.asks()
    await one.is_(status="queued")
    assert one.lines("user") == texts
    actions = [seen.json["action"] for seen in world.emulator.requests_to("realtime")]
    assert len(actions) == 2 + 1 + 1 + 5 + 2  # identities, user, thread, messages, and what was lost


async def test_a_source_that_takes_no_threads_gets_its_messages(world: VendorWorld) -> None:
    """RingCentral's page of the option `threads.no_content` says that only showing and listing threads is left."""
    engage(world).source.takes_threads = False
    one = await talk(world).queued("hello")
    assert one.lines("user") == ["hello"]
    await one.says("more")
    await one.shown("more")


async def test_without_words_of_the_user_there_is_one_for_them(tmp_path: Path) -> None:
    """Agents are shown what a customer wrote, so there is always something."""
    async with living(tmp_path, opening_text="Ein Mensch, bitte") as world:
        one = await talk(world).begin("not to be shown")
        await one.asks({"transcript": {"send": False}}, reason="tired")
        await one.is_(status="queued")
        chat = await one.chat()
        assert [line["text"] for line in chat["lines"]] == ["Ein Mensch, bitte"]
        assert (chat["facts"]["reason"], chat["facts"]["handover-id"]) == ("tired", one.handover_id)


async def test_an_intervention_without_answer_is_cancelled(world: VendorWorld) -> None:
    """RingCentral closes only what was answered."""
    one = await talk(world).queued()
    await world.emulator.agent_joins((await one.chat())["id"])
    await one.is_(status="active")
    await world.call("POST", f"/v1/handovers/{one.handover_id}/close")
    await until(lambda: one.mine()[0]["state"] == "ended", "the chat is ended")
    assert [len(world.emulator.requests_to(f"intervention.{how}")) for how in ("cancel", "close")] == [1, 0]


async def test_an_end_that_the_token_may_not_make_leaves_the_thread_archived(world: VendorWorld) -> None:
    """403: the intervention is another agent's; it is out of the agents' category all the same."""
    one = await talk(world).active()
    world.emulator.faults.fail_next(403, endpoint="intervention.close")
    await world.call("POST", f"/v1/handovers/{one.handover_id}/close")
    await until(lambda: world.emulator.requests_to("thread.ignore"), "the thread is archived")
    assert (await one.chat())["facts"]["Categories"] == "Bot"


async def test_a_thread_that_somebody_changes_is_waited_for(world: VendorWorld) -> None:
    """409: it is being categorised at this moment."""
    world.emulator.faults.fail_next(409, endpoint="thread.update_categories")
    one = await talk(world).queued()
    assert len(one.mine()) == 1


async def test_an_hour_of_maintenance_ends_an_open_and_loses_nothing(world: VendorWorld) -> None:
    """Past `open_s` the handover fails, and the bot has the user's words."""
    world.emulator.faults.fail_next(503, 1000)
    one = await talk(world).begin("help")
    await one.asks({"limits": {"open_s": 1}})
    await one.says("anybody?")
    assert (await one.is_(status="error"))["reason"] == "provider_error"
    assert await one.settled("anybody?") == "failed"


async def test_the_agents_see_typing_presence_and_reading(world: VendorWorld) -> None:
    """A neutral preview; the bot's identity tells that the user left; what the user has read is marked."""
    one = await talk(world).active()
    await world.call("POST", f"/v1/conversations/{one.id}/typing", {"author": "user", "on": True})
    await until(lambda: one.mine()[0]["facts"].get("Typing") == "...", "the agent sees typing")
    await world.call("POST", f"/v1/conversations/{one.id}/typing", {"author": "user", "on": False})
    await until(lambda: "Typing" not in one.mine()[0]["facts"], "the typing ends")
    await world.call("POST", f"/v1/conversations/{one.id}/presence", {"state": "disconnected"})
    await until(lambda: "User left the conversation" in one.lines("bot"), "the notice")
