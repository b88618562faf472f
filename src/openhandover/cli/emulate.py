"""`openhandover emulate`: a vendor on this machine, for trying without an account."""

import asyncio
import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click
import yaml

from openhandover import emulators

from .group import Group

if TYPE_CHECKING:
    from openhandover.emulators.base import Emulator


class Vendors(Group):
    """A command for every vendor that has an emulator; each is imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """By name."""
        return emulators.names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Its own command where it has one, else the one that fits all."""
        if cmd_name in self.commands or cmd_name not in emulators.names():
            return self.commands.get(cmd_name)
        return _command(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As always, but a vendor that is not there is answered with those that are."""
        if args and not args[0].startswith("-") and args[0] not in emulators.names():
            raise click.UsageError(
                f"no emulator of {args[0]!r}; there are: {', '.join(emulators.names())}", ctx
            )
        return super().resolve_command(ctx, args)


@click.group(cls=Vendors)
def emulate() -> None:
    """Play a vendor on this machine, with a page where you are its agent; no account is needed."""


def _address(command: Callable[..., None]) -> Callable[..., None]:
    """The options that every emulator has."""
    host = click.option("--host", default="127.0.0.1", show_default=True, help="listen here")
    port = click.option(
        "--port", type=click.IntRange(0, 65535), default=0, help="listen here; default: a free port"
    )
    return host(port(command))


def _header(ctx: click.Context, option: click.Parameter, given: str | None) -> dict[str, str]:
    if given is None:
        return {}
    name, colon, value = given.partition(":")
    if not colon or not name.strip():
        raise click.BadParameter("write it as 'Name: value'")
    return {name.strip(): value.strip()}


@emulate.command(short_help="CM.com")
@_address
@click.option(
    "--callbacks",
    metavar="URL",
    help="where the adapter `outside` calls back, below it /messages, /handover and /events; for the relay of `cm_msc`: "
    "http://127.0.0.1:8080/webhooks/NAME",
)
@click.option(
    "--bot",
    metavar="URL",
    help="the same for the adapter `bot`, which is inside the Router; for a channel of type `cm`: "
    "http://127.0.0.1:8080/channels/NAME",
)
@click.option(
    "--header", metavar="'NAME: VALUE'", callback=_header, help="header of every callback: the shared secret"
)
@click.option("--online", is_flag=True, help="start with agents online")
def cm(host: str, port: int, callbacks: str | None, bot: str | None, **more: Any) -> None:
    """CM.com: Conversational Router, TwoWay, presence, and an agent of the Mobile Service Cloud."""
    from openhandover.emulators.cm import CmEmulator

    emulator = CmEmulator(host=host, port=port)
    for name, url in (("outside", callbacks), ("bot", bot)):
        if url is not None:
            emulator.call_back(name, url, more["header"])
    if more["online"]:
        emulator.set_online()
    account = emulator.account
    adapters = {f"adapter {name}": one.id for name, one in account.adapters.items()}
    facts = {
        "presence": "/api/v1",
        "technical_link_id": account.technical_link_id,
        "product_token": account.product_token,
        "presence key": account.presence_key,
        **adapters,
    }

    def begun() -> str:
        values = {name: emulator.url + text if text[0] == "/" else text for name, text in facts.items()}
        return "\n".join(f"  {name + ':':<22}{value}" for name, value in values.items())

    asyncio.run(_serve(emulator, begun))


def _command(vendor: str) -> click.Command:
    """The command of a vendor that needs nothing special."""
    kind = emulators.emulator_of(vendor)

    def play(host: str, port: int, offline: bool, webhooks: str = "") -> None:
        emulator = kind(host=host, port=port)

        def begun() -> str:
            emulator.set_online(not offline)
            if webhooks:
                emulator.webhook_to(webhooks)
            return _block(vendor, emulator)

        asyncio.run(_serve(emulator, begun))

    if kind.plays("webhook_to"):
        play = click.option(
            "--webhooks",
            metavar="URL",
            default=f"http://127.0.0.1:8080/webhooks/{vendor}",
            show_default=True,
            help="where its webhooks go",
        )(play)
    play = click.option("--offline", is_flag=True, help="start with no agent online")(play)
    about = f"{kind.title}, and an agent there who is you."
    return click.command(vendor, help=about, short_help=kind.title)(_address(play))


def _block(vendor: str, emulator: "Emulator") -> str:
    """The provider that speaks with this emulator, to be pasted into the configuration."""
    settings = {"type": vendor, **emulator.settings()}
    text = yaml.safe_dump({"providers": {vendor: settings}}, sort_keys=False, allow_unicode=True, width=200)
    return f"\nFor openhandover.yaml:\n\n{text.replace('$', '$$')}"


async def _serve(emulator: "Emulator", begun: Callable[[], str]) -> None:
    """Serve until Ctrl-C or SIGTERM; what `begun` answers is printed once it runs."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        await emulator.start()
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise click.ClickException(f"cannot listen: {why}; choose another port") from error
    try:
        click.echo(f"{emulator.title}, emulated: {emulator.url}")
        click.echo(f"You are the agent: {emulator.url}/emulator/")
        click.echo(begun())
        await stopped.wait()
    finally:
        await emulator.stop()
