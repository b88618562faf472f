"""A call that comes again: it acts once and gets the same answer."""

import asyncio
from pathlib import Path

from tests.tools.house import House, Shop, opened


async def test_the_same_call_again_gets_the_same_answer(house: House) -> None:
    """Nothing is asked or said twice; the epoch does not count, and may even be missing or old."""
    chat = await house.began()
    first = await house.tool("order_twice", chat, "c1", order="A1")
    for epoch in (1, 7, None):
        again = await house.tool("order_twice", chat, "c1", epoch, order="A1")
        assert (again.status, again.body) == (first.status, first.body)
    assert len(house.shop.asked) == 2
    assert await house.texts(chat) == ["Ordering A1", "Ordered A1"]


async def test_another_call_under_the_same_id_is_refused(house: House) -> None:
    """Other arguments, another tool, or a body that does not fit: `id_reused`; in another conversation the id is new."""
    chat, other = await house.began(), await house.began()
    await house.tool("order_twice", chat, "c1", order="A1")
    assert (await house.tool("order_twice", chat, "c1", order="B2")).code == "id_reused"
    assert (await house.tool("order_status", chat, "c1", order="A1")).code == "id_reused"
    assert (await house.tool("order_status", chat, "c1")).code == "id_reused"
    assert (await house.tool("order_twice", other, "c1", order="B2")).status == 200


async def test_a_refused_call_makes_no_id_known(house: House) -> None:
    """After the arguments are mended, the same id is taken."""
    chat = await house.began()
    assert (await house.tool("order_status", chat, "c1")).code == "invalid"
    assert (await house.tool("order_status", chat, "c1", 9, order="A1")).code == "stale_epoch"
    assert (await house.tool("order_status", chat, "c1", order="A1")).status == 200


async def test_calls_without_an_id_are_each_their_own(house: House) -> None:
    """Nobody can say that they are the same."""
    chat = await house.began()
    await house.tool("order_status", chat, order="A1")
    await house.tool("order_status", chat, order="A1")
    assert len(house.shop.asked) == 2


async def test_the_same_call_at_the_same_time_joins_the_first(house: House) -> None:
    """Both get the answer of the one that acts; different calls go on beside each other."""
    chat = await house.began()
    house.shop.held.clear()
    calls = [asyncio.create_task(house.tool("order_twice", chat, "c1", order="A1")) for _ in range(3)]
    calls += [asyncio.create_task(house.tool("order_status", chat, f"d{n}", order="A1")) for n in range(3)]
    async with asyncio.timeout(10):
        while len(house.shop.asked) < 4:
            house.shop.reached.clear()
            await house.shop.reached.wait()
    house.shop.held.set()
    answers = [await call for call in calls]
    assert [answer.status for answer in answers] == [200] * 6
    assert answers[0].body == answers[1].body == answers[2].body
    assert len(house.shop.asked) == 5


async def test_another_call_under_an_id_that_is_at_work_is_refused(house: House) -> None:
    """It does not join the first one: the answer would be that of other arguments."""
    chat = await house.began()
    house.shop.held.clear()
    calls = {
        asyncio.create_task(house.tool("order_status", chat, "c1", order=order)): order
        for order in ("A1", "B2", "C3", "D4")
    }
    at_work = set(calls)
    async with asyncio.timeout(10):
        while len(at_work) > 1:
            refused, at_work = await asyncio.wait(at_work, return_when=asyncio.FIRST_COMPLETED)
            assert {call.result().code for call in refused} == {"id_reused"}
    house.shop.held.set()
    (first,) = at_work
    assert (await first).body["result"]["order"] == calls[first]


async def test_the_tool_goes_on_when_its_caller_leaves(house: House) -> None:
    """A caller who gave up asks again, and gets the answer of the call that went on meanwhile."""
    chat = await house.began()
    house.shop.held.clear()
    call = asyncio.create_task(house.tool("order_twice", chat, "c1", order="A1"))
    await house.shop.reached.wait()
    call.cancel()
    house.shop.held.set()
    assert (await house.tool("order_twice", chat, "c1", order="A1")).body == {"result": "sent sent"}
    assert [path for _, path, _ in house.shop.asked] == ["/orders/A1", "/bills/A1"]


