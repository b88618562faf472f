"""From our bot inside the Router to a human and back: at CM's desk, and at our own."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from openhandover.emulators.cm import CmEmulator
from tests.scenarios.process import Process, client

from .cm_router import HEADER, SECRET, House, config, house

MSC_FLOW = """
    - ask: {text: "Your name?", into: name}
    - handover:
        provider: msc
        message: "A colleague will help you, {{ name }}."
        route: {messaging_adapter: aaaaaaaa-0000-4000-8000-000000000001, user_name: "{{ name }}", user_email: a@b.example}
    - say: "Welcome back ({{ handover.event }})."
"""
MSC = """  msc:
    type: cm_msc
    technical_link_id: 7a1f0c52-0001-4c11-9a00-000000000001
    product_token: 00000000-aaaa-bbbb-cccc-000000000003
    bot_adapter: bbbbbbbb-0000-4000-8000-000000000002
    base_url: CM
"""
DESK_FLOW = """
    - ask: {text: "What?", into: what}
    - handover: {accepted_message: "Somebody comes.", cancel: {button: "Never mind"}}
    - say: "Over: {{ handover.event }}."
"""


def with_msc(cm_url: str) -> str:
    """The configuration with CM's own desk as a provider."""
    return config(cm_url, flow=MSC_FLOW).replace(
        "providers:\n", "providers:\n" + MSC.replace("CM", cm_url, 1)
    )


@asynccontextmanager
async def inside(folder: Path) -> AsyncGenerator[tuple[House, Process]]:
    """Our server as a process that can be killed, with the emulator's callbacks connected."""
    async with CmEmulator() as cm:
        process = Process(folder, with_msc(cm.url))
        url = await process.start()
        cm.call_back("bot", f"{url}/channels/chat", {HEADER: SECRET})
        async with client(url) as server:
            try:
                yield House(server, cm), process
            finally:
                await process.end()


@pytest.mark.parametrize("form", ["envelope", "flat"])
async def test_a_user_gets_a_human_of_mobile_service_cloud_and_the_bot_again(
    tmp_path: Path, form: str
) -> None:
    """The Router carries the talk with the agent; when the session ends the bot has the user again."""
    async with inside(tmp_path) as (here, _):
        here.cm.account.event_form = "flat" if form == "flat" else "envelope"
        visitor = here.cm.visitor("ada", "Ada")
        visitor.says("hello")
        await here.cm.wait_until(lambda: len(visitor.answers) == 1)
        visitor.says('Ada "A" 👩')
        chat = await here.cm.chat_at_desk()
        assert visitor.answers == ["Your name?", 'A colleague will help you, Ada "A" 👩.']
        assert visitor.livechat
        visitor.says("are you there?")
        await here.cm.agent_says(chat.id, "I am Bob.")
        (conversation,) = await here.conversations()
        handover = await here.server.until(
            f"/v1/handovers/{conversation['handover_id']}", lambda one: one["status"] == "transferred"
        )
        assert await here.counted("handover", "noticed") == 1
        assert handover["agent"] is None
        await here.cm.agent_ends(chat.id)
        path = f"/v1/conversations/{conversation['id']}"
        back = await here.server.until(path, lambda one: one["floor"] == "bot")
        assert back["handover_id"] is None
        visitor.says("me again")
        await here.cm.wait_until(lambda: visitor.answers[-1] == "Your name?")
        assert len(await here.conversations()) == 2
        words = [one["text"] for one in await here.messages(conversation["id"]) if one["author"] == "user"]
        assert words == ["hello", 'Ada "A" 👩']


async def test_a_handover_that_the_desk_takes_by_itself_is_noticed_only(tmp_path: Path) -> None:
    """A person claims the chat from the bot: the notice is counted, and nothing is said of an agent."""
    async with inside(tmp_path) as (here, _):
        visitor = here.cm.visitor("ada")
        chat = visitor.says("hello")
        await here.cm.wait_until(lambda: len(visitor.answers) == 1)
        here.cm.take_over(chat.id)
        await here.server.until("/v1/conversations", lambda page: len(page["items"]) == 1)
        await here.cm.wait_until(lambda: [one.kind for one in here.cm.callbacks.sent if one.delivered][1:])
        (conversation,) = await here.conversations()
        assert (conversation["floor"], conversation["handover_id"]) == ("bot", None)
        assert await here.counted("handover", "noticed") == 1


