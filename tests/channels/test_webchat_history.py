"""What a page gets of the past: the newest messages first, then backwards, against a running server."""

from typing import Any

import pytest

from openhandover.core.events import PostMessage
from tests.channels.visitor import Page, Visitor
from tests.desk.floor import Agent
from tests.serving import Server


async def talk_of(server: Server, count: int) -> Visitor:
    """A visitor whose conversation has so many messages, "1" to "count"."""
    visitor = await Visitor.comes(server)
    for number in range(1, count + 1):
        message = PostMessage(f"message-{number:05}", "user", str(number))
        await server.engine.post(visitor.id, message)
    return visitor


def texts(events: list[dict[str, Any]]) -> list[str]:
    """The texts of the messages among these events."""
    return [event["data"]["text"] for event in events if event["type"] == "message.created"]


async def history(page: Page, before: int, limit: int = 50) -> dict[str, Any]:
    """The answer to a `history` frame."""
    await page.send("history", before=before, limit=limit)
    return await page.until(lambda frame: frame["type"] in ("history", "refused"))


def live(page: Page) -> list[dict[str, Any]]:
    """The events that came by themselves."""
    return [frame["event"] for frame in page.frames if frame["type"] == "event"]


async def test_a_page_begins_with_the_newest_and_reads_backwards(server: Server) -> None:
    """`last` limits the replay; `history` brings the rest, each message once and in order."""
    visitor = await talk_of(server, 25)
    async with visitor.page(last=10) as page:
        ready = await visitor.here(page)
        assert ready["more"] is True
        await page.hears("25")
        assert texts(live(page)) == [str(number) for number in range(16, 26)]
        assert live(page)[0]["seq"] == ready["first_seq"] + 1
        older = await history(page, before=ready["first_seq"] + 1, limit=10)
        assert (texts(older["events"]), older["more"]) == ([str(number) for number in range(6, 16)], True)
        oldest = await history(page, before=older["events"][0]["seq"], limit=10)
        assert (texts(oldest["events"]), oldest["more"]) == ([str(number) for number in range(1, 6)], False)
        assert await history(page, before=1) == {"type": "history", "before": 1, "events": [], "more": False}


@pytest.mark.parametrize("last", [25, 100, None])
async def test_a_short_talk_comes_whole(server: Server, last: int | None) -> None:
    """With as many messages as asked for, or fewer, nothing is left for later."""
    visitor = await talk_of(server, 25)
    async with visitor.page(last=last) as page:
        ready = await visitor.here(page)
        assert (ready["first_seq"], ready["more"]) == (0, False)
        await page.hears("25")
        assert texts(live(page)) == [str(number) for number in range(1, 26)]


async def test_who_comes_back_gets_what_is_new_however_much(server: Server) -> None:
    """`last` never makes a gap: it only counts for a page that has nothing."""
    visitor = await talk_of(server, 25)
    async with visitor.page() as page:
        seq = (await page.event("message.created", lambda data: data["text"] == "5"))["seq"]
    async with visitor.page(after=seq, last=10) as page:
        ready = await visitor.here(page)
        assert (ready["first_seq"], ready["more"]) == (seq, True)
        await page.hears("25")
        assert texts(live(page)) == [str(number) for number in range(6, 26)]


async def test_a_page_with_a_number_that_we_never_gave_begins_anew(server: Server) -> None:
    """After a restored backup a page may know more than we do: it is shown what there is."""
    visitor = await talk_of(server, 5)
    async with visitor.page(after=10_000, last=3) as page:
        ready = await visitor.here(page)
        assert (ready["first_seq"], ready["more"]) == (2, True)
        await page.hears("5")
        assert texts(live(page)) == ["3", "4", "5"]


async def test_the_past_is_told_as_it_is_now(server: Server) -> None:
    """Old messages say how far they got; notes, receipts and queue positions of long ago stay out."""
    anna = await Agent(server, "anna").here()
    visitor = await Visitor.comes(server)
    handover_id = await visitor.needs_human(message="", accepted_message="")
    await anna.accept(handover_id)
    for number in range(30):
        await anna.call("POST", f"handovers/{handover_id}/notes", {"text": f"note {number}"})
    async with visitor.page(last=1) as page:
        await page.say("are you there?")
        await anna.say(handover_id, "yes")
        seq = (await page.event("message.created", lambda data: data["text"] == "yes"))["seq"]
        await page.send("read", seq=seq)
        path = f"/v1/conversations/{visitor.id}/messages?limit=1000"
        await server.until(path, lambda listed: listed["items"][-1]["delivery"]["state"] == "read")
        for number in range(30):
            await anna.call("POST", f"handovers/{handover_id}/notes", {"text": f"note {number}"})
        past = await history(page, before=2**50, limit=2)
        assert texts(past["events"]) == ["are you there?", "yes"]
        assert past["events"][-1]["data"]["delivery"]["state"] == "read"
        assert past["more"] is False
        assert {event["type"] for event in past["events"]} == {
            "message.created",
            *("handover.requested", "handover.queued", "handover.agent_joined", "handover.active"),
            "floor.changed",
        }
    async with visitor.page(last=2) as page:
        ready = await visitor.here(page)
        assert (ready["first_seq"], ready["more"]) == (0, False)


@pytest.mark.parametrize("wrong", [{"before": 0}, {"before": 5, "limit": 0}, {"before": 5, "limit": 101}, {}])
async def test_a_wrong_question_is_refused(server: Server, wrong: dict[str, Any]) -> None:
    """Numbers have their bounds."""
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        await page.send("history", **wrong)
        assert (await page.until(lambda frame: frame["type"] == "refused"))["code"] == "invalid"


async def test_a_long_talk_opens_without_reading_all_of_it(server: Server) -> None:
    """Of 2,000 messages a page that wants 50 gets 50, and the server reads little more than them."""
    visitor = await talk_of(server, 2_000)
    read: list[int] = []
    log = server.engine.store.log

    async def counted(*args: Any, **kwargs: Any) -> Any:
        rows = await log(*args, **kwargs)
        read.append(len(rows))
        return rows

    server.engine.store.log = counted  # type: ignore[method-assign]
    async with visitor.page(last=50) as page:
        await page.hears("2000")
        assert len(texts(live(page))) == 50
        assert sum(read) < 100
