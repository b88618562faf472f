"""8x8 on a bad day: what each trouble does to a real server, and what it does not."""

import asyncio
import dataclasses
import json
import time
from collections.abc import AsyncGenerator, MutableMapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from openhandover.core.errors import ProviderUnavailable, SignatureError
from openhandover.emulators.callbacks import Callback
from openhandover.emulators.eight_by_eight import EightByEightEmulator
from openhandover.emulators.eight_by_eight.signing import SignedCallbacks
from openhandover.providers.base import WebhookRequest
from tests.contract.vendor_world import Talk, VendorWorld, until, vendor_world

from .conftest import Vendor

VERIFY = b'{"notificationVersion":"Chat Gateway v1.0","eventType":"WEB_HOOK_VERIFY"}'


def living(folder: Path, **settings: Any) -> AbstractAsyncContextManager[VendorWorld]:
    """A server with 8x8 behind it; `settings` replaces some of the provider's."""
    return vendor_world(folder, "eight_by_eight", EightByEightEmulator(), webhooks=True, **settings)


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncGenerator[VendorWorld]:
    """One that waits a second for whoever takes over from an agent who left."""
    async with living(tmp_path, left_s=1, catch_up_s=0) as world:
        yield world


def eight(world: VendorWorld) -> EightByEightEmulator:
    """The emulator as what it is."""
    assert isinstance(world.emulator, EightByEightEmulator)
    return world.emulator


# --- webhooks --------------------------------------------------------------------------------------------------


async def post(world: VendorWorld, body: bytes, headers: dict[str, str], secret: str | None = None) -> int:
    """The status of a webhook posted by hand; `secret` None: the right one."""
    right = eight(world).account.webhook_secret
    path = f"/webhooks/vendor?secret={right if secret is None else secret}"
    return (await world.call("POST", path, data=body, headers=headers, key=None)).status


def headers(world: VendorWorld, body: bytes, **changes: Any) -> dict[str, str]:
    """Signed by 8x8, now."""
    return eight(world).signed.signer.headers(body, "evt-1", 0, changes.get("at", time.time()))


async def test_a_test_of_the_connection_is_answered(world: VendorWorld) -> None:
    """Signed or not: 2xx, without any effect. Without the address's secret it is refused."""
    assert await post(world, VERIFY, {}) == 200
    assert await post(world, VERIFY, headers(world, VERIFY)) == 200
    assert await post(world, VERIFY, {}, "guessed-guessed-guessed") == 401
    assert await post(world, VERIFY.replace(b"VERIFY", b"CLARIFY"), {}) == 401


async def test_each_proof_is_needed(world: VendorWorld) -> None:
    """The secret of the address, the signature, the tenant, and a clock that is about right."""
    talk = await Talk(world, {}).active()
    body = json.dumps(
        {
            "eventType": "CONVERSATION_UPDATE",
            "conversationId": (await talk.chat())["id"],
            "data": {"state": "idle"},
        }
    ).encode()
    signed = headers(world, body)
    stranger = (
        eight(world)
        .signed.signer.__class__(eight(world).signed.signer.key, "customer", "another-tenant")
        .headers(body, "evt-1", 0, time.time())
    )
    assert await post(world, body, signed, "") == 401
    assert await post(world, body, {}) == 401
    assert await post(world, body, stranger) == 401
    assert await post(world, body, headers(world, body, at=time.time() - 400)) == 401
    assert await post(world, body, headers(world, body, at=time.time() + 400)) == 401
    assert (await talk.handover())["status"] == "active"
    assert await post(world, body, signed) == 200
    await talk.is_(status="completed")


async def test_a_vendor_whose_clock_is_wrong(world: VendorWorld) -> None:
    """Its webhooks are refused until the clock is right again; it repeats them, and nothing is lost."""
    talk = await Talk(world, {}).active()
    callbacks: SignedCallbacks = eight(world).signed
    callbacks.ahead_s = 3600
    await talk.agent_says("from the future")
    sent: Callback = callbacks.sent[-1]
    await until(lambda: 401 in sent.attempts, "a refusal")
    assert "from the future" not in talk.heard()
    callbacks.ahead_s = 0
    await talk.hears("from the future")
    assert talk.heard().count("from the future") == 1


async def test_webhooks_wait_for_the_key(world: VendorWorld) -> None:
    """While the public key cannot be had, 8x8 is asked to come back: 503, not 401."""
    world.emulator.faults.fail_next(503, 3, endpoint="jwk")
    talk = await Talk(world, {}).active()
    await until(lambda: any(503 in one.attempts for one in world.emulator.callbacks.sent), "a 503")
    await until(lambda: len(world.emulator.requests_to("jwk")) == 4, "the key")  # a look may have been faster
    await talk.agent_says("one more")
    await talk.hears("one more")
    assert len(world.emulator.requests_to("jwk")) == 4


