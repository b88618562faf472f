"""`openhandover conform`: the checks on the command line."""

import asyncio
import sys

import click

from . import Listening, conform


@click.command("conform")
@click.argument("url")
@click.option(
    "--secret", required=True, envvar="OPENHANDOVER_CONFORM_SECRET", help="whsec_<base64>, shared with it"
)
@click.option("--agent", is_flag=True, help="also check its webhooks; a person at the desk has to answer")
@click.option(
    "--listen", default="127.0.0.1:0", show_default=True, help="with --agent: where its webhooks arrive"
)
@click.option("--callback-url", help="with --agent: how the desk reaches --listen, if through a proxy")
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of sentences")
def command(url: str, secret: str, agent: bool, listen: str, callback_url: str | None, as_json: bool) -> None:
    """Prove your own desk at URL against the contract of the `http` provider.

    Exits 0 when every promise is kept, 1 when one is not, 2 when the call itself is wrong.
    """
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit():
        raise click.BadParameter("write it as host:port", param_hint="--listen")
    listening = Listening(host.strip("[]"), int(port), callback_url=callback_url) if agent else None
    # With --json the document alone goes to standard output; the person still has to be told what to do.
    tell = _to_person if as_json else click.echo
    try:
        report = asyncio.run(conform(url, secret, listening, tell))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--secret") from None
    if as_json:
        click.echo(report.json())
    else:
        kept = sum(result.passed for result in report.results)
        click.echo(f"{kept} of {len(report.results)} promises kept.")
    sys.exit(0 if report.passed else 1)


def _to_person(line: str) -> None:
    click.echo(line, err=True)
