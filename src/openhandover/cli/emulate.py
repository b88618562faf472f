"""`openhandover emulate`: a vendor on this machine, for trying without an account."""

import asyncio
import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from openhandover.emulators.base import Emulator


@click.group()
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


@emulate.command()
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
    asyncio.run(
        _serve(
            emulator,
            {
                "presence": "/api/v1",
                "technical_link_id": account.technical_link_id,
                "product_token": account.product_token,
                "presence key": account.presence_key,
                **adapters,
            },
        )
    )


async def _serve(emulator: "Emulator", facts: dict[str, str]) -> None:
    """Serve until Ctrl-C or SIGTERM."""
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
        for name, value in facts.items():
            click.echo(f"  {name + ':':<22}{emulator.url + value if value.startswith('/') else value}")
        await stopped.wait()
    finally:
        await emulator.stop()
