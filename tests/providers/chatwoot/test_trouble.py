"""What goes wrong with Chatwoot, and what becomes of the conversation."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from openhandover.emulators.chatwoot import ChatwootEmulator
from openhandover.emulators.chatwoot.installation import Conversation
from tests.contract.vendor_world import Talk, VendorWorld, until, vendor_world
from tests.ports import free_port

TOKEN = "a-token-in-the-address"


def living(
    folder: Path, emulator: ChatwootEmulator | None = None, **settings: Any
) -> AbstractAsyncContextManager[VendorWorld]:
    """A world of Chatwoot with these settings."""
    return vendor_world(folder, "chatwoot", emulator or ChatwootEmulator(), webhooks=True, **settings)


def chatwoot(world: VendorWorld) -> ChatwootEmulator:
    """The emulated installation."""
    assert isinstance(world.emulator, ChatwootEmulator)
    return world.emulator


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[VendorWorld]:
    """Chatwoot with the usual settings."""
    async with living(tmp_path) as world:
        yield world


async def conversation(talk: Talk) -> Conversation:
    """The user's conversation in Chatwoot."""
    return chatwoot(talk.world).home.conversation((await talk.chat())["id"])


# --- credentials and the account -----------------------------------------------------------------------------


async def test_a_token_that_is_revoked_in_the_middle(world: VendorWorld) -> None:
    """What the user says waits until the token is right again; the log names the setting, and nothing is lost."""
    talk = await Talk(world, {}).active()
    home, right = chatwoot(world).home, chatwoot(world).home.token
    with capture_logs() as logs:
        home.token = "another"
        await talk.says("Are you there?")
        await until(
            lambda: [one for one in logs if "`api_token`" in str(one)], "a record that names the setting"
        )
        home.token = right
        await talk.shown("Are you there?")
    assert not [one for one in logs if right in str(one)]


async def test_an_inbox_that_was_deleted(world: VendorWorld) -> None:
    """The handover is refused, and the log says where to look."""
    chatwoot(world).home.inboxes.clear()
    with capture_logs() as logs:
        talk = await (await Talk(world, {}).begin()).asks()
        assert (await talk.is_(status="error"))["reason"] == "rejected"
    assert [one for one in logs if "`inbox_id`" in str(one)]


async def test_a_route_that_renders_no_number(world: VendorWorld) -> None:
    """It is a configuration error before anybody is called."""
    talk = await (await Talk(world, {"inbox_id": "sales"}).begin()).asks()
    assert (await talk.is_(status="error"))["reason"] == "configuration"
    assert not world.chats()


async def test_maintenance_that_outlasts_the_patience(world: VendorWorld) -> None:
    """503 for as long as we ask: the handover fails, and the bot has the user's words."""
    chatwoot(world).faults.fail_next(503, 100, endpoint="contact.create")
    talk = await (await Talk(world, {}).begin()).asks({"limits": {"open_s": 1}})
    await talk.says("Hello?")
    assert (await talk.is_(status="error"))["reason"] == "provider_error"
    found = await talk.handover()
    assert "Hello?" in [one["text"] for one in found["digest"]["messages"]]


# --- webhooks ------------------------------------------------------------------------------------------------


async def test_a_server_that_does_not_sign(tmp_path: Path) -> None:
    """The token in the address is its proof, also when the provider has no secret at all."""
    emulator = ChatwootEmulator()
    emulator.desk.signs, emulator.desk.token = False, TOKEN
    async with living(tmp_path, emulator, webhook_secret=None, webhook_token=TOKEN, gap_check_s=0) as world:
        talk = await Talk(world, {}).active()
        body = emulator.callbacks.sent[-1].body
        for query in ("", "?token=another"):
            assert (await world.call("POST", f"/webhooks/vendor{query}", data=body, key=None)).status == 401
        await talk.agent_says("Bye")
        await talk.hears("Bye")


