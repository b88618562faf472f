"""The supervisor: keeps the server running, stands between it and the partner's desk, lets the play go on, counts."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from random import Random
from typing import NamedTuple, cast

from openhandover.core.errors import ConfigError
from openhandover.demo.folder import TEAM, Secrets, config_of, environment, opened
from openhandover.demo.greeting import greet
from openhandover.demo.options import Options
from openhandover.demo.partner import partner_desk, served
from openhandover.demo.past import remember
from openhandover.demo.simulate import Simulation, Team

from .child import Child, free_port
from .journal import Journal
from .page import page
from .proofs import Proofs
from .proxy import Door, Down, Proxy

KILLS_EVERY_S = 20.0
FLAWS = ("lost", "repeated", "misordered")


class Partner(NamedTuple):
    """The ways to the partner's desk and back."""

    proxy: Proxy
    door: Door


class Supervisor:
    """Everything that the page shows and does."""

    def __init__(
        self, journal: Journal, child: Child, partner: Partner, simulation: Simulation, proofs: Proofs
    ) -> None:
        self.journal = journal
        self.child = child
        self.proxy, self.door = partner
        self.simulation = simulation
        self.proofs = proofs
        self.kills_often = False
        self._flaws: dict[str, int] = {}
        simulation.ledger.clock.is_broken = self._is_broken

    async def run(self) -> None:
        """Until cancelled; then the play ends first, and the server after it."""
        async with asyncio.TaskGroup() as server:
            server.create_task(self.child.keep_running(self.journal))
            await self.child.until_up()
            await self._go_on()

    async def _go_on(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.simulation.run())
            group.create_task(self.proofs.follow())
            group.create_task(self._kill_often())
            group.create_task(self._watch())

    def _is_broken(self) -> bool:
        """Whether a message cannot arrive now, however long one waits."""
        return not self.child.is_up or self.proxy.faults.down != "no"

    # --- what the buttons do

    def kill(self) -> None:
        """kill -9 the server."""
        pid = self.child.kill()
        if pid is not None:
            self.journal.done("killed", process=pid)

    def repeat_recent(self) -> None:
        """Send the last webhooks of the desk once more."""
        count = self.proxy.repeat()
        self.journal.done("sent_again", count=count)

    def swallow(self) -> None:
        """Lose one message for real."""
        self.proxy.faults.swallow += 1
        self.journal.done("will_swallow")

    def switch(self, name: str, on: bool) -> None:
        """Turn a fault on or off."""
        if name == "kills":
            self.kills_often = on
        else:
            setattr(self.proxy.faults, name, on)
        self.journal.done(name, on=on)

    async def take_desk(self, down: Down) -> None:
        """Take the partner's desk down, or bring it back."""
        self.proxy.faults.down = down
        if down == "refused":
            await self.door.shut()
        else:
            await self.door.open()
        self.journal.done(f"desk_{down}")

    # --- what goes on by itself

    async def _kill_often(self) -> None:
        while True:
            await asyncio.sleep(KILLS_EVERY_S)
            if self.kills_often and self.child.is_up:
                self.kill()

    async def _watch(self) -> None:
        """Write down every flaw as soon as it is counted."""
        while True:
            for who, counts in (("people", self.simulation.counts()), ("proof", self.proofs.counts())):
                for name in FLAWS:
                    found, key = getattr(counts, name), f"{who} {name}"
                    if found > self._flaws.get(key, 0):
                        self.journal.bad(f"{who}_flaw", count=found, flaw=name)
                    self._flaws[key] = found
            await asyncio.sleep(1)


@asynccontextmanager
async def prepared(options: Options, known: Secrets) -> AsyncGenerator[tuple[Supervisor, str]]:
    """A supervisor with everything it needs, and the address of the partner's own page."""
    async with AsyncExitStack() as stack:
        desk, desk_url = await stack.enter_async_context(partner_desk(known.partner_secret))
        journal = Journal()
        proxy = Proxy(journal, Random(options.seed))  # noqa: S311  (a play, no secret)
        stack.push_async_callback(proxy.close)
        door = Door(proxy.app("to_desk"))
        stack.push_async_callback(door.close)
        await door.open()
        values = environment(options.folder, known, door.url)
        await remember(options.folder, config_of(values))
        port = free_port(options.host, options.port)
        child = Child(options.host, port, values, options.folder / "server.log")
        webhooks = await stack.enter_async_context(served(proxy.app("to_server")))
        proxy.desk, proxy.server = desk_url, child.url
        desk.webhooks = f"{webhooks}/webhooks/partner"
        team = Team(dict.fromkeys(TEAM, known.team), desk)
        simulation = Simulation(child.url, team, pace=options.pace, seed=options.seed)
        proofs = Proofs(child.url, known.api_key)
        yield Supervisor(journal, child, Partner(proxy, door), simulation, proofs), desk_url


async def supervise(options: Options) -> None:
    """Run the demo under a supervisor until SIGTERM or SIGINT.

    Raises:
        ConfigError: the server does not start, or the folder cannot be written.
    """
    known = opened(options.folder, fresh=options.fresh)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with (
        prepared(options, known) as (supervisor, desk_url),
        served(page(supervisor)) as page_url,
    ):
        work = asyncio.create_task(supervisor.run(), name="supervisor")
        ended = asyncio.create_task(stopped.wait())
        up = asyncio.create_task(supervisor.child.until_up())
        try:
            await asyncio.wait((work, ended, up), return_when=asyncio.FIRST_COMPLETED)
            if up.done():
                greet(supervisor.child.url, known, desk_url, simulated=True, chaos_url=page_url)
                await asyncio.wait((work, ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (work, ended, up):
                task.cancel()
            await _over(work)


async def _over(work: "asyncio.Task[None]") -> None:
    """Wait for the end of the work; a fault of the owner's making is told as one, out of its groups."""
    try:
        with suppress(asyncio.CancelledError):
            await work
    except BaseExceptionGroup as failed:
        fault = _owners(failed)
        if fault is None:
            raise
        raise fault from None


def _owners(failed: BaseException) -> ConfigError | None:
    """The fault of the owner's making in a group, however deep."""
    if isinstance(failed, ConfigError):
        return failed
    if isinstance(failed, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", failed)
        inner: Sequence[BaseException] = group.exceptions
        return next(filter(None, map(_owners, inner)), None)
    return None
