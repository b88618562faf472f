"""Webhooks of the desk: repeated, reordered, unsigned, stale, unknown, late."""

import asyncio
import io
import json
import time
from typing import Any

import pytest

from tests.scenarios.world import World, lines, signed, soon


def event(handover_id: str, kind: str, event_id: str, **more: Any) -> dict[str, Any]:
    """One event as a desk would write it."""
    return {"event_id": event_id, "type": kind, "handover_id": handover_id, **more}


def wrote(handover_id: str, text: str, seq: int | None = None, **more: Any) -> dict[str, Any]:
    """An agent's message; its text is its id."""
    numbered = {} if seq is None else {"seq": seq}
    return event(
        handover_id, "agent.message", f"e-{text}", message={"id": text, "text": text}, **numbered, **more
    )


async def quiet_desk(world: World) -> tuple[str, str]:
    """A queued handover whose desk says nothing by itself."""
    chat = await world.began()
    handover_id = await world.asks(chat)
    await world.until(handover_id, status="queued")
    return chat, handover_id


async def test_the_same_event_has_one_effect(world: World) -> None:
    """However often it comes, also at the same time."""
    chat, handover_id = await quiet_desk(world)
    body = wrote(handover_id, "hello")
    answers = await asyncio.gather(*(world.webhook(body) for _ in range(8)))
    assert {answer.status for answer in answers} == {200}
    assert sum(answer.body["applied"] for answer in answers) == 1
    assert {answer.body.get("reason") for answer in answers} == {None, "repeated"}
    await world.channel.heard("hello")
    assert [m["text"] for m in await world.messages(chat) if m["author"] == "agent"] == ["hello"]


async def test_numbered_events_are_put_in_order(world: World) -> None:
    """`seq` restores the order whatever the order of arrival."""
    _, handover_id = await quiet_desk(world)
    for n in (3, 2, 5, 4, 1):
        assert (await world.webhook(wrote(handover_id, f"m{n}", n))).body == {"applied": True}
    await world.channel.heard("m5")
    assert world.channel.texts("agent") == ["m1", "m2", "m3", "m4", "m5"]


async def test_a_gap_is_waited_for_three_seconds(world: World) -> None:
    """Then delivery goes on, and the missing one is applied when it comes."""
    _, handover_id = await quiet_desk(world)
    await world.webhook(wrote(handover_id, "m1", 1))
    began = time.monotonic()
    await world.webhook(wrote(handover_id, "m3", 3))
    await world.channel.heard("m3")
    assert 2.5 < time.monotonic() - began < 5
    assert (await world.webhook(wrote(handover_id, "m2", 2))).body == {"applied": True}
    await world.channel.heard("m2")
    assert world.channel.texts("agent") == ["m1", "m3", "m2"]


async def test_unnumbered_events_do_not_wait_for_numbered_ones(world: World) -> None:
    """A gap holds back only what is numbered."""
    _, handover_id = await quiet_desk(world)
    await world.webhook(wrote(handover_id, "held", 2))
    await world.webhook(wrote(handover_id, "free"))
    await world.channel.heard("free")
    assert world.channel.texts("agent") == ["free"]


async def test_a_close_without_number_lets_the_last_message_pass(world: World) -> None:
    """It is applied one second after arrival, so that an overtaken message is shown in time."""
    chat, handover_id = await quiet_desk(world)
    await world.webhook(wrote(handover_id, "hello"))
    await world.webhook(event(handover_id, "handover.closed", "bye"))
    await world.webhook(wrote(handover_id, "last word"))
    ended = await world.until(handover_id, status="completed")
    assert ended["reason"] == "agent_closed"
    await world.channel.got("floor.changed", 2)
    assert world.channel.texts("agent") == ["hello", "last word"]
    assert not any(m.get("late") for m in await world.messages(chat))


async def test_a_numbered_close_needs_no_grace(world: World) -> None:
    """Its place in the order is certain."""
    _, handover_id = await quiet_desk(world)
    await world.webhook(event(handover_id, "handover.closed", "bye", seq=2))
    assert (await world.handover(handover_id))["status"] == "queued"
    await world.webhook(wrote(handover_id, "first", 1))
    assert (await world.handover(handover_id))["status"] == "completed"


