"""A human in the web chat: queue, withdrawing, files, against a running server."""

from typing import Any

import pytest

from tests.channels.visitor import Visitor
from tests.desk.floor import Agent
from tests.serving import Server


async def test_a_handover_as_the_visitor_sees_it(server: Server) -> None:
    """Place in the queue, the agent's name, typing both ways, the end; nothing of the contact centre."""
    anna = await Agent(server, "anna").here()
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        await page.say("my invoice is wrong")
        handover_id = await visitor.needs_human(queue={"position": True}, cancel={"button": "Never mind"})
        queued = (await page.event("handover.queued"))["data"]
        assert queued["cancel"] == {"text": "Never mind"}
        accepted = await anna.accept(handover_id)
        assert accepted.status == 200, accepted.body
        active = await page.event("handover.active")
        assert active["floor"] == "human"
        assert active["data"]["agent"]["name"] == "Anna"
        assert active["data"]["cancel"] is None
        await anna.call("POST", f"handovers/{handover_id}/typing", {"on": True})
        typing = await page.until(lambda frame: frame["type"] == "typing")
        assert (typing["author"], typing["on"]) == ("agent", True)
        await anna.call("POST", f"handovers/{handover_id}/notes", {"text": "be kind"})
        await anna.say(handover_id, "Good morning")
        heard = await page.hears("Good morning")
        assert (heard["author"], heard["author_name"]) == ("agent", "Anna")
        await page.say("good morning to you")
        await anna.call("POST", f"handovers/{handover_id}/close", {})
        ended = await page.event("handover.completed")
        assert ended["data"]["status"] == "completed"
        assert "be kind" not in str(page.frames)
        assert "support" not in str([frame for frame in page.frames if frame["type"] == "event"])


@pytest.mark.parametrize(
    ("identity", "name", "avatar"),
    [
        ("name", "Anna", "https://shop.example/anna.png"),
        ("none", None, None),
        ({"as": "Harbour team"}, "Harbour team", None),
    ],
)
async def test_a_person_has_a_face_where_they_have_a_name(
    server: Server, identity: Any, name: str | None, avatar: str | None
) -> None:
    """On the handover and on each message, as far as the step's `agent_identity` allows; nothing leaks elsewhere."""
    anna = await Agent(server, "anna").here()
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        handover_id = await visitor.needs_human(agent_identity=identity)
        await anna.accept(handover_id)
        active = await page.event("handover.active")
        assert active["data"]["agent"] == {"name": name, "avatar_url": avatar}
        await anna.say(handover_id, "Good morning")
        heard = await page.hears("Good morning")
        assert (heard.get("author_name"), heard.get("author_avatar_url")) == (name, avatar)
        assert identity == "name" or "nna" not in str(page.frames)


async def test_the_visitor_withdraws(server: Server) -> None:
    """The cancel button ends the wait; the floor is the bot's again."""
    await Agent(server, "anna").here()
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        handover_id = await visitor.needs_human(cancel={"button": "Never mind"})
        await page.event("handover.queued")
        await page.send("cancel")
        assert (await page.event("handover.cancelled"))["data"]["reason"] == "user_cancelled"
    state = (await server.call("GET", f"/v1/conversations/{visitor.id}")).body
    assert (state["floor"], state["handover_id"]) == ("bot", None)
    assert (await server.call("GET", f"/v1/handovers/{handover_id}")).body["ended_by"] == "user"


async def test_a_step_without_the_button_cannot_be_cancelled(server: Server) -> None:
    """A page that asks anyway is refused; ending the chat is a right of its own, and frees the queue."""
    await Agent(server, "anna").here()
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        await visitor.needs_human()
        await page.send("cancel")
        assert (await page.until(lambda frame: frame["type"] == "refused"))["code"] == "invalid"
        await page.send("end")
        assert (await page.event("handover.cancelled"))["data"]["reason"] == "user_left"


async def test_who_ends_the_chat_leaves_the_agent(server: Server) -> None:
    """The talk is completed by the user; a second `end`, or one without a human, changes nothing."""
    anna = await Agent(server, "anna").here()
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await page.send("end")
        await page.say("my invoice is wrong")
        handover_id = await visitor.needs_human()
        await anna.accept(handover_id)
        await page.event("handover.active")
        await page.send("end")
        ended = await page.event("handover.completed")
        assert (ended["data"]["reason"], ended["floor"]) == ("user_left", "bot")
        await page.send("end")
        assert (await page.say("one more thing"))["type"] == "accepted"
        assert not [frame for frame in page.frames if frame["type"] == "refused"]
    stored = (await server.call("GET", f"/v1/handovers/{handover_id}")).body
    assert (stored["status"], stored["ended_by"]) == ("completed", "user")


