"""The tool of CM's guide before the migration, and ways to spoil it."""

import copy
import json
from collections.abc import Callable
from typing import Any

TOKEN = "0f9e8d7c-secret-product-token"
LINK = "7a1f0c52-0001-4c11-9a00-000000000001"
SOURCE = "11111111-1111-4111-8111-111111111111"
TARGET = "22222222-2222-4222-8222-222222222222"
URL = (
    f"https://api.conversational.cm.com/conversational/control/v1/accounts/{LINK}"
    "/chats/{{_context.chatId}}/routing/mutationrequests"
)
MESSAGE = "You will now be helped by a live agent!"
BODY: dict[str, Any] = {
    "chatId": "{{_context.chatId}}",
    "Context": {
        "RoutingKeywords": "",
        "CustomerInfo": '{"name": "{{name}}", "email": "{{email_address}}"}',
    },
    "mutations": [
        {
            "$type": "ruleMutation",
            "action": "Disable",
            "operator": "And",
            "sourceAdapterId": SOURCE,
            "targetAdapterId": TARGET,
        },
        {"$type": "disableComponent", "ComponentId": "CMBot"},
    ],
}
HEADERS = {"X-Cm-Producttoken": TOKEN, "Content-Type": "application/json"}


def step(body: Any = None, **more: Any) -> dict[str, Any]:
    """The API step; its body is a text, as a person typed it."""
    body = json.dumps(BODY if body is None else body, indent=2) if not isinstance(body, str) else body
    return {"type": "api", "method": "POST", "url": URL, "headers": HEADERS, "body": body, **more}


def output(text: Any = MESSAGE, **more: Any) -> dict[str, Any]:
    """The Output step."""
    return {"type": "output", "text": text, **more}


def body(change: Callable[[Any], object]) -> dict[str, Any]:
    """The guide's body with something changed in it."""
    changed = copy.deepcopy(BODY)
    change(changed)
    return changed


def spoiled(change: Callable[[Any], object]) -> str:
    """The whole tool with this body."""
    return json.dumps([step(body(change)), output()])