async def test_a_late_message_is_still_shown(world: World) -> None:
    """After `completed` the person's last words reach the user, marked late; the floor stays the bot's."""
    _, handover_id = await quiet_desk(world)
    await world.webhook(wrote(handover_id, "hello", 1))
    await world.webhook(event(handover_id, "handover.closed", "bye", seq=2))
    assert (await world.webhook(wrote(handover_id, "one more thing", 3))).body == {"applied": True}
    shown = await world.channel.heard("one more thing")
    assert (shown["data"]["late"], shown["floor"]) == (True, "bot")
    await world.webhook(event(handover_id, "agent.typing", "t", on=True))
    counted = await world.webhook(event(handover_id, "agent.joined", "j", agent={"id": "a", "name": "A"}))
    assert counted.body == {"applied": False, "reason": "ended"}
    assert (await world.handover(handover_id))["status"] == "completed"


async def test_nothing_is_shown_after_a_cancel(world: World) -> None:
    """Late words are for completed handovers only."""
    chat, handover_id = await quiet_desk(world)
    await world.webhook(wrote(handover_id, "hello", 1))
    await world.call("POST", f"/v1/handovers/{handover_id}/cancel")
    answer = await world.webhook(wrote(handover_id, "wait", 2))
    assert answer.body == {"applied": False, "reason": "ended"}
    assert [m["text"] for m in await world.messages(chat) if m["author"] == "agent"] == ["hello"]


@pytest.mark.parametrize("how", ["missing", "wrong", "stale", "future", "other body"])
async def test_a_signature_that_does_not_fit_is_refused(world: World, how: str) -> None:
    """401, and nothing happens."""
    chat, handover_id = await quiet_desk(world)
    body = json.dumps(wrote(handover_id, "forged")).encode()
    now = int(time.time())
    headers = {
        "missing": {"content-type": "application/json"},
        "wrong": signed("x", body) | {"webhook-signature": "v1,AAAA"},
        "stale": signed("x", body, now - 301),
        "future": signed("x", body, now + 302),
        "other body": signed("x", body + b" "),
    }[how]
    answer = await world.webhook(body, headers=headers)
    assert (answer.status, answer.code) == (401, "unauthorized")
    assert {message["author"] for message in await world.messages(chat)} <= {"system"}


async def test_unknown_addressees_are_not_found(world: World) -> None:
    """An unknown provider, an unknown handover, and one of another desk."""
    _, handover_id = await quiet_desk(world)
    for change, provider in (
        ({}, "nobody"),
        ({"handover_id": "ho_unknown"}, "support"),
        ({}, "backup"),
    ):
        answer = await world.webhook(wrote(handover_id, "x") | change, provider=provider)
        assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize("missing", ["event_id", "type", "handover_id"])
async def test_an_event_without_its_keys_is_a_bad_request(world: World, missing: str) -> None:
    """400 for a body without event_id, type or handover_id."""
    _, handover_id = await quiet_desk(world)
    body = wrote(handover_id, "x")
    del body[missing]
    assert (await world.webhook(body)).status == 400


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'"x"', b'{"event_id": 1}', b"[" * 100_000],
)
async def test_garbage_is_a_bad_request(world: World, body: bytes) -> None:
    """Nothing that a signed fool sends makes the server fall over."""
    answer = await world.webhook(body)
    assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")


async def test_a_huge_event_is_too_large(world: World) -> None:
    """413 over 1 MiB."""
    body = b"x" * (1024 * 1024 + 1)
    answer = await world.call(
        "POST", "/webhooks/support", data=io.BytesIO(body), headers=signed("x", body), key=None
    )
    assert (answer.status, answer.code) == (413, "too_large")


async def test_unknown_kinds_are_stored_counted_and_answered(world: World) -> None:
    """A type we do not know is answered 2xx and changes nothing; the record names it, and it counts once."""
    _, handover_id = await quiet_desk(world)
    answer = await world.webhook(event(handover_id, "agent.danced", "e1"))
    again = await world.webhook(event(handover_id, "agent.danced", "e1"))
    assert (answer.status, answer.body["applied"]) == (200, False)
    assert again.body == {"applied": False, "reason": "repeated"}
    shown = (await world.call("GET", "/metrics")).body.decode()
    assert 'openhandover_unknown_events_total{provider="support"} 1.0' in shown
    found = await world.server.until(
        f"/v1/handovers/{handover_id}/diagnosis", lambda it: any("danced" in c["target"] for c in it["calls"])
    )
    assert [call["target"] for call in found["calls"] if "danced" in call["target"]] == [
        "agent.danced e1"
    ] * 2


