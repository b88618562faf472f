"""Callers who are given to a human, and what becomes of them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.channels.caller import PUBLIC, attributes
from tests.channels.phone_world import CONFIG, HUMAN, PhoneWorld, flow, phone_world

MESSAGE = "I am putting you through."


async def put_through(world: PhoneWorld, **options: str) -> Any:
    """A caller who asked for a person, at the moment when the human is called."""
    caller = await world.caller(**options).ring()
    await caller.press("2")
    return caller


async def test_the_message_is_spoken_to_its_end_first(tmp_path: Path) -> None:
    """The message is said, Twilio asks on behind it, and only then it gets the order to dial."""
    async with phone_world(tmp_path, flow()) as world:
        caller = await put_through(world)
        said = caller.diary.index(f"say {MESSAGE}")
        assert caller.diary[said + 1] == "ask /voice/phone/go"
        assert caller.diary[-1] == f"dial {HUMAN}"
        assert caller.diary.count(f"say {MESSAGE}") == 1
        asked = attributes(caller.waiting)
        assert (asked["timeout"], asked["callerId"], asked["answerOnBridge"]) == (
            "20",
            "+31850000000",
            "true",
        )
        page = await world.server.until(
            f"/v1/conversations/{caller.conversation}/events",
            lambda page: any(one["type"] == "call.transfer" for one in page["items"]),
        )
        events = [one["type"] for one in page["items"]]
        assert events.index("call.say") < events.index("call.transfer")


async def test_a_talk_with_a_human(tmp_path: Path) -> None:
    """Picked up is active; after the human's end the flow goes on with the caller, who is still there."""
    async with phone_world(tmp_path, flow()) as world:
        caller = await put_through(world)
        await caller.pick_up()
        path = f"/v1/handovers?conversation_id={caller.conversation}"
        assert (await world.server.call("GET", path)).body["items"][0]["status"] == "active"
        await caller.dial_ends("completed", DialBridged="true", DialCallDuration="42")
        assert caller.texts[-1] == "It ended as completed, agent_closed."
        assert caller.is_over


async def test_a_pick_up_that_is_only_told_at_the_end(tmp_path: Path) -> None:
    """Where the word of the pick-up is lost, the end says that there was one."""
    async with phone_world(tmp_path, flow()) as world:
        caller = await put_through(world)
        await caller.dial_ends("completed")
        assert caller.texts[-1] == "It ended as completed, agent_closed."
        assert "handover.active" in await world.events(caller)


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        ({"status": "busy"}, "busy"),
        ({"status": "no-answer"}, "no_answer"),
        ({"status": "canceled"}, "no_answer"),
        ({"status": "failed"}, "provider_error"),
        ({"status": "failed", "DialSipResponseCode": "404"}, "invalid_target"),
        ({"status": "failed", "DialSipResponseCode": "603"}, "declined"),
        ({"status": "completed", "DialBridged": "false"}, "unknown"),
    ],
)
async def test_nobody_is_reached(report: dict[str, str], reason: str, tmp_path: Path) -> None:
    """Each way of not reaching anybody has its reason, and the flow goes on with the caller."""
    async with phone_world(tmp_path, flow()) as world:
        caller = await put_through(world)
        await caller.dial_ends(**report)
        assert caller.texts[-1] == f"It ended as error, {reason}."
        assert caller.is_over


async def test_the_flow_tries_the_next_number(tmp_path: Path) -> None:
    """A busy number gives the caller back to the flow, which calls another; what is told twice of the first is late."""
    flows = """
flows:
  main:
    - handover: {voice: {provider: team, message: "One moment.", to: "+31201234567", mode: dial}}
    - handover: {voice: {provider: team, message: "One moment more.", to: "+31207654321", mode: dial}}
    - say: "It ended as {{ handover.status }}."
"""
    async with phone_world(tmp_path, flows) as world:
        caller = await world.caller().ring()
        first = attributes(caller.waiting)["action"]
        await caller.dial_ends("busy")
        assert caller.diary[-1] == "dial +31207654321"
        again = await caller.post(first, {"DialCallStatus": "busy"})
        assert (again[0].tag, again[0][0].text) == ("Dial", "+31207654321")
        await caller.pick_up()
        await caller.dial_ends("completed")
        assert caller.texts[-1] == "It ended as completed."


