"""The mutation's Context: who the user is, and to whom in Mobile Service Cloud the chat goes."""

import re
from typing import Any

from .reading import inside
from .report import Refusal, Report
from .spots import Spot, plain
from .templates import Templates

_PHONE = re.compile(r"phone|mobile|msisdn|tel")
_REQUIRED = {"user_name": ("name", "{{ user.name }}"), "user_email": ("email", "{{ user.email }}")}
_KEYS = {"routingkeywords": "routing_keywords", "webstorereferrer": "webstore_referrer"}
_PROFILE = "mscprofile"


class Customer:
    """Reads the Context into the settings of the provider and the route of the step."""

    def __init__(
        self, report: Report, templates: Templates, provider: dict[str, Any], route: dict[str, Any]
    ) -> None:
        self._report = report
        self._templates = templates
        self._provider = provider
        self._route = route

    def read(self, context: Spot | None, content: str) -> None:
        """Every key of the Context; what MSC needs and the tool did not send is taken from the user."""
        for entry in context.entries() if context is not None else ():
            name = plain(entry.name)
            if name == "customerinfo":
                self._person(entry, content)
            elif name in _KEYS:
                self._keep(entry, _KEYS[name])
            elif name == _PROFILE:
                self._keep(entry, "profile")
                self._provider["profile_key"] = entry.name
            else:
                self._extra(entry)
        for key, (name, template) in _REQUIRED.items():
            if key not in self._route:
                self._route[key] = template
                self._report.by_hand(
                    f"the tool sends no {name}, which a handover needs; {template} takes its place"
                )

    def _person(self, info: Spot, content: str) -> None:
        person = info
        if info.text is not None:
            try:
                person = inside(info, content)
            except Refusal:
                self._report.refuse("CustomerInfo is a text that holds no JSON", info)
                return
        if not person.is_map:
            self._report.refuse("CustomerInfo is no JSON object", info)
        for entry in person.entries():
            name = plain(entry.name)
            if name in {"name", "email"}:
                self._keep(entry, f"user_{name}")
            elif _PHONE.search(name) and "phone_number" not in self._route:
                self._keep(entry, "phone_number")
                if "phone_number" in self._route and entry.name != "phone":
                    self._provider["phone_key"] = entry.name
            else:
                self._report.by_hand(
                    f"CustomerInfo's {entry.name} has no place in the step and is left out", entry
                )

    def _keep(self, entry: Spot, key: str) -> None:
        if not entry.text:
            if key.startswith("user_") or entry.is_map or entry.is_list:
                self._report.by_hand(f"{entry.name} holds no text and is left out", entry)
            else:
                self._report.dropped(f"{entry.name} is empty", entry)
            return
        self._route[key] = self._templates.carried(entry.text, entry)
        self._report.kept(f"{entry.name} -> route's {key}", entry)

    def _extra(self, entry: Spot) -> None:
        if entry.is_map or entry.is_list:
            self._report.by_hand(f"the Context's {entry.name} holds no text and is left out", entry)
            return
        text = self._templates.carried(entry.text or "", entry)
        self._route.setdefault("context", {})[entry.name] = text
        self._report.by_hand(
            f"the Context's {entry.name} is not one that MSC is known to read; it is sent along", entry
        )
