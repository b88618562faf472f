"""What all calls share: the engine, the configuration, keys, limits, links to files."""

import asyncio
from dataclasses import dataclass, field

from openhandover.config.model import Config
from openhandover.engine import Engine

from .auth import Keys
from .limits import RateLimit
from .metrics import Metrics


@dataclass(slots=True)
class Site:
    """Made once per process. `closing` is set when the server goes down, so that streams end themselves."""

    engine: Engine
    config: Config
    keys: Keys
    key_limit: RateLimit
    metrics: Metrics
    closing: asyncio.Event = field(default_factory=asyncio.Event)


def make_site(engine: Engine, config: Config) -> Site:
    """The shared part of a server for this engine."""
    return Site(
        engine=engine,
        config=config,
        keys=Keys(config.api.keys),
        key_limit=RateLimit(config.rate_limits.api_key),
        metrics=Metrics(engine),
    )
