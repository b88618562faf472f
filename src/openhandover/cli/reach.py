"""`check --connect`: whether every contact centre lets us in, and whether its webhooks would find us."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import asdict

from openhandover.config.check import is_loopback
from openhandover.config.model import Config, Provider as Block
from openhandover.core.errors import ConfigError, OpenHandoverError, ProviderError, ProviderUnavailable
from openhandover.engine import base_url
from openhandover.net.client import HttpClient, Reply, Request
from openhandover.net.webhooks import PROBE
from openhandover.providers import provider_of
from openhandover.providers.base import Alone, BaseProvider, Provider

PROBE_TIMEOUT_S = 10.0
PROBLEM = "urn:openhandover:problem:"
ANSWER = json.dumps({"type": f"{PROBLEM}unauthorized", "status": 401, "code": "unauthorized"}).encode()
Finding = tuple[bool, str]
"""Whether it is fine, and the line that says so."""


async def findings(config: Config) -> list[Finding]:
    """What was tried, provider by provider."""
    found: list[Finding] = []
    async with HttpClient() as http, _answering(config):
        for name, block in config.providers.items():
            found += await _tried(config, name, block, http)
    return found


async def _tried(config: Config, name: str, block: Block, http: HttpClient) -> list[Finding]:
    if block.type == "desk":  # it is this program itself
        return [(True, f"providers.{name}: built in")]
    provider: Provider = provider_of(block.type)(name, block.settings, http)
    url = f"{base_url(config)}/webhooks/{name}"
    provider.host = Alone(url if config.server.public_url else "")
    found = [await _let_in(name, provider, block)]
    by_webhook = provider.capabilities.inbound == "webhook"
    if by_webhook or _overrides(provider, "verify"):
        way = await _webhooks(name, url, min(provider.capabilities.webhook_parts), http)
        # Who only may be woken by webhooks takes none where its settings have no secret for them.
        found += [way] if by_webhook or way[0] or "does not know" not in way[1] else []
    return found


def _overrides(provider: Provider, name: str) -> bool:
    return getattr(getattr(provider, name), "__func__", None) is not getattr(BaseProvider, name)


async def _let_in(name: str, provider: Provider, block: Block) -> Finding:
    if not _overrides(provider, "connect"):
        # Such as a phone call's: nobody is called for a check.
        return True, f"providers.{name}: nothing to reach"
    try:
        await provider.start()
        unproven = await provider.connect()
    except (OpenHandoverError, ConfigError) as error:
        how = "not reached:" if _nobody_there(error) else "reached, but"
        return False, f"providers.{name}: {how} {error}{_where(error, block)}"
    finally:
        await provider.stop()
    return True, f"providers.{name}: reached" + (f"; {unproven}" if unproven else "")


def _nobody_there(error: Exception) -> bool:
    """Whether nobody answered us; settings that name no place to ask are that, too."""
    return (
        isinstance(error, ConfigError | ProviderUnavailable) and getattr(error, "http_status", None) is None
    )


def _where(error: Exception, block: Block) -> str:
    """The settings that may hold the wrong address, where nobody answered or somebody who knows nothing of us."""
    found = [f"`{key}` ({origin})" for key, origin in _origins(block.settings)]
    match error:
        case ProviderUnavailable() if found and _nobody_there(error):
            return "; check " + ", ".join(found)
        case ProviderError(http_status=404 | 405) if (
            len(found) == 1
        ):  # of several, the provider knows better which
            return f"; check also {found[0]}"
        case _:
            return ""


def _origins(settings: Any, above: str = "") -> Iterator[tuple[str, str]]:
    """Each setting that is a web address, with no more of it than may be shown."""
    for key, value in asdict(settings).items():
        if isinstance(value, Struct):
            yield from _origins(value, f"{above}{key}.")
        elif type(value) is str and value.startswith(("http://", "https://")):  # and not a Secret
            parts = urlsplit(value)
            yield above + key, f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


# --- the way back


async def _webhooks(name: str, url: str, part: str, http: HttpClient) -> Finding:
    """Call ourselves as the contact centre would, but as a mere probe: to be refused is to have arrived."""
    what = f"providers.{name}: webhooks to {url}"
    try:
        probe = Request(
            method="POST",
            url=f"{url}/{part}" if part else url,
            headers={"content-type": "application/json", PROBE: "webhooks"},
            body=b"{}",
            timeout_s=PROBE_TIMEOUT_S,
        )
        reply = await http.send(probe)
    except OpenHandoverError as error:
        return False, f"{what} do not arrive: {error}; change `server.public_url`, or what stands in between"
    code = _problem(reply)
    if code is None:
        return False, (
            f"{what} reach something else, which answers {reply.status}; change `server.public_url`, or let it pass "
            "/webhooks/ on to this server"
        )
    if code == "not_found":
        return False, f"{what} reach a server that does not know this provider; restart it with this file"
    near = " from this machine only; set `server.public_url` for others" if is_loopback(url) else ""
    return True, f"{what} arrive{near}"


def _problem(reply: Reply) -> str | None:
    """Which of our own refusals it is; None: somebody else's answer."""
    try:
        kind = str(reply.json()["type"])
    except (ValueError, TypeError, KeyError):
        return None
    return kind.removeprefix(PROBLEM) if kind.startswith(PROBLEM) else None


@asynccontextmanager
async def _answering(config: Config) -> AsyncGenerator[None]:
    """Where no server runs yet, somebody who answers in its place, so that the way to it can be tried."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):  # or whoever says nothing would hold up the end
                await reader.readuntil(b"\r\n\r\n")
            head = f"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/problem+json\r\nContent-Length: {len(ANSWER)}\r\n"
            writer.write(head.encode() + b"Connection: close\r\n\r\n" + ANSWER)
            await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, TimeoutError):
            pass  # not the probe: whoever it is, it gets nothing
        finally:
            writer.close()

    try:
        server = await asyncio.start_server(refuse, config.server.host, config.server.port)
    except OSError:  # it runs already, or cannot: the probe says which
        yield
        return
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()