async def test_a_kill_loses_and_repeats_nothing(tmp_path: Path) -> None:
    """kill -9 while CM is away: what was answered 201 is there, the bot's answer comes once, then the handover."""
    async with inside(tmp_path) as (here, process):
        here.cm.account.keeps_ids = True
        visitor = here.cm.visitor("ada")
        here.cm.faults.fail_next(503, 3, endpoint="twoway")
        visitor.says("hello")
        await here.cm.wait_until(lambda: here.cm.requests_to("twoway"))
        await process.kill()
        port = int(here.server.url.rpartition(":")[2])
        await process.start(port)
        await here.cm.wait_until(lambda: visitor.answers == ["Your name?"])
        visitor.says("Ada")
        await here.cm.wait_until(lambda: len(here.cm.callbacks.sent) == 2)
        await process.kill()
        await process.start(port)
        chat = await here.cm.chat_at_desk()
        assert visitor.answers == ["Your name?", "A colleague will help you, Ada."]
        assert chat.context["CustomerInfo"] == '{"name":"Ada","email":"a@b.example"}'
        (conversation,) = await here.conversations()
        words = [one["text"] for one in await here.messages(conversation["id"]) if one["author"] == "user"]
        assert words == ["hello", "Ada"]


async def test_while_we_are_away_the_router_comes_again(tmp_path: Path) -> None:
    """What is written while the server is down is answered once it is back."""
    async with inside(tmp_path) as (here, process):
        visitor = here.cm.visitor("ada")
        await process.kill()
        visitor.says("hello")
        await here.cm.wait_until(lambda: here.cm.callbacks.sent[0].attempts)
        await process.start(int(here.server.url.rpartition(":")[2]))
        await here.cm.wait_until(lambda: visitor.answers == ["Your name?"])


async def test_a_human_at_our_own_desk(tmp_path: Path) -> None:
    """Anna answers a chat of the Router; both sides read each other, and then the flow goes on."""
    async with house(tmp_path, flow=DESK_FLOW) as here:
        await here.server.online()
        visitor = here.cm.visitor("ada", "Ada")
        visitor.says("hello")
        await here.cm.wait_until(lambda: len(visitor.answers) == 1)
        visitor.says("my bill")
        await here.cm.wait_until(lambda: len(visitor.answers) == 2)
        assert visitor.answers[1] == "Somebody comes.\n\n1. Never mind"
        (conversation,) = await here.conversations()
        desk = f"/v1/desk/handovers/{conversation['handover_id']}"
        assert (await here.server.call("POST", f"{desk}/accept?agent=anna", {})).status == 200
        said = await here.server.call("POST", f"{desk}/messages?agent=anna", {"text": "Hi, Anna here 👋"})
        assert said.status == 201
        await here.cm.wait_until(lambda: visitor.answers[-1] == "Hi, Anna here 👋")
        visitor.says("1")
        read = await here.server.until(
            f"/v1/conversations/{conversation['id']}/messages",
            lambda page: page["items"][-1]["text"] == "1",
        )
        assert read["items"][-1]["author"] == "user"
        assert (await here.server.call("POST", f"{desk}/close?agent=anna", {})).status == 200
        await here.cm.wait_until(lambda: visitor.answers[-1] == "Over: completed.")


async def test_a_number_withdraws_the_wish_for_a_human(tmp_path: Path) -> None:
    """The cancel button is an option like any other."""
    async with house(tmp_path, flow=DESK_FLOW) as here:
        await here.server.online()
        visitor = here.cm.visitor("ada")
        visitor.says("hello")
        await here.cm.wait_until(lambda: len(visitor.answers) == 1)
        visitor.says("my bill")
        await here.cm.wait_until(lambda: len(visitor.answers) == 2)
        visitor.says("1")
        await here.cm.wait_until(lambda: visitor.answers[-1] == "Over: cancelled.")


async def test_what_still_comes_after_a_handover_is_kept_for_the_bot_and_not_answered(tmp_path: Path) -> None:
    """By contract of `return: call`, the user's next message does not give the conversation back."""
    flow = "    - ask: {text: 'What?', into: what}\n    - handover: {provider: log, accepted_message: ''}\n    - say: 'Back.'\n"
    async with house(tmp_path, flow=flow) as here:
        visitor = here.cm.visitor("ada")
        visitor.says("hello")
        await here.cm.wait_until(lambda: len(visitor.answers) == 1)
        visitor.says("a human")
        path = "/v1/conversations"
        page = await here.server.until(path, lambda page: page["items"][0]["floor"] == "human")
        visitor.says("still me")
        found = await here.server.until(
            f"{path}/{page['items'][0]['id']}/messages",
            lambda messages: messages["items"][-1]["text"] == "still me",
        )
        assert found["items"][-1]["author"] == "user"
        (conversation,) = await here.conversations()
        assert (conversation["floor"], visitor.answers) == ("human", ["What?"])
