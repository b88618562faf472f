"""Two visitors and two agents at once, each with a browser of their own."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.pages.people import AgentScreen, Visitor, at_desk, named, visiting
from tests.scenarios.house import open_house

pytestmark = pytest.mark.browser


async def test_nobody_sees_the_words_of_others(tmp_path: Path) -> None:
    """Two talks at the same time stay apart on all four screens, in the order in which things were said."""
    async with open_house(tmp_path) as house, AsyncExitStack() as stack:
        enter = stack.enter_async_context
        anna = await enter(at_desk(house.browser, house.url, "anna"))
        bob = await enter(at_desk(house.browser, house.url, "bob"))
        one = await enter(visiting(house.browser, f"{house.url}/chat/web"))
        other = await enter(visiting(house.browser, f"{house.url}/chat/web"))
        pairs: list[tuple[Visitor, AgentScreen, str]] = [(one, anna, "kim"), (other, bob, "lee")]
        for visitor, agent, name in pairs:
            await visitor.says(f"{name}-0")
            await named(house.server, f"{name}-0", name.title())
            await visitor.asks_for_a_person()
            await agent.takes(name.title())
        for turn in range(1, 6):
            for visitor, _, name in pairs:
                await visitor.says(f"{name}-{2 * turn - 1}")
            for _, agent, name in pairs:
                await agent.sees(f"{name}-{2 * turn - 1}")
                await agent.says(f"{name}-{2 * turn}")
            for visitor, _, name in pairs:
                await visitor.sees(f"{name}-{2 * turn}")
        for visitor, agent, name in pairs:
            said = [f"{name}-{number}" for number in range(11)]
            await agent.sees(said[-1])
            assert await visitor.marks() == said
            assert await agent.marks() == said
