"""A HALO tool whose API step changes the Router's rules, as a tool that ends in our handover step.

What the body means is documented by CM.com ("Control routing") and in its guide to the Handover step. The guide says
"targetAdapterId" where its own example copies the `sourceAdapterId`: the source is the messaging adapter.
"""

import re
from typing import Any, NamedTuple, cast
from urllib.parse import unquote

from openhandover.cm.settings import CURRENT, is_uuid

from .customer import Customer
from .finding import Legacy, field, find, named
from .output import message
from .parameters import declared, parameters
from .reading import read
from .report import Note, Report
from .spots import Spot, plain
from .templates import Templates
from .token import TOKEN, VARIABLE, Token

LINK = "${CM_TECHNICAL_LINK_ID}"
ADAPTER = "${CM_MESSAGING_ADAPTER}"
VARIABLES = (TOKEN, LINK, ADAPTER)
DESCRIPTION = "Hand the conversation over to a human."
PROVIDER, CALLS = "msc", "calls"

_URL = re.compile(
    r"(?P<base>.*?)/conversational/control/v1/accounts/(?P<link>[^/]+)/chats/(?P<chat>[^/]+)/routing/"
)
_OPEN = re.compile(r"[{}<>]|\$\{")
_CHAT = re.compile(r"\{\{\s*(?:_context\.)?chatId\s*\}\}", re.IGNORECASE)
_TEMPLATE = re.compile(r"\{\{[^{}]+\}\}")
_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_CALL_KEYS = frozenset(
    {"id", "name", "type", "kind", "steptype", "nodetype", "url", "uri", "endpoint", "requesturl"}
)
_BODY_KEYS = frozenset(
    {"method", "httpmethod", "headers", "requestheaders", "contenttype", "bodytype", "chatid"}
)
_BODIES = frozenset({"body", "requestbody", "rawbody", "payload", "json", "data", "context", "mutations"})


class Migrated(NamedTuple):
    """The part of a configuration that takes the tool's place, and what became of the tool."""

    config: dict[str, Any]
    notes: list[Note]


def migrate(content: str) -> Migrated:
    """What the text of a legacy tool becomes. Raises Refusal with every reason not to."""
    root = read(content)
    token = Token(root)
    report = Report(token)
    made = _Migration(find(root, content, report), content, report)
    made.account()
    made.mutations()
    made.context()
    report.stop_if_refused()
    config = made.config()
    report.stop_if_refused()
    return Migrated(_written(config, token), report.notes)


