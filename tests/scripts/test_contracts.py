"""`scripts/check-contracts`: what does not fit a vendor's file is found, in the calls, the answers and the callbacks."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.contracts import main
from scripts.openapi_file import ANSWERED, SENT, OpenApi

MESSAGE: dict[str, Any] = {
    "type": "object",
    "required": ["text", "id"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "text": {"type": "string"},
        "to": {"type": "string", "nullable": True},
        "files": {"type": "array", "items": {"$ref": "#/components/schemas/File"}},
    },
}
FILE: dict[str, Any] = {
    "allOf": [
        {"type": "object", "properties": {"name": {"type": "string"}}},
        {"properties": {"size": {"type": "integer"}}},
    ]
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "security": [{"key": []}],
    "paths": {
        "/chats/{id}/messages": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "post": {
                "parameters": [
                    {"name": "X-Version", "in": "header", "required": True, "schema": {"type": "string"}},
                    {"name": "order", "in": "query", "schema": {"enum": ["asc", "desc"]}},
                ],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Message"}}},
                },
                "responses": {
                    "201": {
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Message"}}}
                    },
                    "4XX": {"content": {"application/json": {"schema": {"required": ["error"]}}}},
                },
            },
        }
    },
    "components": {
        "schemas": {"Message": MESSAGE, "File": FILE},
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    },
}
GOOD: dict[str, Any] = {
    "way": "request",
    "endpoint": "message",
    "method": "POST",
    "path": "/api/chats/7/messages",
    "query": {},
    "headers": {"x-key": "***", "x-version": "2", "content-type": "application/json"},
    "body": '{"text": "hello", "to": null, "files": [{"name": "a", "size": 1}]}',
    "status": 201,
    "answer": '{"id": 1, "text": "hello"}',
    "answer_type": "application/json",
}
TOLD: dict[str, Any] = {"way": "callback", "kind": "said", "body": '{"text": "hi"}'}
TOML = """
file = "acme.json"
strip = "/api"
[callbacks]
said = "#/components/schemas/Message"
[not_in_contract]
download = "files are served elsewhere"
[differs]
"message answer.*.mood" = "seen in the vendor's own client"
"""


def checked(folder: Path, *records: dict[str, Any], toml: str = TOML) -> int:
    """The exit status for this traffic."""
    (folder / "contracts").mkdir()
    (folder / "contracts" / "acme.json").write_text(json.dumps(DOCUMENT))
    (folder / "providers" / "acme").mkdir(parents=True)
    (folder / "providers" / "acme" / "contract.toml").write_text(toml)
    (folder / "traffic").mkdir()
    lines = [json.dumps(record) for record in records]
    (folder / "traffic" / "acme.jsonl").write_text("\n".join(lines))
    places = ["--traffic", str(folder / "traffic"), "--providers", str(folder / "providers")]
    return main([str(folder / "contracts"), *places])


def test_what_fits_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A good call, its answer, a callback, and an endpoint that is listed with its reason are counted."""
    download = GOOD | {"endpoint": "download", "path": "/files/1"}
    assert checked(tmp_path, GOOD, TOLD, download) == 0
    said = capsys.readouterr().out
    assert "acme: 1 answers, 1 callbacks, 1 requests; 0 violations" in said
    assert "1 beside the file: download (files are served elsewhere)" in said


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"body": '{"text": 5}'}, "message body.text: it must be string"),
        ({"body": '{"to": "all"}'}, "message body: 'text' is a required property"),
        ({"body": '{"text": "hi", "colour": "red"}'}, "message body.colour: no schema names this field"),
        (
            {"body": '{"text": "hi", "files": [{"name": "a", "mood": 1}]}'},
            "message body.files.mood: no schema names this field",
        ),
        ({"body": ""}, "message body: it is missing"),
        ({"body": "{"}, "message body: it is not JSON"),
        ({"path": "/api/chats/7/secrets"}, "message POST: this call is neither in the file nor listed"),
        ({"path": "/chats/7/messages"}, "message POST: this call is neither in the file nor listed"),
        ({"method": "PUT"}, "message PUT: this call is neither in the file nor listed"),
        ({"query": {"page": "1"}}, "message query page: the file has no such parameter"),
        ({"query": {"order": "up"}}, "message query order: 'up' is none of"),
        (
            {"headers": {"x-key": "***", "content-type": "application/json"}},
            "header x-version: it is missing",
        ),
        (
            {"headers": {"x-version": "2", "content-type": "application/json"}},
            "security: none of key is given",
        ),
        ({"headers": {"x-key": "***", "x-version": "2"}}, "body: the file has no body of the type (none)"),
        ({"answer": '{"id": "one", "text": "hello"}'}, "message answer.id: it must be integer"),
        ({"answer": '{"text": "hello"}'}, "message answer: 'id' is a required property"),
        ({"status": 202}, "message answer: 202 is none of 201, 4XX"),
        ({"status": 409, "answer": "{}"}, "message answer: 'error' is a required property"),
    ],
)
def test_what_does_not_fit_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], found: str
) -> None:
    """Each with its endpoint, its place and what is wrong with it."""
    assert checked(tmp_path, GOOD, GOOD | change) == 1
    assert found in capsys.readouterr().out


