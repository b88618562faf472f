"""Genesys Cloud when things go wrong, and where its signs are easily taken for something else."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from openhandover.core.errors import ProviderAuthError, ProviderRejected, ProviderUnavailable, SessionEnded
from openhandover.emulators.genesys import GenesysEmulator
from openhandover.emulators.genesys.conversation import Conversation
from openhandover.net.client import HttpClient
from openhandover.providers.base import Alone, Availability, Session, WebhookRequest
from openhandover.providers.genesys import Genesys, looks, people
from openhandover.providers.genesys.settings import Settings
from tests.contract.vendor_world import Talk, until, vendor_world
from tests.providers.genesys.test_wire import changed


class Centre(Talk):
    """A user's talk, with what only this vendor has."""

    @property
    def genesys(self) -> GenesysEmulator:
        """The emulator."""
        assert isinstance(self.world.emulator, GenesysEmulator)
        return self.world.emulator

    async def there(self) -> Conversation:
        """The conversation at the vendor."""
        return self.genesys.conversations[(await self.chat())["id"]]


@asynccontextmanager
async def talking(folder: Path, **settings: Any) -> AsyncGenerator[Centre]:
    """A user of a server with this provider."""
    async with vendor_world(folder, "genesys", GenesysEmulator(), webhooks=True, **settings) as world:
        yield Centre(world, {})


@asynccontextmanager
async def alone(
    host: Alone | None = None, **settings: Any
) -> AsyncGenerator[tuple[Genesys, GenesysEmulator]]:
    """The provider without a server around it."""
    async with GenesysEmulator() as genesys, HttpClient() as http:
        block = {key: value for key, value in genesys.settings().items() if key != "type"}
        provider = Genesys("contact", changed(**{**block, **settings}), http)
        provider.host = host or Alone()
        yield provider, genesys


SESSION = Session("h1", 1, "oh-h1-1")

# --- credentials, roles, settings


async def test_another_region_is_told_apart() -> None:
    """A client that is unknown there: the text names the credentials and the region, and no secret."""
    async with alone() as (provider, genesys):
        genesys.knows_client = False
        with pytest.raises(ProviderAuthError) as raised:
            await provider.connect()
        for word in ("client_id", "client_secret", "region", "mypurecloud.ie"):
            assert word in raised.value.detail
        assert genesys.client_secret not in raised.value.detail


async def test_a_region_where_nobody_answers_is_named() -> None:
    """No such host, or a firewall: it is tried again, and the text says where it was asked."""
    async with alone(login_url="http://127.0.0.1:1") as (provider, _):
        with pytest.raises(ProviderUnavailable, match=r"`region`.*http://127\.0\.0\.1:1"):
            await provider.connect()


@pytest.mark.parametrize(
    "permission", ["messaging:integration:view", "analytics:queueObservation:view", "routing:queue:view"]
)
async def test_a_missing_role_is_named(permission: str) -> None:
    """The permission, as the vendor calls it."""
    async with alone() as (provider, genesys):
        genesys.permissions.remove(permission)
        with pytest.raises(ProviderAuthError, match=permission):
            await provider.connect()


async def test_what_was_deleted_is_named() -> None:
    """Integration and queue, each by its setting."""
    async with alone() as (provider, genesys):
        await provider.connect()
        genesys.has_queue = False
        with pytest.raises(ProviderRejected, match="queue_id"):
            await provider.connect()
        genesys.has_integration = False
        with pytest.raises(ProviderRejected, match="integration_id"):
            await provider.connect()
        with pytest.raises(ProviderRejected, match="integration_id"):
            await provider.presence(SESSION, "disconnected", "User left the conversation")


async def test_webhooks_that_go_elsewhere_are_found() -> None:
    """The check compares the address that is registered there with ours."""
    ours = "https://handover.example.com/webhooks/contact"
    async with alone(Alone(ours)) as (provider, genesys):
        genesys.webhook_to(ours)
        await provider.connect()
        genesys.webhook_to("https://old.example.com/webhooks/contact")
        with pytest.raises(ProviderRejected, match="Outbound Notification Webhook URL to " + ours):
            await provider.connect()


