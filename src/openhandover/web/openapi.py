"""The OpenAPI 3.1 document, made from the endpoints that also do the routing."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

import openhandover
from openhandover.core.errors import CODES

from .endpoint import Endpoint
from .shapes import InvalidProblem, Problem

REFERENCE = "#/components/schemas/{name}"
PROBLEM = "application/problem+json"


def document(endpoints: Sequence[Endpoint], server_url: str) -> dict[str, Any]:
    """The document of these endpoints."""
    shown = [endpoint for endpoint in endpoints if endpoint.documented]
    types = _types(shown)
    schemas, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    by_type = {_key(kind): schema for kind, schema in zip(types, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in shown:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, by_type)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "openhandover",
            "version": openhandover.__version__,
            "description": "Hand a conversation from a bot to a human and back. Refusals are "
            "`application/problem+json` with a stable `code`; times are RFC 3339 in UTC; ids are opaque.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server_url}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key with the call's scope",
                },
                "session": {"type": "apiKey", "in": "cookie", "name": "openhandover_desk"},
            },
        },
    }


def _types(endpoints: Iterable[Endpoint]) -> list[Any]:
    found: dict[str, Any] = {_key(kind): kind for kind in (Problem, InvalidProblem)}
    for endpoint in endpoints:
        for kind in (endpoint.body, *endpoint.answers.values(), *(query.type for query in endpoint.query)):
            if _is_type(kind):
                found.setdefault(_key(kind), kind)
    return list(found.values())


def _is_type(kind: Any) -> bool:
    return kind is not None and not isinstance(kind, dict)


def _key(kind: Any) -> str:
    return repr(kind)


def _schema(kind: Any, by_type: dict[str, Any]) -> dict[str, Any]:
    return by_type[_key(kind)] if _is_type(kind) else kind


def _operation(endpoint: Endpoint, by_type: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(endpoint),
        "summary": endpoint.summary,
        "tags": [endpoint.tag or "api"],
        "parameters": _parameters(endpoint, by_type),
        "responses": _responses(endpoint, by_type),
    }
    if endpoint.description:
        operation["description"] = endpoint.description
    if endpoint.scope is not None:
        operation["security"] = [{"key": []}]
        operation["x-scope"] = endpoint.scope
    if endpoint.body is not None:
        operation["requestBody"] = _request_body(endpoint, by_type)
    return operation


def _operation_id(endpoint: Endpoint) -> str:
    words = [
        part.strip("{}").replace("-", "_") for part in endpoint.path.split("/") if part not in ("", "v1")
    ]
    return "_".join([endpoint.method.lower(), *words])


def _parameters(endpoint: Endpoint, by_type: dict[str, Any]) -> list[dict[str, Any]]:
    named = [part[1:-1] for part in endpoint.path.split("/") if part.startswith("{")]
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in named
    ] + [
        {
            "name": query.name,
            "in": query.place,
            "required": query.required,
            "description": query.help,
            "schema": _schema(query.type, by_type),
        }
        for query in endpoint.query
    ]


def _request_body(endpoint: Endpoint, by_type: dict[str, Any]) -> dict[str, Any]:
    schema = _schema(endpoint.body, by_type)
    media = schema.get("x-media", "application/json")
    schema = {key: value for key, value in schema.items() if key != "x-media"}
    return {"required": True, "content": {media: {"schema": schema}}}


def _responses(endpoint: Endpoint, by_type: dict[str, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, kind in sorted(endpoint.answers.items()):
        answer: dict[str, Any] = {"description": _answer_text(status)}
        if isinstance(kind, dict) and "x-content" in kind:
            answer["content"] = kind["x-content"]
        elif kind is not None:
            answer["content"] = {"application/json": {"schema": _schema(kind, by_type)}}
        responses[str(status)] = answer
    for status, codes in sorted(_refusals(endpoint).items()):
        kind = InvalidProblem if codes == ["invalid"] else Problem
        text = "; ".join(f"`{code}`: {CODES[code].title}" for code in codes)
        responses[str(status)] = {
            "description": text,
            "content": {PROBLEM: {"schema": by_type[_key(kind)]}},
        }
    return responses


def _answer_text(status: int) -> str:
    return {200: "Done", 201: "Created", 202: "Accepted", 204: "Done, nothing to say", 503: "Not now"}.get(
        status, "Answer"
    )


def _refusals(endpoint: Endpoint) -> dict[int, list[str]]:
    codes = list(endpoint.codes)
    if endpoint.scope is not None:
        codes += ["unauthorized", "forbidden", "rate_limited"]
    if endpoint.body is not None:
        codes += ["bad_json", "too_large", "invalid"]
    if endpoint.query:
        codes.append("invalid")
    if "{" in endpoint.path:
        codes.append("not_found")
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(CODES[code].status, []).append(code)
    return by_status
