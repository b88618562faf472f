"""A process that writes until it is killed; prints every message id only after its commit was answered."""

import asyncio
import sys

from openhandover.store.sqlite import SqliteStore
from tests.contract.store_units import say


async def main(path: str) -> None:
    """Sixteen conversations at once."""
    store = SqliteStore(path)
    await store.start()

    async def write(conversation: int) -> None:
        state = await store.conversation(f"c{conversation}")
        done = state.seq if state else 0
        for n in range(done, done + 100_000):
            await store.transact(say(f"c{conversation}", "x" * 200, message_id=str(n)))
            sys.stdout.write(f"c{conversation} {n}\n")
            sys.stdout.flush()

    await asyncio.gather(*(write(n) for n in range(16)))


asyncio.run(main(sys.argv[1]))