def request(vendor: Vendor, body: bytes, **changes: str) -> WebhookRequest:
    """A webhook that 8x8 signed, with other headers."""
    signed = vendor.emulator.signed.signer.headers(body, "evt-1", 0, time.time())
    query = {"secret": vendor.emulator.account.webhook_secret}
    return WebhookRequest("POST", {**signed, **changes}, query, body, time.time())


async def test_who_is_refused_is_said_with_what_to_look_at(vendor: Vendor) -> None:
    """In our log: the secret of the address, the tenant, the key, or the clock."""
    webhook = request(vendor, VERIFY)

    def remedy(one: WebhookRequest) -> str:
        with pytest.raises(SignatureError) as raised:
            vendor.provider.verify(one)
        return raised.value.remedy

    assert "`webhook_secret`" in remedy(dataclasses.replace(webhook, query={"secret": "another"}))
    assert "`keys_url`" in remedy(webhook)
    await vendor.provider.prepare(webhook)
    assert "clocks" in remedy(dataclasses.replace(webhook, received_at=time.time() + 600))
    vendor.another(tenant="another")
    await vendor.provider.prepare(webhook)
    assert "`tenant`" in remedy(webhook)


async def test_the_key_is_fetched_once_and_remembered(vendor: Vendor) -> None:
    """For all webhooks, and over restarts."""
    webhook = request(vendor, VERIFY)
    with pytest.raises(SignatureError):
        vendor.provider.verify(webhook)
    await asyncio.gather(*(vendor.provider.prepare(webhook) for _ in range(5)))
    vendor.provider.verify(webhook)
    another = vendor.another()
    await another.prepare(webhook)
    another.verify(webhook)
    (fetched,) = vendor.emulator.requests_to("jwk")
    headers = {name.lower(): value for name, value in fetched.headers.items()}
    assert headers["x-8x8-tenant"] == vendor.emulator.account.tenant
    assert "x-api-key" not in headers


async def test_a_key_that_nobody_has_is_not_asked_for_again(vendor: Vendor) -> None:
    """Whoever names keys at random costs 8x8 one call for each, and us no memory."""
    real = request(vendor, VERIFY)
    stranger = request(vendor, VERIFY)
    head, _, rest = stranger.headers["x-8x8-signature"].partition(".")
    assert head.startswith("eyJ")
    forged = request(
        vendor,
        VERIFY,
        **{
            "x-8x8-signature": "eyJiNjQiOmZhbHNlLCJjcml0IjpbImI2NCJdLCJraWQiOiJuby1zdWNoIiwiYWxnIjoiUlMyNTYifQ."
            + rest
        },
    )
    for _ in range(3):
        await vendor.provider.prepare(forged)
        with pytest.raises(SignatureError):
            vendor.provider.verify(forged)
    assert len(vendor.emulator.requests_to("jwk")) == 1
    await vendor.provider.prepare(real)
    vendor.provider.verify(real)


