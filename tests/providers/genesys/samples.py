"""What Genesys Cloud sends, as it is in the fixtures, and settings that go with it."""

from pathlib import Path
from typing import Any

import msgspec

from openhandover.core.settings import Secret
from openhandover.net.client import HttpClient
from openhandover.providers.base import Session, WebhookRequest
from openhandover.providers.genesys import Genesys
from openhandover.providers.genesys.settings import Settings

FIXTURES = Path(__file__).parent / "fixtures"
SECRET = "openhandover-test-secret-0001"
SETTINGS = Settings(
    region="eu-west-1",
    client_id="client",
    client_secret=Secret("client-secret"),
    integration_id="11111111-2222-4333-8444-555555555555",
    webhook_secret=Secret(SECRET),
    events_key=Secret("events-key"),
)
AT = 1768469400.0
HAPPENED_AT = 1768470300.0
SESSION = Session("h1", 1, "oh-h1-1")
CONVERSATION = "c0ffee00-1111-4222-8333-444455556666"


def changed(**fields: Any) -> Settings:
    """The settings, some of them otherwise."""
    return msgspec.structs.replace(SETTINGS, **fields)


def body(name: str) -> bytes:
    """A fixture as it is."""
    return (FIXTURES / f"{name}.json").read_bytes()


def webhook(raw: bytes, part: str = "", **headers: str) -> WebhookRequest:
    """An inbound call."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return WebhookRequest("POST", named, {}, raw, AT, part)


def provider(settings: Settings = SETTINGS) -> Genesys:
    """The provider, which calls nobody here."""
    return Genesys("contact", settings, HttpClient())
