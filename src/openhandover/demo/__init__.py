"""The demo: web chat, desk and analytics with two agents and a partner's desk, on this machine, with one command."""

import asyncio
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from openhandover.config.model import Config
from openhandover.web.serve import obey_signals, start

from .folder import TEAM, Secrets, config_of, environment, opened
from .partner import partner_desk
from .past import write_past
from .simulate import Simulation, Team


class Options(Struct, frozen=True):
    """What the command line may ask of the demo. Port 0 takes a free one."""

    folder: Path
    host: str = "127.0.0.1"
    port: int = 0
    fresh: bool = False
    """Forget what was said before."""
    simulate: bool = False
    chaos: bool = False
    pace: float = 1.0
    """How much faster than people the simulation is."""
    seed: int | None = None


async def run(options: Options) -> None:
    """Run the demo until SIGTERM or SIGINT.

    Raises:
        ConfigError: the port is taken, or the folder cannot be written.
    """
    known = opened(options.folder, fresh=options.fresh)
    async with partner_desk(known.partner_secret) as (desk, partner_url):
        config = config_of(environment(options.folder, known, partner_url))
        if options.simulate:
            await remember(options.folder, config)
        running = await start(config, host=options.host, port=options.port)
        obey_signals(running)
        desk.webhooks = f"{running.url}/webhooks/partner"
        sys.stdout.write(greeting(running.url, known, partner_url, simulated=options.simulate))
        sys.stdout.flush()
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


async def remember(folder: Path, config: Config) -> None:
    """Give the demo a past, unless it has one."""
    known = folder / "past"
    if not known.exists():
        sys.stdout.write("\n  Writing the last four weeks ...\n")
        sys.stdout.flush()
        written = await write_past(config, datetime.now(UTC).astimezone())
        known.write_text(f"{written} conversations\n", "utf-8")


def greeting(base: str, known: Secrets, partner_url: str, *, simulated: bool) -> str:
    """What the terminal shows once everything answers."""
    hint = (
        "Visitors are arriving. Log in at the desk as anna and go online: what you do not take within 15 seconds,\n"
        "  a simulated colleague takes. The analytics know the last four weeks."
        if simulated
        else "Open the desk, log in as anna and go online; then open the chat in another window and ask for a person.\n"
        "  With --simulate it fills itself with visitors and agents."
    )
    return f"""
  openhandover demo

  Web chat     {base}/chat/web
  Agent desk   {base}/desk         anna / {known.anna}    ben / {known.ben}
  Analytics    {base}/analytics    log in at the desk first (anna)
  API          {base}/docs         key {known.api_key}
  Partner desk {partner_url}       where conversations go when none of your agents is there

  {hint}
  Ctrl-C ends it; what was said is kept until you start with --fresh.

"""
