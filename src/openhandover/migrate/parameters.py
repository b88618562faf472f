"""A tool's parameters as JSON Schema: those that it declares, and those that its templates use."""

from typing import Any

from openhandover.config.nodes import to_data

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


def parameters(tool: Spot | None, templates: Templates, report: Report) -> dict[str, Any]:
    """The schema. A parameter that is used and not declared is a required text."""
    declared = tool.get("parameters", "inputs") if tool is not None else None
    properties: dict[str, Any] = {}
    required: list[str] = []
    for name, given in _declared(declared):
        ours = templates.renamed(name)
        properties[ours] = _schema(name, given, report)
        mandatory = given.get("mandatory", "required")
        if mandatory is None or mandatory.is_list or (mandatory.text or "").lower() in {"true", "yes", "1"}:
            required.append(ours)
        report.kept(f"parameter {name}", given)
    schema = declared.get("required") if declared is not None and declared.get("properties") else None
    if schema is not None and schema.is_list:
        listed = {templates.renamed(item.text or "") for item in schema.items()}
        required = [name for name in properties if name in listed]
    for name in templates.names:
        if name not in properties:
            properties[name] = {"type": "string"}
            required.append(name)
            if declared is not None:
                report.by_hand(f"{{{{{name}}}}} is used and not declared; it is a required text here")
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _declared(given: Spot | None) -> list[tuple[str, Spot]]:
    """Names and declarations: a list, a map, or a JSON Schema."""
    if given is None:
        return []
    if given.is_list:
        named = [(item.get("name", "id", "key"), item) for item in given.items()]
        return [(name.text or "", item) for name, item in named if name is not None and name.text]
    properties = given.get("properties") or given
    return [(entry.name, entry) for entry in properties.entries() if entry.is_map]


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
