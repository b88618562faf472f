"""Options that several commands have."""

import os
import re
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


def part_of(given: str | None, *parts: str, instead: str = "") -> Config:
    """The configuration, right in these of its parts and in what it consists of; else it prints the errors there and ends
    with status 1. What is wrong within other parts does not matter, such as a secret that only the server's own environment
    holds, and warnings are left to `check`.

    Args:
        given: `--config`.
        parts: keys at the top of the file.
        instead: what else would do, said after the errors.
    """
    loaded = read(find(given))
    wrong = [problem for problem in loaded.errors if _is_in(problem.path, parts)]
    for line in [str(problem) for problem in wrong] + ([instead] if wrong and instead else []):
        click.echo(line, err=True)
    if wrong:
        raise SystemExit(1)
    return loaded.config


def _is_in(path: str, parts: tuple[str, ...]) -> bool:
    top = re.split(r"[.\[]", path, maxsplit=1)
    return len(top) == 1 or top[0] in parts


def server_of(given: str | None) -> tuple[str, str]:
    """Where the server of the configuration found answers on this machine, and where that is written.

    Raises:
        click.ClickException: the file does not tell it.
    """
    path = find(given)
    if not (given or os.environ.get(VARIABLE) or path.exists()):
        return local_url(
            Config().server.host, Config().server.port
        ), f"the default, as there is no {path} here"
    server = part_of(given, "server", instead="Or say with --url where the server is.").server
    if not server.port:
        raise click.ClickException(
            f"{path}: `server.port` is 0, which takes a free port; say with --url where the server is"
        )
    return local_url(server.host, server.port), f"`server:` in {path}"
