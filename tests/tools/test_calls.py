"""An LLM's host calls tools over HTTP."""

import asyncio

import pytest

from tests.tools.house import House


async def test_the_tools_are_listed_as_function_schemas(house: House) -> None:
    """In the order of the file, as they are written there."""
    answer = await house.server.call("GET", "/v1/tools")
    assert (answer.status, answer.body["next"]) == (200, None)
    first = answer.body["items"][0]
    assert (first["type"], first["name"], first["description"]) == (
        "function",
        "order_status",
        "Where an order is.",
    )
    assert first["parameters"]["required"] == ["order"]
    assert [one["name"] for one in answer.body["items"]][:3] == ["order_status", "order_twice", "look_around"]


async def test_other_apis_get_the_shape_they_want(house: House) -> None:
    """`format` names the API; an unknown one is refused."""
    openai = (await house.server.call("GET", "/v1/tools?format=openai")).body["items"][4]
    assert openai["type"] == "function"
    assert openai["function"] == {
        "name": "nothing",
        "description": "d",
        "parameters": {"type": "object", "properties": {}},
    }
    anthropic = (await house.server.call("GET", "/v1/tools?format=anthropic")).body["items"][4]
    assert anthropic == {
        "name": "nothing",
        "description": "d",
        "input_schema": {"type": "object", "properties": {}},
    }
    assert (await house.server.call("GET", "/v1/tools?format=gemini")).code == "invalid"


async def test_a_tool_asks_and_answers(house: House) -> None:
    """Arguments and defaults are variables; the output keeps the types of what it names."""
    chat = await house.began()
    answer = await house.tool("order_status", chat, order="A 1")
    result = {"order": "A 1", "state": "sent", "note": None, "days": 30}
    assert (answer.status, answer.body) == (200, {"result": result})
    ((method, path, _),) = house.shop.asked
    assert (method, path) == ("GET", "/orders/A%201?days=30")


async def test_a_failed_call_goes_the_way_of_errors(house: House) -> None:
    """`on_error` runs, and the LLM gets an answer all the same."""
    house.shop.status = 500
    answer = await house.tool("order_status", await house.began(), order="A1")
    assert answer.body["result"]["state"] == "unknown"


async def test_a_tool_sees_what_a_flow_sees(house: House) -> None:
    """Parameters, the user, the context, the conversation's own variables, and what steps, code and flows set."""
    chat = await house.began(
        channel="plain", user={"id": "u1", "email": "a@b.example"}, context={"page": "/x"}
    )
    await house.server.said(chat, text="hi")
    await house.server.until(f"/v1/conversations/{chat}/messages", lambda page: len(page["items"]) == 2)
    answer = await house.tool("look_around", chat, name="Ada")
    assert answer.body == {"result": "Ada a@b.example /x Breda open ADA true ."}
    assert (await house.texts(chat))[1:] == ["Hello Ada"]


async def test_a_parameter_that_was_not_given_hides_a_variable_of_that_name(house: House) -> None:
    """What the model left out is empty; it does not become something that a flow once knew."""
    chat = await house.began(channel="plain")
    await house.server.said(chat, text="hi")
    await house.server.until(f"/v1/conversations/{chat}/messages", lambda page: len(page["items"]) == 2)
    answer = await house.tool("look_around", chat)
    assert answer.body["result"].startswith("  ")


async def test_what_is_not_declared_sets_no_variable(house: House) -> None:
    """A model must not choose which variables there are."""
    answer = await house.tool("order_status", await house.began(), order="A1", state="stolen", user="me")
    assert (answer.body["result"]["state"], house.shop.asked[0][1]) == ("sent", "/orders/A1?days=30")


@pytest.mark.parametrize(("tool", "result"), [("nothing", None), ("wrong_output", None)])
async def test_no_output_is_null(house: House, tool: str, result: None) -> None:
    """Also one that cannot be rendered, which is reported to the owner."""
    assert (await house.tool(tool, await house.began())).body == {"result": result}


async def test_what_a_tool_says_goes_to_the_user(house: House) -> None:
    """As messages of the bot, in order, before the LLM has its answer."""
    chat = await house.began()
    assert (await house.tool("order_twice", chat, order="A1")).body == {"result": "sent sent"}
    await house.channel.heard("Ordered A1")
    assert house.channel.texts("bot") == ["Ordering A1", "Ordered A1"]


# --- what bad input gets


async def test_arguments_that_do_not_fit_are_named_one_by_one(house: House) -> None:
    """422 with the path of each; nothing was asked or said."""
    chat = await house.began()
    answer = await house.tool("order_status", chat, order="", days="many")
    assert (answer.status, answer.code) == (422, "invalid")
    assert {one["path"] for one in answer.body["errors"]} == {"arguments.order", "arguments.days"}
    answer = await house.tool("order_status", chat)
    assert answer.body["errors"] == [{"path": "arguments.order", "detail": "is required"}]
    assert house.shop.asked == []


async def test_the_order_of_refusals(house: House) -> None:
    """401, 403, 404, then what is wrong with the body, then the floor."""
    chat = await house.began()
    body = {"conversation_id": chat, "epoch": 1, "arguments": {"order": "A1"}}
    path = "/v1/tools/order_status"
    assert (await house.server.call("POST", path, body, key=None)).status == 401
    assert (await house.server.call("POST", path, body, key="wrong")).status == 401
    assert (await house.server.call("POST", path, body, key="test-key-for-chats")).status == 403
    assert (await house.server.call("POST", "/v1/tools/nowhere", {})).code == "not_found"
    assert (await house.server.call("POST", path, {**body, "conversation_id": "none"})).code == "not_found"
    assert (await house.server.call("POST", path, {"conversation_id": "none"})).code == "not_found"
    missing = await house.server.call("POST", path, {"conversation_id": chat, "argument": {}})
    assert (missing.status, {one["path"] for one in missing.body["errors"]}) == (422, {"epoch", "argument"})
    assert (await house.server.call("POST", path, {})).status == 422
    assert (await house.server.call("POST", path, {**body, "arguments": "A1"})).status == 422
    assert (await house.server.call("POST", path, data=b"{")).code == "bad_json"
    wrong = {**body, "epoch": 7, "arguments": {}}
    assert (await house.server.call("POST", path, wrong)).code == "invalid"
    assert (await house.server.call("POST", path, {**body, "epoch": 7})).code == "stale_epoch"
    assert house.shop.asked == []


async def test_while_a_human_has_the_floor_no_tool_acts(house: House) -> None:
    """The epoch of before is stale, the present one is not the bot's."""
    chat = await house.began()
    await house.server.handover(chat)
    assert (await house.tool("order_twice", chat, order="A1")).code == "stale_epoch"
    assert (await house.tool("order_twice", chat, None, 2, order="A1")).code == "floor_taken"
    assert house.shop.asked == []


async def test_a_tool_stops_where_the_floor_changes(house: House) -> None:
    """A human takes over while the shop thinks: what was done is done, nothing more is asked or said."""
    chat = await house.began()
    house.shop.held.clear()
    task = asyncio.create_task(house.tool("order_twice", chat, order="A1"))
    await house.shop.reached.wait()
    await house.server.handover(chat)
    house.shop.held.set()
    assert (await task).code == "stale_epoch"
    assert len(house.shop.asked) == 1
    assert "Ordered A1" not in await house.texts(chat)
