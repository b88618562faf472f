"""A receiver that refuses and always wants the next try at once gets fewer and fewer of them."""

import asyncio
from pathlib import Path

from tests.scenarios.world import living, soon


async def test_a_channel_that_says_at_once(tmp_path: Path) -> None:
    """`Retry-After: 0` each time: a handful of tries in two seconds, not hundreds."""
    async with living(tmp_path) as world:
        world.channel.fail_next(429, 1000, retry_after="0")
        await world.bot_posts(await world.began(), "one", 1)
        await asyncio.sleep(2)
        assert len(world.channel.tries) <= 10
        await world.channel.until(lambda self: len(self.tries) >= 2)


async def test_a_desk_that_says_at_once(tmp_path: Path) -> None:
    """The same for the call that opens a session: twelve tries take longer than two seconds."""
    async with living(tmp_path) as world:
        world.desk.fail_next(429, 12, retry_after="0")
        handover_id = await world.asks(await world.began(), {"message": "", "limits": {"open_s": 30}})
        await asyncio.sleep(2)
        assert world.desk.calls == []
        await soon(lambda: len(world.desk.knocks) >= 2)
        assert (await world.handover(handover_id))["status"] == "requested"
