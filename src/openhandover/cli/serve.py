"""`openhandover serve` and `openhandover demo`: the server itself."""

import asyncio
from pathlib import Path
from typing import Any

import click

from openhandover.config.load import find, load

from .options import config_option, configuration


@click.command()
@config_option
@click.option("--host", help="listen here instead of `server.host`")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="listen here instead of `server.port`; 0 takes a free one"
)
def serve(config_file: str | None, host: str | None, port: int | None) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish what is under way. SIGHUP re-reads the agents."""
    config = configuration(config_file)  # before the slow imports: a mistake is answered at once
    from openhandover.store.port import StoreError
    from openhandover.web.serve import serve as run

    from .logs import configure

    configure(config.log)
    try:
        run(config, host=host, port=port, reload=lambda: load(find(config_file)))
    except StoreError as error:  # such as another server on the same database
        raise click.ClickException(str(error)) from None


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="listen here")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="listen here; default: a free port")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".demo"),
    help="where it keeps its data",
)
@click.option("--fresh", is_flag=True, help="forget what was said before")
@click.option("--simulate", is_flag=True, help="let scripted visitors and agents work; with a made-up past")
@click.option("--chaos", is_flag=True, help="add a page whose buttons break things; implies --simulate")
@click.option(
    "--pace",
    type=click.FloatRange(min=0.1, max=200),
    default=1.0,
    show_default=True,
    help="how much faster than people the simulation is",
)
@click.option("--seed", type=int, help="repeat the same visitors")
def demo(**given: Any) -> None:
    """Start a web chat, two agents at a desk, a partner's desk and the analytics; nothing needs an account."""
    from openhandover import demo as shipped
    from openhandover.config.model import Logging
    from openhandover.web.serve import new_loop

    from .logs import configure

    configure(Logging(level="warning"))
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(shipped.run(shipped.Options(**given)))
