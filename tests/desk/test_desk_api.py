"""The desk API against a running server: queue, accepting, talking, passing on, closing."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from tests.desk.floor import CONFIG, Agent, queued, texts
from tests.serving import Server, running_server


async def test_nobody_online_is_not_available(server: Server) -> None:
    """Without a matching agent the handover ends with `unavailable`; with one it would be queued."""
    await server.conversation(id="c")
    path = "/v1/conversations/c/handovers?wait_s=10"
    ended = await server.call("POST", path, {"initiator": "user"})
    assert (ended.body["status"], ended.body["reason"]) == ("error", "unavailable")
    assert (await server.call("GET", "/v1/availability?provider=support")).body["open"] is False
    await Agent(server, "anna").here()
    assert (await server.call("GET", "/v1/availability?provider=support&skills=billing")).body["open"] is True
    assert (await server.call("GET", "/v1/availability?provider=support&skills=legal")).body["open"] is False


async def test_whole_talk(server: Server, anna: Agent) -> None:
    """Queued with what the user said, accepted, talked, noted in private, closed: the user sees all but the note."""
    handover_id = await queued(server)
    (entry,) = await anna.entries("queue")
    assert (entry["id"], entry["position"], entry["agent"]) == (handover_id, 1, None)
    assert (entry["user"]["name"], entry["last_message"]["text"]) == ("Jo", "my invoice is wrong")
    accepted = await anna.accept(handover_id)
    assert (accepted.status, accepted.body["status"], accepted.body["agent"]["name"]) == (
        200,
        "active",
        "Anna",
    )
    assert (await anna.accept(handover_id)).status == 200
    said = await anna.say(handover_id, "Good morning")
    assert (said.status, said.body["author"], said.body["author_name"]) == (201, "agent", "Anna")
    note = await anna.call("POST", f"handovers/{handover_id}/notes", {"text": "be kind"})
    assert (note.status, note.body["to"]) == (201, "agent")
    await server.said("c_h1", text="thank you")
    closed = await anna.call("POST", f"handovers/{handover_id}/close", {})
    assert (closed.body["status"], closed.body["reason"]) == ("completed", "agent_closed")
    assert (await anna.call("POST", f"handovers/{handover_id}/close", {})).status == 200
    history = (await anna.call("GET", f"handovers/{handover_id}/messages")).body["items"]
    assert [item["text"] for item in history if item["author"] != "system"] == [
        "my invoice is wrong",
        "Good morning",
        "be kind",
        "thank you",
    ]
    assert await anna.entries() == []


async def test_two_accepting_at_once_one_wins(server: Server, anna: Agent, bob: Agent) -> None:
    """The first committed has it; the other is told who was first, and nothing of theirs happened."""
    handover_id = await queued(server)
    answers = await asyncio.gather(anna.accept(handover_id), bob.accept(handover_id))
    assert sorted(answer.status for answer in answers) == [200, 409]
    lost = next(answer for answer in answers if answer.status == 409)
    won = (await server.call("GET", f"/v1/handovers/{handover_id}")).body["agent"]["id"]
    assert (lost.code, lost.body["agent"]) == ("already_taken", won)


async def test_only_the_holder_writes(server: Server, anna: Agent, bob: Agent) -> None:
    """Who has not accepted may not write, close or transfer; a supervisor may see it."""
    handover_id = await queued(server)
    assert (await bob.say(handover_id, "hi")).code == "forbidden"
    await anna.accept(handover_id)
    for path, body in (
        ("messages", {"text": "x"}),
        ("close", {}),
        ("transfer", {"agent": "bob"}),
        ("typing", {"on": True}),
    ):
        assert (await bob.call("POST", f"handovers/{handover_id}/{path}", body)).status == 403, path
    assert (await Agent(server, "sue").call("GET", f"handovers/{handover_id}")).status == 200


async def test_agents_see_only_what_matches_them(server: Server, anna: Agent) -> None:
    """An agent of another inbox sees neither the entry nor its story, and cannot take it."""
    handover_id = await queued(server)
    sam = await Agent(server, "sam").here()
    assert await sam.entries() == []
    assert (await sam.call("GET", f"handovers/{handover_id}")).status == 403
    assert (await sam.call("GET", f"handovers/{handover_id}/messages")).status == 403
    assert (await sam.accept(handover_id)).status == 403
    assert len(await anna.entries()) == 1


@pytest.mark.parametrize("path", ["accept", "messages", "notes", "typing", "transfer", "close"])
async def test_unknown_handover_is_not_found(anna: Agent, path: str) -> None:
    """404 whatever the body."""
    assert (await anna.call("POST", f"handovers/nothing/{path}", {})).code == "not_found"


async def test_messages_are_taken_once(server: Server, anna: Agent) -> None:
    """The same id with the same text is the same message; with another text it is refused."""
    handover_id = await queued(server)
    await anna.accept(handover_id)
    first = await anna.say(handover_id, "once", id="x1")
    again = await anna.say(handover_id, "once", id="x1")
    other = await anna.say(handover_id, "twice", id="x1")
    assert (first.status, again.status, other.code) == (201, 200, "id_reused")
    assert again.body["id"] == first.body["id"]
    assert await texts(server, handover_id) == [("user", "my invoice is wrong"), ("agent", "once")]


async def test_refused_message_makes_no_id_known(server: Server, anna: Agent) -> None:
    """What came after the end is refused as such however often it is sent, under whatever text."""
    handover_id = await queued(server)
    await anna.accept(handover_id)
    assert (await server.call("POST", f"/v1/handovers/{handover_id}/cancel", {})).status == 200
    said = [await anna.say(handover_id, text, id="x1") for text in ("too late", "too late", "other")]
    assert [answer.code for answer in said] == ["handover_ended"] * 3


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"text": ""}, "invalid"),
        ({"text": "x", "extra": 1}, "invalid"),
        ({"text": "x" * 40_000}, "too_large"),
        ({"text": "x", "attachments": [{"upload_id": "nothing"}]}, "invalid"),
    ],
)
async def test_bad_messages_are_refused(
    server: Server, anna: Agent, body: dict[str, object], code: str
) -> None:
    """Nothing of a bad message is sent."""
    handover_id = await queued(server)
    await anna.accept(handover_id)
    assert (await anna.call("POST", f"handovers/{handover_id}/messages", body)).code == code
    assert await texts(server, handover_id) == [("user", "my invoice is wrong")]


async def test_after_a_cancel_nothing_is_sent(server: Server, anna: Agent) -> None:
    """The user withdrew: accepting and writing are refused with `handover_ended`."""
    handover_id = await queued(server)
    await server.call("POST", f"/v1/handovers/{handover_id}/cancel", {})
    assert (await anna.accept(handover_id)).code == "handover_ended"
    assert await anna.sees(lambda entries: not entries) == []


async def test_transfer_to_a_colleague_with_a_note(server: Server, anna: Agent, bob: Agent) -> None:
    """It does not end, the colleague has it at once, and reads the note; who is offline cannot get it."""
    handover_id = await queued(server)
    await anna.accept(handover_id)
    gone = await anna.call("POST", f"handovers/{handover_id}/transfer", {"agent": "sam"})
    assert (gone.status, gone.code) == (409, "agent_unavailable")
    moved = await anna.call(
        "POST", f"handovers/{handover_id}/transfer", {"agent": "bob", "note": "called twice"}
    )
    assert (moved.body["status"], moved.body["agent"]["id"]) == ("active", "bob")
    assert [entry["id"] for entry in await bob.entries("mine")] == [handover_id]
    assert await anna.entries("mine") == []
    assert ("agent", "called twice") in await texts(server, handover_id)
    late = await anna.say(handover_id, "one more thing")
    assert (late.code, late.body["detail"], late.body["agent"]) == (
        "forbidden",
        "Bob has this conversation now",
        "bob",
    )
    assert (await bob.say(handover_id, "Hello, Bob here")).status == 201


async def test_transfer_to_an_inbox_waits_there(server: Server, anna: Agent) -> None:
    """It stays active, its agent has left, and the agents of the other inbox get the offer."""
    sam = await Agent(server, "sam").here()
    handover_id = await queued(server)
    await anna.accept(handover_id)
    moved = await anna.call("POST", f"handovers/{handover_id}/transfer", {"inbox": "sales"})
    assert (moved.body["status"], moved.body["agent"]) == ("active", None)
    (entry,) = await sam.sees(lambda entries: entries and entries[0]["offer"])
    assert (entry["inbox"], entry["agent"], entry["offer"]["agent"]) == ("sales", None, "sam")
    assert (await sam.accept(handover_id)).body["agent"]["name"] == "Sam"


@pytest.mark.parametrize(
    ("body", "mend"),
    [
        ({}, "give either `agent` or `inbox`"),
        ({"agent": "bob", "inbox": "sales"}, "give either `agent` or `inbox`"),
        ({"agent": "bobby"}, 'is not a configured agent; did you mean "bob"?'),
        ({"agent": "nobody at all"}, "is not a configured agent; known: anna, bob, sam, sue"),
        ({"inbox": "sale"}, 'is no agent\'s inbox; did you mean "sales"?'),
    ],
)
async def test_bad_transfers_are_refused(
    server: Server, anna: Agent, body: dict[str, str], mend: str
) -> None:
    """One target that exists, no less and no more; the refusal says which there are."""
    handover_id = await queued(server)
    await anna.accept(handover_id)
    refused = await anna.call("POST", f"handovers/{handover_id}/transfer", body)
    assert refused.code == "invalid"
    assert [error["detail"] for error in refused.body["errors"]] == [mend]


async def test_agent_who_goes_offline_leaves_it_to_the_others(
    server: Server, anna: Agent, bob: Agent
) -> None:
    """The handover stays active, `agent_left` is told, and a colleague gets the offer."""
    handover_id = await queued(server)
    await anna.accept(handover_id)
    await anna.here("offline")
    (entry,) = await bob.sees(lambda entries: entries and entries[0]["offer"])
    assert (entry["status"], entry["agent"], entry["offer"]["agent"]) == ("active", None, "bob")
    events = (await server.call("GET", "/v1/conversations/c_h1/events")).body["items"]
    assert "handover.agent_left" in [event["type"] for event in events]
    assert (await bob.accept(handover_id)).body["status"] == "active"


async def test_busy_agent_keeps_conversations_and_gets_no_offers(
    server: Server, anna: Agent, bob: Agent
) -> None:
    """Busy stops offers only."""
    handover_id = await queued(server)
    await anna.accept(handover_id)
    await anna.here("busy")
    await queued(server, "h2")
    (waiting,) = await bob.sees(lambda entries: entries and entries[0]["offer"], "queue")
    assert waiting["offer"]["agent"] == "bob"
    assert [entry["id"] for entry in await anna.entries("mine")] == [handover_id]


async def test_capacity_limits_offers_not_accepting(server: Server, bob: Agent) -> None:
    """Three open conversations are enough for offers; the agent may still take a fourth by hand."""
    for number in range(4):
        await queued(server, f"h{number}")
    for number in range(3):
        await bob.accept(f"h{number}")
    (fourth,) = await bob.entries("queue")
    assert fourth["offer"] is None
    assert (await bob.accept("h3")).status == 200


async def test_priority_orders_the_queue_and_positions_follow(server: Server, bob: Agent) -> None:
    """Urgent goes ahead; when the first is taken everybody moves up, and the handover says so."""
    await queued(server, "late", route={"priority": "low"})
    await queued(server, "first", route={"priority": "urgent"})
    await bob.sees(
        lambda entries: (
            [(entry["id"], entry["position"]) for entry in entries] == [("first", 1), ("late", 2)]
        ),
        "queue",
    )
    await server.until("/v1/handovers/late", lambda handover: handover["queue"]["position"] == 2)
    await bob.accept("first")
    await server.until("/v1/handovers/late", lambda handover: handover["queue"]["position"] == 1)


async def test_take_over_a_bot_conversation(server: Server, anna: Agent) -> None:
    """A running bot conversation is listed and taken: one handover, by the agent, active at once; once only."""
    await server.conversation(id="talk", user={"id": "zoe", "name": "Zoe"})
    await server.said("talk", text="hm")
    listed = (await anna.call("GET", "conversations")).body["items"]
    assert [(talk["id"], talk["last_message"]["text"]) for talk in listed] == [("talk", "hm")]
    assert len((await anna.call("GET", "conversations/talk/messages")).body["items"]) == 1
    taken = await anna.call("POST", "conversations/talk/take-over", {})
    assert (taken.status, taken.body["status"], taken.body["initiator"]) == (201, "active", "agent")
    assert taken.body["agent"]["id"] == "anna"
    again = await anna.call("POST", "conversations/talk/take-over", {})
    assert (again.code, again.body["handover_id"]) == ("handover_open", taken.body["id"])
    assert (await anna.call("GET", "conversations")).body["items"] == []
    assert (await anna.say(taken.body["id"], "Can I help?")).status == 201


async def test_files_both_ways(server: Server, anna: Agent) -> None:
    """The agent's file reaches the user with a link that works."""
    handover_id = await queued(server)
    await anna.accept(handover_id)
    form = aiohttp.FormData()
    form.add_field("file", b"plain words", filename="note.txt", content_type="text/plain")
    upload = await anna.call("POST", "uploads", data=form)
    assert upload.status == 201, upload
    said = await anna.say(handover_id, "", attachments=[{"upload_id": upload.body["upload_id"]}])
    assert said.status == 201, said
    (message,) = [
        item
        for item in (await server.call("GET", "/v1/conversations/c_h1/messages")).body["items"]
        if item["author"] == "agent"
    ]
    (file,) = message["attachments"]
    link = URL(file["url"])
    async with server.http.get(f"{server.url}{link.raw_path_qs}") as response:
        assert (response.status, await response.read()) == (200, b"plain words")


