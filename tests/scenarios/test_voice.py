"""A caller is given to a human: what is said, who is called, what comes of it, and who has the call then."""

import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from tests.gateways.phones import Phones, phones
from tests.gateways.switchboard import CALL
from tests.serving import CONFIG, running_server


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[Phones]:
    """A fresh world with a phone."""
    async with phones(tmp_path) as running:
        yield running


async def kinds(world: Phones, chat: str) -> list[str]:
    """The types of the stored events, message deliveries apart."""
    return [event["type"] for event in await world.events(chat) if not event["type"].startswith("message.")]


async def test_a_referred_call_is_said_something_and_leaves(world: Phones) -> None:
    """The message is spoken to its end, then the call is given away; connected means transferred."""
    chat = await world.calls(language="en")
    handover_id = await world.gives(chat, "team", message="A colleague will help you.")
    order = await world.board.asked("call.transfer")
    assert world.board.of("call.say") == [
        {"text": "A colleague will help you.", "language": "en", "call": CALL}
    ]
    assert order == {"kind": "forward", "to": "+31201234567", "mode": "refer", "call": CALL, "attempt": 1}
    assert world.board.tries == [f"{handover_id}:1:say", f"{handover_id}:1:transfer"]
    waiting = await world.until(handover_id, status="requested")
    assert (waiting["style"], waiting["queued_at"]) == ("transfer", None)
    ended = await world.reports(handover_id, "connected")
    assert (ended["status"], ended["reason"], ended["provider"]) == ("transferred", "transferred", "team")
    assert await kinds(world, chat) == [
        "handover.requested",
        "floor.changed",
        "call.say",
        "call.transfer",
        "handover.transferred",
    ]
    assert await world.messages(chat) == []
    assert world.channel.texts() == []


async def test_a_dialled_call_comes_back(world: Phones) -> None:
    """Accepted is queued, connected is active, ended is completed by the agent; the floor is the bot's again."""
    chat = await world.calls()
    handover_id = await world.gives(chat, "front")
    assert await world.board.asked("call.transfer") == {
        "kind": "forward",
        "to": "sip:front@pbx.example",
        "mode": "dial",
        "call": CALL,
        "attempt": 1,
    }
    queued = await world.until(handover_id, status="queued")
    assert (queued["style"], queued["queue"]["position"]) == ("relay", None)
    assert (await world.reports(handover_id, "connected"))["status"] == "active"
    ended = await world.reports(handover_id, "ended")
    assert (ended["status"], ended["reason"], ended["ended_by"]) == ("completed", "agent_closed", "agent")
    assert (await world.call("GET", f"/v1/conversations/{chat}")).body["floor"] == "bot"
    assert world.board.said == []
    assert world.channel.texts() == []


OUTCOMES: list[tuple[str, tuple[str, str, str]]] = [
    ("busy", ("error", "busy", "provider")),
    ("no_answer", ("error", "no_answer", "provider")),
    ("declined", ("error", "declined", "provider")),
    ("invalid_target", ("error", "invalid_target", "provider")),
    ("voicemail", ("error", "voicemail", "provider")),
    ("unsupported", ("error", "unsupported", "provider")),
    ("rejected", ("error", "rejected", "provider")),
    ("failed", ("error", "provider_error", "provider")),
    ("unknown", ("error", "unknown", "provider")),
    ("ended", ("error", "unknown", "provider")),
    ("caller_hung_up", ("cancelled", "user_left", "user")),
]


@pytest.mark.parametrize("provider", ["team", "front"])
@pytest.mark.parametrize(("outcome", "expected"), OUTCOMES)
async def test_a_call_that_reached_nobody(
    world: Phones, provider: str, outcome: str, expected: tuple[str, str, str]
) -> None:
    """Each outcome has its status and reason, referred or dialled; the call returns to the bot and the user is told."""
    chat = await world.calls()
    handover_id = await world.gives(chat, provider, failure_message="Nobody is there.")
    await world.board.asked("call.transfer")
    ended = await world.reports(handover_id, outcome, sip_status=480)
    assert (ended["status"], ended["reason"], ended["ended_by"]) == expected
    assert (await world.call("GET", f"/v1/conversations/{chat}")).body["floor"] == "bot"
    if ended["status"] == "error":
        await world.channel.heard("Nobody is there.")
        assert ended["error"] == {
            "reason": "unsupported" if outcome == "unsupported" else "error",
            "code": expected[1],
            "message": f"the gateway reports {outcome}, SIP status 480",
        }
    again = await world.reports(handover_id, "connected")
    assert again == ended


