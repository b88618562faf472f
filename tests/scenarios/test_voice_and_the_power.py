"""kill -9 while a call is being given away: the caller still reaches a human, by the same order."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.gateways.phones import Phones, phones
from tests.scenarios.process import Process, client


class Mortal(Phones):
    """Its server is a process."""

    process: Process

    async def start(self) -> None:
        """Start the process."""
        if not hasattr(self, "process"):
            self.process = Process(self.folder, self.text)
        url = await self.process.start()
        self._clients = AsyncExitStack()
        self.server = await self._clients.enter_async_context(client(url))

    async def stop(self) -> None:
        """SIGTERM."""
        await self._clients.aclose()
        assert await self.process.end() in (0, -9)

    async def kill(self) -> None:
        """kill -9."""
        await self._clients.aclose()
        await self.process.kill()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[Mortal]:
    """A world with a process and a phone in it."""
    async with phones(tmp_path, kind=Mortal) as running:
        yield running


async def test_while_the_message_is_spoken(world: Mortal) -> None:
    """The message may be spoken again, under the same key; the call is given away once."""
    world.board.may_speak.clear()
    chat = await world.calls()
    handover_id = await world.gives(chat, "front", message="One moment.")
    await world.board.speaking.wait()
    await world.kill()
    world.board.may_speak.set()
    await world.start()
    await world.until(handover_id, status="queued", within_s=20)
    say, transfer = f"{handover_id}:1:say", f"{handover_id}:1:transfer"
    assert world.board.tries == [say, say, transfer]


async def test_between_the_message_and_the_transfer(world: Mortal) -> None:
    """What was spoken is not spoken again when only the transfer is still due."""
    world.board.fail("call.transfer", 503, 100)
    chat = await world.calls()
    handover_id = await world.gives(chat, "front", message="One moment.")
    await world.board.tried(2)
    await world.kill()
    world.board.mend("call.transfer")
    await world.start()
    await world.until(handover_id, status="queued", within_s=20)
    assert world.board.said == ["One moment."]
    assert world.board.tries.count(f"{handover_id}:1:say") == 1
    assert len(world.board.of("call.transfer")) == 1


async def test_after_the_gateway_has_taken_the_order(world: Mortal) -> None:
    """Its answer is lost with us: the same order comes again under the same key, and its outcome counts once."""
    world.board.hold("call.transfer")
    chat = await world.calls()
    handover_id = await world.gives(chat, "team")
    await world.board.asked("call.transfer")
    await world.kill()
    world.board.release("call.transfer")
    await world.start()
    await world.board.tried(2)
    assert world.board.tries == [f"{handover_id}:1:transfer"] * 2
    assert len(world.board.of("call.transfer")) == 1
    assert (await world.reports(handover_id, "connected"))["status"] == "transferred"


async def test_a_hang_up_before_the_restart(world: Mortal) -> None:
    """A call that ended while its order was under way is not given away by the restart."""
    world.board.fail("call.transfer", 503, 100)
    chat = await world.calls()
    handover_id = await world.gives(chat, "front")
    await world.board.tried(1)
    await world.reports(handover_id, "caller_hung_up")
    await world.kill()
    world.board.mend("call.transfer")
    await world.start()
    next_id = await world.gives(chat, "front")
    await world.until(next_id, status="queued", within_s=20)
    assert [one["handover_id"] for one in world.board.events] == [next_id]


async def test_an_outcome_after_a_restart(world: Mortal) -> None:
    """What a gateway reports counts for a process that never gave the order."""
    chat = await world.calls()
    handover_id = await world.gives(chat, "front")
    await world.until(handover_id, status="queued")
    await world.kill()
    await world.start()
    assert (await world.reports(handover_id, "connected"))["status"] == "active"
    await world.kill()
    await world.start()
    assert (await world.reports(handover_id, "ended"))["status"] == "completed"
