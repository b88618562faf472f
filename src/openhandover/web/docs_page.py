"""The API for people: one page of plain HTML, made from the OpenAPI document; no script, nothing from elsewhere."""

import re
from html import escape
from typing import Any

import msgspec

STYLE = """
:root { color-scheme: light dark; --text: #1b211f; --bg: #ffffff; --line: #dcdfdd; --soft: #f4f5f4; --accent: #1f6f5c; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e9edeb; --bg: #161a19; --line: #37403d; --soft: #1f2523; --accent: #6fcdb5; }
}
html { background: var(--bg); color: var(--text); }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1rem 1.25rem 4rem; max-width: 62rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); text-transform: capitalize; }
details { border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0; padding: .25rem .75rem; }
summary { cursor: pointer; padding: .35rem 0; overflow-wrap: anywhere; }
summary code { font-weight: 600; } .method { color: var(--accent); display: inline-block; min-width: 4rem; }
pre { background: var(--soft); border-radius: 6px; padding: .75rem; overflow-x: auto; font-size: .85rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
code, td { overflow-wrap: break-word; } table code, table a, table small { overflow-wrap: anywhere; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); }
a { color: var(--accent); }
"""


def page(document: dict[str, Any]) -> bytes:
    """The whole page."""
    info = document["info"]
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width, initial-scale=1'>",
        "<title>openhandover API</title><link rel='icon' href='data:,'>",
        "<link rel='stylesheet' href='/docs.css'></head><body><main>",
        f"<h1>{escape(info['title'])} API</h1><p>Version {escape(info['version'])} · ",
        f"<a href='/schema'>OpenAPI document</a></p><p>{_prose(info['description'])}</p>",
    ]
    for tag, operations in _by_tag(document).items():
        parts.append(f"<h2 id='{escape(tag)}'>{escape(tag)}</h2>")
        parts += [_operation(method, path, operation) for method, path, operation in operations]
    parts.append("<h2 id='objects'>Objects</h2>")
    parts += [_object(name, schema) for name, schema in sorted(document["components"]["schemas"].items())]
    parts.append("</main></body></html>")
    return "".join(parts).encode()


def _prose(text: str) -> str:
    """Words in backticks are code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _by_tag(document: dict[str, Any]) -> dict[str, list[tuple[str, str, dict[str, Any]]]]:
    found: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tag = (operation.get("tags") or ["other"])[0]
            found.setdefault(tag, []).append((method.upper(), path, operation))
    return found


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    name = escape(operation.get("operationId", f"{method} {path}"))
    parts = [
        f"<details id='{name}'><summary><code><span class='method'>{method}</span> {escape(path)}</code> ",
        f"{_prose(operation.get('summary', ''))}</summary>",
    ]
    if text := operation.get("description"):
        parts.append(f"<p>{_prose(text)}</p>")
    if scope := operation.get("x-scope"):
        parts.append(f"<p>Scope <code>{escape(scope)}</code></p>")
    if parameters := operation.get("parameters"):
        parts.append("<table><tr><th>Parameter</th><th>In</th><th>Meaning</th></tr>")
        parts += [_parameter(parameter) for parameter in parameters]
        parts.append("</table>")
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(f"<p>Body, <code>{escape(media)}</code>: {_type(content.get('schema', {}))}</p>")
    parts.append("<table><tr><th>Answer</th><th>Meaning</th><th>Body</th></tr>")
    parts += [_answer(status, answer) for status, answer in operation.get("responses", {}).items()]
    parts.append("</table></details>")
    return "".join(parts)


def _parameter(parameter: dict[str, Any]) -> str:
    need = " (required)" if parameter.get("required") and parameter["in"] != "path" else ""
    return (
        f"<tr><td><code>{escape(parameter['name'])}</code>{need}</td><td>{escape(parameter['in'])}</td>"
        f"<td>{_prose(parameter.get('description', ''))} {_type(parameter.get('schema', {}))}</td></tr>"
    )


def _answer(status: str, answer: dict[str, Any]) -> str:
    content = answer.get("content", {})
    bodies = ", ".join(
        f"{_type(one.get('schema', {}))} <small>{escape(media)}</small>" for media, one in content.items()
    )
    return (
        f"<tr><td>{escape(status)}</td><td>{_prose(answer.get('description', ''))}</td><td>{bodies}</td></tr>"
    )


def _type(schema: dict[str, Any]) -> str:
    """A schema in few words, linked to its object."""
    if reference := schema.get("$ref"):
        name = escape(str(reference).rpartition("/")[2])
        return f"<a href='#object-{name}'>{name}</a>"
    if choices := schema.get("anyOf"):
        return " or ".join(_type(choice) for choice in choices)
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if values := schema.get("enum"):
        return " | ".join(f"<code>{escape(str(value))}</code>" for value in values)
    return escape(str(schema.get("type", "anything")))


def _object(name: str, schema: dict[str, Any]) -> str:
    text = _prose(schema.get("description", ""))
    source = escape(msgspec.json.format(msgspec.json.encode(schema), indent=2).decode())
    shown = escape(name)
    return f"<details id='object-{shown}'><summary><code>{shown}</code> {text}</summary><pre>{source}</pre></details>"
