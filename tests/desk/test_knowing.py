"""What an agent knows before the first word: earlier handovers, the page, ready answers filled in, nothing redacted."""

from pathlib import Path
from typing import Any

import msgspec

from tests.desk.floor import CONFIG, Agent, listening, queued
from tests.serving import Server, running_server

CARD = "4111 1111 1111 1111"


async def asked(server: Server, handover_id: str, **conversation: Any) -> str:
    """A conversation `c_<id>` with these parts, whose user waits for a human."""
    await server.conversation(id=f"c_{handover_id}", **conversation)
    await server.call(
        "POST",
        f"/v1/conversations/c_{handover_id}/handovers?wait_s=10",
        {"id": handover_id, "initiator": "user"},
    )
    return handover_id


async def detail(agent: Agent, handover_id: str) -> Any:
    """A handover with everything that is known."""
    answer = await agent.call("GET", f"handovers/{handover_id}")
    assert answer.status == 200, answer
    return answer.body


async def test_earlier_handovers_of_the_same_user(server: Server, anna: Agent) -> None:
    """The newest first, with how they ended and who helped; those of others and this one itself are not among them."""
    for number in range(11):
        handover_id = await asked(server, f"h{number}", user={"id": "jo"})
        await anna.accept(handover_id)
        await anna.call("POST", f"handovers/{handover_id}/close", {})
    await server.call("POST", "/v1/handovers/h10/rating", {"score": 4})
    await asked(server, "other", user={"id": "zoe"})
    await asked(server, "open", user={"id": "jo"})
    await asked(server, "now", user={"id": "jo", "name": "Jo"})
    previous = (await detail(anna, "now"))["previous"]
    assert [one["handover_id"] for one in previous] == [f"h{number}" for number in range(10, 0, -1)]
    newest = previous[0]
    assert (newest["status"], newest["reason"], newest["rating"]) == ("completed", "agent_closed", 4)
    assert (newest["agent"], newest["conversation_id"]) == ({"id": "anna", "name": "Anna"}, "c_h10")
    assert newest["summary"] and newest["ended_at"]
    assert (await detail(anna, "other"))["previous"] == []


async def test_earlier_talks_of_a_user_who_is_here_may_be_read(
    server: Server, anna: Agent, bob: Agent
) -> None:
    """While an agent sees somebody's handover, also what colleagues said to them before; not to write into it, and
    not when the user is gone."""
    await asked(server, "before", user={"id": "jo"})
    await anna.accept("before")
    await anna.say("before", "It is on its way")
    await anna.call("POST", "handovers/before/close", {})
    assert (await bob.call("GET", "handovers/before/messages")).code == "forbidden"
    await asked(server, "now", user={"id": "jo"})
    sam = await Agent(server, "sam").here()
    for path in ("handovers/before", "handovers/before/messages", "handovers/before/explain"):
        assert (await bob.call("GET", path)).status == 200, path
        assert (await sam.call("GET", path)).code == "forbidden", path
    assert (await bob.say("before", "hello?")).code == "forbidden"
    await server.call("POST", "/v1/handovers/now/cancel", {})
    await bob.sees(lambda entries: not entries)
    assert (await bob.call("GET", "handovers/before/messages")).code == "forbidden"


async def test_page_and_name_of_the_visitor(server: Server, anna: Agent) -> None:
    """The page is a thing of its own, and an entry says what to call the visitor."""
    page = {"url": "https://shop.example/cart", "title": "Cart", "referrer": None}
    await asked(server, "h1", user={"id": "u", "email": "jo@example.org"}, context={"page": page})
    await asked(server, "h2", user={"id": "v"})
    known = await detail(anna, "h1")
    assert (known["page"], known["entry"]["display_name"]) == (page, "jo@example.org")
    assert known["facts"] == [{"name": "email", "label": "E-mail", "value": "jo@example.org"}]
    nobody = await detail(anna, "h2")
    assert (nobody["page"], nobody["entry"]["display_name"], nobody["facts"]) == (None, None, [])


async def test_ready_answers_are_filled_in_for_a_handover(server: Server, anna: Agent) -> None:
    """With `handover` the variables of its conversation are in place; what is not this agent's business is refused."""
    await asked(server, "h1", user={"id": "u", "name": "Jo"})
    (answer,) = (await anna.call("GET", "canned?handover=h1")).body["items"]
    assert answer == {"name": "Greeting", "shortcut": "Greeting", "text": "Hello there Jo"}
    assert (await Agent(server, "sam").call("GET", "canned?handover=h1")).code == "forbidden"
    assert (await anna.call("GET", "canned?handover=nothing")).code == "not_found"


async def test_ready_answer_that_does_not_fit_comes_as_written(tmp_path: Path) -> None:
    """A template that cannot be used with these values costs the agent nothing else."""
    text = CONFIG.replace("Hello there {{ user.name }}", "{{ 1 / user.name }}")
    async with running_server(tmp_path, text) as server:
        anna = await Agent(server, "anna").here()
        await asked(server, "h1", user={"id": "u", "name": "Jo"})
        (answer,) = (await anna.call("GET", "canned?handover=h1")).body["items"]
        assert answer["text"] == "{{ 1 / user.name }}"


async def test_agents_see_nothing_that_is_redacted(server: Server, anna: Agent) -> None:
    """A card number is blacked out for agents: in the list, transcript, stream, facts, ready answers and digest."""
    async with listening(anna) as stream:
        await stream.until("desk.resync")
        await asked(server, "h1", user={"id": "u", "name": CARD}, context={"card": CARD})
        await anna.accept("h1")
        await server.said("c_h1", text=f"my card is {CARD}")
        message = await stream.until("message.created", lambda event: event["data"]["author"] == "user")
        assert message["data"]["text"] == "my card is [card]"
        listed = await anna.entries()
        assert (listed[0]["last_message"]["text"], listed[0]["display_name"]) == (
            "my card is [card]",
            "[card]",
        )
        history = await anna.call("GET", "handovers/h1/messages")
        known = await anna.call("GET", "handovers/h1")
        canned = await anna.call("GET", "canned?handover=h1")
        closed = await anna.call("POST", "handovers/h1/close", {})
        ended = await stream.until("desk.entry", lambda data: data["entry"]["ended_at"])
        for seen in (listed, history.body, known.body, canned.body, closed.body, ended, stream.seen):
            assert "4111" not in msgspec.json.encode(seen).decode()
        quoted = [message["text"] for message in closed.body["digest"]["messages"]]
        assert "my card is [card]" in quoted
    stored = await server.call("GET", "/v1/conversations/c_h1/messages")
    assert stored.body["items"][-1]["text"] == f"my card is {CARD}"


async def test_agents_see_their_own_words(server: Server, anna: Agent) -> None:
    """What an agent writes is theirs: it is shown as written."""
    await anna.accept(await queued(server))
    said = await anna.say("h1", f"Is it {CARD}?")
    assert said.body["text"] == f"Is it {CARD}?"
    assert (await anna.entries())[0]["last_message"]["text"] == f"Is it {CARD}?"
