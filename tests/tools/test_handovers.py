"""A tool that ends in a handover: the user hears its message, the LLM gets the handover alone."""

from pathlib import Path
from typing import Any

from aiohttp import web

from tests.net.loopback import serving
from tests.serving import CONFIG, running_server
from tests.tools.house import House


async def test_the_user_gets_the_message_and_the_llm_the_handover(house: House) -> None:
    """Nothing to say comes back; the step's message is in the user's language."""
    chat = await house.began(language="nl")
    answer = await house.tool("talk_to_human", chat, "c1", name="Ada")
    assert answer.status == 200
    assert list(answer.body) == ["handover"]
    assert set(answer.body["handover"]) == {"id", "status"}
    await house.channel.heard("U krijgt iemand, Ada")
    handover = await house.server.until(
        f"/v1/handovers/{answer.body['handover']['id']}", lambda one: one["status"] == "transferred"
    )
    assert (handover["conversation_id"], handover["initiator"]) == (chat, "bot")


async def test_the_bot_hears_which_call_the_end_belongs_to(house: House) -> None:
    """Digest and `replaces` are in one event; the adapter puts the one in the place of the other."""
    chat = await house.began()
    handover = (await house.tool("talk_to_anna", chat, "call_7")).body["handover"]
    await house.channel.heard("Anna comes")
    await house.server.until(f"/v1/handovers/{handover['id']}", lambda one: one["status"] == "queued")
    desk = f"/v1/desk/handovers/{handover['id']}"
    await house.server.call("POST", f"{desk}/accept?agent=anna")
    await house.server.call("POST", f"{desk}/messages?agent=anna", {"text": "Refunded"})
    await house.server.call("POST", f"{desk}/close?agent=anna")
    end = await house.bot.got("handover.completed")
    assert end["data"]["replaces"] == {"tool": "talk_to_anna", "tool_call_id": "call_7"}
    assert [message["text"] for message in end["data"]["digest"]["messages"]] == ["Refunded"]
    assert end["epoch"] == 3
    read = (await house.server.call("GET", f"/v1/handovers/{handover['id']}")).body
    assert read["replaces"] == end["data"]["replaces"]


async def test_a_repeated_call_names_the_same_handover(house: House) -> None:
    """Its status is what it is now; no second one is begun, also after the end."""
    chat = await house.began()
    first = (await house.tool("talk_to_anna", chat, "c1")).body["handover"]
    await house.server.call("POST", f"/v1/handovers/{first['id']}/cancel")
    again = (await house.tool("talk_to_anna", chat, "c1", 2)).body["handover"]
    assert again == {"id": first["id"], "status": "cancelled"}
    listed = (await house.server.call("GET", f"/v1/handovers?conversation_id={chat}")).body["items"]
    assert [one["id"] for one in listed] == [first["id"]]


async def test_a_second_handover_is_refused_while_one_is_open(house: House) -> None:
    """The floor is the human's: the tool does not begin."""
    chat = await house.began()
    await house.tool("talk_to_anna", chat, "c1")
    assert (await house.tool("talk_to_anna", chat, "c2")).code == "stale_epoch"
    assert (await house.tool("talk_to_anna", chat, "c2", 2)).code == "floor_taken"


async def test_a_handover_that_cannot_be_made_is_answered_as_ended(house: House) -> None:
    """The settings cannot be rendered: the user gets one honest text, the bot the end with its call."""
    chat = await house.began()
    answer = await house.tool("bad_route", chat, "c1")
    assert answer.body["handover"]["status"] == "error"
    end = await house.bot.got("handover.error")
    assert (end["data"]["reason"], end["data"]["replaces"]["tool_call_id"]) == ("configuration", "c1")
    assert len(await house.texts(chat)) == 1


async def test_a_flow_may_bring_the_handover(house: House) -> None:
    """`run` as the last step, of a flow that ends with it."""
    chat = await house.began()
    assert (await house.tool("by_flow", chat)).body["handover"]["id"]
    assert await house.texts(chat) == ["Bye"]


async def test_a_branch_without_the_handover_answers_nothing(house: House) -> None:
    """What can end in a handover has no output; the other branch has spoken to the user itself."""
    chat = await house.began()
    assert (await house.tool("maybe_human", chat, angry=False)).body == {"result": None}
    assert await house.texts(chat) == ["Calm down"]
    assert "handover" in (await house.tool("maybe_human", chat, angry=True)).body


async def test_a_flow_bot_goes_on_after_the_end(house: House) -> None:
    """Where the bot is a flow, the handover of a tool ends as one of the API: the next message starts at the top."""
    chat = await house.began(channel="plain")
    handover = (await house.tool("talk_to_anna", chat)).body["handover"]
    await house.server.call("POST", f"/v1/handovers/{handover['id']}/cancel")
    await house.server.said(chat, text="hi")
    await house.server.until(
        f"/v1/conversations/{chat}/messages", lambda page: page["items"][-1]["text"] == "hello"
    )


VOICE = """
gateways: {phone: {type: webhook, url: "GATEWAY", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}}
channels: {api: {type: api, provider: log}}
providers: {team: {type: forward}, log: {type: logging}}
agents: {anna: {name: Anna}}
translation: {engine: libretranslate, url: "GATEWAY"}
tools:
  human:
    description: d
    parameters: {type: object, properties: {name: {type: string}}}
    steps: [{handover: {provider: log, message: "Hold the line, {{ name }}", voice: {provider: team, to: "+31201234567"}}}]
"""


async def test_on_a_phone_call_the_message_is_said_and_the_call_given_away(tmp_path: Path) -> None:
    """The voice part of the step is used, its message in the caller's language, and the end says which call it was."""
    told: list[tuple[str, Any]] = []

    async def answer(request: web.Request) -> web.Response:
        body = await request.json()
        if request.path == "/translate":
            return web.json_response({"translatedText": f"{body['target']}: {body['q']}"})
        told.append((body["type"], body["data"]))
        return web.json_response({})

    text = CONFIG.partition("channels:")[0] + VOICE
    async with serving(answer) as url, running_server(tmp_path, text.replace("GATEWAY", url)) as server:
        call = {"gateway": "phone", "id": "x", "from": "+31201234568", "to": "+31201234569"}
        chat = (await server.conversation(medium="voice", call=call, language="nl"))["id"]
        body = {"conversation_id": chat, "epoch": 1, "arguments": {"name": "Ada"}, "tool_call_id": "c1"}
        handover = (await server.call("POST", "/v1/tools/human", body)).body["handover"]
        path = f"/v1/handovers/{handover['id']}"
        await server.until(path, lambda _: len(told) == 2)
        assert [kind for kind, _ in told] == ["call.say", "call.transfer"]
        assert told[0][1]["text"] == "nl: Hold the line, Ada"
        assert told[1][1]["to"] == "+31201234567"
        end = (await server.call("POST", f"{path}/call-result", {"outcome": "busy"})).body
    assert (end["status"], end["reason"], end["replaces"]["tool_call_id"]) == ("error", "busy", "c1")
