"""`openhandover try`: talk to a flow in the terminal."""

import asyncio
import sys
from collections.abc import Callable, Mapping
from typing import Any

import click
from msgspec.structs import replace

from openhandover import providers
from openhandover.config.load import find, read
from openhandover.config.loaded import Loaded
from openhandover.config.model import Config
from openhandover.flow.definition import Program
from openhandover.flow.printing import PrintingSender
from openhandover.flow.trial import Setting, Trial
from openhandover.net.client import HttpClient, Reply, Request, Sender
from openhandover.net.guard import Guard
from openhandover.providers.base import BaseProvider, HandoverRequest, Provider
from openhandover.texts.catalogue import Catalogue

from .options import config_option


@click.command("try")
@click.argument("flow")
@config_option
@click.option(
    "--set", "values", multiple=True, metavar="NAME=VALUE", help="a variable, user.name, or _context.NAME"
)
@click.option(
    "--dry-run", is_flag=True, help="print every outbound request, secrets masked, instead of sending it"
)
def trial(flow: str, config_file: str | None, values: tuple[str, ...], dry_run: bool) -> None:
    """Talk to FLOW in the terminal: you are the user, and by commands such as /completed also the contact centre."""
    loaded = read(find(config_file))
    for problem in loaded.problems:
        click.echo(str(problem), err=True)
    if loaded.errors:
        raise SystemExit(1)
    if flow not in loaded.config.flows:
        known = ", ".join(loaded.config.flows) or "none"
        raise click.BadParameter(f"there is no flow {flow!r}; known: {known}", param_hint="FLOW")
    asyncio.run(_talk(loaded, flow, _values(values), dry_run=dry_run))


def _values(given: tuple[str, ...]) -> dict[str, str]:
    for one in given:
        if "=" not in one:
            raise click.BadParameter(f"{one!r} is not NAME=VALUE", param_hint="--set")
    return dict(one.split("=", 1) for one in given)


async def _talk(loaded: Loaded, flow: str, values: Mapping[str, str], *, dry_run: bool) -> None:
    config = loaded.config
    async with HttpClient() as http:
        printing = PrintingSender(click.echo, loaded.variables)
        sender: Sender = printing if dry_run else http
        setting = Setting(
            program=Program.of(config.flows, config.events),
            root=flow,
            texts=Catalogue(config.texts, config.languages.default),
            language=config.languages.default,
            sender=printing if dry_run else _Guarded(http, Guard(config.outbound.allow)),
            provider=_providers(config, sender),
            default_provider=_default_provider(config, flow),
            dry_run=dry_run,
            secrets=loaded.variables,
            kinds={name: provider.type for name, provider in config.providers.items()},
        )
        await Trial(setting, click.echo, values).talk(_read)


async def _read() -> str | None:
    if sys.stdin.isatty():
        click.echo("you: ", nl=False)
    line = await asyncio.to_thread(sys.stdin.readline)
    return line.rstrip("\r\n") if line else None


def _default_provider(config: Config, flow: str) -> str | None:
    """The provider of the first channel whose bot runs this flow, else of the first channel that has one."""
    bots = {name for name, bot in config.bots.items() if bot.flow == flow}
    channels = sorted(config.channels.values(), key=lambda channel: channel.bot not in bots)
    return next((channel.provider for channel in channels if channel.provider), None)


def _providers(config: Config, sender: Sender) -> Callable[[str], Provider | None]:
    made: dict[str, Any] = {}

    def of(name: str) -> Provider | None:
        provider = config.providers.get(name)
        if provider is None:
            return None
        if name not in made:
            desk = provider.type == "desk"
            made[name] = (
                _Desk(name) if desk else providers.provider_of(provider.type)(name, provider.settings, sender)
            )
        return made[name]

    return of


class _Desk(BaseProvider):
    """The built-in desk as a flow sees it while nobody is logged in: it cannot tell, so the flow goes on as online."""

    def preview(self, request: HandoverRequest) -> str | None:
        """Nothing leaves this machine."""
        return "(the built-in desk is part of this server; no request is sent)"


class _Guarded:
    """Calls of a flow reach only what `outbound.allow` and the public internet hold."""

    def __init__(self, http: HttpClient, guard: Guard) -> None:
        self._http = http
        self._guard = guard

    async def send(self, request: Request) -> Reply:
        """As the client."""
        return await self._http.send(replace(request, guard=self._guard))
