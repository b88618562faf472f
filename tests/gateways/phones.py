"""A world with a phone: callers, whoever owns their calls, and the providers that take calls."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.gateways.switchboard import CALL, SECRET, Switchboard
from tests.scenarios.world import TEXT, World, living

PROVIDERS = """  team: {{type: forward, to: "+31201234567"}}
  front: {{type: forward, to: "sip:front@pbx.example", mode: dial}}
  anybody: {{type: forward}}
  own: {{type: custom}}
  waiting: {{type: custom, configuration: {{queue: night}}}}
  named: {{type: custom, custom_type: park, configuration: {{lot: 7}}}}
  msc: {{type: cm_voice_msc, api_key: msc-key-of-the-voice-environment}}
  store: {{type: cm_voice_msc, api_key: msc-key-of-the-voice-environment, webstore_referrer: main, routing_keywords: nl}}
"""
GATEWAYS = """
gateways:
  phone: {{type: webhook, url: "{phone}", secret: "{phone_secret}"}}
"""
FLOW = """
flows:
  broken:
    - handover: {{provider: log, message: hi, voice: {{provider: team, to: "{{{{ 1 / 0 }}}}"}}}}
  main:
    - say: "Welcome."
    - handover:
        provider: log
        message: "One moment."
        voice: {{provider: front, message: "I am connecting you."}}
    - say: "It ended with {{{{ handover.reason }}}}."
    - ask: {{text: "Anything else?", into: more}}
    - say: "You said {{{{ more }}}}."
"""


class Phones(World):
    """The world of texts, and a switchboard beside it."""

    board: Switchboard

    async def calls(self, **fields: Any) -> str:
        """Id of the conversation of a new phone call."""
        return await self.began(medium="voice", call=CALL, **fields)

    async def gives(
        self, chat: str, provider: str, voice: Mapping[str, Any] | None = None, **settings: Any
    ) -> str:
        """Id of a handover of a call by this provider."""
        return await self.asks(chat, {"voice": {"provider": provider, **(voice or {})}, **settings})

    async def reports(self, handover_id: str, outcome: str, **fields: Any) -> dict[str, Any]:
        """The handover after its gateway has reported."""
        answer = await self.call(
            "POST", f"/v1/handovers/{handover_id}/call-result", {"outcome": outcome, **fields}
        )
        assert answer.status == 200, answer
        return answer.body


def text(phone: str) -> str:
    """The configuration of that world, with its switchboard at this address."""
    whole = TEXT.replace(
        "bots:\n  mine:", "bots:\n  voice: {{flow: main}}\n  bad: {{flow: broken}}\n  mine:"
    ).replace(
        "channels:\n",
        'channels:\n  line: {{type: api, bot: voice, webhook: {{url: "{channel}", secret: "{secret}"}}}}\n'
        '  bad: {{type: api, bot: bad, webhook: {{url: "{channel}", secret: "{secret}"}}}}\n',
    )
    more = (PROVIDERS + GATEWAYS + FLOW).replace("{phone}", phone).replace("{phone_secret}", SECRET)
    return whole + more


P = TypeVar("P", bound=Phones)


@asynccontextmanager
async def phones(folder: Path, more: str = "", kind: type[P] = Phones) -> AsyncGenerator[P]:
    """A running world with a phone, and with `more` configuration."""
    board = Switchboard()
    async with board.serving(), living(folder, more, text(board.url), kind) as world:
        world.board = board
        yield world
