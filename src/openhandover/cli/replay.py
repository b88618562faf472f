"""`openhandover replay`: a desk's stored webhook once more, signed anew, to a running server."""

import asyncio
import json
import time
from typing import Any, TextIO, cast
from urllib.parse import quote

import click

from openhandover.config.model import Config
from openhandover.net.local import local_url

from .options import config_option, part_of


@click.command()
@click.argument("file", type=click.File(encoding="utf-8"))
@config_option
@click.option("--provider", help="whose webhook it is; default: the only provider of type http")
@click.option("--url", help="server; default: where the configuration says that it listens")
def replay(file: TextIO, config_file: str | None, provider: str | None, url: str | None) -> None:
    """Post the stored webhooks in FILE again: one JSON event, or one on each line; - reads standard input.

    Each is signed with the secret of its provider and the time of now. The server takes an `event_id` once: what it has
    had already is answered "repeated" and changes nothing. Exits 1 when one was refused.
    """
    config = part_of(config_file, "server", "providers")
    name = provider or _only_desk(config)
    secret = getattr(getattr(config.providers.get(name), "settings", None), "secret", None)
    if not secret:
        raise click.ClickException(f"providers.{name}: there is no provider of type http with this name")
    events = _events(file)
    base = (url or local_url(config.server.host, config.server.port)).rstrip("/")
    if not asyncio.run(_posted(f"{base}/webhooks/{quote(name, safe='')}", str(secret), events)):
        raise SystemExit(1)


def _only_desk(config: Config) -> str:
    desks = [name for name, block in config.providers.items() if block.type == "http"]
    if not desks:
        raise click.ClickException(
            "there is no provider of type http here; only their webhooks can be replayed"
        )
    if len(desks) > 1:
        raise click.ClickException(f"say with --provider whose webhook it is: {', '.join(desks)}")
    return desks[0]


def _events(file: TextIO) -> list[dict[str, Any]]:
    """The events of a file: one document, or one on each line."""
    text = file.read()
    try:
        found: list[Any] = [json.loads(text)]
    except json.JSONDecodeError:
        try:
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
        except json.JSONDecodeError as error:
            raise click.ClickException(
                f"{file.name} is neither JSON nor JSON on each line: {error}"
            ) from None
    events = [cast("dict[str, Any]", event) for event in found if isinstance(event, dict)]
    if not found or len(events) < len(found) or not all(event.get("event_id") for event in events):
        raise click.ClickException(f"{file.name}: each event is an object with an event_id")
    return events


async def _posted(address: str, secret: str, events: list[dict[str, Any]]) -> bool:
    """Whether every event was taken; prints what became of each."""
    from openhandover.core.errors import OpenHandoverError
    from openhandover.net.client import HttpClient, Request, encode_json
    from openhandover.net.signatures import decode_secrets, signed_headers

    keys = decode_secrets(secret)
    taken = True
    async with HttpClient() as http:
        for event in events:
            body = encode_json(event)
            headers = signed_headers(keys, str(event["event_id"]), time.time(), body)
            try:
                reply = await http.send(Request(method="POST", url=address, headers=headers, body=body))
            except OpenHandoverError as error:
                raise click.ClickException(f"{address}: {error}") from None
            answer = reply.body.decode("utf-8", "replace").strip()
            click.echo(f"{event['event_id']}: {reply.status} {answer}")
            taken = taken and reply.is_success
    return taken