async def broken_off(tmp_path: Path, shop: Shop) -> str:
    """The conversation of a call whose server went while the shop had not answered."""
    async with opened(tmp_path, shop) as house:
        chat = await house.began()
        shop.held.clear()
        call = asyncio.create_task(house.tool("order_twice", chat, "c1", order="A1"))
        await shop.reached.wait()
    await asyncio.wait((call,))
    assert call.exception() is not None
    shop.held.set()
    return chat


async def test_a_call_goes_on_where_a_restart_broke_it_off(tmp_path: Path) -> None:
    """Only the step in work is repeated, under the same idempotency key; what was said is not said again."""
    async with Shop().serving() as shop:
        chat = await broken_off(tmp_path, shop)
        async with opened(tmp_path, shop) as house:
            unknown = await house.tool("order_twice", chat, "c1", None, order="A1")
            assert (unknown.code, len(shop.asked)) == ("invalid", 1)
            answer = await house.tool("order_twice", chat, "c1", order="A1")
            assert answer.body == {"result": "sent sent"}
            assert shop.asked[1] == shop.asked[0]
            assert [path for _, path, _ in shop.asked] == ["/orders/A1", "/orders/A1", "/bills/A1"]
            assert await house.texts(chat) == ["Ordering A1", "Ordered A1"]


async def test_a_call_keeps_the_steps_that_it_began_with(tmp_path: Path) -> None:
    """The file changes while a call is broken off: the old steps go on, new calls take the new ones."""
    async with Shop().serving() as shop:
        chat = await broken_off(tmp_path, shop)
        async with opened(tmp_path, shop, "Bought") as house:
            await house.tool("order_twice", chat, "c1", order="A1")
            await house.tool("order_twice", chat, "c2", order="B2")
            assert await house.texts(chat) == ["Ordering A1", "Ordered A1", "Ordering B2", "Bought B2"]


async def test_a_call_that_the_floor_stopped_goes_on_with_the_new_epoch(house: House) -> None:
    """Once the bot has the floor again, the same call does the rest."""
    chat = await house.began()
    house.shop.held.clear()
    call = asyncio.create_task(house.tool("order_twice", chat, "c1", order="A1"))
    await house.shop.reached.wait()
    handover = await house.server.handover(chat)
    house.shop.held.set()
    assert (await call).code == "stale_epoch"
    await house.server.call("POST", f"/v1/handovers/{handover['id']}/cancel")
    answer = await house.tool("order_twice", chat, "c1", 3, order="A1")
    assert answer.body == {"result": "sent sent"}
    assert [path for _, path, _ in house.shop.asked] == ["/orders/A1", "/orders/A1", "/bills/A1"]
    assert (await house.texts(chat))[-1] == "Ordered A1"


async def test_an_erased_call_acts_no_more(house: House) -> None:
    """What it answered is gone with the user's texts; that it was made is not."""
    chat = await house.began(user={"id": "gone"})
    await house.tool("order_twice", chat, "c1", order="A1")
    await house.server.engine.erase("gone")
    assert (await house.tool("order_twice", chat, "c1", order="A1")).body == {"result": None}
    assert len(house.shop.asked) == 2
    (row,) = [row for row in await house.server.engine.store.log(chat, 0, 100) if row.entry.key == "tool:c1"]
    assert b"A1" not in bytes(row.entry.data)


async def test_a_call_is_no_event(house: House) -> None:
    """Neither lists, streams nor webhooks tell of it; only of what it did."""
    chat = await house.began()
    await house.tool("order_twice", chat, "c1", order="A1")
    await house.channel.heard("Ordered A1")
    items = (await house.server.call("GET", f"/v1/conversations/{chat}/events")).body["items"]
    assert {item["type"] for item in items} <= {"message.created", "message.delivered"}
    assert "tool.called" not in house.channel.types()
