"""A bot made of steps: the classic intake, and what its handover events run."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.net.loopback import serving
from tests.scenarios.world import TEXT, World, lines, living, soon

INTAKE = (Path(__file__).parent.parent / "flow" / "classic_intake.yaml").read_text()


def with_flows(flows: str, events: str = "") -> str:
    """Configuration of a channel `flow` whose bot is the flow `main`."""
    indented = "".join(f"  {line}\n" for line in flows.strip().splitlines())
    return f"flows:\n{indented}{events}"


@asynccontextmanager
async def playing(folder: Path, flows: str, events: str = "") -> AsyncGenerator[World]:
    """A world whose channel `api` has the flow `main` as its bot."""
    text = TEXT.replace("api: {{type: api, provider", "api: {{type: api, bot: steps, provider")
    text = text.replace("bots:\n  mine", "bots:\n  steps: {{flow: main}}\n  mine")
    async with living(folder, with_flows(flows, events), text) as world:
        yield world


@asynccontextmanager
async def presence(status: str) -> AsyncGenerator[tuple[str, list[Any]]]:
    """The service that the intake asks who is there, and tells about the chat."""
    told: list[Any] = []

    async def answer(request: web.Request) -> web.Response:
        if request.method == "POST":
            told.append(await request.json())
            return web.json_response({"data": {"id": 42, "tags": [None]}})
        return web.Response(status=500) if status == "broken" else web.Response(text=status)

    async with serving(answer) as origin:
        yield origin, told


async def intake(world: World, origin: str) -> str:
    """A conversation in which the intake has been done up to the handover."""
    chat = await world.began(context={"presence_url": origin})
    await world.says(chat, "I want a human")
    await world.channel.heard("Let me see who is there.")
    await world.channel.heard("Your e-mail?")
    await world.says(chat, "not an address")
    await world.channel.until(lambda self: len(self.texts("bot")) == 3)
    await world.says(chat, "ada@example.org")
    await world.channel.heard("Your name?")
    await world.says(chat, 'Ada "The Countess"')
    await world.channel.heard('One moment, Ada "The Countess".')
    return chat


async def open_one(world: World, chat: str) -> str:
    """Id of the conversation's handover."""
    return (
        await world.channel.until(
            lambda self: [e for e in self.of("handover.requested") if e["conversation_id"] == chat]
        )
    )[-1]["handover_id"]


@pytest.mark.parametrize("outcome", ["completed", "cancelled", "error"])
async def test_the_classic_intake(tmp_path: Path, outcome: str) -> None:
    """Answer, event, who is there, e-mail and name, handover, what became of it, and the flow goes on."""
    async with (
        playing(tmp_path, INTAKE, "events: {handover: handover_intake}\n") as world,
        presence("online") as (
            origin,
            told,
        ),
    ):
        if outcome == "error":
            world.desk.online = False
        chat = await intake(world, origin)
        handover_id = await open_one(world, chat)
        if outcome != "error":
            talk = await world.talk(handover_id)
            assert lines(talk, "user") == [
                "I want a human",
                "not an address",
                "ada@example.org",
                'Ada "The Countess"',
            ]
            world.desk.joins(talk)
            world.desk.says(talk, "hello Ada")
            await world.channel.heard("hello Ada")
            await world.says(chat, "hello person")
            await soon(lambda: lines(talk)[-1] == "hello person")
            if outcome == "completed":
                world.desk.closes(talk)
            else:
                await world.call("POST", f"/v1/handovers/{handover_id}/cancel")
        await world.channel.heard("What else can I do for you?")
        said = {
            "completed": 'Welcome back, Ada "The Countess" (ticket 42).',
            "cancelled": "All right, no person then.",
            "error": "Nobody could take it: unavailable.",
        }
        assert world.channel.texts("bot")[-2:] == [said[outcome], "What else can I do for you?"]
        info = json.loads(told[0]["Context"]["CustomerInfo"])
        assert (info, told[0]["chatId"]) == ({"name": 'Ada "The Countess"', "email": "ada@example.org"}, chat)
        await world.says(chat, "bye")
        await world.channel.heard("You said: bye")


