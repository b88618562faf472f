"""A vendor's OpenAPI file, read so that recorded calls can be held against it: Swagger 2.0, OpenAPI 3.0 and 3.1.

Every schema is turned into JSON Schema 2020-12. A field that no schema names is a finding too, although JSON Schema lets
it pass: whoever sends it has invented it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

HERE = "contract:"
METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
SENT, ANSWERED = "readOnly", "writeOnly"
"""What a schema may require in the other direction only."""
NOT_DECLARED = {"authorization", "accept", "content-type"}
"""OpenAPI says that parameters with these names are ignored; `security` and the media types tell them."""
Json = dict[str, Any]


class Finding(NamedTuple):
    """Something that does not fit: where (`body.a.b`, `answer.a`, `query x`; the places of list items are left out), what."""

    place: str
    text: str


class OpenApi:
    """One file. `strip` is the start of the emulator's paths that the file leaves out."""

    def __init__(self, document: Json, strip: str = "") -> None:
        self.document = document
        self._strip = strip
        self._paths = sorted(document["paths"], key=lambda path: path.count("{"))
        self._registries = {
            way: Registry().with_resource(HERE, Resource(_plain(document, way), DRAFT202012))
            for way in (SENT, ANSWERED)
        }

    @classmethod
    def read(cls, file: Path, strip: str = "") -> "OpenApi":
        """The file at this place."""
        return cls(json.loads(file.read_text("utf-8")), strip)

    # --- a call

    def operation(self, method: str, path: str) -> "Operation | None":
        """The operation that such a call means; None: the file has none."""
        if not path.startswith(self._strip):
            return None
        path = path.removeprefix(self._strip)
        for template in self._paths:
            item = self.document["paths"][template]
            if method.lower() in item and re.fullmatch(_pattern(template), path):
                return Operation(self, f"#/paths/{_escaped(template)}", method.lower())
        return None

    # --- schemas

    def resolved(self, pointer: str) -> tuple[str, Any]:
        """What a pointer leads to in the end, and its own place."""
        found: Any = self.document
        for part in pointer.removeprefix("#/").split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            found = found[int(name)] if isinstance(found, list) else found[name]
        if isinstance(found, dict) and isinstance(found.get("$ref"), str):
            return self.resolved(found["$ref"])
        return pointer, found

    def wrong(self, value: Any, pointer: str, way: str, name: str = "body") -> Iterator[Finding]:
        """What of this value does not fit the schema there."""
        validator = Draft202012Validator({"$ref": f"{HERE}{pointer}"}, registry=self._registries[way])
        for error in validator.iter_errors(value):
            deep = min(error.context or [error], key=lambda one: -len(one.absolute_path))
            place = ".".join(str(part) for part in deep.absolute_path if isinstance(part, str))
            text = f"it must be {deep.validator_value}" if deep.validator == "type" else deep.message
            yield Finding(f"{name}.{place}".rstrip("."), text if len(text) < 160 else f"{text[:160]}...")
        yield from self._unknown(value, [pointer], name)

    def _unknown(self, value: Any, pointers: list[str], place: str) -> Iterator[Finding]:
        """Fields that none of these schemas names."""
        parts = [part for pointer in pointers for part in self._parts(pointer)]
        if isinstance(value, list):
            items = [f"{at}/items" for at, schema in parts if "items" in schema]
            for one in cast("list[Any]", value) if items else []:
                yield from self._unknown(one, items, place)
        if not isinstance(value, dict) or not any("properties" in schema for _, schema in parts):
            return
        free = any(schema.get("additionalProperties", False) is not False for _, schema in parts)
        for name, one in cast("Json", value).items():
            inner = [
                f"{at}/properties/{_escaped(name)}" for at, s in parts if name in s.get("properties", {})
            ]
            if inner:
                yield from self._unknown(one, inner, f"{place}.{name}")
            elif not free:
                yield Finding(f"{place}.{name}", "no schema names this field")

    def _parts(self, pointer: str) -> Iterator[tuple[str, Json]]:
        """A schema and everything that it is composed of."""
        at, schema = self.resolved(pointer)
        if not isinstance(schema, dict):
            return
        yield at, cast("Json", schema)
        for word in ("allOf", "anyOf", "oneOf"):
            for number in range(len(cast("list[Any]", schema.get(word, [])))):
                yield from self._parts(f"{at}/{word}/{number}")