async def test_a_caller_who_hangs_up_while_they_talk(world: Phones) -> None:
    """With a human on the line the hang-up completes the handover."""
    chat = await world.calls()
    handover_id = await world.gives(chat, "front")
    await world.until(handover_id, status="queued")
    await world.reports(handover_id, "connected")
    ended = await world.reports(handover_id, "caller_hung_up")
    assert (ended["status"], ended["reason"], ended["ended_by"]) == ("completed", "user_left", "user")


async def test_a_caller_who_hangs_up_while_the_message_is_spoken(world: Phones) -> None:
    """The handover is cancelled at once, and the call is not given away any more."""
    world.board.may_speak.clear()
    chat = await world.calls()
    handover_id = await world.gives(chat, "team", message="A colleague will help you.")
    await world.board.speaking.wait()
    ended = await world.reports(handover_id, "caller_hung_up")
    assert (ended["status"], ended["reason"]) == ("cancelled", "user_left")
    world.board.may_speak.set()
    await world.board.asked("call.say")
    await world.server.until(
        f"/v1/conversations/{chat}/events", lambda page: any(e["type"] == "call.say" for e in page["items"])
    )
    assert world.board.of("call.transfer") == []


async def test_a_cancel_while_the_gateway_is_down(world: Phones) -> None:
    """The call is the bot's again: nothing is said into it any more, and it is not given away."""
    world.board.fail("call.say", 503, 100)
    chat = await world.calls()
    handover_id = await world.gives(chat, "team", message="A colleague will help you.")
    await world.board.tried(1)
    await world.call("POST", f"/v1/handovers/{handover_id}/cancel")
    world.board.mend("call.say")
    page = f"/v1/conversations/{chat}/events"
    found = await world.server.until(page, lambda page: any(e["type"] == "call.say" for e in page["items"]))
    assert found["items"][-1]["data"]["spoken"] is False
    assert world.board.events == []


async def test_a_cancel_while_it_rings(world: Phones) -> None:
    """A cancelled call is nobody's handover any more: what its gateway reports then is late."""
    chat = await world.calls()
    handover_id = await world.gives(chat, "front")
    await world.until(handover_id, status="queued")
    cancelled = (await world.call("POST", f"/v1/handovers/{handover_id}/cancel")).body
    assert (cancelled["status"], cancelled["reason"]) == ("cancelled", "user_cancelled")
    assert await world.reports(handover_id, "connected") == cancelled
    next_id = await world.gives(chat, "front")
    assert (await world.until(next_id, status="queued"))["attempt"] == 1


async def test_a_message_that_cannot_be_spoken(world: Phones) -> None:
    """Reaching a human matters more than the message."""
    world.board.fail("call.say", 422)
    chat = await world.calls()
    handover_id = await world.gives(chat, "team", message="A colleague will help you.")
    await world.board.asked("call.transfer")
    assert world.board.said == []
    assert (await world.reports(handover_id, "connected"))["status"] == "transferred"
    said = next(event for event in await world.events(chat) if event["type"] == "call.say")
    assert said["data"]["spoken"] is False


async def test_a_gateway_that_is_down_for_a_moment(world: Phones) -> None:
    """Both calls are repeated under their keys; the message is spoken once."""
    world.board.fail("call.say", 503)
    world.board.fail("call.transfer", 502, 2)
    chat = await world.calls()
    handover_id = await world.gives(chat, "team", message="A colleague will help you.")
    await world.board.asked("call.transfer")
    say, transfer = f"{handover_id}:1:say", f"{handover_id}:1:transfer"
    assert world.board.tries == [say, say, transfer, transfer, transfer]
    assert world.board.said == ["A colleague will help you."]


async def test_a_lost_answer_is_asked_for_again(world: Phones) -> None:
    """The gateway took the order but its answer never came: the same order comes again under the same key."""
    world.board.lose_reply("call.transfer")
    chat = await world.calls()
    handover_id = await world.gives(chat, "front")
    await world.until(handover_id, status="queued")
    assert world.board.tries == [f"{handover_id}:1:transfer"] * 2
    assert len(world.board.of("call.transfer")) == 1


@pytest.mark.parametrize(
    ("status", "reason"),
    [(400, "rejected"), (404, "rejected"), (422, "rejected"), (401, "auth"), (403, "auth")],
)
async def test_a_gateway_that_refuses(world: Phones, status: int, reason: str) -> None:
    """A 4xx ends the handover with its reason, and the user is told."""
    world.board.fail("call.transfer", status)
    chat = await world.calls()
    handover_id = await world.gives(chat, "team", failure_message="That did not work.")
    ended = await world.until(handover_id, status="error")
    assert (ended["reason"], ended["ended_by"]) == (reason, "provider")
    await world.channel.heard("That did not work.")


async def test_a_gateway_that_stays_down(world: Phones) -> None:
    """Nobody waits longer than `open_s`."""
    world.board.fail("call.transfer", 503, 100)
    chat = await world.calls()
    handover_id = await world.gives(chat, "team", limits={"open_s": 1})
    ended = await world.until(handover_id, status="error")
    assert ended["reason"] == "provider_error"


