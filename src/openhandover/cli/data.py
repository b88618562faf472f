"""Commands on the stored data."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import click

from openhandover.config.model import Config
from openhandover.store.port import StoreError

from .options import config_option, part_of

_MAGIC = b"SQLite format 3\0"
"""How each SQLite database begins."""


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@config_option
def backup(file: Path, config_file: str | None) -> None:
    """Copy the database as it is now to FILE; also while the server runs.

    An earlier copy there is replaced. Uploaded files lie beside the database, and are not in the copy.
    """
    from openhandover.store.sqlite.store import copy_to

    database = _database(part_of(config_file, "store"))
    if file.exists():
        _refuse_to_replace(file, database)
    try:
        with closing(
            sqlite3.connect(f"file:{database.absolute().as_posix()}?mode=ro", uri=True)
        ) as connection:
            copy_to(connection, file)
    except (StoreError, sqlite3.Error) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{file}: {file.stat().st_size:,} bytes")


@click.command()
@click.argument("user_id")
@config_option
def erase(user_id: str, config_file: str | None) -> None:
    """Remove what USER_ID wrote, and who they are, from the database: texts, names, files. Counts stay.

    The server has to be stopped, because it keeps conversations in memory; it says so when it is not.
    """
    config = part_of(config_file, "store")
    _database(config)
    from openhandover.engine import erase_user

    try:
        talks = asyncio.run(erase_user(config, user_id))
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    if not talks:
        raise click.ClickException(f"nobody with the id {user_id} has a conversation here")
    click.echo(f"erased from {talks} conversation{'s' if talks > 1 else ''}")


def _refuse_to_replace(file: Path, database: Path) -> None:
    if file.samefile(database):
        raise click.ClickException("the copy cannot be the database itself")
    with file.open("rb") as there:
        begin = there.read(len(_MAGIC))
    if begin not in (b"", _MAGIC):
        raise click.ClickException(f"{file} is there already and is no database; choose another name")


def _database(config: Config) -> Path:
    """Where the database is; an error of the command where there is none yet."""
    found = Path(config.store.removeprefix("sqlite:"))
    if not found.is_file():
        raise click.ClickException(f"{found} is not there; serve makes it")
    return found
