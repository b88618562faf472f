"""How Live Helper Chat renders the body of a webhook.

It replaces placeholders by JSON one after the other, in the text as it has become: first those of its own, then event
arguments, then chat variables. So what somebody wrote is searched for the placeholders that come later, and `{{ip}}` in a
message breaks the body. Seen on release 4.90; the order is that of its source.
"""

import json
import re
from typing import Any, cast

IP = "127.0.0.1"

_ARGUMENT = re.compile(r"\{\{args\.([^{}]+)\}\}")
_VARIABLE = re.compile(r"\{\{lhc\.var\.([^{}]+)\}\}")

TEMPLATE = (
    '{"v":1,"event":{{args.lhc_event}},"sent_at":{{timestamp}},"chat_id":{{args.chat.id}},'
    '"status":{{args.chat.status}},"owner_id":{{args.chat.user_id}},"message_id":{{args.msg.id}},'
    '"message_user_id":{{args.msg.user_id}},"ref":{{lhc.var.openhandover_id}}}'
)
"""Ids only: nothing that anybody wrote is in it."""


def php_json(value: Any) -> str:
    """JSON as PHP writes it: without spaces, everything beyond ASCII and each slash escaped."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/")


def rendered(
    template: str, arguments: dict[str, Any], text: str, media: list[Any], variables: dict[str, Any], now: int
) -> str:
    """The body of one webhook. `text` is the message of the event, empty where there is none."""
    clean = re.sub(r"\[file=[^\]]*\]", "", text).strip()
    own = {
        "{{msg}}": php_json(text),
        "{{msg_clean}}": php_json(clean),
        "{{chat_id}}": php_json(arguments["chat"]["id"]),
        "{{ip}}": php_json(IP),
        "{{media}}": php_json(media),
        "{{timestamp}}": str(now),
    }
    wanted = {
        f"{{{{args.{path}}}}}": php_json(_found(arguments, path)) for path in _ARGUMENT.findall(template)
    }
    named = {f"{{{{lhc.var.{name}}}}}": php_json("") for name in _VARIABLE.findall(template)}
    known = {f"{{{{lhc.var.{name}}}}}": php_json(value) for name, value in variables.items()}
    for placeholder, value in (own | wanted | named | known).items():
        template = template.replace(placeholder, value)
    return template


def _found(arguments: dict[str, Any], path: str) -> Any:
    """The value at a dotted path; None where there is nothing."""
    first, _, rest = path.partition(".")
    value = arguments.get(first)
    if not rest:
        return value
    return _found(cast("dict[str, Any]", value), rest) if isinstance(value, dict) else None