class _Migration:
    def __init__(self, legacy: Legacy, content: str, report: Report) -> None:
        self._legacy = legacy
        self._content = content
        self._report = report
        self._templates = Templates(report, declared(legacy.tool))
        self._provider: dict[str, Any] = {"type": "cm_msc"}
        self._route: dict[str, Any] = {}

    def account(self) -> None:
        """Address, account and token of the call."""
        provider, report, url = self._provider, self._report, self._legacy.url
        method = field(self._legacy.call, "method", "httpmethod")
        if method is not None and (method.text or "").upper() != "POST":
            report.refuse("a change of the routing is a POST, and this call is none", method)
        found = _URL.match(url.text or "") if url is not None else None
        provider["technical_link_id"] = LINK
        provider["product_token"] = TOKEN
        if found is None:
            report.by_hand(f"the technical link's id is not in the input: set {LINK[2:-1]}", url)
        else:
            assert url is not None
            link = unquote(found["link"])
            if _OPEN.search(link):
                report.by_hand(f"the url leaves the technical link's id open: set {LINK[2:-1]}", url)
            else:
                provider["technical_link_id"] = link
                report.kept("technical link's id -> provider's technical_link_id", url)
            if found["base"] and found["base"] != CURRENT:
                provider["base_url"] = found["base"]
                report.kept("address of the Router -> provider's base_url", url)
            self._chat(found["chat"], url)
        self._headers()

    def _chat(self, chat: str, spot: Spot) -> None:
        if _CHAT.fullmatch(chat):
            self._report.kept("chat id: implied, it is always that of the conversation", spot)
        else:
            self._report.by_hand(
                "this is another chat id than {{_context.chatId}}, which is always used here", spot
            )

    def _headers(self) -> None:
        headers = field(self._legacy.call, "headers", "requestheaders")
        for name, spot in _header_names(headers) if headers is not None else ():
            if plain(name) == "xcmproducttoken":
                self._report.kept(f"product token -> {TOKEN}; set it, its value is not written down", spot)
            elif plain(name) not in {"contenttype", "accept", "host", "contentlength", "useragent"}:
                self._report.dropped(f"header {name}", spot)

    def mutations(self) -> None:
        """Which link is cut and which components are taken out."""
        report, body = self._report, self._legacy.body
        mutations = body.get("mutations") if body is not None else None
        rules: list[Spot] = []
        components: list[str] = []
        for one in mutations.items() if mutations is not None else ():
            kind = one.get("type")
            word = plain(kind.text or "") if kind is not None else ""
            if word == "rulemutation":
                rules.append(one)
            elif word == "disablecomponent" and (name := _text(one, "componentid")) is not None:
                components.append(name.text or "")
                report.kept(f"component {name.text} -> provider's disable_components", name)
            else:
                report.refuse(
                    "this mutation is neither a ruleMutation nor a disableComponent with its ComponentId", one
                )
        if len(rules) > 1:
            for one in rules[1:]:
                report.refuse("there is more than one ruleMutation; which of them is the handover?", one)
        elif rules:
            self._rule(rules[0])
        elif components:
            self._route["messaging_adapter"] = ADAPTER
            report.by_hand(
                f"no ruleMutation names the messaging adapter: set {ADAPTER[2:-1]} to its id", mutations
            )
        else:
            report.refuse("there is no ruleMutation and no disableComponent, so nothing is handed over", body)
        self._provider["disable_components"] = components

    def _rule(self, rule: Spot) -> None:
        for key, expected in (("action", "Disable"), ("operator", "And")):
            given = rule.get(key)
            if given is None or plain(given.text or "") != plain(expected):
                why = f"{key} is not {expected}; only a rule that disables the link between two adapters is a handover"
                self._report.refuse(why, given or rule)
        for key, name, where, holder in (
            ("sourceadapterid", "messaging_adapter", "route", self._route),
            ("targetadapterid", "bot_adapter", "provider", self._provider),
        ):
            given = rule.get(key)
            if given is None or not given.text:
                self._report.refuse(
                    f"{key} is missing, and without it the rule means another thing", given or rule
                )
            elif name == "messaging_adapter" and _TEMPLATE.fullmatch(given.text):
                holder[name] = self._templates.carried(given.text, given)
                self._report.kept(f"messaging adapter -> {where}'s {name}", given)
            elif not is_uuid(given.text):
                self._report.refuse("the id of an adapter is a UUID, and this is none", given)
            else:
                holder[name] = given.text
                self._report.kept(f"{given.name} -> {where}'s {name}", given)

    def context(self) -> None:
        """Who the user is, and to whom the chat goes."""
        body = self._legacy.body
        chat = body.get("chatid") if body is not None else None
        if chat is not None:
            self._chat(chat.text or "", chat)
        context = body.get("context") if body is not None else None
        customer = Customer(self._report, self._templates, self._provider, self._route)
        customer.read(context, self._content)

    def config(self) -> dict[str, Any]:
        """Provider, tool, and a provider for calls, of which the legacy tool knows nothing."""
        self._leftovers()
        step: dict[str, Any] = {"provider": PROVIDER}
        said = message(self._legacy.output, self._templates, self._report)
        if said is not None:
            step["message"] = said
        step["route"] = _ordered(self._route)
        step["voice"] = {"provider": CALLS}
        tool = self._legacy.tool
        name = _text(tool, "name") if tool is not None else None
        description = _text(tool, "description") if tool is not None else None
        return {
            "providers": {PROVIDER: self._provider, CALLS: {"type": "logging"}},
            "tools": {
                _named(name): {
                    "description": (description and description.text) or DESCRIPTION,
                    "parameters": parameters(tool, self._templates, self._report),
                    "steps": [{"handover": step}],
                }
            },
        }

    def _leftovers(self) -> None:
        """What stands around and is not carried over."""
        report, legacy = self._report, self._legacy
        if legacy.branch is not None:
            report.by_hand(
                "the condition of the branch is not migrated; the tool always hands over", legacy.branch
            )
        for step in legacy.before:
            report.by_hand(f"the step{named(step)} before is not migrated", step)
        known = _CALL_KEYS | _BODY_KEYS | _BODIES
        for entry in legacy.call.entries():
            if plain(entry.name) not in known and not entry.is_map:
                report.dropped(f"the API step's {entry.name}", entry)


def _header_names(headers: Spot) -> list[tuple[str, Spot]]:
    """Names and places; a map, a list of name and value, or lines of text. Values are never looked at."""
    if headers.is_map:
        return [(entry.name, entry) for entry in headers.entries()]
    if headers.is_list:
        named = [(item.get("name", "key", "header"), item) for item in headers.items()]
        return [
            ((name.text if name else (item.text or "").partition(":")[0]) or "", item) for name, item in named
        ]
    return [(line.partition(":")[0].strip(), headers) for line in (headers.text or "").splitlines()]


def _written(value: Any, token: Token) -> Any:
    """The same as the configuration file spells it: our variables are variables, everything else is text."""
    if isinstance(value, str):
        # `$$` and `${` mean something in the file
        plain_text = value in VARIABLES or ("${" not in value and "$$" not in value)
        return token.hidden(value if plain_text else value.replace("$", "$$"))
    if isinstance(value, list):
        return [_written(item, token) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        # a key of the file is never replaced by a variable
        return {token.hidden(key, VARIABLE): _written(item, token) for key, item in items}
    return value


def _text(spot: Spot, *names: str) -> Spot | None:
    found = spot.get(*names)
    return found if found is not None and found.text else None


def _named(name: Spot | None) -> str:
    """A name that a tool may have here."""
    return (_NAME.sub("_", name.text or "").strip("_") if name else "")[:64] or "talk_to_human"


def _ordered(route: dict[str, Any]) -> dict[str, Any]:
    first = ("messaging_adapter", "user_name", "user_email")
    return {key: route[key] for key in (*first, *(key for key in route if key not in first)) if key in route}