@pytest.mark.parametrize("status", ["offline", "broken"])
async def test_the_classic_intake_when_nobody_is_there(tmp_path: Path, status: str) -> None:
    """Offline, and a failed call, go the other way."""
    async with (
        playing(tmp_path, INTAKE, "events: {handover: handover_intake}\n") as world,
        presence(status) as (
            origin,
            _,
        ),
    ):
        chat = await world.began(context={"presence_url": origin})
        await world.says(chat, "human")
        await world.channel.heard("Nobody is available right now.")
        assert world.desk.calls == []


EVENTS = """
main:
  - handover:
      provider: support
      message: "A person comes"
      accepted_message: ""
      events: {queued: true, active: true, queue_updated: true, inactive: true}
      limits: {user_idle_s: 1}
  - lookup: handover.event
    cases:
      queued: [{say: "in line {{ handover.queue.position }}"}]
      active: [{say: "with {{ handover.agent.name }}"}, {ask: {text: "never", into: x}}]
      queue_updated: [{say: "now {{ handover.queue.position }}"}]
      inactive: [{say: "still there? {{ handover.inactivity_count }}"}]
      completed: [{say: "back from {{ handover.agent.name }}: {{ handover.reason }}"}]
  - say: {text: "below {{ handover.event }}", to: user}
"""


async def test_the_flow_runs_on_events_while_the_person_is_there(tmp_path: Path) -> None:
    """Each event runs once below the step, is said to both, never moves the position, and ends at an ask."""
    async with playing(tmp_path, EVENTS) as world:
        _, ahead = await world.active(await world.began(channel="quiet"))
        other = await world.began(channel="quiet")
        _, ahead = await world.queued(other)
        chat = await world.began()
        await world.says(chat, "hi")
        await world.channel.heard("in line 2")
        await world.channel.heard("below queued")
        world.desk.joins(ahead)
        await world.channel.heard("now 1")
        talk = await world.talk(await open_one(world, chat))
        world.desk.joins(talk)
        await world.channel.heard("with Robin")
        world.desk.says(talk, "hello")
        await world.channel.heard("still there? 1")
        await world.says(chat, "yes")
        await soon(lambda: "yes" in lines(talk))
        assert {"in line 2", "now 1", "with Robin", "still there? 1"} <= set(lines(talk, "bot"))
        assert "below active" not in world.channel.texts()
        assert "never" not in world.channel.texts()
        assert not [text for text in lines(talk) if text.startswith("below")]
        world.desk.closes(talk)
        await world.channel.heard("below completed")
        assert world.channel.texts("bot")[-2:] == ["back from Robin: agent_closed", "below completed"]


async def test_user_messages_never_run_the_flow_during_a_handover(tmp_path: Path) -> None:
    """They go to the person; the flow speaks again only below the step."""
    flows = "main:\n  - handover: {provider: support, message: ''}\n  - say: 'below {{ handover.status }}'\n"
    async with playing(tmp_path, flows) as world:
        chat = await world.began()
        await world.says(chat, "hi")
        talk = await world.talk(await open_one(world, chat))
        for n in range(3):
            await world.says(chat, f"m{n}")
        await soon(lambda: len(lines(talk)) == 4)
        assert world.channel.texts("bot") == []
        world.desk.closes(talk)
        await world.channel.heard("below completed")


async def test_resume_at_the_entry_point_puts_the_question_again(tmp_path: Path) -> None:
    """`entrypoint` after completed: the last unanswered ask is put again."""
    flows = """
main:
  - ask: {text: "Which colour?", into: colour}
  - say: "you like {{ colour }}"
person:
  - handover: {provider: support, resume: {at: entrypoint}}
  - say: "never said"
"""
    async with playing(tmp_path, flows, "events: {help: person}\n") as world:
        chat = await world.began()
        await world.says(chat, "hi")
        await world.channel.heard("Which colour?")
        await world.call("POST", f"/v1/conversations/{chat}/trigger", {"event": "help"})
        talk = await world.talk(await open_one(world, chat))
        world.desk.closes(talk)
        await world.channel.until(lambda self: self.texts().count("Which colour?") == 2)
        await world.says(chat, "red")
        await world.channel.heard("you like red")
        assert "never said" not in world.channel.texts()


