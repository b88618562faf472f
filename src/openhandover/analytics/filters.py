"""What a report is narrowed to, and what it is grouped by: closed words are checked, names are looked for as they are."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from openhandover.core.errors import invalid
from openhandover.core.model import Medium
from openhandover.web.call import Call
from openhandover.web.endpoint import Query

from .types import of_type

Group = Literal[
    "status", "reason", "why", "provider", "type", "medium", "channel", "language", "agent", "initiator",
    "hour", "day", "weekday_hour",
]  # fmt: skip
GROUPS: tuple[Group, ...] = get_args(Group)
BY_TIME = frozenset({"hour", "day", "weekday_hour"})
"""Groups that follow the calendar of a time zone."""

AnyStatus = Literal["requested", "queued", "active", "completed", "cancelled", "error", "transferred", "open"]
STATUSES: tuple[str, ...] = get_args(AnyStatus)
"""`open` stands for the statuses in which a human may still come or is there."""

NAMES = ("reason", "why", "provider", "channel", "language", "agent_name")
"""Of the agent the name, else the id, as groups show it; at the desk `agent` says who is calling."""
LONGEST_NAME = 500
MEDIA: tuple[str, ...] = get_args(Medium)

FILTERS = (
    Query("status", AnyStatus, "only with this status; `open` is any open one"),
    *(Query(name, str, f"only with this {name.replace('_', ' ')}") for name in NAMES if name != "why"),
    Query("type", str, "only of providers of this type"),
    Query("medium", Medium, "only texts, or only phone calls"),
    Query("why", str, "only where a human was asked for with these words"),
)


def filters(call: Call) -> Mapping[str, Any]:
    """The wanted values as the report queries want them: None asks for nothing."""
    status = call.text("status")
    if status is not None and status not in STATUSES:
        raise invalid("status", f"is none of {', '.join(STATUSES)}")
    wanted = {name: call.text(name) for name in (*NAMES, "type")}
    for name, value in wanted.items():
        if value is not None and len(value) > LONGEST_NAME:
            raise invalid(name, f"is longer than {LONGEST_NAME} characters")
    type_ = wanted.pop("type")
    providers = None if type_ is None else of_type(call.site.config, type_)
    return {"status": status, "medium": choice(call, "medium", MEDIA), "providers": providers, **wanted}


def group_by(call: Call) -> Group | None:
    """The wanted grouping, refused when there is no such."""
    wanted = call.text("group_by")
    if wanted is not None and wanted not in GROUPS:
        raise invalid("group_by", f"is none of {', '.join(GROUPS)}")
    return wanted


def choice(call: Call, name: str, values: tuple[str, ...]) -> str | None:
    """One of these words, or nothing."""
    wanted = call.text(name)
    if wanted is not None and wanted not in values:
        raise invalid(name, f"is none of {', '.join(values)}")
    return wanted
