"""Options that several commands have."""

import os
from typing import Any

import click

from openhandover.config.load import FILE, VARIABLE, find, read
from openhandover.config.loaded import Loaded
from openhandover.config.model import Config
from openhandover.net.local import local_url

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


def server_of(given: str | None) -> tuple[str, str]:
    """Where the server of the configuration found answers on this machine, and where that is written.

    What is wrong elsewhere in the file does not matter, such as a secret that only the server's own environment holds.

    Raises:
        click.ClickException: the file does not tell it.
    """
    path = find(given)
    if not (given or os.environ.get(VARIABLE) or path.exists()):
        return local_url(
            Config().server.host, Config().server.port
        ), f"the default, as there is no {path} here"
    loaded = read(path)
    instead = "say with --url where the server is"
    for problem in loaded.errors:
        if problem.path.split(".")[0] in {"", "server"}:
            raise click.ClickException(f"{problem}; or {instead}")
    server = loaded.config.server
    if not server.port:
        raise click.ClickException(f"{path}: `server.port` is 0, which takes a free port; {instead}")
    return local_url(server.host, server.port), f"`server:` in {path}"
