"""A server with everything that a page can show: two web chats, a desk with three agents, opening hours, ratings."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tests.desk.floor import HASH
from tests.serving import KEY

CONFIG = """
api:
  keys:
    - {{name: all, key: {key}, scopes: [conversations, handovers, analytics, desk, admin]}}
channels:
  web: {{type: webchat, bot: guide, provider: support, human_button: person, allowed_origins: ["{site}"], title: {{en: Harbour, nl: Haven}}}}
  plain: {{type: webchat, provider: support, allowed_origins: ["{site}"]}}
  night: {{type: webchat, bot: guide, provider: shut, human_button: person, allowed_origins: ["{site}"]}}
  api: {{type: api, provider: support}}
bots:
  guide: {{flow: main}}
events: {{person: intake}}
flows:
  main: [{{say: {{text: "How can I help?", buttons: [{{text: "Track my order", value: track}}, {{text: "A person, please", value: person}}]}}}}]
  intake:
    - handover:
        cancel: {{button: {{en: Never mind, nl: Laat maar, de: Doch nicht, fr: Laissez tomber, es: Da igual}}}}
        queue: {{position: true, every_s: 1}}
        rating: {{ask: true}}
    - say: "Back with the bot"
providers:
  support: {{type: desk}}
  shut: {{type: desk, hours: "{hours}"}}
uploads: {{max_bytes: 2000000}}
agents:
  anna: {{name: Anna, password_hash: "{hash}", capacity: 8}}
  bob: {{name: Bob, password_hash: "{hash}", capacity: 8}}
  sue: {{name: Sue, password_hash: "{hash}", role: supervisor, capacity: 8}}
desk:
  canned: [{{name: Greeting, text: "Hello, I have read your story."}}, {{name: Bye, text: "Have a nice day."}}]
"""


def config(site: str = "https://shop.example", hours: str = "Mon 09:00-09:01 Europe/Amsterdam") -> str:
    """The configuration; pages of `site` may embed the chats, and the provider `shut` keeps these hours."""
    return CONFIG.format(key=KEY, hash=HASH, site=site, hours=hours)


async def until(holds: Callable[[], Awaitable[Any]], within_s: float = 20) -> Any:
    """What `holds()` answers as soon as it is true."""
    async with asyncio.timeout(within_s):
        while not (found := await holds()):
            await asyncio.sleep(0.02)
        return found