async def test_availability_is_that_of_the_queue() -> None:
    """People and wait of the configured queue; without one it cannot be told, and nothing is asked."""
    async with alone() as (provider, genesys):
        assert await provider.availability({}, None) == Availability(True, 2, estimated_wait_ms=95_000)
        genesys.set_online(False)
        assert await provider.availability({}, None) == Availability(False, 0, estimated_wait_ms=95_000)
    async with alone(queue_id=None) as (provider, genesys):
        assert await provider.availability({}, None) == Availability(None)
        assert not genesys.requests


async def test_typing_is_told_now_and_then() -> None:
    """Every few seconds at most, and never a "stopped", which does not exist there."""
    async with alone() as (provider, genesys):
        await provider.presence(SESSION, "connected", "User joined the conversation")
        for on in (True, True, False, True):
            await provider.typing(SESSION, on=on)
        assert len(genesys.requests_to("typing")) == 1
    async with alone(typing_every_s=0) as (provider, genesys):
        await provider.presence(SESSION, "connected", "User joined the conversation")
        for on in (True, True, False):
            await provider.typing(SESSION, on=on)
        (conversation,) = genesys.conversations.values()
        assert conversation.typed == 2


# --- in the middle of a talk


async def test_a_client_that_is_gone_for_a_while_loses_nothing(tmp_path: Path) -> None:
    """Its token is refused and there is no new one: what the user says waits, and arrives when the client is back."""
    async with talking(tmp_path) as talk:
        await talk.active()
        talk.genesys.knows_client = False
        talk.genesys.expire_tokens()
        with capture_logs() as logs:
            await talk.says("are you there?")
            await until(lambda: [one for one in logs if "client_secret" in str(one)], "the remedy in the log")
        talk.genesys.knows_client = True
        await talk.shown("are you there?")


async def test_an_integration_that_was_deleted_fails_by_name(tmp_path: Path) -> None:
    """A message is failed and its sender told; a new handover is refused, and the log names the setting."""
    async with talking(tmp_path) as talk:
        await talk.active()
        talk.genesys.has_integration = False
        sent = await talk.says("anybody?")
        assert (await talk.got("message.failed"))["data"] == {"message_id": sent["id"]}
        with capture_logs() as logs:
            other = await Centre(talk.world, {}).begin()
            await other.asks()
            assert (await other.is_(status="error"))["reason"] == "rejected"
        assert [one for one in logs if "integration_id" in str(one)]


async def test_a_conversation_closed_there_is_not_begun_anew(tmp_path: Path) -> None:
    """The end was not heard of yet and the timeline is over: the message opens another conversation there, which is ended
    again; the message is failed, the handover over."""
    async with talking(tmp_path) as talk:
        await talk.active()
        talk.genesys.centre.threading_minutes = 0
        talk.genesys.callbacks.hold()
        await talk.agent_ends()
        sent = await talk.says("one more thing")
        assert (await talk.is_(status="completed"))["reason"] == "agent_closed"
        assert (await talk.got("message.failed"))["data"] == {"message_id": sent["id"]}
        assert [chat["state"] for chat in talk.mine()] == ["ended", "ended"]
        talk.genesys.callbacks.release()


async def test_a_conversation_begun_in_vain_is_ended_even_so(tmp_path: Path) -> None:
    """The vendor fails just when the new conversation is to be ended: that is tried again, and the message is failed."""
    async with talking(tmp_path) as talk:
        await talk.active()
        talk.genesys.centre.threading_minutes = 0
        talk.genesys.callbacks.hold()
        await talk.agent_ends()
        talk.genesys.faults.fail_next(503, endpoint="disconnect")
        sent = await talk.says("one more thing")
        assert (await talk.got("message.failed"))["data"] == {"message_id": sent["id"]}
        assert [chat["state"] for chat in talk.mine()] == ["ended", "ended"]


async def test_an_event_that_names_only_the_conversation_is_ours(tmp_path: Path) -> None:
    """A trigger that passes no user: whose conversation it is was remembered, also while look-ups fail."""
    async with talking(tmp_path) as talk:
        await talk.active()
        talk.genesys.notices.events_by = "none"
        talk.genesys.faults.fail_next(404, 100, endpoint="conversation")
        body = {"topic": "customer.end", "conversationId": (await talk.there()).id, "disconnectType": "PEER"}
        headers = {"Authorization": talk.genesys.events_key}
        await talk.world.call("POST", "/webhooks/vendor/trigger", body, headers=headers, key=None)
        assert (await talk.is_(status="completed"))["reason"] == "agent_closed"


