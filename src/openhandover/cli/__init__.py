"""The command line. Each command is imported when it is used, so that `openhandover check` answers at once."""

import difflib
import importlib
import sys
from pathlib import Path
from typing import Any, cast

import click

from openhandover.core.errors import ConfigError

from .group import Group

COMMANDS = {
    "init": "openhandover.cli.init:init",
    "check": "openhandover.cli.check:check",
    "serve": "openhandover.cli.serve:serve",
    "demo": "openhandover.cli.serve:demo",
    "try": "openhandover.cli.trial:trial",
    "emulate": "openhandover.cli.emulate:emulate",
    "conform": "openhandover.conform.command:command",
    "migrate": "openhandover.cli.migrate:migrate",
    "handover": "openhandover.cli.handover:handover",
    "agent": "openhandover.cli.agent:agent",
    "replay": "openhandover.cli.replay:replay",
    "backup": "openhandover.cli.data:backup",
    "erase": "openhandover.cli.data:erase",
    "openapi": "openhandover.cli.reference:openapi",
    "version": "openhandover.cli.reference:version",
}
"""Name -> where it is; shown in this order."""


class Commands(Group):
    """A group that knows its commands by name only; errors of the owner's making become one line and status 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of the command."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        return cast("click.Command", getattr(importlib.import_module(module), name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As always, but a slip of the hand is answered with what was probably meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"{error.format_message()}{hint}", ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, with code steps of the working directory within reach."""
        here = str(Path.cwd())
        if here not in sys.path:
            sys.path.insert(0, here)
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The open handover server between AI agents and human contact centres."""
