"""What arrives at our address from RingCentral, and from those who only say so."""

import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from openhandover.emulators.ringcentral.account import Thread
from openhandover.providers.ringcentral import wire
from tests.contract.vendor_world import VendorWorld
from tests.providers.ringcentral.there import engage, living, posted, source_call, talk


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[VendorWorld]:
    """RingCentral with the usual settings."""
    async with living(tmp_path) as world:
        yield world


async def test_an_old_call_of_the_source_is_refused(world: VendorWorld) -> None:
    """Recorded and sent again later, or clocks that are far apart; nothing comes of it."""
    one = await talk(world).active()
    thread = engage(world).account.threads[(await one.chat())["id"]].foreign_id
    said = {"content_id": "c-9", "body": "again", "format": "text", "thread_id": thread}

    def at(minutes: int) -> dict[str, Any]:
        when = datetime.now(UTC) - timedelta(minutes=minutes)
        return {"action": "messages.create", "params": said, "time": when.isoformat()}

    assert await posted(world, *source_call(world, at(16))) == 401
    assert await posted(world, *source_call(world, at(-16))) == 401
    assert "again" not in one.heard()
    assert await posted(world, *source_call(world, at(14))) == 200
    await one.hears("again")


async def test_any_age_is_taken_where_that_is_wanted(tmp_path: Path) -> None:
    """`max_age_s: 0`, for clocks that cannot be trusted."""
    async with living(tmp_path, max_age_s=0) as world:
        call = {"action": "implementation.info", "time": "2012-10-01T17:18:40Z"}
        assert await posted(world, *source_call(world, call)) == 200


async def test_a_webhook_s_secret_gives_no_right_to_speak_as_the_source(world: VendorWorld) -> None:
    """What is told apart by its proof is never read as the other kind."""
    one = await talk(world).active()
    thread = engage(world).account.threads[(await one.chat())["id"]].foreign_id
    params = {"content_id": "c-1", "body": "forged", "thread_id": thread}
    body = json.dumps({"action": "messages.create", "params": params, "events": []}).encode()
    secret = {"x-dimelo-secret": engage(world).account.webhook_secret}
    assert await posted(world, body, secret) == 200
    assert await posted(world, body, {**secret, "x-smccsdk-signature": "0" * 128}) == 401
    assert await posted(world, body, {"x-dimelo-secret": "another"}) == 401
    assert await posted(world, body, {}) == 401
    await one.agent_says("real")
    await one.hears("real")
    assert "forged" not in one.heard()


async def test_the_signature_may_come_in_the_query(world: VendorWorld) -> None:
    """As RingCentral's pages offer it to those whose servers cannot read the header."""
    body, headers = source_call(world, {"action": "implementation.info"})
    path = f"/webhooks/vendor?signature={headers['X-SMCCSDK-SIGNATURE']}"
    plain = {"content-type": "application/json"}
    answer = await world.call("POST", path, data=body, headers=plain, key=None)
    assert answer.status == 200
    assert (await world.call("POST", path[:-1] + "x", data=body, headers=plain, key=None)).status == 401


@pytest.mark.parametrize(
    "query",
    [
        "hub.mode=subscribe&hub.challenge=abc&hub.verify_token=wrong",
        "hub.mode=unsubscribe&hub.challenge=abc&hub.verify_token={token}",
        "hub.mode=subscribe&hub.verify_token={token}",
        "",
    ],
)
async def test_a_validation_without_our_token_is_refused(world: VendorWorld, query: str) -> None:
    """Who does not know it learns nothing."""
    path = f"/webhooks/vendor?{query.format(token=engage(world).account.verify_token)}"
    assert (await world.call("GET", path, key=None)).status == 401


async def test_what_is_no_json_is_said_to_be_none(world: VendorWorld) -> None:
    """400 with the place, to the one who has the right proof."""
    secret = {"x-dimelo-secret": engage(world).account.webhook_secret}
    assert await posted(world, b"{", secret) == 400
    raw = b'{"action": 1}'
    assert await posted(world, raw, wire.signed(engage(world).account.source_token, raw)) == 400


async def test_a_large_webhook_is_taken(world: VendorWorld) -> None:
    """100 kB of fields that nobody asked for are no reason to lose what an agent says."""
    one = await talk(world).active()
    await one.agent_says(text := "long " * 20_000 + "end")
    await one.hears(text)
    secret = {"x-dimelo-secret": engage(world).account.webhook_secret}
    event = {"type": "intervention.sparkled", "id": "e-1", "resource": {"metadata": {"x": "y" * 100_000}}}
    assert await posted(world, json.dumps({"events": [event]}).encode(), secret) == 200


@pytest.mark.parametrize("foreign_id", ["another-programs", None])
async def test_a_thread_of_somebody_else_is_passed_over(world: VendorWorld, foreign_id: str | None) -> None:
    """Of another program at the same source, or deleted: taken, so that it is not repeated, and without effect."""
    account = engage(world).account
    if foreign_id is not None:
        account.threads["t-1"] = Thread("t-1", foreign_id, "Bob", account.source_id, [account.agent_category])
    about = {"thread_id": "t-1", "source_id": account.source_id}
    event = {"type": "intervention.closed", "id": "e-1", "resource": {"metadata": about}}
    secret = {"x-dimelo-secret": account.webhook_secret}
    assert await posted(world, json.dumps({"events": [event]}).encode(), secret) == 200
    event["id"] = "e-2"
    assert await posted(world, json.dumps({"events": [event]}).encode(), secret) == 200
    asked = [one.status for one in world.emulator.requests_to("thread")]
    assert asked == (
        [404, 404] if foreign_id is None else [200]
    )  # whose it is stays so, the right to read does not


async def test_a_webhook_whose_thread_cannot_be_looked_up_comes_again(world: VendorWorld) -> None:
    """503 to RingCentral, which repeats it; the next time it is taken."""
    secret = {"x-dimelo-secret": engage(world).account.webhook_secret}
    about = {"thread_id": "some-thread", "source_id": engage(world).account.source_id}
    event = {"type": "intervention.closed", "id": "e-1", "resource": {"metadata": about}}
    body = json.dumps({"events": [event]}).encode()
    world.emulator.faults.fail_next(503, endpoint="thread")
    assert await posted(world, body, secret) == 503
    assert await posted(world, body, secret) == 200
