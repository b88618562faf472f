"""The demo: web chat, desk and analytics with two agents and a partner's desk, on this machine, with one command."""

import asyncio
from contextlib import suppress

from openhandover.web.serve import obey_signals, start

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
        obey_signals(running)
        desk.webhooks = f"{running.url}/webhooks/partner"
        greet(running.url, known, partner_url, simulated=options.simulate)
        play = None
        if options.simulate:
            team = Team(dict.fromkeys(TEAM, known.team), desk)
            simulation = Simulation(running.url, team, pace=options.pace, seed=options.seed)
            play = asyncio.create_task(simulation.run(), name="simulation")
        await running.ended
        if play is not None:
            play.cancel()
            with suppress(asyncio.CancelledError):
                await play