class Operation:
    """One operation of a file: what a call of it must look like, and its answers."""

    def __init__(self, file: OpenApi, path: str, method: str) -> None:
        self._file = file
        self._at = f"{path}/{method}"
        _, self._said = file.resolved(self._at)
        _, item = file.resolved(path)
        parameters = {}
        for place, owner in ((path, item), (self._at, self._said)):
            for number in range(len(owner.get("parameters", ()))):
                at, one = file.resolved(f"{place}/parameters/{number}")
                parameters[one["in"], one["name"].lower()] = (at, one)
        self._parameters: dict[tuple[str, str], tuple[str, Json]] = parameters

    def wrong_request(
        self, query: Mapping[str, str], headers: Mapping[str, str], body: str
    ) -> Iterator[Finding]:
        """What of a call does not fit."""
        yield from self._wrong_parameters(query, headers)
        yield from self._unproved(query, headers)
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        at, schema, required = self._body(kind)
        if not body:
            if required:
                yield Finding("body", "it is missing")
        elif at is None:
            yield Finding("body", f"the file has no body of the type {kind or '(none)'}")
        elif kind.endswith("json"):
            yield from self._of_json(body, schema, SENT)
        elif kind == "application/x-www-form-urlencoded" and schema:
            yield from self._file.wrong(dict(parse_qsl(body)), schema, SENT)

    def wrong_answer(self, status: int, kind: str, body: str) -> Iterator[Finding]:
        """What of an answer does not fit; a refusal with a status that the file does not mention is passed over."""
        answers = self._said["responses"]
        name = next((one for one in (str(status), f"{status // 100}XX", "default") if one in answers), None)
        if name is None:
            if status < 400:
                yield Finding("answer", f"{status} is none of {', '.join(answers)}")
            return
        at, answer = self._file.resolved(f"{self._at}/responses/{name}")
        place = self._content(at, answer, kind)
        if place is not None and body and "json" in kind:
            yield from self._of_json(body, place, ANSWERED, "answer")

    def _wrong_parameters(self, query: Mapping[str, str], headers: Mapping[str, str]) -> Iterator[Finding]:
        given = {"query": {name.lower(): value for name, value in query.items()}, "header": headers}
        for (where, name), (_, said) in self._parameters.items():
            here = given.get(where)
            if here is None or (where == "header" and name in NOT_DECLARED):
                continue
            if name not in here and said.get("required"):
                yield Finding(f"{where} {name}", "it is missing")
            schema = said.get("schema", said)
            allowed = schema.get("enum")
            if name in here and allowed and here[name] not in [str(one) for one in allowed]:
                yield Finding(f"{where} {name}", f"{here[name]!r} is none of {allowed}")
        yield from (
            Finding(f"query {name}", "the file has no such parameter")
            for name in given["query"]
            if ("query", name) not in self._parameters
        )

    def _unproved(self, query: Mapping[str, str], headers: Mapping[str, str]) -> Iterator[Finding]:
        """Where the file wants a proof, one of its kinds must be there."""
        document = self._file.document
        wanted = self._said.get("security", document.get("security", []))
        schemes = document.get("components", {}).get("securitySchemes") or document.get(
            "securityDefinitions", {}
        )
        if not wanted or {} in wanted:
            return
        for one in (schemes[name] for choice in wanted for name in choice):
            if one["type"] == "apiKey":
                place = query if one["in"] == "query" else headers
                if one["name"].lower() in {name.lower() for name in place}:
                    return
            elif "authorization" in headers:
                return
        yield Finding(
            "security", f"none of {', '.join(name for choice in wanted for name in choice)} is given"
        )

    def _body(self, kind: str) -> tuple[str | None, str | None, bool]:
        """Where the file speaks of a body of this type, its schema, and whether there must be one."""
        for (where, _), (at, said) in self._parameters.items():
            if where == "body":
                return at, f"{at}/schema", bool(said.get("required"))
            if where == "formData":
                return at, None, False
        if "requestBody" not in self._said:
            return None, None, False
        at, body = self._file.resolved(f"{self._at}/requestBody")
        place = next((one for one in body["content"] if one.lower().partition(";")[0] in (kind, "*/*")), None)
        if place is None:
            return None, None, bool(body.get("required"))
        found = f"{at}/content/{_escaped(place)}"
        has_schema = "schema" in body["content"][place]
        return found, f"{found}/schema" if has_schema else None, bool(body.get("required"))

    def _content(self, at: str, answer: Json, kind: str) -> str | None:
        if "schema" in answer:
            return f"{at}/schema"
        content = cast("Json", answer.get("content", {}))
        for name, said in content.items():
            if "schema" in said and ("json" in name or name in (kind, "*/*")):
                return f"{at}/content/{_escaped(name)}/schema"
        return None

    def _of_json(self, body: str, pointer: str | None, way: str, name: str = "body") -> Iterator[Finding]:
        try:
            value = json.loads(body)
        except ValueError:
            yield Finding(name, "it is not JSON")
            return
        if pointer is not None:
            yield from self._file.wrong(value, pointer, way, name)


def _pattern(template: str) -> str:
    return "".join(
        "[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]+\})", template)
    )


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _plain(value: Any, way: str) -> Any:
    """JSON Schema instead of OpenAPI's dialects: `nullable`, the type `file`, what only the other direction requires."""
    if isinstance(value, list):
        return [_plain(one, way) for one in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    found: Json = {name: _plain(one, way) for name, one in cast("Json", value).items()}
    if found.get("type") == "file":
        del found["type"]
    required, properties = found.get("required"), found.get("properties")
    if isinstance(required, list) and isinstance(properties, dict):
        named = cast("dict[str, Any]", properties)
        found["required"] = [name for name in cast("list[str]", required) if not _is(named.get(name), way)]
    elif isinstance(required, bool):  # of a parameter, or of a schema of old
        del found["required"]
    if found.pop("nullable", False) is True or found.pop("x-nullable", False) is True:
        return {"anyOf": [found, {"type": "null"}]}
    return found


def _is(schema: Any, word: str) -> bool:
    return isinstance(schema, dict) and cast("Json", schema).get(word) is True
