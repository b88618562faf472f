"""A server with a phone channel, and callers."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.channels.caller import ACCOUNT, PUBLIC, TOKEN, Caller
from tests.serving import KEY, Server, running_server

HUMAN = "+31201234567"
CONFIG = f"""
server: {{public_url: "{PUBLIC}"}}
api: {{keys: [{{name: all, key: {KEY}, scopes: [conversations, handovers, analytics]}}]}}
channels:
  phone: {{type: phone, gateway: line, bot: main, speech: {{nl: {{language: nl-NL, voice: Polly.Lotte}}}}}}
gateways:
  line: {{type: twilio, account_sid: {ACCOUNT}, auth_token: {TOKEN}, caller_id: "+31850000000", ring_s: 20}}
bots: {{main: {{flow: main}}}}
providers:
  team: {{type: forward}}
  note: {{type: logging}}
"""
FLOW = """
flows:
  main:
    - say: "Welcome to the shop."
    - ask:
        text: "What can we do for you?"
        into: wish
        buttons: [{text: "an order", value: order}, {text: "a person", value: human}]
    - if: "wish == 'human'"
      then:
        - handover:
            voice: {provider: team, message: "I am putting you through.", to: "%s", mode: %s}
        - say: "It ended as {{ handover.status }}, {{ handover.reason }}."
      else:
        - say: "You said {{ wish }}."
"""


def flow(to: str = HUMAN, mode: str = "dial") -> str:
    """The flow that asks, and gives callers who want a person to this address."""
    return FLOW % (to, mode)


class PhoneWorld:
    """The server and who calls it."""

    def __init__(self, server: Server, http: aiohttp.ClientSession) -> None:
        self.server = server
        self._http = http

    def caller(self, **options: str) -> Caller:
        """Somebody with a phone."""
        return Caller(self.server.url, self._http, **options)

    async def messages(self, caller: Caller) -> list[tuple[str, str]]:
        """Author and text of everything in the call's conversation."""
        answer = await self.server.call("GET", f"/v1/conversations/{caller.conversation}/messages")
        return [(one["author"], one["text"]) for one in answer.body["items"]]

    async def events(self, caller: Caller) -> list[str]:
        """The types of the call's events."""
        answer = await self.server.call("GET", f"/v1/conversations/{caller.conversation}/events")
        return [one["type"] for one in answer.body["items"]]

    async def ended(self, caller: Caller) -> tuple[str, str | None, str | None]:
        """Status, reason and by whom, of the call's last handover as soon as it has ended."""
        path = f"/v1/handovers?conversation_id={caller.conversation}"
        found = await self.server.until(path, lambda page: page["items"] and page["items"][0]["ended_at"])
        last = found["items"][0]
        return last["status"], last["reason"], last["ended_by"]


@asynccontextmanager
async def phone_world(
    folder: Path, flows: str, providers: str = "", config: str = CONFIG
) -> AsyncGenerator[PhoneWorld]:
    """A running server with these flows and providers beside those that are there."""
    text = config.replace("providers:\n", providers or "providers:\n") + flows
    async with running_server(folder, text) as server, aiohttp.ClientSession() as http:
        yield PhoneWorld(server, http)