@pytest.mark.parametrize(("status", "text"), [(200, "hello"), (200, '{"kty":"EC"}'), (500, ""), (401, "")])
async def test_a_key_that_cannot_be_read(vendor: Vendor, status: int, text: str) -> None:
    """Something else than a key at its address: the webhook is refused for now, and the setting named."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=text)

    app = web.Application()
    app.router.add_get("/{id}/public", answer)
    async with TestServer(app) as server:
        vendor.another(keys_url=str(server.make_url("/")))
        with pytest.raises(ProviderUnavailable, match="check `keys_url`"):
            await vendor.provider.prepare(request(vendor, VERIFY))


async def test_what_is_not_signed_asks_for_no_key(vendor: Vendor) -> None:
    """Nor does what lacks the secret of the address."""
    webhook = request(vendor, b"{}")
    await vendor.provider.prepare(WebhookRequest("POST", webhook.headers, {}, webhook.body, time.time()))
    with pytest.raises(SignatureError):
        await vendor.provider.prepare(WebhookRequest("POST", {}, webhook.query, webhook.body, time.time()))
    assert not vendor.emulator.requests


# --- agents ----------------------------------------------------------------------------------------------------


async def test_an_agent_who_left_has_ended_it(world: VendorWorld) -> None:
    """Nobody said that another one comes: after the grace it has ended, there as well."""
    talk = await Talk(world, {}).active()
    await world.emulator.agent_leaves((await talk.chat())["id"])
    assert (await talk.is_(status="completed"))["reason"] == "agent_closed"
    await until(lambda: (talk.mine()[0])["state"] == "ended", "the end at 8x8")


@pytest.mark.parametrize("late", [True, False])
async def test_a_transfer_outlasts_the_grace(world: VendorWorld, *, late: bool) -> None:
    """Told before or after the agent has left; the next one may take their time, longer than who left for good."""
    talk, other = await Talk(world, {}).active(), await Talk(world, {}).active()
    desk = eight(world).desk
    chat = desk.found((await talk.chat())["id"])
    callbacks = world.emulator.callbacks
    if late:
        desk.left(chat)
    at_ms = int(time.time() * 1000)
    desk.post_raw(chat, "TRANSFER", {"eventType": "TRANSFER", "conversationId": chat.id, "timestamp": at_ms})
    if not late:
        desk.left(chat)
    await until(lambda: all(one.delivered for one in callbacks.sent), "the webhooks")
    await world.emulator.agent_leaves((await other.chat())["id"])
    await other.is_(status="completed")
    assert (await talk.handover())["status"] == "active"
    await world.emulator.agent_joins(chat.id, "Lee")
    await world.emulator.agent_says(chat.id, "Lee here")
    await talk.hears("Lee here")
    assert (await talk.handover())["agent"]["name"] == "Lee"


async def test_the_contact_centre_greets_nobody_in(world: VendorWorld) -> None:
    """Its own text is shown, and the user still waits."""
    talk = await Talk(world, {}).queued()
    eight(world).desk.system(eight(world).desk.found((await talk.chat())["id"]), "All agents are busy.")
    await talk.hears("All agents are busy.")
    assert (await talk.handover())["status"] == "queued"


async def test_webhooks_that_never_came_are_made_up_for(tmp_path: Path) -> None:
    """8x8 was set up to call somebody else: agent, words and end are found by looking."""
    async with living(tmp_path, catch_up_s=0.2) as world:
        talk = await Talk(world, {}).queued()
        eight(world).account.webhook_uri = ""
        chat = (await talk.chat())["id"]
        await world.emulator.agent_joins(chat, "Kim")
        assert (await talk.is_(status="active"))["agent"]["name"] == "Kim"
        for text in ("one", "two", "two"):
            await world.emulator.agent_says(chat, text)
        await until(lambda: len(talk.heard()) == 3, "the agent's words")
        assert talk.heard() == ["one", "two", "two"]
        await world.emulator.agent_ends(chat)
        assert (await talk.is_(status="completed"))["reason"] == "agent_closed"


async def test_two_looks_and_webhooks_show_everything_once(tmp_path: Path) -> None:
    """Both at once, with webhooks that are late: no word is shown twice."""
    async with living(tmp_path, catch_up_s=0.1) as world:
        world.emulator.callbacks.late(0.15)
        talk = await Talk(world, {}).active()
        for number in range(8):
            await talk.agent_says(f"word {number // 2}")
        callbacks = world.emulator.callbacks
        await until(lambda: all(one.delivered for one in callbacks.sent), "the webhooks")
        await talk.agent_says("the last")
        await talk.hears("the last")
        await until(lambda: all(one.delivered for one in callbacks.sent), "the webhooks")
        words = [text for text in talk.heard() if text.startswith("word")]
        assert sorted(words) == sorted(f"word {number // 2}" for number in range(8))


# --- 8x8 refuses -----------------------------------------------------------------------------------------------


async def test_a_key_that_is_revoked_in_the_middle(world: VendorWorld) -> None:
    """What the user says stays due, the log names the setting, and it arrives when the key is good again."""
    with capture_logs() as logs:
        talk = await Talk(world, {}).active()
        account = eight(world).account
        good, account.api_key = account.api_key, "renewed"
        await talk.says("are you there?")
        await until(lambda: _named(logs, "check `api_key`"), "a log line")
        account.api_key = good
        await talk.shown("are you there?")
    assert not [one for one in logs if good in str(one) or "are you there" in str(one)]


async def test_a_conversation_that_was_deleted_there(world: VendorWorld) -> None:
    """The handover ends as an error, the message is failed and listed."""
    talk = await Talk(world, {}).active()
    looks = len(world.emulator.requests_to("message.list"))
    await world.restart()
    await world.emulator.wait_until(lambda: len(world.emulator.requests_to("message.list")) > looks)
    eight(world).account.conversations.clear()
    sent = await talk.says("anybody?")
    assert (await talk.is_(status="error"))["reason"] == "provider_error"
    assert (await talk.got("message.failed"))["data"] == {"message_id": sent["id"]}


async def test_a_queue_that_was_deleted(world: VendorWorld) -> None:
    """The handover fails honestly, and the log says which setting."""
    with capture_logs() as logs:
        talk = await (await Talk(world, {"queue_id": "999"}).begin()).asks()
        assert (await talk.is_(status="error"))["reason"] == "rejected"
    assert _named(logs, "invalid_queue, assignment.id; check `queue_id`")


async def test_a_step_without_a_channel_is_found_before_anything_is_said(tmp_path: Path) -> None:
    """A required key that is empty is a matter of configuration."""
    async with living(tmp_path, channel_id=None) as world:
        talk = await (await Talk(world, {}).begin()).asks()
        found = await talk.is_(status="error")
        assert found["reason"] == "configuration"
        assert "`channel_id` is empty" in found["error"]["message"]
        assert not world.posted()


def _named(logs: list[MutableMapping[str, Any]], text: str) -> bool:
    return any(text in str(one) for one in logs)