async def test_an_unknown_kind_with_a_number_fills_its_place(world: World) -> None:
    """A numbered event that means nothing to us does not make the next ones wait."""
    _, handover_id = await quiet_desk(world)
    await world.webhook(event(handover_id, "agent.danced", "e1", seq=1))
    began = time.monotonic()
    await world.webhook(wrote(handover_id, "m2", 2))
    await world.channel.heard("m2")
    assert time.monotonic() - began < 2


async def test_the_desk_may_speak_before_its_open_call_returned(world: World) -> None:
    """Events that come while /open is still under way are kept and applied after the acceptance."""
    world.desk.may_answer.clear()
    chat = await world.began()
    handover_id = await world.asks(chat)
    await soon(lambda: "/open" in world.desk.knocks)
    assert (await world.webhook(wrote(handover_id, "I was quick", 1))).body == {"applied": True}
    assert (await world.webhook(wrote(handover_id, "very quick", 2))).body == {"applied": True}
    assert "I was quick" not in world.channel.texts()
    world.desk.may_answer.set()
    await world.channel.heard("very quick")
    types = world.channel.types()
    assert types.index("handover.queued") < types.index("handover.active")
    assert world.channel.texts("agent") == ["I was quick", "very quick"]


async def test_shuffled_and_doubled_by_the_network(world: World) -> None:
    """A desk whose webhooks arrive twice and in the wrong order is understood all the same."""
    chat = await world.began()
    handover_id, talk = await world.active(chat)
    world.desk.duplicate_webhooks()
    world.desk.reorder_webhooks(6)
    for n in range(6):
        world.desk.says(talk, f"a{n}")
    await world.channel.heard("a5")
    assert world.channel.texts("agent") == [f"a{n}" for n in range(6)]
    world.desk.closes(talk)
    await world.until(handover_id, status="completed")


async def test_the_agent_changes_and_leaves(world: World) -> None:
    """Joined, left, transferred: each is told, none of them ends anything."""
    chat = await world.began()
    handover_id, talk = await world.active(chat)
    world.desk.transfers(talk, "Kim")
    changed = await world.channel.got("handover.agent_changed")
    assert changed["data"]["agent"]["name"] == "Kim"
    world.desk.leaves(talk)
    await world.channel.got("handover.agent_left")
    assert (await world.handover(handover_id))["status"] == "active"
    world.desk.joins(talk, "Lee")
    await world.channel.until(lambda self: len(self.of("handover.agent_joined")) == 2)
    assert (await world.handover(handover_id))["agent"]["name"] == "Lee"
    await world.says(chat, "still here")
    await soon(lambda: "still here" in lines(talk))


async def test_the_first_message_implies_that_somebody_joined(world: World) -> None:
    """A desk that never says joined."""
    _, handover_id = await quiet_desk(world)
    await world.webhook(wrote(handover_id, "hello", 1, agent={"id": "a1", "name": "Ann"}))
    shown = await world.channel.heard("hello")
    types = world.channel.types()
    assert (
        types.index("handover.agent_joined")
        < types.index("handover.active")
        < types.index("message.created", 3)
    )
    assert shown["data"]["author_name"] == "Ann"
    assert shown["data"]["external_id"] == "hello" != shown["data"]["id"]


@pytest.mark.parametrize(
    ("identity", "name", "agent"),
    [
        ("name", "Robin", {"id": "robin", "name": "Robin"}),
        ("none", None, {}),
        ({"as": "Support team"}, "Support team", {"name": "Support team"}),
    ],
)
async def test_who_the_user_sees(
    world: World, identity: Any, name: str | None, agent: dict[str, str]
) -> None:
    """`agent_identity` holds for messages and handover alike."""
    chat = await world.began()
    handover_id, talk = await world.active(chat, {"agent_identity": identity})
    world.desk.says(talk, "hello")
    shown = await world.channel.heard("hello")
    assert shown["data"].get("author_name") == name
    assert (await world.handover(handover_id))["agent"] == agent