@pytest.mark.parametrize(("status", "exits"), [(400, 0), (503, 1)])
def test_a_refused_call_was_meant_to_be_wrong(tmp_path: Path, status: int, exits: int) -> None:
    """The emulator refused it: only its answer is held against the file. A troubled call must be right."""
    wrong = GOOD | {"body": "{}", "answer": '{"error": "text"}', "status": status}
    assert checked(tmp_path, GOOD, wrong) == exits


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"body": '{"text": []}'}, "said body.text: it must be string"),
        ({"kind": "sneezed"}, "sneezed callback: this kind is neither in the file nor listed"),
    ],
)
def test_callbacks_are_held_against_their_schema(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], told: dict[str, Any], found: str
) -> None:
    """What the vendor sends, as far as its file knows the kind."""
    assert checked(tmp_path, GOOD, TOLD | told) == 1
    assert found in capsys.readouterr().out


def test_where_the_file_is_wrong_the_reason_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A listed difference is no violation; it is printed with its reason."""
    seen = GOOD | {"answer": '{"id": 1, "text": "hi", "files": [{"mood": "good"}]}'}
    assert checked(tmp_path, seen) == 0
    assert "message answer.*.mood (seen in the vendor's own client)" in capsys.readouterr().out


def test_a_vendor_without_traffic_is_not_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing recorded means that nothing was checked."""
    assert checked(tmp_path) == 1
    assert "there was no traffic" in capsys.readouterr().out


def test_what_only_one_direction_requires() -> None:
    """A field that is read-only need not be sent, one that is write-only need not be answered."""
    schema = {
        "required": ["id", "secret"],
        "properties": {"id": {"readOnly": True}, "secret": {"writeOnly": True}},
    }
    file = OpenApi({"openapi": "3.1.0", "paths": {}, "components": {"schemas": {"A": schema}}})
    assert not list(file.wrong({"secret": 1}, "#/components/schemas/A", SENT))
    assert not list(file.wrong({"id": 1}, "#/components/schemas/A", ANSWERED))
    assert list(file.wrong({"id": 1}, "#/components/schemas/A", SENT))


def test_a_file_of_the_old_kind() -> None:
    """Swagger 2.0 has its bodies among the parameters and its schemas under `definitions`."""
    document = {
        "swagger": "2.0",
        "paths": {
            "/chats": {
                "post": {
                    "parameters": [
                        {
                            "in": "body",
                            "name": "body",
                            "required": True,
                            "schema": {"$ref": "#/definitions/A"},
                        }
                    ],
                    "responses": {"200": {"schema": {"$ref": "#/definitions/A"}}},
                }
            }
        },
        "definitions": {
            "A": {"type": "object", "properties": {"n": {"type": "integer", "x-nullable": True}}}
        },
    }
    operation = OpenApi(document).operation("POST", "/chats")
    assert operation is not None
    headers = {"content-type": "application/json"}
    assert not list(operation.wrong_request({}, headers, '{"n": null}'))
    assert [one.place for one in operation.wrong_request({}, headers, '{"n": "1"}')] == ["body.n"]
    assert [one.place for one in operation.wrong_answer(200, "application/json", '{"n": "1"}')] == [
        "answer.n"
    ]