@pytest.mark.parametrize("to", ["12", "+1", "0201234567", "sip:", "tel:+31201234567"])
async def test_an_impossible_number(to: str, tmp_path: Path) -> None:
    """What is neither a number nor a SIP address is refused before anything is said; the flow hears of it."""
    async with phone_world(tmp_path, flow(to=f"{{{{ '{to}' }}}}")) as world:
        caller = await put_through(world)
        assert MESSAGE not in caller.texts
        assert not [line for line in caller.diary if line.startswith("dial")]
        assert (await world.ended(caller))[0] == "error"


async def test_refer(tmp_path: Path) -> None:
    """A caller who came by SIP is told to call elsewhere; accepted, they are transferred and our part is over."""
    async with phone_world(tmp_path, flow("sip:team@pbx.example", "refer")) as world:
        caller = await put_through(world, from_="sip:anna@pbx.example")
        assert caller.diary[-1] == "refer sip:team@pbx.example"
        await caller.refer_ends(
            ReferCallStatus="in-progress", ReferSipResponseCode="202", NotifySipResponseCode="200"
        )
        assert caller.is_over
        assert (await world.ended(caller))[:2] == ("transferred", "transferred")


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (("failed", "405", None), "unsupported"),
        (("failed", "603", None), "rejected"),
        (("busy", "202", "486"), "busy"),
        (("failed", "202", "480"), "no_answer"),
        (("failed", "202", "404"), "invalid_target"),
        ((None, None, None), "provider_error"),
        ((None, "202", None), "unknown"),
    ],
)
async def test_a_refer_that_fails(report: tuple[str | None, ...], reason: str, tmp_path: Path) -> None:
    """A REFER that is refused, or leads nowhere, has its reason, and the flow goes on with the caller."""
    names = ("ReferCallStatus", "ReferSipResponseCode", "NotifySipResponseCode")
    async with phone_world(tmp_path, flow("sip:team@pbx.example", "refer")) as world:
        caller = await put_through(world, from_="sip:anna@pbx.example")
        await caller.refer_ends(**{name: value for name, value in zip(names, report, strict=True) if value})
        assert caller.texts[-1] == f"It ended as error, {reason}."


@pytest.mark.parametrize(
    ("from_", "to"),
    [("+31612345678", "sip:team@pbx.example"), ("sip:anna@pbx.example", HUMAN)],
)
async def test_a_refer_that_twilio_cannot_do(from_: str, to: str, tmp_path: Path) -> None:
    """A REFER needs SIP on both sides: else the handover is unsupported, Twilio is not asked, and the flow goes on."""
    async with phone_world(tmp_path, flow(to, "refer")) as world:
        caller = await put_through(world, from_=from_)
        assert caller.texts[-1] == "It ended as error, unsupported."
        assert not [line for line in caller.diary if line.startswith("refer")]


async def test_hanging_up_while_it_rings(tmp_path: Path) -> None:
    """The caller leaves while the human's phone rings: cancelled, because the user left."""
    async with phone_world(tmp_path, flow()) as world:
        caller = await put_through(world)
        await caller.hang_up()
        assert await world.ended(caller) == ("cancelled", "user_left", "user")


async def test_hanging_up_in_the_middle_of_the_talk(tmp_path: Path) -> None:
    """The caller ends the talk with the human: completed, because the user left; the word of the dial comes behind."""
    async with phone_world(tmp_path, flow()) as world:
        caller = await put_through(world)
        await caller.pick_up()
        action = caller.waiting.verb.attrib["action"]
        await caller.hang_up()
        assert await world.ended(caller) == ("completed", "user_left", "user")
        document = await caller.post(action, {"CallStatus": "completed", "DialCallStatus": "completed"})
        assert [verb.tag for verb in document] == ["Hangup"]
        assert await world.ended(caller) == ("completed", "user_left", "user")


async def test_hanging_up_as_the_dial_tells_it(tmp_path: Path) -> None:
    """Where the dial's own word comes first, its call status tells that the caller is gone."""
    async with phone_world(tmp_path, flow()) as world:
        caller = await put_through(world)
        await caller.dial_ends("no-answer", CallStatus="completed")
        assert await world.ended(caller) == ("cancelled", "user_left", "user")


async def test_hanging_up_during_the_message(tmp_path: Path) -> None:
    """The caller leaves while the message is spoken: nobody is called."""
    async with phone_world(tmp_path, flow()) as world:
        caller = await world.caller().ring()
        action = attributes(caller.waiting)["action"]
        document = await caller.post(action, {"Digits": "2"})
        while document[0].text != MESSAGE:
            document = await caller.post(document[-1].text or "", {})
        await caller.hang_up()
        assert await world.ended(caller) == ("cancelled", "user_left", "user")
        assert "call.transfer" not in await world.events(caller)