async def test_what_is_due_after_the_end_does_not_open_it_again(tmp_path: Path) -> None:
    """The vendor would thread it into the conversation that has ended, and ring an agent for nobody."""
    async with talking(tmp_path) as talk:
        await talk.active()
        talk.genesys.faults.fail_next(503, 2, endpoint="message")
        sent = await talk.says("one more thing")
        await until(lambda: talk.genesys.requests_to("message")[-1].status == 503, "the refused call")
        await talk.agent_ends()
        await talk.is_(status="completed")
        assert (await talk.got("message.failed"))["data"] == {"message_id": sent["id"]}
        assert [chat["state"] for chat in talk.mine()] == ["ended"]


async def test_an_end_that_is_refused_is_said_in_words(tmp_path: Path) -> None:
    """Without the role the conversation stays open there: the agent reads that the user left, the log names the role."""
    async with talking(tmp_path) as talk:
        await talk.active()
        talk.genesys.permissions.remove("conversation:communication:disconnect")
        with capture_logs() as logs:
            await talk.world.call("POST", f"/v1/handovers/{talk.handover_id}/close")
            await talk.shown("User left the conversation")
            await until(lambda: [one for one in logs if one["event"] == "end_refused"], "a record")
        (refused,) = [one for one in logs if one["event"] == "end_refused"]
        assert "conversation:communication:disconnect" in refused["detail"]
        assert (await talk.chat())["state"] == "active"


async def test_ending_can_be_left_to_the_agents(tmp_path: Path) -> None:
    """With `disconnect: false` only the words are sent, and that is no trouble."""
    async with talking(tmp_path, disconnect=False) as talk:
        await talk.active()
        await talk.world.call("POST", f"/v1/handovers/{talk.handover_id}/close")
        await talk.shown("User left the conversation")
        assert not talk.genesys.requests_to("disconnect")


@pytest.mark.parametrize("conflict", [True, False])
async def test_an_open_whose_reply_was_lost_can_still_be_cancelled(tmp_path: Path, conflict: bool) -> None:
    """The repeat is answered 409 or as before; either way there is one conversation, and it is ended."""
    async with talking(tmp_path) as talk:
        talk.genesys.centre.repeats_conflict = conflict
        talk.genesys.faults.lose_next_reply(endpoint="message")
        await talk.queued()
        assert len(talk.genesys.requests_to("message")) == 2
        await talk.world.call("POST", f"/v1/handovers/{talk.handover_id}/cancel")
        await until(lambda: [chat["state"] for chat in talk.mine()] == ["ended"], "one chat, ended")


async def test_nothing_is_said_into_a_conversation_that_has_ended() -> None:
    """Coming, going and ending would begin it anew; once the end is known they are let be."""
    async with alone() as (provider, genesys):
        await provider.presence(SESSION, "connected", "User joined the conversation")
        await provider.host.remember(people.ended_key(SESSION.external_id), "")
        with pytest.raises(SessionEnded):
            await provider.presence(SESSION, "disconnected", "User left the conversation")
        await provider.cancel(SESSION, "user_cancelled")
        assert len(genesys.requests_to("message")) == 1
        assert not genesys.requests_to("disconnect")


async def test_an_event_tells_which_conversation_it_is() -> None:
    """After an open whose repeat was answered 409 the first event brings the id that was missing."""
    async with alone() as (provider, genesys):
        await provider.presence(SESSION, "connected", "User joined the conversation")
        (conversation,) = genesys.conversations.values()
        body = {
            "topic": "user.start",
            "conversationId": conversation.id,
            "userId": SESSION.external_id,
            "agentId": "u-1",
        }
        (event,) = provider.parse(WebhookRequest("POST", {}, {}, json.dumps(body).encode(), 0.0, "trigger"))
        await provider.complete(event)
        await provider.cancel(SESSION, "user_cancelled")
        assert conversation.side == "ended"


# --- signs that are easily taken for something else


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


async def is_waiting(talk: Centre, wait_ms: int) -> None:
    """Until the handover has this wait."""
    await talk.world.server.until(
        f"/v1/handovers/{talk.handover_id}", lambda found: found["queue"]["estimated_wait_ms"] == wait_ms
    )


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


def test_the_settings_block_is_complete() -> None:
    """What the emulator gives is a block of this provider, with nothing that it does not know."""
    block = GenesysEmulator().settings()
    assert set(block) - {"type"} <= set(Settings.__struct_fields__)
