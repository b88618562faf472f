"""Options that several commands have."""

from typing import Any

import click

from openhandover.config.load import FILE, VARIABLE, find, read
from openhandover.config.loaded import Loaded
from openhandover.config.model import Config

config_option: Any = click.option(
    "--config",
    "config_file",
    metavar="FILE",
    help=f"configuration file; default: ${VARIABLE}, else {FILE} in this folder",
)


def configuration(given: str | None) -> Config:
    """The checked configuration; with errors it prints them all and ends with status 1."""
    return checked(given).config


def checked(given: str | None) -> Loaded:
    """The same with what reading it gave."""
    loaded = read(find(given))
    for problem in loaded.problems:
        click.echo(str(problem), err=True)
    if loaded.errors:
        raise SystemExit(1)
    return loaded