async def test_webhooks_that_never_arrive(world: VendorWorld) -> None:
    """Agents' words and the end are found by looking."""
    talk = await Talk(world, {}).active()
    world.emulator.callbacks.hold()
    await talk.agent_says("Nobody tells you")
    await talk.hears("Nobody tells you")
    await talk.agent_ends()
    assert (await talk.is_(status="completed"))["reason"] == "agent_closed"


async def test_a_webhook_that_was_refused_once(tmp_path: Path) -> None:
    """Chatwoot marks the message as failed, and by that event it arrives after all; then the mark is taken back."""
    async with living(tmp_path, gap_check_s=0) as world:
        talk = await Talk(world, {}).active()
        there = await conversation(talk)
        desk, right = chatwoot(world), chatwoot(world).inbox.secret
        desk.inbox.secret = "wrong"
        message = desk.desk.say(there, desk.home.agents[0], "Once more")
        desk.inbox.secret = right
        await talk.hears("Once more")
        assert talk.heard().count("Once more") == 1
        assert message.content_attributes == {"external_error": "not delivered"}


async def test_both_webhooks_at_once(tmp_path: Path) -> None:
    """One of the inbox and one of the account, each signed with its own secret: the user hears everything once."""
    emulator = ChatwootEmulator()
    async with living(tmp_path, emulator, old_webhook_secret=emulator.home.webhook_secret) as world:
        emulator.home.webhooks.append(f"{world.server.url}/webhooks/vendor")
        talk = await Talk(world, {}).active()
        await talk.agent_says("Hello twice")
        await talk.hears("Hello twice")
        await talk.agent_says("Bye twice")
        await talk.hears("Bye twice")
        assert talk.heard() == [f"hello {talk.token}", "Hello twice", "Bye twice"]


# --- statuses ------------------------------------------------------------------------------------------------


async def test_a_snoozed_conversation(world: VendorWorld) -> None:
    """It is a pause: the user's next words open it again, in the same handover."""
    talk = await Talk(world, {}).active()
    there = await conversation(talk)
    chatwoot(world).desk.set_status(there, "snoozed")
    await talk.says("I am back")
    await talk.shown("I am back")
    assert there.status == "open"
    assert (await talk.handover())["status"] == "active"


async def test_a_conversation_that_goes_back_to_the_bot(world: VendorWorld) -> None:
    """Pending is out of the agents' sight, so that the user is with the bot again."""
    talk = await Talk(world, {}).active()
    chatwoot(world).desk.set_status(await conversation(talk), "pending")
    assert (await talk.is_(status="completed"))["ended_by"] == "agent"
    await talk.says("Bot?")
    await talk.bot_got("Bot?")


async def test_a_conversation_that_is_opened_again_after_the_end(world: VendorWorld) -> None:
    """The handover is over: a new one has a new conversation, and the old one's agent is not in it."""
    talk = await Talk(world, {}).active()
    old = await conversation(talk)
    await talk.agent_ends()
    await talk.is_(status="completed")
    chatwoot(world).desk.set_status(old, "open")
    await talk.asks()
    await talk.is_(status="queued")
    new = await conversation(talk)
    assert new is not old
    chatwoot(world).desk.assign(old, chatwoot(world).home.agent("Lee"))
    chatwoot(world).desk.say(new, chatwoot(world).home.agent("Kim"), "Hello again")
    await talk.hears("Hello again")
    assert ((await talk.is_(status="active"))["agent"] or {})["name"] == "Kim"


async def test_the_users_last_words_after_an_end_that_we_missed(tmp_path: Path) -> None:
    """The message is not sent into a closed conversation: it is failed, and the handover has ended."""
    async with living(tmp_path, gap_check_s=0) as world:
        talk = await Talk(world, {}).active()
        there = await conversation(talk)
        world.emulator.callbacks.hold()
        await talk.agent_ends()
        world.emulator.faults.fail_next(503, endpoint="message.create")
        await talk.says("One more thing")
        assert await talk.settled("One more thing") == "failed"
        assert (await talk.is_(status="completed"))["reason"] == "agent_closed"
        assert there.status == "resolved"


