"""Handovers keep their provider's name; which type that is, the configuration knows."""

import msgspec

from openhandover.config.model import Config


def type_of(config: Config, provider: str) -> str:
    """The type of a provider; one that is not configured (any more) is called by its name, as `logging` is."""
    block = config.providers.get(provider)
    return block.type if block else provider


def of_type(config: Config, wanted: str) -> str:
    """The names of the providers of this type, as a JSON list."""
    names = {name for name, block in config.providers.items() if block.type == wanted}
    return msgspec.json.encode(sorted(names | ({wanted} - config.providers.keys()))).decode()
