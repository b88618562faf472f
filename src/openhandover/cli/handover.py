"""`openhandover handover`: look at handovers and end them, over the HTTP API of a running server."""

import asyncio
import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import quote, urlencode

import click
from click.core import ParameterSource

from .group import Group
from .options import config_option, server_of

KEY = "OPENHANDOVER_API_KEY"
COLUMNS = ("id", "status", "reason", "provider", "requested_at", "ended_at")


class Server:
    """The API of one server. What reaches it is looked for at the first call, so that help needs none of it."""

    def __init__(self, url: str | None, key: str | None, config_file: str | None) -> None:
        self._url = url
        self._key = key
        self._config_file = config_file

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The JSON answer; a refusal becomes the command's error."""
        from openhandover.core.errors import OpenHandoverError, ProviderUnavailable
        from openhandover.net.client import HttpClient, Reply, Request, encode_json

        if not self._key:
            raise click.UsageError(f"set {KEY}, or give --key: an API key with the scope `handovers`")
        url, source = (self._url.rstrip("/"), "as given") if self._url else server_of(self._config_file)
        request = Request(
            method=method,
            url=url + path,
            headers={"authorization": f"Bearer {self._key}", "content-type": "application/json"},
            body=b"" if method == "GET" else encode_json(body or {}),
            timeout_s=30,
            max_bytes=64 << 20,
        )

        async def send() -> Reply:
            async with HttpClient() as client:
                return await client.send(request)

        try:
            reply = asyncio.run(send())
            answer = reply.json()
        except OpenHandoverError as error:
            what = "nobody answers at " if isinstance(error, ProviderUnavailable) else ""
            raise click.ClickException(f"{what}{url} ({source}): {error}") from None
        except ValueError:
            raise click.ClickException(
                f"{url} ({source}) answers no JSON; is it an openhandover server?"
            ) from None
        if not reply.is_success:
            raise click.ClickException(f"{answer.get('code', reply.status)}: {answer.get('detail', '')}")
        return answer


_URL: Any = {"metavar": "URL", "help": "server; default: where the configuration says that it listens"}
_KEY: Any = {"metavar": "KEY", "help": "API key with the scope `handovers`; required"}


@click.group(cls=Group)
@click.option("--config", "config_file", hidden=True)
@click.option("--url", hidden=True)
@click.option("--key", hidden=True)
@click.pass_context
def handover(context: click.Context, **given: str | None) -> None:
    """Look at handovers and end them."""
    context.obj = given


def _at_server(command: Callable[..., None]) -> Callable[..., None]:
    """What every command needs to reach the server. It may also stand before the command, as in `handover --url URL list`."""

    @config_option
    @click.option("--url", envvar="OPENHANDOVER_URL", show_envvar=True, **_URL)
    @click.option("--key", envvar=KEY, show_envvar=True, **_KEY)
    @click.pass_context
    @wraps(command)
    def reach(context: click.Context, **given: Any) -> None:
        before: dict[str, str | None] = context.obj

        def said(name: str) -> str | None:
            here = given.pop(name)
            is_said_here = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
            return here if is_said_here else before[name] or here

        command(Server(said("url"), said("key"), said("config_file")), **given)

    return reach


@handover.command("list")
@click.option("--status", help="only these, e.g. queued")
@click.option("--provider", help="only of this provider")
@click.option("--channel", help="only of this channel")
@click.option("--from", "since", help="requested at or after this time (RFC 3339)")
@click.option("--to", "until", help="requested before this time (RFC 3339)")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="as the API answers")
@_at_server
def list_(server: Server, as_json: bool, **filters: Any) -> None:
    """List handovers, one per line."""
    names = {"since": "from", "until": "to"}
    query = urlencode({names.get(key, key): value for key, value in filters.items() if value is not None})
    answer = server.call("GET", f"/v1/handovers?{query}")
    if as_json:
        _show(answer)
        return
    rows = [COLUMNS, *(tuple(str(item.get(column) or "-") for column in COLUMNS) for item in answer["items"])]
    widths = [max(len(row[at]) for row in rows) for at in range(len(COLUMNS))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if answer["next"]:
        click.echo("there are more; raise --limit or narrow it", err=True)


@handover.command()
@click.argument("handover_id")
@click.option(
    "--diagnose",
    is_flag=True,
    help="its life with every call to and from the contact centre, and what is still due",
)
@_at_server
def show(server: Server, handover_id: str, diagnose: bool) -> None:
    """Print a handover as JSON."""
    if not diagnose:
        _show(server.call("GET", _path(handover_id)))
        return
    for line in diagnosis_lines(server.call("GET", f"{_path(handover_id)}/diagnosis")):
        click.echo(line)


@handover.command()
@click.argument("handover_id")
@click.option("--language", type=click.Choice(["en", "nl", "de", "fr", "es"]), help="default: en")
@_at_server
def explain(server: Server, handover_id: str, language: str | None) -> None:
    """Tell a handover's life in sentences: who, when, why, which timer, which vendor call, how long."""
    query = f"?{urlencode({'language': language})}" if language else ""
    for sentence in server.call("GET", f"{_path(handover_id)}/explain{query}")["items"]:
        click.echo(f"{sentence['at']}  {sentence['text']}")


@handover.command()
@click.argument("handover_id")
@_at_server
def cancel(server: Server, handover_id: str) -> None:
    """Withdraw a handover, as the user would; on an ended one it changes nothing."""
    _ended(server.call("POST", f"{_path(handover_id)}/cancel"))


@handover.command()
@click.argument("handover_id")
@_at_server
def close(server: Server, handover_id: str) -> None:
    """End a handover as the operator; on an ended one it changes nothing."""
    _ended(server.call("POST", f"{_path(handover_id)}/close", {"by": "operator"}))


def _path(handover_id: str) -> str:
    return f"/v1/handovers/{quote(handover_id, safe='')}"


def _ended(answer: Any) -> None:
    click.echo(f"{answer['id']}: {answer['status']} ({answer['reason']})")


def _show(answer: Any) -> None:
    click.echo(json.dumps(answer, indent=2, ensure_ascii=False))


def diagnosis_lines(found: Mapping[str, Any]) -> list[str]:
    """A diagnosis to read: what happened and who called whom, in order of time, then where it stands."""
    told = [(one["at"], f"* {one['text']}") for one in found["sentences"]]
    calls = [(one["at"], _called(one)) for one in found["calls"]]
    lines = [f"{at}  {text}" for at, text in sorted(told + calls, key=lambda line: line[0])]
    handover, counts = found["handover"], found["counts"]
    stands = f"{handover['status']}" + (f" ({handover['reason']})" if handover["reason"] else "")
    due = ", ".join(f"{counts[name]} {name}" for name in ("accepted", "delivered", "pending", "failed"))
    failed = [
        one for one in found["calls"] if one["direction"] == "out" and not 200 <= (one["status"] or 0) < 300
    ]
    end = [f"Stands: {stands}, attempt {handover['attempt']} at {handover['provider']}", f"Messages: {due}"]
    if failed:
        end.append(
            f"Calls that failed: {len(failed)} of {len(found['calls'])}; the last one {_called(failed[-1])[2:]}"
        )
    return [*lines, "", *end]


def _called(call: Mapping[str, Any]) -> str:
    if call["direction"] == "in":
        return f"< {call['operation']} {call['target']}: {call['detail']}"
    answer = "no answer" if call["status"] is None else str(call["status"])
    why = f": {' '.join(call['detail'].split())}" if call["detail"] else ""
    return f"> {call['operation']} {call['target']} -> {answer} in {call['took_ms']} ms{why}"