async def test_the_next_of_the_chain(world: Phones) -> None:
    """A failed order goes to the next provider that takes calls; the message is spoken once, text providers are skipped."""
    world.board.fail("call.transfer", 422)
    chat = await world.calls()
    handover_id = await world.gives(
        chat, "team", {"to": "+31207654321"}, message="One moment.", fallback=["support", "front", "log"]
    )
    queued = await world.until(handover_id, status="queued")
    assert [attempt["provider"] for attempt in queued["attempts"]] == ["team", "front"]
    assert [attempt["reason"] for attempt in queued["attempts"]] == ["rejected", None]
    assert world.board.said == ["One moment."]
    assert (await world.board.asked("call.transfer"))["to"] == "sip:front@pbx.example"
    assert world.board.tries[-1] == f"{handover_id}:2:transfer"
    assert world.desk.calls == []


async def test_an_outcome_of_an_earlier_attempt_is_late(world: Phones) -> None:
    """A gateway that says which attempt it means is never misunderstood."""
    chat = await world.calls()
    handover_id = await world.gives(chat, "team", fallback=["front"], limits={"queue_s": 2})
    await world.until(handover_id, attempt=2, status="queued")
    assert (await world.reports(handover_id, "connected", attempt=1))["status"] == "queued"
    assert (await world.reports(handover_id, "connected", attempt=2))["status"] == "active"


async def test_a_call_that_nobody_reports_on(world: Phones) -> None:
    """A referred call waits `queue_s` for its outcome."""
    chat = await world.calls()
    handover_id = await world.gives(chat, "team", limits={"open_s": 1, "queue_s": 2})
    await world.board.asked("call.transfer")
    ended = await world.until(handover_id, status="error")
    assert (ended["reason"], ended["ended_by"]) == ("queue_timeout", "system")


async def test_logging_says_the_message_and_gives_the_call_to_nobody(world: Phones) -> None:
    """Voice logging: recorded, counted, nothing is transferred."""
    chat = await world.calls()
    handover_id = await world.gives(chat, "log", message="We will call you back.")
    ended = await world.until(handover_id, status="transferred")
    assert (ended["reason"], ended["provider"], ended["style"]) == ("logged", "log", "transfer")
    assert world.board.said == ["We will call you back."]
    assert world.board.of("call.transfer") == []


async def test_a_flow_has_the_caller_again_after_the_human(world: Phones) -> None:
    """After a dialled call the flow goes on below with the same caller, and takes what they say."""
    chat = await world.calls(channel="line")
    await world.says(chat, "hello")
    await world.channel.heard("Welcome.")
    await world.board.asked("call.transfer")
    assert world.board.said == ["I am connecting you."]
    handover_id = (await world.call("GET", f"/v1/conversations/{chat}")).body["handover_id"]
    await world.until(handover_id, status="queued")
    await world.reports(handover_id, "connected")
    digest = (await world.reports(handover_id, "ended"))["digest"]
    assert digest["outcome"] == {"status": "completed", "reason": "agent_closed", "ended_by": "agent"}
    assert digest["messages"] == []
    await world.channel.heard("It ended with agent_closed.")
    await world.channel.heard("Anything else?")
    await world.says(chat, "no thanks")
    await world.channel.heard("You said no thanks.")


@pytest.mark.parametrize("outcome", ["busy", "no_answer", "failed"])
async def test_a_flow_goes_on_after_a_call_that_reached_nobody(world: Phones, outcome: str) -> None:
    """After an error too, at once."""
    chat = await world.calls(channel="line")
    await world.says(chat, "hello")
    await world.board.asked("call.transfer")
    handover_id = (await world.call("GET", f"/v1/conversations/{chat}")).body["handover_id"]
    reason = (await world.reports(handover_id, outcome))["reason"]
    await world.channel.heard(f"It ended with {reason}.")


BAD: list[tuple[Any, str]] = [
    ({}, "outcome"),
    ({"outcome": "gone"}, "outcome"),
    ({"outcome": "connected", "sip_status": 42}, "sip_status"),
    ({"outcome": "connected", "sip_status": "486"}, "sip_status"),
    ({"outcome": "connected", "attempt": 0}, "attempt"),
    ({"outcome": "connected", "duration": 3}, "duration"),
]


@pytest.mark.parametrize(("body", "path"), BAD)
async def test_a_report_that_does_not_fit(world: Phones, body: Any, path: str) -> None:
    """422 names the place, and nothing happens."""
    chat = await world.calls()
    handover_id = await world.gives(chat, "front")
    await world.until(handover_id, status="queued")
    answer = await world.call("POST", f"/v1/handovers/{handover_id}/call-result", body)
    assert (answer.status, answer.code, answer.body["errors"][0]["path"]) == (422, "invalid", path)
    assert (await world.handover(handover_id))["status"] == "queued"


