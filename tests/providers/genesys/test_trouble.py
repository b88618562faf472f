"""Genesys Cloud in trouble: wrong credentials, what was deleted or closed there, a client that is gone."""

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from openhandover.core.errors import ProviderAuthError, ProviderRejected, ProviderUnavailable, SessionEnded
from openhandover.emulators.genesys import GenesysEmulator
from openhandover.providers.base import Alone, Availability, WebhookRequest
from openhandover.providers.genesys import people
from openhandover.providers.genesys.settings import Settings
from tests.contract.vendor_world import OFTEN, until

from .centre import Centre, alone, talking
from .samples import SESSION, webhook

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


def test_the_settings_block_is_complete() -> None:
    """What the emulator gives is a block of this provider, with nothing that it does not know."""
    block = GenesysEmulator().settings()
    assert set(block) - {"type"} <= set(Settings.__struct_fields__)


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


async def test_a_secret_that_differs_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody but the log tells why an agent's answers never arrive: it names the provider and the setting."""
    monkeypatch.setattr("openhandover.web.problems._told", {})
    async with talking(tmp_path) as talk:
        await talk.active()
        talk.genesys.notices.secret = "another-secret-of-the-integration"
        with capture_logs() as logs:
            await talk.agent_says("can you read me?")
            await until(lambda: [one for one in logs if one["event"] == "signature_refused"], "a record")
        (refused,) = [one for one in logs if one["event"] == "signature_refused"]
        assert refused["provider"] == "vendor"
        assert "`webhook_secret`" in refused["remedy"]
        assert "read me" not in str(logs)


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
        talk.genesys.faults.fail_next(503, OFTEN, endpoint="message")
        sent = await talk.says("one more thing")
        await until(lambda: talk.genesys.requests_to("message")[-1].status == 503, "the refused call")
        await talk.agent_ends()
        await talk.is_(status="completed")
        talk.genesys.faults.clear()
        assert (await talk.got("message.failed"))["data"] == {"message_id": sent["id"]}
        assert [chat["state"] for chat in talk.mine()] == ["ended"]


async def test_an_end_that_only_the_conversation_tells_does_not_open_it_again(tmp_path: Path) -> None:
    """A wrap-up is looked into and was the end; what is due then is failed, not threaded into what is over."""
    async with talking(tmp_path) as talk:
        await talk.active()
        talk.genesys.notices.events_by = "none"
        await talk.agent_ends()
        talk.genesys.faults.fail_next(503, OFTEN, endpoint="message")
        sent = await talk.says("one more thing")
        body = {"topic": "acw", "conversationId": (await talk.there()).id, "disconnectType": "CLIENT"}
        headers = {"Authorization": talk.genesys.events_key}
        await talk.world.call("POST", "/webhooks/vendor/trigger", body, headers=headers, key=None)
        assert (await talk.is_(status="completed"))["reason"] == "agent_closed"
        talk.genesys.faults.clear()
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


@pytest.mark.parametrize("named", ["by their id", "by the conversation"])
async def test_an_end_is_known_at_once(named: str) -> None:
    """Also while nothing may be asked there, so that the event is never completed: nothing begins the conversation anew."""
    async with alone() as (provider, genesys):
        await provider.presence(SESSION, "connected", "User joined the conversation")
        (conversation,) = genesys.conversations.values()
        begun = {"topic": "user.start", "conversationId": conversation.id, "userId": SESSION.external_id}
        over = {"topic": "customer.end", "conversationId": conversation.id, "disconnectType": "CLIENT"}
        if named == "by their id":
            over["userId"] = SESSION.external_id
        provider.parse(webhook(json.dumps(begun).encode(), "trigger"))
        (event,) = provider.parse(webhook(json.dumps(over).encode(), "trigger"))
        assert event.external_id == SESSION.external_id
        with pytest.raises(SessionEnded):
            await provider.presence(SESSION, "disconnected", "User left the conversation")
        assert len(genesys.requests_to("message")) == 1


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
