"""The parts of a running engine that its other parts are made of."""

from dataclasses import dataclass

from openhandover.config.model import Config
from openhandover.net.client import HttpClient
from openhandover.net.guard import Guard
from openhandover.store.port import Store
from openhandover.texts.catalogue import Catalogue

from .files import FileStore
from .providers import Providers
from .work import Clock, Work


@dataclass(frozen=True, slots=True)
class Parts:
    """Made once by the engine; who needs more than two of them takes them together."""

    config: Config
    store: Store
    work: Work
    files: FileStore
    providers: Providers
    http: HttpClient
    guard: Guard
    """What outbound calls of flows, webhooks and downloads may reach."""
    texts: Catalogue
    clock: Clock
