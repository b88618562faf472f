"""A tool's parameters as JSON Schema: those that it declares, and those that its templates use."""

from typing import Any

from openhandover.config.nodes import to_data

from .finding import PARAMETERS
from .report import Report
from .spots import Spot, plain
from .templates import Templates

_TYPES = {
    **dict.fromkeys(("string", "text", "str"), "string"),
    **dict.fromkeys(("number", "float", "decimal"), "number"),
    **dict.fromkeys(("integer", "int"), "integer"),
    **dict.fromkeys(("boolean", "bool"), "boolean"),
}
"""HALO's own words for types are not documented."""


def declared(tool: Spot | None) -> dict[str, Spot]:
    """Name -> declaration: from a list, a map, or a JSON Schema."""
    given = tool.get(*PARAMETERS) if tool is not None else None
    if given is None:
        return {}
    if given.is_list:
        named = [(item.get("name", "id", "key"), item) for item in given.items()]
        return {name.text: item for name, item in named if name is not None and name.text}
    properties = given.get("properties") or given
    return {entry.name: entry for entry in properties.entries() if entry.is_map}


def parameters(tool: Spot | None, templates: Templates, report: Report) -> dict[str, Any]:
    """The schema. A parameter that is used and not declared is a required text."""
    given = declared(tool)
    listed = _listed(tool)
    properties: dict[str, Any] = {}
    required: list[str] = []
    for name, ours in templates.names.items():
        spot = given.get(name)
        properties[ours] = {"type": "string"} if spot is None else _schema(name, spot, report)
        if spot is None or (name in listed if listed is not None else _is_mandatory(spot)):
            required.append(ours)
        if spot is not None:
            report.kept(f"parameter {name}", spot)
        elif given:
            report.by_hand(f"the parameter {name} is used and not declared; it is a required text here")
        if ours != name:
            report.by_hand(f"the parameter {name} is called {ours} here, as a template can say it", spot)
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _listed(tool: Spot | None) -> set[str] | None:
    """What a JSON Schema requires; None where each parameter says it for itself."""
    given = tool.get(*PARAMETERS) if tool is not None else None
    schema = given.get("required") if given is not None and given.get("properties") else None
    return {item.text or "" for item in schema.items()} if schema is not None and schema.is_list else None


def _is_mandatory(given: Spot) -> bool:
    mandatory = given.get("mandatory", "required")
    return mandatory is None or (mandatory.text or "").lower() in {"true", "yes", "1"}


def _schema(name: str, given: Spot, report: Report) -> dict[str, Any]:
    described = given.get("description")
    kind = given.get("type")
    word = _TYPES.get(plain(kind.text or "")) if kind is not None else "string"
    if word is None:
        report.by_hand(f"the type of parameter {name} is not known here; it is a text now", kind)
    schema: dict[str, Any] = {"type": word or "string"}
    if described is not None and described.text:
        schema["description"] = described.text
    choices = given.get("enum", "allowedvalues", "values")
    if choices is not None and choices.is_list and choices.items():
        schema["enum"] = [to_data(item.node) for item in choices.items()]
    return schema
