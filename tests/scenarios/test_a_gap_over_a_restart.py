"""A desk's numbered events while the server is away."""

import asyncio

from tests.scenarios.world import World


async def test_a_gap_is_waited_for_again_after_a_restart(world: World) -> None:
    """What fills the gap may have knocked in vain: the three seconds count from ready, and the order is restored."""
    chat = await world.began()
    handover_id = await world.asks(chat)
    await world.until(handover_id, status="queued")

    def wrote(seq: int) -> dict[str, object]:
        message = {"id": f"m{seq}", "text": f"m{seq}"}
        return {
            "event_id": f"e{seq}",
            "type": "agent.message",
            "handover_id": handover_id,
            "seq": seq,
            "message": message,
        }

    await world.webhook(wrote(2))
    await world.stop()
    await asyncio.sleep(3.1)
    await world.start()
    await asyncio.sleep(0.5)
    await world.webhook(wrote(1))
    await world.channel.heard("m2")
    assert world.channel.texts("agent") == ["m1", "m2"]
