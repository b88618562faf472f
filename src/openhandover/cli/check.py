"""`openhandover check`: everything wrong with the file, and whether the contact centres can be reached."""

import asyncio
import sys

import click

from openhandover.config.load import find, read
from openhandover.config.model import Config

from .options import config_option

CONNECTION_FAILED = 2


@click.command()
@config_option
@click.option(
    "--connect",
    is_flag=True,
    help="also reach every provider with its credentials, and ourselves as its webhooks would; nothing is left there",
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
    """Say of every provider whether we are let in and its webhooks arrive; whether all is fine."""
    from .reach import findings

    found = await findings(config)
    for _, line in found:
        click.echo(line)
    return all(fine for fine, _ in found)