async def test_who_may_report(world: Phones) -> None:
    """Scope handovers, a known handover, and one of a phone call."""
    body = {"outcome": "connected"}
    assert (await world.call("POST", "/v1/handovers/x/call-result", body)).status == 404
    handover_id = await world.asks(await world.began())
    assert (
        await world.call("POST", f"/v1/handovers/{handover_id}/call-result", body, key=None)
    ).status == 401
    answer = await world.call("POST", f"/v1/handovers/{handover_id}/call-result", body)
    assert (answer.status, answer.body["errors"][0]["path"]) == (422, "outcome")


async def test_a_second_handover_of_a_call_is_refused_while_one_is_open(world: Phones) -> None:
    """The caller is given to one human at a time."""
    chat = await world.calls()
    handover_id = await world.gives(chat, "front")
    body = {"initiator": "user", "settings": {"voice": {"provider": "team"}}}
    answer = await world.call("POST", f"/v1/conversations/{chat}/handovers", body)
    assert (answer.status, answer.code, answer.body["handover_id"]) == (409, "handover_open", handover_id)


async def test_calls_are_counted_like_everything_else(world: Phones) -> None:
    """Analytics has a row for each way of giving a call away, with status, reason and provider."""
    expected: dict[str, tuple[str, str]] = {
        "team": ("transferred", "transferred"),
        "front": ("completed", "agent_closed"),
        "waiting": ("error", "busy"),
        "msc": ("cancelled", "user_left"),
        "log": ("transferred", "logged"),
    }
    voice = {"waiting": {"type": "night queue"}}
    for n, (provider, (status, _)) in enumerate(expected.items(), 1):
        handover_id = await world.gives(await world.calls(), provider, voice.get(provider))
        if provider != "log":
            await world.board.asked("call.transfer", n)
            outcomes = {"transferred": ["connected"], "completed": ["connected", "ended"], "error": ["busy"]}
            for outcome in outcomes.get(status, ["caller_hung_up"]):
                await world.reports(handover_id, outcome)
        await world.until(handover_id, status=status)
    for group, place in (("status", 0), ("reason", 1)):
        answer = await world.call("GET", f"/v1/analytics/handovers?group_by={group}")
        wanted = [found[place] for found in expected.values()]
        counted = {row["key"]: row["figures"]["handovers"] for row in answer.body["items"]}
        assert counted == {word: wanted.count(word) for word in wanted}, answer.body
    answer = await world.call("GET", "/v1/analytics/handovers?group_by=provider")
    assert {row["key"] for row in answer.body["items"]} == set(expected)


async def test_the_story_of_a_call(world: Phones) -> None:
    """It is told like every other: spoken, given away, answered, ended."""
    world.board.fail("call.say", 422)
    chat = await world.calls()
    handover_id = await world.gives(chat, "front", message="One moment.")
    await world.until(handover_id, status="queued")
    await world.reports(handover_id, "connected")
    await world.reports(handover_id, "ended")
    told = [
        one["text"] for one in (await world.call("GET", f"/v1/handovers/{handover_id}/explain")).body["items"]
    ]
    assert told[1] == "The message could not be spoken on the call."
    assert told[2] == "The call's gateway took the order (forward, dial)."
    assert re.match(r"Provider front accepted (at once|after \S+ s)\.$", told[3])
    assert re.match(r"The call was answered( at once|; the caller had waited \S+ s)\.$", told[4])
    assert told[5].startswith("Completed (agent_closed)")


async def test_the_desk_does_not_take_over_a_call(tmp_path: Path) -> None:
    """An agent at the desk writes; a caller could not read it."""
    async with running_server(tmp_path, CONFIG) as server:
        await server.online()
        chat = await server.conversation(medium="voice", call=CALL)
        answer = await server.call("POST", f"/v1/desk/conversations/{chat['id']}/take-over?agent=anna", {})
        assert (answer.status, answer.body["errors"][0]["path"]) == (422, "conversation")
        assert (await server.call("GET", f"/v1/conversations/{chat['id']}")).body["floor"] == "bot"


async def test_a_voice_part_that_cannot_be_rendered(world: Phones) -> None:
    """The flow's handover ends as a configuration error under the name of its voice provider, before anything is said."""
    chat = await world.calls(channel="bad")
    await world.says(chat, "hello")
    await world.channel.heard("Sorry, we could not reach anybody for you.")
    ended = (await world.call("GET", "/v1/handovers")).body["items"][0]
    assert (ended["status"], ended["reason"], ended["provider"]) == ("error", "configuration", "team")
    assert world.board.tries == []