async def test_every_talk_that_asks_can_be_rated(server: Server) -> None:
    """Also after the next one has begun; what asks for no rating, or is another visitor's, cannot."""
    anna = await Agent(server, "anna").here()
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        first = await visitor.needs_human(rating={"ask": True, "text": "How was it?"})
        await anna.accept(first)
        await anna.call("POST", f"handovers/{first}/close", {})
        asked = await page.hears("How was it?")
        assert asked["metadata"] == {"rating": first}
        second = await visitor.needs_human()
        await page.send("rating", handover_id=first, score=4, comment="late but kind")
        rated = await page.event("handover.rated")
        assert (rated["handover_id"], rated["data"]["rated"]) == (first, 4)
        await page.send("end")
        await page.event("handover.cancelled")
        await page.send("rating", handover_id=second, score=4)
        assert (await page.until(lambda frame: frame["type"] == "refused"))["code"] == "invalid"
    stored = (await server.call("GET", f"/v1/handovers/{first}")).body
    assert (stored["rating"], stored["digest"] is not None) == (
        {"score": 4, "comment": "late but kind"},
        True,
    )
    stranger = await Visitor.comes(server)
    async with stranger.page() as page:
        await page.send("rating", handover_id=first, score=1)
        assert (await page.until(lambda frame: frame["type"] == "refused"))["code"] == "not_found"


async def test_a_reload_in_the_middle_knows_where_it_is(server: Server) -> None:
    """A new page is told at once who has the floor and where the handover stands."""
    anna = await Agent(server, "anna").here()
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        handover_id = await visitor.needs_human()
        await anna.accept(handover_id)
        await page.event("handover.active")
    async with visitor.page() as page:
        ready = await visitor.here(page)
        assert (ready["floor"], ready["handover"]["status"]) == ("human", "active")
        assert ready["handover"]["agent"]["name"] == "Anna"


async def test_the_button_for_a_person_starts_the_flow(server: Server) -> None:
    """`human_button` fires its event; its flow asks, hands over, and goes on when the person is done."""
    anna = await Agent(server, "anna").here()
    visitor = await Visitor.comes(server, "flow")
    async with visitor.page() as page:
        ready = await visitor.here(page)
        assert ready["config"]["human_button"] is True
        await page.say("hello")
        await page.hears("How can I help?")
        await page.send("human")
        await page.hears("Your name?")
        await page.say("Jo")
        queued = await page.event("handover.queued")
        assert (await anna.accept(queued["handover_id"])).status == 200
        await page.event("handover.active")
        await page.send("human")
        assert (await page.until(lambda frame: frame["type"] == "refused"))["code"] == "floor_taken"
        await anna.call("POST", f"handovers/{queued['handover_id']}/close", {})
        await page.hears("Back with the bot")


async def test_files_only_while_a_human_has_the_floor(server: Server) -> None:
    """Before a human and after, a file is refused; in between it reaches the conversation with its name."""
    anna = await Agent(server, "anna").here()
    visitor = await Visitor.comes(server)
    assert (await visitor.upload()).code == "attachments_off"
    async with visitor.page() as page:
        await visitor.here(page)
        handover_id = await visitor.needs_human()
        await anna.accept(handover_id)
        answer = await visitor.upload(b"my invoice", "invoice.txt")
        assert (answer.status, answer.body["size"]) == (201, 10)
        accepted = await page.say("", attachments=[{"upload_id": answer.body["upload_id"]}])
        assert accepted["type"] == "accepted"
        shown = await page.event("message.created", lambda data: data["attachments"])
        assert shown["data"]["attachments"][0]["name"] == "invoice.txt"
        kept = await visitor.upload(b"too late", "late.txt")
        await anna.call("POST", f"handovers/{handover_id}/close", {})
        await page.event("handover.completed")
        late = await page.say("", attachments=[{"upload_id": kept.body["upload_id"]}])
        assert late["code"] == "attachments_off"
        assert (await visitor.upload()).code == "attachments_off"


async def test_a_channel_may_always_or_never_take_files(server: Server) -> None:
    """`attachments: always` needs no human, `never` does not take files at all."""
    assert (await (await Visitor.comes(server, "open")).upload()).status == 201
    assert (await (await Visitor.comes(server, "shut")).upload()).code == "attachments_off"


@pytest.mark.parametrize(
    ("content", "name", "code", "kind"),
    [
        (b"MZ\x90\x00\x03", "holiday.png", "invalid", "application/octet-stream"),
        (b"PK\x03\x04rest", "report.pdf", "invalid", "application/zip"),
        (b"", "empty.txt", "invalid", None),
        (b"x" * (10 * 1024 * 1024 + 1), "long.txt", "too_large", None),
    ],
    ids=["program", "archive", "empty", "long"],
)
async def test_a_file_is_taken_for_what_it_is(
    server: Server, content: bytes, name: str, code: str, kind: str | None
) -> None:
    """Its first bytes decide, not its name; the page learns what it was and which kinds are taken."""
    visitor = await Visitor.comes(server, "open")
    answer = await visitor.upload(content, name)
    assert (answer.code, answer.body.get("content_type")) == (code, kind)
    assert "application/pdf" in visitor.session["config"]["file_types"]
    assert (await visitor.upload(b"%PDF-1.7", "report.txt")).body["content_type"] == "application/pdf"


async def test_nobody_sends_the_file_of_another(server: Server) -> None:
    """A visitor can attach what they uploaded themselves, and nothing else."""
    one, other = await Visitor.comes(server, "open"), await Visitor.comes(server, "open")
    theirs = (await one.upload()).body["upload_id"]
    async with other.page() as page:
        answer = await page.say("", attachments=[{"upload_id": theirs}])
        assert answer["code"] == "not_found"
    assert (await other.upload(token="nonsense")).code == "unauthorized"
    assert await other.messages() == []
