"""`openhandover check`: everything wrong with the file, and whether the contact centres can be reached."""

import asyncio
import sys
from typing import TYPE_CHECKING

import click

from openhandover.config.load import find, read
from openhandover.config.model import Config, Provider as Block

from .options import config_option

if TYPE_CHECKING:
    from openhandover.net.client import HttpClient
    from openhandover.providers.base import Provider

CONNECTION_FAILED = 2


@click.command()
@config_option
@click.option(
    "--connect", is_flag=True, help="also reach every provider with its credentials; nothing is left there"
)
@click.option(
    "--schema", is_flag=True, help="print the JSON Schema of the file, for editors, and check nothing"
)
def check(config_file: str | None, connect: bool, schema: bool) -> None:
    """Check the configuration; each finding names file, line, column and the mend.

    Exits 0 when the file is valid, 1 when it has errors, 2 when a connection failed.
    """
    if schema:
        from openhandover.config.schema import text

        click.echo(text(), nl=False)
        return
    loaded = read(find(config_file))
    for problem in loaded.problems:
        click.echo(str(problem))
    if loaded.errors:
        count = len(loaded.errors)
        click.echo(f"{count} error{'s' if count > 1 else ''}")
        sys.exit(1)
    if connect and not asyncio.run(_reached(loaded.config)):
        sys.exit(CONNECTION_FAILED)
    click.echo(f"{loaded.file} is valid")


async def _reached(config: Config) -> bool:
    """Whether every provider that can be tried was reached."""
    from openhandover.net.client import HttpClient

    async with HttpClient() as http:
        found = [
            await _try(name, provider, http, config.server.public_url)
            for name, provider in config.providers.items()
        ]
    return all(found)


async def _try(name: str, block: Block, http: "HttpClient", public_url: str | None) -> bool:
    from openhandover import providers
    from openhandover.core.errors import ConfigError, OpenHandoverError
    from openhandover.providers.base import Alone, BaseProvider

    if block.type == "desk":  # it is this program itself
        click.echo(f"providers.{name}: built in")
        return True
    provider: Provider = providers.provider_of(block.type)(name, block.settings, http)
    provider.host = Alone(f"{public_url.rstrip('/')}/webhooks/{name}" if public_url else "")
    if (
        getattr(provider.connect, "__func__", None) is BaseProvider.connect
    ):  # such as a phone call's: nobody is called for a check
        click.echo(f"providers.{name}: nothing to reach")
        return True
    try:
        await provider.start()
        await provider.connect()
    except (OpenHandoverError, ConfigError) as error:
        click.echo(f"providers.{name}: not reached: {error}")
        return False
    finally:
        await provider.stop()
    click.echo(f"providers.{name}: reached")
    return True
