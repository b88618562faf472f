"""The tool of CM's guide before and after the migration, and ways to spoil it."""

import copy
import json
from collections.abc import Callable
from typing import Any

import yaml

from openhandover.config.load import read_bytes
from openhandover.migrate.halo import migrate
from openhandover.migrate.writing import text

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


ENVIRON = {
    "CM_PRODUCT_TOKEN": "x",
    "CM_TECHNICAL_LINK_ID": LINK,
    "CM_MESSAGING_ADAPTER": SOURCE,
}
PROVIDER = {
    "type": "cm_msc",
    "technical_link_id": LINK,
    "product_token": "${CM_PRODUCT_TOKEN}",
    "bot_adapter": TARGET,
    "disable_components": ["CMBot"],
}
STEP = {
    "provider": "msc",
    "message": MESSAGE,
    "route": {"messaging_adapter": SOURCE, "user_name": "{{name}}", "user_email": "{{email_address}}"},
    "voice": {"provider": "calls"},
}


def written(content: str) -> dict[str, Any]:
    """The configuration, read from the YAML that is printed, which `check` takes and the token is not in."""
    printed = text(migrate(content), "tool.json")
    assert TOKEN not in printed
    loaded = read_bytes(printed.encode(), "new.yaml", ENVIRON)
    assert not loaded.errors, loaded.errors
    return yaml.safe_load(printed)


def the_step(config: dict[str, Any]) -> dict[str, Any]:
    """The only step of the only tool."""
    (tool,) = config["tools"].values()
    (only,) = tool["steps"]
    return only["handover"]