# --- who has joined ------------------------------------------------------------------------------------------


async def test_an_inbox_that_assigns_by_itself(tmp_path: Path) -> None:
    """With `joined_when: replied` the user waits until somebody has written; from then on assignments count."""
    emulator = ChatwootEmulator()
    emulator.inbox.enable_auto_assignment = True
    async with living(tmp_path, emulator, joined_when="replied") as world:
        talk = await Talk(world, {}).queued()
        there = await conversation(talk)
        assert there.assignee is not None
        await emulator.wait_until(lambda: all(one.delivered for one in emulator.callbacks.sent))
        assert (await talk.handover())["status"] == "queued"
        await talk.agent_says("Hello")
        await talk.hears("Hello")
        await talk.is_(status="active")
        emulator.desk.assign(there, emulator.home.agent("Lee"))
        await talk.got("handover.agent_changed")


async def test_a_transfer_to_a_team(world: VendorWorld) -> None:
    """Nobody has it for the moment, and it goes on."""
    talk = await Talk(world, {}).queued()
    there = await conversation(talk)
    await world.emulator.agent_joins(str(there.id), "Kim")
    await talk.is_(status="active")
    chatwoot(world).desk.assign(there, None, team_id=9)
    await talk.got("handover.agent_changed")
    found = await talk.handover()
    assert (found["status"], found["agent"]) == ("active", None)


async def test_a_greeting_is_no_agent(tmp_path: Path) -> None:
    """The user sees it, and still waits."""
    emulator = ChatwootEmulator()
    emulator.inbox.greeting_message = "We will be with you shortly."
    async with living(tmp_path, emulator) as world:
        talk = await Talk(world, {}).queued()
        await talk.says("Hello?")
        await talk.hears("We will be with you shortly.")
        assert (await talk.handover())["status"] == "queued"


async def test_a_deleted_message_stays_as_it_was(world: VendorWorld) -> None:
    """What the user has seen cannot be unseen, and Chatwoot's words about it are not shown."""
    talk = await Talk(world, {}).active()
    there = await conversation(talk)
    chatwoot(world).desk.delete(there, there.messages[-1])
    await talk.agent_says("Sorry")
    await talk.hears("Sorry")
    assert talk.heard() == [f"hello {talk.token}", "Sorry"]


async def test_a_survey(tmp_path: Path) -> None:
    """The link comes after the end, for those who want it."""
    emulator = ChatwootEmulator()
    emulator.inbox.csat_survey_enabled = True
    async with living(tmp_path, emulator, csat_survey=True) as world:
        talk = await Talk(world, {}).active()
        await talk.agent_ends()
        await talk.is_(status="completed")
        await until(lambda: any("/survey/responses/" in text for text in talk.heard()), "the link")


# --- Cognigy Live Agent --------------------------------------------------------------------------------------


async def test_live_agent(tmp_path: Path) -> None:
    """The settings of its block on the page: pending is a pause, abandoned the end, joined is answered."""
    port = free_port()
    emulator = ChatwootEmulator(port=port)
    live_agent = {
        "base_url": f"http://127.0.0.1:{port}/api/v1",
        "end_statuses": ["resolved", "abandoned"],
        "joined_when": "replied",
        "skills_as": "attributes",
    }
    async with living(tmp_path, emulator, **live_agent) as world:
        talk = await Talk(
            world, {"skills": ["billing"], "languages": ["nl", "en"], "priority": "low"}
        ).queued()
        there = await conversation(talk)
        attributes = {"handover_id": talk.handover_id, "skills": "billing", "languages": "nl,en"}
        assert (there.custom_attributes, there.labels, there.priority) == (attributes, [], "low")
        await talk.agent_says("Hello")
        await talk.is_(status="active")
        emulator.desk.set_status(there, "pending")
        await talk.agent_says("Just a moment")
        await talk.hears("Just a moment")
        assert (await talk.handover())["status"] == "active"
        emulator.desk.set_status(there, "abandoned")
        assert (await talk.is_(status="completed"))["reason"] == "agent_closed"
