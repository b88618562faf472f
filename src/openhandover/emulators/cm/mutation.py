"""Reading a mutation request: property names in any casing, everything else exactly as documented."""

import json
from dataclasses import dataclass
from typing import Any, cast

from openhandover.emulators.answers import Refused

from .account import Account, Rule, is_uuid

REQUEST = {"chatid", "mutations", "context"}
RULE = {"$type", "action", "operator", "sourceadapterid", "targetadapterid"}
COMPONENT = {"$type", "componentid"}


@dataclass(frozen=True)
class Switch:
    """Rules to turn on or off."""

    rules: tuple[Rule, ...]
    on: bool


@dataclass(frozen=True)
class Without:
    """A component to take out of the routing."""

    component: str


@dataclass(frozen=True)
class MutationRequest:
    """What a request asks for."""

    changes: tuple[Switch | Without, ...]
    context: dict[str, str]


def read(body: dict[str, Any], chat_id: str, account: Account) -> MutationRequest:
    """The request, checked whole before anything is changed.

    Raises:
        Refused: 400, with what is wrong. Which status the Router itself answers is not documented.
    """
    given = _properties(body, REQUEST, "the request")
    if given.get("chatid") != chat_id:
        raise Refused(400, "ChatId is not the one of the address")
    mutations = given.get("mutations")
    if not isinstance(mutations, list) or not mutations:
        raise Refused(400, "Mutations must be a list with at least one mutation")
    changes = tuple(_mutation(one, account) for one in cast("list[Any]", mutations))
    return MutationRequest(changes, context(given.get("context")))


def context(given: Any) -> dict[str, str]:
    """The Context: text values only, and CustomerInfo is text that holds a JSON object.

    Raises:
        Refused: 400, it is anything else.
    """
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise Refused(400, "Context must be an object")
    values = cast("dict[str, Any]", given)
    for name, value in values.items():
        if not isinstance(value, str):
            raise Refused(400, f"Context.{name} must be text")
    if "CustomerInfo" in values and not isinstance(_json(values["CustomerInfo"]), dict):
        raise Refused(400, "Context.CustomerInfo must be text that holds a JSON object")
    return values


def _mutation(given: Any, account: Account) -> Switch | Without:
    kind = _properties(given, RULE | COMPONENT, "a mutation").get("$type")
    match kind:
        case "ruleMutation":
            return _switch(_properties(given, RULE, "a ruleMutation"), account)
        case "disableComponent":
            component = _properties(given, COMPONENT, "a disableComponent").get("componentid")
            # An unknown component: no page says what happens. A typing error should not look like success.
            if component not in account.components:
                raise Refused(400, f"there is no component {component!r}")
            return Without(component)
        case _:
            raise Refused(400, f"$type {kind!r} is neither ruleMutation nor disableComponent")


def _switch(given: dict[str, Any], account: Account) -> Switch:
    action, operator = given.get("action"), given.get("operator")
    if action not in ("Enable", "Disable"):
        raise Refused(400, f"action {action!r} is neither Enable nor Disable")
    if operator not in ("And", "Or"):
        raise Refused(400, f"operator {operator!r} is neither And nor Or")
    ids = {end: given.get(f"{end}adapterid") for end in ("source", "target")}
    named = {end: _adapter(end, value, account) for end, value in ids.items() if value is not None}
    if not named:
        raise Refused(400, "a ruleMutation needs sourceAdapterId or targetAdapterId")
    rules = tuple(rule for rule in account.rules if _meant(rule, named, operator))
    # No rule between them: no page says what happens. It would change nothing, so it is refused.
    if not rules:
        raise Refused(400, "no rule of this account is meant")
    return Switch(rules, on=action == "Enable")


def _meant(rule: Rule, named: dict[str, str], operator: str) -> bool:
    """And: the rule has all the given ends. Or: the rule touches one of the given adapters, at either end."""
    if operator == "Or":
        return bool({rule.source, rule.target} & set(named.values()))
    return all(getattr(rule, end) == adapter for end, adapter in named.items())


def _adapter(end: str, value: Any, account: Account) -> str:
    if not is_uuid(value):
        raise Refused(400, f"{end}AdapterId is not a UUID")
    found = account.adapter(value)
    if found is None:
        raise Refused(400, f"{end}AdapterId names no adapter of this account")
    return found.id


def _properties(given: Any, known: set[str], where: str) -> dict[str, Any]:
    """The properties by their names in lower case; unknown and doubled ones are refused."""
    if not isinstance(given, dict):
        raise Refused(400, f"{where} must be an object")
    lowered: dict[str, Any] = {}
    for name, value in cast("dict[str, Any]", given).items():
        if name.lower() not in known:
            raise Refused(400, f"{where} has no property {name!r}")
        if name.lower() in lowered:
            raise Refused(400, f"{where} has {name!r} twice")
        lowered[name.lower()] = value
    return lowered


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
