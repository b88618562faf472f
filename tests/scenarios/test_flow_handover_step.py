"""The handover step's own keys, as somebody sees them who writes a flow."""

from pathlib import Path

from tests.scenarios.test_the_flow_goes_on import playing
from tests.scenarios.world import World, lines, soon


async def test_the_last_messages_of_the_transcript_are_those_that_somebody_wrote(world: World) -> None:
    """`max_messages` counts what the user and the bot said: a system text, as the step's own, takes no place."""
    given = [{"author": "user", "text": text, "at": "2026-01-01T00:00:00Z"} for text in ("one", "two")]
    chat = await world.began(transcript=given)
    _, talk = await world.queued(chat, {"message": "You will be helped", "transcript": {"max_messages": 2}})
    assert lines(talk) == ["one", "two"]


async def test_an_alternative_without_numbers_has_the_documented_ones(tmp_path: Path) -> None:
    """Position 20 is too far and 600 s are not too long where the step says no numbers of its own."""
    flow = """
main:
- handover:
    message: ""
    accepted_message: ""
    queue: {position: true, every_s: 0, wait_every_s: 0, alternative: {text: "Come back tomorrow"}}
"""
    async with playing(tmp_path, flow) as world:
        chat = await world.began()
        await world.says(chat, "hello")
        handover_id = (await world.channel.got("handover.queued"))["handover_id"]
        for position, wait_ms, heard in (
            (19, 600_000, "You are number 19 in the queue."),
            (20, 1, "Come back tomorrow"),
        ):
            told = {"position": position, "estimated_wait_ms": wait_ms}
            named = {"event_id": heard, "type": "queue.updated", "handover_id": handover_id}
            assert (await world.webhook({**named, **told})).status < 300
            await world.channel.heard(heard)


async def test_the_presence_sentences_are_fixed(tmp_path: Path) -> None:
    """Exactly those two sentences, also for an agent of another language."""
    flow = """
main:
- handover: {message: "", accepted_message: "", route: {languages: [nl]}}
"""
    async with playing(tmp_path, flow) as world:
        chat = await world.began()
        await world.says(chat, "hello")
        talk = await world.talk((await world.channel.got("handover.queued"))["handover_id"])
        for state, told in (
            ("disconnected", "User left the conversation"),
            ("connected", "User joined the conversation"),
        ):
            await world.call("POST", f"/v1/conversations/{chat}/presence", {"state": state})
            await soon(lambda told=told: talk.note == told)


async def test_the_cancel_button_is_always_beside_what_is_said(world: World) -> None:
    """It comes with the accepted message; where none is said, with the message before."""
    cancel = {"button": "Never mind"}
    for settings, heard in (
        ({"message": "First", "accepted_message": "Accepted", "cancel": cancel}, "Accepted"),
        ({"message": "Only", "cancel": cancel}, "Only"),
    ):
        chat = await world.began()
        handover_id, _ = await world.queued(chat, settings)
        said = {message["text"]: message.get("buttons") for message in await world.messages(chat)}
        assert [text for text, buttons in said.items() if buttons] == [heard]
        await world.says(chat, "Never mind", button=said[heard][0]["value"])
        await world.until(handover_id, status="cancelled", reason="user_cancelled")


async def test_a_flow_says_why(tmp_path: Path) -> None:
    """`reason` is a template; the agent's side reads it, and so do the reports."""
    flow = """
main:
- set: {about: "an invoice"}
- handover: {reason: "Question about {{ about }}", message: "", accepted_message: ""}
"""
    async with playing(tmp_path, flow) as world:
        chat = await world.began()
        await world.says(chat, "hello")
        handover_id = (await world.channel.got("handover.queued"))["handover_id"]
        assert (await world.talk(handover_id)).reason == "Question about an invoice"


async def test_the_reason_of_a_request_may_stand_in_its_settings(world: World) -> None:
    """A request's own `reason` wins over the one of its settings."""
    for given, told in (({}, "of the step"), ({"reason": "of the request"}, "of the request")):
        chat = await world.began()
        body = {"initiator": "user", "settings": {"reason": "of the step"}, **given}
        answer = await world.call("POST", f"/v1/conversations/{chat}/handovers", body)
        assert (await world.talk(answer.body["id"])).reason == told