async def test_facts_and_story(server: Server, anna: Agent) -> None:
    """The agent sees what is known and what happened, in sentences."""
    await server.conversation(id="c_h1", user={"id": "u", "name": "Jo"}, context={"order": "20-17"})
    await server.call("POST", "/v1/conversations/c_h1/handovers?wait_s=10", {"id": "h1", "initiator": "user"})
    detail = (await anna.call("GET", "handovers/h1")).body
    assert {"name": "order", "label": "Order", "value": "20-17"} in detail["facts"]
    assert (detail["entry"]["id"], detail["conversation"]["floor"]) == ("h1", "human")
    story = (await anna.call("GET", "handovers/h1/explain")).body["items"]
    assert story[0]["text"] == "The user asked for a human. Provider support is asked."
    await server.call("POST", "/v1/handovers/h1/cancel", {})
    story = (await Agent(server, "sue").call("GET", "handovers/h1/explain")).body["items"]
    assert story[-2]["text"].startswith("Cancelled (user_cancelled)")
    assert (await server.call("GET", "/v1/handovers/h1/explain")).body["items"] == story


async def test_a_story_in_dutch(server: Server, anna: Agent) -> None:
    """Each of the three calls that tell a story tells it in the language that is asked for."""
    await server.handover((await server.conversation(id="c_h1"))["id"], id="h1", reason="invoice")
    await server.until("/v1/handovers/h1", lambda handover: handover["status"] == "queued")
    told = (await anna.call("GET", "handovers/h1/explain?language=nl-BE")).body["items"]
    assert told[0]["text"] == "De klant vroeg om een mens (invoice). Provider support is gevraagd."
    assert told[-1]["text"] == "De klant staat nu in de wachtrij."
    await server.call("POST", "/v1/handovers/h1/cancel", {})
    told = (await Agent(server, "sue").call("GET", "handovers/h1/explain?language=nl-BE")).body["items"]
    assert told[-2]["text"].startswith("Geannuleerd (user_cancelled)")
    for path in ("handovers", "analytics/handovers"):
        assert (await server.call("GET", f"/v1/{path}/h1/explain?language=nl")).body["items"] == told