async def test_hanging_up_during_a_refer(tmp_path: Path) -> None:
    """A call that ends while it is referred has left, unless what came of it follows soon behind."""
    async with phone_world(tmp_path, flow("sip:team@pbx.example", "refer")) as world:
        gone = await put_through(world, from_="sip:anna@pbx.example")
        await gone.hang_up()
        assert await world.ended(gone) == ("cancelled", "user_left", "user")
        moved = await put_through(world, from_="sip:anna@pbx.example")
        over = asyncio.create_task(moved.report_status("completed"))
        await moved.refer_ends(
            ReferCallStatus="in-progress", ReferSipResponseCode="202", NotifySipResponseCode="200"
        )
        await over
        assert (await world.ended(moved))[:2] == ("transferred", "transferred")


async def test_the_order_that_comes_twice(tmp_path: Path) -> None:
    """Twilio asks again for a document that got lost: it gets the same order to dial."""
    async with phone_world(tmp_path, flow()) as world:
        caller = await put_through(world)
        again = await caller.repeat()
        assert (again[0].tag, again[0][0].text) == ("Dial", HUMAN)
        await caller.pick_up()
        await caller.pick_up()
        await caller.dial_ends("completed")
        assert caller.texts[-1] == "It ended as completed, agent_closed."


async def test_a_call_that_asks_anew_after_its_human_left(tmp_path: Path) -> None:
    """A request from the top while the talk counted as going on says that it is over."""
    async with phone_world(tmp_path, flow()) as world:
        caller = await put_through(world)
        await caller.pick_up()
        await caller.ask(f"{PUBLIC}/voice/phone")
        assert "It ended as completed, agent_closed." in caller.texts


async def test_a_handover_that_is_only_recorded(tmp_path: Path) -> None:
    """A logged handover says its message and calls nobody; the caller's next word gives the call back to the flow."""
    flows = """
flows:
  main:
    - handover: {voice: {provider: note, message: "I have noted that."}}
    - say: "{{ handover.event }}: {{ input.text }}"
"""
    async with phone_world(tmp_path, flows) as world:
        caller = await world.caller().ring()
        assert caller.texts == ["I have noted that."]
        assert (await world.ended(caller))[:2] == ("transferred", "logged")
        await caller.say("Thank you")
        assert caller.texts == ["returned: Thank you"]


async def test_an_answered_question_is_no_question(tmp_path: Path) -> None:
    """After a handover that was only recorded, a key is what the caller pressed, no option of the question before."""
    flows = """
flows:
  main:
    - ask: {text: "Shall I note it?", into: a, buttons: [{text: "yes", value: y}, {text: "no", value: n}]}
    - handover: {voice: {provider: note, message: "I have noted that."}}
    - say: "{{ handover.event }}: {{ input.text }}"
"""
    async with phone_world(tmp_path, flows) as world:
        caller = await world.caller().ring()
        await caller.press("1")
        assert not {"numDigits", "hints"} & set(attributes(caller.waiting))
        await caller.press("2")
        assert caller.texts[-1] == "returned: 2"


async def test_a_call_that_does_not_come_back(tmp_path: Path) -> None:
    """Where only a call of the API gives a conversation back, a recorded handover is the end of the call."""
    flows = 'flows: {main: [{handover: {voice: {provider: note, message: "Noted."}}}, {say: "back"}]}'
    provider = "providers:\n  note: {type: logging, return: call}\n"
    config = CONFIG.replace("  note: {type: logging}\n", "").replace("providers:\n", provider)
    async with phone_world(tmp_path, flows, config=config) as world:
        caller = await world.caller().ring()
        assert caller.texts == ["Noted."]
        assert caller.is_over


@pytest.mark.parametrize(
    ("provider", "voice"),
    [
        ("{type: custom}", "type: genesys, configuration: {queue: billing}"),
        ("{type: cm_voice_msc, api_key: key-of-sixteen-characters}", ""),
    ],
)
async def test_what_twilio_cannot_give(provider: str, voice: str, tmp_path: Path) -> None:
    """Kinds of transfer that Twilio does not have fail before anything is said, and the flow goes on."""
    step = f'{{voice: {{provider: other, message: "One moment."{", " + voice if voice else ""}}}}}'
    flows = f"""
flows:
  main:
    - handover: {step}
    - say: "{{{{ handover.status }}}}: {{{{ handover.error.message }}}}"
"""
    async with phone_world(tmp_path, flows, f"providers:\n  other: {provider}\n") as world:
        caller = await world.caller().ring()
        (told,) = caller.texts
        assert told.startswith("error: gateway 'line' cannot give a call to")
