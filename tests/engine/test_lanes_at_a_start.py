"""A lane begins with what is due the longest, also when something new comes before everything was taken up."""

from pathlib import Path

import pytest

from openhandover.core.events import PostMessage
from openhandover.engine import Engine
from tests.scenarios.world import living


async def test_what_comes_while_we_start_overtakes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages wait for the user's channel over a restart. One that is stored before they are taken up again is the
    last to arrive, and none of the others is skipped."""
    async with living(tmp_path) as world:
        chat = await world.began()
        world.channel.fail_next(503, retry_after="60")
        for text in ("one", "two", "three"):
            await world.bot_posts(chat, text, 1)
        await world.stop()
        start = Engine.start

        async def started(engine: Engine) -> None:
            resume = engine._dispatch.resume  # pyright: ignore[reportPrivateUsage]

            async def late() -> None:
                command = PostMessage(id="four", author="bot", text="four", epoch=1, digest="four")
                await engine.post(chat, command)
                await resume()

            monkeypatch.setattr(engine._dispatch, "resume", late)  # pyright: ignore[reportPrivateUsage]
            await start(engine)

        monkeypatch.setattr(Engine, "start", started)
        await world.start()
        await world.channel.heard("four")
        assert world.channel.texts() == ["one", "two", "three", "four"]