async def test_history_pages_both_ways(server: Server, anna: Agent) -> None:
    """Forward by `after`, backward by `before`: every message once, in order."""
    handover_id = await queued(server)
    await anna.accept(handover_id)
    for number in range(5):
        await anna.say(handover_id, str(number))
    path = f"handovers/{handover_id}/messages?limit=3"
    newest = (await anna.call("GET", f"{path}&before=0")).body
    older = (await anna.call("GET", f"{path}&before={newest['next']}")).body
    oldest = (
        (await anna.call("GET", f"{path}&before={older['next']}")).body if older["next"] else {"items": []}
    )
    backward = [item["seq"] for page in (oldest, older, newest) for item in page["items"]]
    forward = [
        item["seq"] for item in (await anna.call("GET", f"handovers/{handover_id}/messages")).body["items"]
    ]
    assert backward == forward


async def test_ready_answers_and_colleagues(anna: Agent) -> None:
    """Ready answers come from the configuration, colleagues with presence and inboxes."""
    assert (await anna.call("GET", "canned")).body["items"] == [
        {"name": "Greeting", "shortcut": "Greeting", "text": "Hello there {{ user.name }}"}
    ]
    body = (await anna.call("GET", "agents")).body
    assert {agent["id"]: agent["presence"] for agent in body["items"]} == {
        "anna": "online",
        "bob": "offline",
        "sam": "offline",
        "sue": "offline",
    }
    assert body["inboxes"] == ["default", "sales"]


async def test_restart_keeps_presence_queue_and_conversations(tmp_path: Path) -> None:
    """After a restart the agent is still online, has the conversation, and the queue is as it was."""
    async with running_server(tmp_path, CONFIG) as server:
        anna = await Agent(server, "anna").here()
        await anna.accept(await queued(server))
        await queued(server, "h2")
    async with running_server(tmp_path, CONFIG) as server:
        anna = Agent(server, "anna")
        me = (await anna.call("GET", "me")).body["agent"]
        assert (me["presence"], me["open"]) == ("online", 1)
        assert [entry["id"] for entry in await anna.entries("queue")] == ["h2"]
        assert (await anna.say("h1", "still here")).status == 201
        assert (await anna.accept("h2")).status == 200
