"""The mail: who gets it, and what it says."""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from openhandover.core.model import Message
from openhandover.providers.base import HandoverRequest
from openhandover.texts.readable import author, links, said

from .settings import Settings, is_address

_BREAKS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")


def recipients(route: Mapping[str, Any], settings: Settings) -> list[str]:
    """The addresses of the step, else of the provider; whatever is not an address stays in, for `wrong`."""
    text = str(route.get("to") or settings.to or "")
    return [one.strip() for one in text.split(",") if one.strip()]


def wrong(route: Mapping[str, Any], settings: Settings) -> str | None:
    """What keeps this route from being mailed."""
    addresses = recipients(route, settings)
    if not addresses:
        return "`to` is empty; give the step's `route` or the provider an address"
    if not all(map(is_address, addresses)):
        return "`to` holds something that is not a mail address"
    return None


def mail(request: HandoverRequest, settings: Settings, sender: str, now: float) -> EmailMessage:
    """The whole mail. One handover attempt always gives the same Message-ID, so that a repeat can be recognised."""
    result = EmailMessage()
    result["From"] = sender
    result["To"] = ", ".join(recipients(request.route, settings))
    result["Subject"] = _subject(request, settings)
    result["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    domain = sender.rpartition("@")[2]
    result["Message-ID"] = f"<{hashlib.sha256(request.key.encode()).hexdigest()[:32]}@{domain}>"
    result["Auto-Submitted"] = "auto-generated"
    if request.user.email and is_address(request.user.email):
        result["Reply-To"] = request.user.email
    result.set_content(_text(request))
    return result


def _subject(request: HandoverRequest, settings: Settings) -> str:
    given = str(request.route.get("subject") or settings.subject or "")
    text = given or f"Conversation with {request.user.name or request.user.id}"
    return _BREAKS.sub(" ", text).strip()[:200]  # a line break would begin another header


def _text(request: HandoverRequest) -> str:
    user = request.user
    facts = {
        "Name": user.name,
        "E-mail": user.email,
        "Phone": user.phone,
        "User": user.id,
        "Reason": request.reason,
        "Channel": request.conversation.channel,
        "Language": request.conversation.language,
        "Conversation": request.conversation.id,
        "Handover": request.handover_id,
    }
    lines = [f"{name}: {_BREAKS.sub(' ', value)}" for name, value in facts.items() if value]
    return "\n".join([*lines, "", *(_line(one) for one in request.transcript)])


def _line(one: Message) -> str:
    files = "".join(f"\n  {link}" for link in links(one))
    return f"[{one.at}] {author(one)}: {said(one)}{files}"
