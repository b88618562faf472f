"""The contact centres that have an emulator of their type, each with one handover that an agent takes and ends."""

import asyncio
import json
import re
from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from openhandover import emulators
from openhandover.emulators.base import Emulator
from openhandover.providers import SHIPPED

_SECRET = re.compile(r"token|secret|key$")


def every_vendor() -> dict[str, Emulator]:
    """An emulator of each type, not yet started."""
    found = [module.name for module in iter_modules(emulators.__path__) if module.name in SHIPPED]
    return {name: import_module(f"openhandover.emulators.{name}").EMULATOR() for name in found}


def written(vendors: Mapping[str, Emulator]) -> str:
    """Their providers' blocks: JSON is YAML. Each provider is named after its type."""
    blocks = {name: {"type": name, **vendor.settings()} for name, vendor in vendors.items()}
    return "".join(f"  {name}: {json.dumps(block)}\n" for name, block in blocks.items())


def secrets_of(vendors: Mapping[str, Emulator]) -> dict[str, str]:
    """What no log may have."""
    return {
        f"{name}'s {key}": value
        for name, vendor in vendors.items()
        for key, value in _pairs(vendor.settings())
        if _SECRET.search(key) and not value.startswith("http")
    }


def _pairs(block: Mapping[str, Any]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in block.items():
        found += _pairs(value) if isinstance(value, dict) else [(key, str(value))]  # pyright: ignore[reportUnknownArgumentType]
    return found


async def takes_and_ends(vendor: Emulator, words: str) -> None:
    """An agent takes the newest chat, writes and ends it."""
    async with asyncio.timeout(10):
        while not (chats := [chat for chat in vendor.shown()["chats"] if chat["state"] != "ended"]):
            await asyncio.sleep(0.01)
    chat_id: str = chats[-1]["id"]
    if chats[-1]["state"] == "waiting" and vendor.plays("agent_joins"):
        await vendor.agent_joins(chat_id)
    await vendor.agent_says(chat_id, words)
    await vendor.agent_ends(chat_id)