async def test_without_the_resolve_event_the_next_message_is_the_input(tmp_path: Path) -> None:
    """`send_event: false` only sets the position."""
    flows = "main:\n  - handover: {provider: support, resume: {send_event: false}}\n  - say: 'got {{ input.text }}'\n"
    async with playing(tmp_path, flows) as world:
        chat = await world.began()
        await world.says(chat, "hi")
        handover_id = await open_one(world, chat)
        world.desk.closes(await world.talk(handover_id))
        await world.until(handover_id, status="completed")
        await world.says(chat, "me again")
        await world.channel.heard("got me again")
        assert world.channel.texts("bot") == ["got me again"]


async def test_a_transferred_conversation_comes_back_with_its_message(tmp_path: Path) -> None:
    """Nothing runs at the transfer; on return the flow goes on below, the message is its input."""
    flows = "main:\n  - handover: {provider: log}\n  - say: '{{ handover.event }}: {{ input.text }}'\n"
    async with playing(tmp_path, flows) as world:
        chat = await world.began()
        await world.says(chat, "hi")
        await world.channel.got("handover.transferred")
        await world.says(chat, "it was not solved")
        await world.channel.heard("returned: it was not solved")
        assert world.channel.texts("bot") == ["returned: it was not solved"]


async def test_the_cancel_intent_is_understood(tmp_path: Path) -> None:
    """The user's words match the intent: cancelled, answered, not relayed, and the flow goes on below."""
    flows = """
main:
  - handover: {provider: support, cancel: {intent: cancel_handover}}
  - say: "below {{ handover.event }}"
"""
    intents = "intents: {cancel_handover: {en: ['forget it', '/never ?mind/']}}\n"
    async with playing(tmp_path, flows, intents) as world:
        chat = await world.began()
        await world.says(chat, "hi")
        talk = await world.talk(await open_one(world, chat))
        await world.says(chat, "Never mind!")
        await world.channel.heard("below cancelled")
        await soon(lambda: talk.state == "closed")
        assert lines(talk) == ["hi"]


async def test_an_error_goes_on_below_at_once(tmp_path: Path) -> None:
    """No word of the user is needed; no failure text, because the flow says what is wrong."""
    flows = (
        "main:\n  - handover: {provider: support, message: ''}\n  - say: 'sorry: {{ handover.error.code }}'\n"
    )
    async with playing(tmp_path, flows) as world:
        world.desk.fail_next(409)
        chat = await world.began()
        await world.says(chat, "hi")
        await world.channel.heard("sorry: unavailable")
        assert world.channel.texts("system") == []


async def test_a_restart_in_the_middle_of_the_intake(tmp_path: Path) -> None:
    """The paused question, and the handover's place in the flow, survive."""
    async with (
        playing(tmp_path, INTAKE, "events: {handover: handover_intake}\n") as world,
        presence("online") as (
            origin,
            _,
        ),
    ):
        chat = await world.began(context={"presence_url": origin})
        await world.says(chat, "human")
        await world.channel.heard("Your e-mail?")
        await world.restart()
        await world.says(chat, "ada@example.org")
        await world.channel.heard("Your name?")
        await world.restart()
        await world.says(chat, "Ada")
        talk = await world.talk(await open_one(world, chat))
        await world.channel.got("handover.queued")
        await world.restart()
        world.desk.joins(talk)
        world.desk.closes(talk)
        await world.channel.heard("What else can I do for you?")
        assert len(world.channel.texts()) == len(set(world.channel.texts()))
