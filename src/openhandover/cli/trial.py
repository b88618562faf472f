"""`openhandover try`: talk to a flow, or call a tool, in the terminal."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, NamedTuple

import click
from msgspec.structs import replace

from openhandover import providers
from openhandover.config.loaded import Loaded
from openhandover.config.model import Config
from openhandover.core.errors import Refused
from openhandover.flow.definition import Program
from openhandover.flow.printing import PrintingSender
from openhandover.flow.trial import Setting, Trial
from openhandover.net.client import HttpClient, Reply, Request, Sender, Streamed
from openhandover.net.guard import Guard
from openhandover.providers.base import BaseProvider, HandoverRequest, Provider
from openhandover.texts.catalogue import Catalogue
from openhandover.tools.play import Tools, root_of
from openhandover.tools.trial import ToolTrial

from .options import checked, config_option


@click.command("try")
@click.argument("name", metavar="FLOW|TOOL")
@config_option
@click.option(
    "--set", "values", multiple=True, metavar="NAME=VALUE", help="a variable, user.name, or _context.NAME"
)
@click.option(
    "--dry-run", is_flag=True, help="print every outbound request, secrets masked, instead of sending it"
)
@click.option(
    "--answer", "answers", multiple=True, metavar="TEXT", help="in a dry run: what the next call gets, not {}"
)
def trial(
    name: str, config_file: str | None, values: tuple[str, ...], answers: tuple[str, ...], dry_run: bool
) -> None:
    """Try a flow or a tool in the terminal.

    With a flow you are the user, and by commands such as /completed also the contact centre. With a tool you are the
    LLM: its parameters are given by --set. Where both have the name, write flow:NAME or tool:NAME.
    """
    loaded = checked(config_file)
    part, found = _found(loaded.config, name)
    given = Given(_values(values), answers, dry_run)
    asyncio.run(_call(loaded, found, given) if part == "tool" else _talk(loaded, found, given))


class Given(NamedTuple):
    """What the command line says beside the name."""

    values: Mapping[str, str]
    answers: tuple[str, ...]
    dry_run: bool


def _found(config: Config, wanted: str) -> tuple[str, str]:
    """Whether a flow or a tool is wanted, and its name."""
    parts: dict[str, Mapping[str, Any]] = {"flow": config.flows, "tool": config.tools}
    found = [(part, wanted) for part, known in parts.items() if wanted in known]
    part, _, name = wanted.partition(":")
    if not found and part in parts and name in parts[part]:
        found = [(part, name)]
    if len(found) == 1:
        return found[0]
    if found:
        detail = f"{wanted!r} is both a flow and a tool: write flow:{wanted} or tool:{wanted}"
    else:
        names = dict.fromkeys(name for known in parts.values() for name in known)
        detail = f"there is no flow or tool {wanted!r}; known: {', '.join(names) or 'none'}"
    raise click.BadParameter(detail, param_hint="FLOW|TOOL")


def _values(given: tuple[str, ...]) -> dict[str, str]:
    for one in given:
        if "=" not in one:
            raise click.BadParameter(f"{one!r} is not NAME=VALUE", param_hint="--set")
    return dict(one.split("=", 1) for one in given)


async def _talk(loaded: Loaded, flow: str, given: Given) -> None:
    config = loaded.config
    program = Program.of(config.flows, config.events)
    async with _setting(loaded, program, flow, dry_run=given.dry_run) as setting:
        talk = Trial(setting, click.echo, given.values)
        talk.answers.extend(given.answers)
        await talk.talk(_read)


async def _call(loaded: Loaded, name: str, given: Given) -> None:
    config = loaded.config
    tools = Tools(
        config.tools,
        config.flows,
        Catalogue(config.texts, config.languages.default),
        config.languages.default,
    )
    parameters = set(tools.parameters[name].names)
    arguments = {key: text for key, text in given.values.items() if key in parameters}
    rest = {key: text for key, text in given.values.items() if key not in parameters}
    for key in rest:
        if "." not in key:
            click.echo(f"({key} is no parameter of {name}: set as a variable of the conversation)")
    async with _setting(loaded, tools.program, root_of(name), dry_run=given.dry_run) as setting:
        call = ToolTrial(setting, click.echo, rest)
        call.answers.extend(given.answers)
        try:
            await call.call(tools, name, arguments)
        except Refused as refused:
            errors = refused.extra.get("errors", ())
            lines = (f"{one['path'].removeprefix('arguments.')}: {one['detail']}" for one in errors)
            raise click.BadParameter("; ".join(lines) or refused.detail, param_hint="--set") from refused


@asynccontextmanager
async def _setting(loaded: Loaded, program: Program, root: str, *, dry_run: bool) -> AsyncGenerator[Setting]:
    config = loaded.config
    async with HttpClient() as http:
        printing = PrintingSender(click.echo, loaded.variables)
        yield Setting(
            program=program,
            root=root,
            texts=Catalogue(config.texts, config.languages.default),
            language=config.languages.default,
            sender=printing if dry_run else _Guarded(http, Guard(config.outbound.allow)),
            provider=_providers(config, printing if dry_run else http),
            default_provider=_default_provider(config, root),
            dry_run=dry_run,
            secrets=loaded.variables,
            kinds={name: provider.type for name, provider in config.providers.items()},
        )


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

    def stream(self, request: Request, *, silence_s: float) -> AbstractAsyncContextManager[Streamed]:
        """As the client."""
        return self._http.stream(replace(request, guard=self._guard), silence_s=silence_s)
