"""The provider's settings and a handover, for tests of single pieces."""

from typing import Any

from openhandover.core.model import Delivery, Message, User
from openhandover.core.settings import Secret
from openhandover.providers.base import Brief, HandoverRequest
from openhandover.providers.ringcentral.settings import Settings

SOURCE = "8da592bc6fcf8bae41b20001"
BOT, AGENTS = "4f3951557aa58d146201b071", "4f3951557aa58d146201a6e7"
THREAD, THEIRS = "oh-4b2a1f", "565739986b65795289000029"
TOKEN = "rc_source_token_0123456789abcdef"
ADA = User("cust-7", "Ada", "ada@example.com", "+31201234567")


def settings(**changed: Any) -> Settings:
    """Good settings, with changes."""
    good: dict[str, Any] = {
        "api_url": "https://acme.api.engagement.dimelo.com",
        "access_token": Secret("rc-access-token"),
        "realtime_url": f"https://acme.engagement.dimelo.com/realtime/sdk/{SOURCE}",
        "realtime_token": Secret(TOKEN),
        "webhook_secret": Secret("rc-webhook-secret"),
        "verify_token": Secret("cognigy123"),
        "bot_category_id": BOT,
        "agent_category_id": AGENTS,
    }
    return Settings(**{**good, **changed})


def message(text: str, seq: int = 3, author: Any = "user", **more: Any) -> Message:
    """One message of the conversation."""
    at = f"2026-01-01T10:00:0{seq % 10}.250Z"
    files = more.pop("attachments", ())
    return Message(f"m-{seq}", seq, author, text, None, files, at, Delivery(), **more)


def request(*transcript: Message, user: User = ADA, **more: Any) -> HandoverRequest:
    """A handover that is to be opened."""
    asked: dict[str, Any] = {"reason": "wants a refund", "context": {"order no": 4711}, "route": {}, **more}
    brief = Brief("conv-42", "web", "nl", "text")
    return HandoverRequest(
        "h-1", 1, initiator="bot", conversation=brief, user=user, transcript=transcript, **asked
    )
