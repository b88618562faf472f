"""The webhooks: whether they are genuine, and which chat they call us to look at.

Live Helper Chat renders a body from a template of ours and inserts what users wrote without care: a text with `{{ip}}` in it
breaks the JSON, another one may change what is read. It sends most of them before the change they tell of can be seen, once,
and never again. So a webhook is no fact: it is a reason to look now. Source: release 4.90, event names from its source.
"""

import hashlib
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from openhandover.core.errors import PayloadError, SignatureError, Unsupported
from openhandover.net.signatures import is_secret
from openhandover.providers.base import WebhookRequest

from .settings import Settings

CHAT_HEADER = "x-handover-chat"
"""Names the chat also where a user's text has broken the body."""

NEWS = {
    *("chat.chat_started", "chat.addmsguser", "chat.web_add_msg_admin", "chat.desktop_client_admin_msg"),
    *("chat.accept", "chat.data_changed", "chat.data_changed_auto_assign", "chat.close", "chat.auto_close"),
    *("chat.chat_transfered", "chat.chat_transfered_force", "chat.chat_transfer_accepted"),  # their spelling
    *("chat.chat_owner_changed", "chat.explicitly_closed", "chat.user_reopened", "chat.message_updated"),
    *("chat.messages_added_passive", "chat.delete", "chat.genericbot_chat_command_transfer"),
}
NOISE = {"chat.unread_chat", "chat.syncuser.operator_typing"}
"""The latter is fired by our own look while an operator types: looking again for it would never end."""


class Hook(Struct, frozen=True):
    """What a webhook says that can be relied on. `event` None: its body was broken by somebody's text."""

    chat_id: str
    event: str | None
    id: str
    """Of this very body."""

    @property
    def is_news(self) -> bool:
        """Whether there may be something to see."""
        return self.event not in NOISE

    @property
    def is_known(self) -> bool:
        """Whether Live Helper Chat's source has such an event."""
        return self.event is None or self.event in NEWS | NOISE


class _Chat(Struct):
    id: int


class _Body(Struct):
    event: str
    chat_id: int | None = None
    chat: _Chat | None = None
    """Templates with more in them have it here."""


def verify(request: WebhookRequest, settings: Settings) -> None:
    """Raise unless it carries our bearer token: Live Helper Chat signs nothing. Without a token we take none at all."""
    if settings.webhook_token is None:
        raise Unsupported
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    known = is_secret(
        given.strip().encode("utf-8", "replace"), settings.webhook_token, settings.old_webhook_token
    )
    if scheme.lower() != "bearer" or not known:
        raise SignatureError


def read(headers: Mapping[str, str], body: bytes) -> Hook:
    """Which chat to look at.

    Raises:
        PayloadError: neither body nor header name one.
    """
    named = headers.get(CHAT_HEADER, "").strip()
    digest = hashlib.sha256(body).hexdigest()[:32]
    try:
        found = msgspec.json.decode(body, type=_Body, strict=False)
    except (ValueError, RecursionError) as error:
        if not named.isdecimal():
            raise PayloadError(f"{error}; and the header X-Handover-Chat names no chat") from None
        return Hook(named, None, digest)
    chat_id = found.chat.id if found.chat else found.chat_id
    if chat_id is None and not named.isdecimal():
        raise PayloadError("Object missing required field `chat_id`")
    return Hook(named if chat_id is None else str(chat_id), found.event, digest)
