"""The demo: web chat, desk and analytics with two agents and a partner's desk, on this machine, with one command."""

import asyncio
from contextlib import suppress

from openhandover.web.serve import Running, obey_signals, start

from .folder import TEAM, config_of, environment, opened
from .greeting import greet
from .options import Options
from .partner import partner_desk
from .past import remember
from .simulate import Simulation, Team

__all__ = ["Options", "run"]


async def run(options: Options) -> None:
    """Run the demo until SIGTERM or SIGINT.

    Raises:
        ConfigError: the port is taken, or the folder cannot be written.
    """
    if options.chaos:
        from .chaos import supervise

        await supervise(options)
        return
    known = opened(options.folder, fresh=options.fresh)
    async with partner_desk(known.partner_secret) as (desk, partner_url):
        config = config_of(environment(options.folder, known, partner_url))
        if options.simulate:
            await remember(options.folder, config)
        running = await start(config, host=options.host, port=options.port)
        desk.webhooks = f"{running.url}/webhooks/partner"
        ended: set[asyncio.Task[None]] = {running.ended}
        if options.simulate:
            team = Team(dict.fromkeys(TEAM, known.team), desk)
            simulation = Simulation(running.url, team, pace=options.pace, seed=options.seed)
            ended.add(_until_stopped(running, simulation))
        obey_signals(running)
        greet(running.url, known, partner_url, simulated=options.simulate)
        await asyncio.gather(*ended)


def _until_stopped(running: Running, simulation: Simulation) -> "asyncio.Task[None]":
    """The play, which ends before the server does, and whose fault ends the server."""
    stop = running.stop

    async def play() -> None:
        try:
            with suppress(asyncio.CancelledError):
                await simulation.run()
        finally:
            stop()

    playing = asyncio.create_task(play(), name="simulation")

    def end() -> None:
        playing.cancel()

    running.stop = end
    return playing
