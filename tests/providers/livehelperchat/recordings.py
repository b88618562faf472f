"""The recorded situations."""

import json
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).with_name("fixtures")
NAMES = sorted(path.stem for path in FIXTURES.glob("*.json"))


def recorded(name: str) -> list[dict[str, Any]]:
    """The requests of one situation; `name` may be its number alone."""
    (path,) = FIXTURES.glob(f"{name}*.json")
    return json.loads(path.read_text("utf-8"))["events"]


def bodies(name: str) -> list[dict[str, Any]]:
    """What was in them."""
    return [one["body"] for one in recorded(name)]


def _template() -> str:
    """What the recordings were rendered from: everything that there is to show."""
    chat = ("id", "status", "status_sub", "user_id", "dep_id", "user_status", "last_msg_id", "wait_time")
    columns = ", ".join(f'"{name}": {{{{args.chat.{name}}}}}' for name in chat)
    return (
        '{"v": 1, "event": {{args.lhc_event}}, "webhook_id": {{args.webhook_id}}, "sent_at": {{timestamp}},\n'
        f'"chat": {{{columns}, "external_id": {{{{lhc.var.openhandover_id}}}}}},\n'
        '"owner": {"id": {{args.chat.user.id}}, "name": {{args.chat.user.name_support}}},\n'
        '"message": {"id": {{args.msg.id}}, "user_id": {{args.msg.user_id}}, "name": {{args.msg.name_support}}, '
        '"time": {{args.msg.time}}, "msg": {{args.msg.msg}}, "text": {{msg_clean}}, '
        '"meta_msg": {{args.msg.meta_msg}}, "media": {{media}}},\n'
        '"transfer": {"to_user_id": {{args.transfer.transfer_to_user_id}}, "to_dep_id": {{args.transfer.dep_id}}, '
        '"from_dep_id": {{args.transfer.from_dep_id}}}}'
    )


TEMPLATE = _template()
