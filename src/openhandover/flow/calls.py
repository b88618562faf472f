"""The `call` step: from templates to a request, from an answer to variables."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import jmespath
import msgspec
from jmespath.exceptions import JMESPathError

from openhandover.net.client import Reply, Request, encode_json
from openhandover.texts.templates import TemplateError, is_json_body, render, render_raw_json, render_value

from .steps import Call

MAX_ANSWER = 256 * 1024
"""Bytes of an answer; a longer one is a failed call, because the variables are saved with every step."""


def request(call: Call, scope: Mapping[str, Any], key: str) -> Request:
    """The request, its templates rendered; `key` is its idempotency key. Raises TemplateError."""
    headers = {name: render(value, scope) for name, value in call.headers.items()}
    known = {name.lower(): value for name, value in headers.items()}
    body = b""
    if call.raw is not None:
        is_json = is_json_body(call.raw, known.get("content-type"))
        body = (render_raw_json if is_json else render)(call.raw, scope).encode()
        if is_json:
            _check_json(body)
        if "content-type" not in known:
            headers["Content-Type"] = "application/json" if is_json else "text/plain; charset=utf-8"
    elif call.json is not None:
        body = encode_json(render_value(call.json, scope))
        if "content-type" not in known:
            headers["Content-Type"] = "application/json"
    if "idempotency-key" not in known:
        headers["Idempotency-Key"] = key
    return Request(
        method=call.method,
        url=_address(render(call.url, scope).strip()),
        headers=headers,
        body=body,
        timeout_s=call.timeout_s,
        max_bytes=MAX_ANSWER,
        redirects=3,
    )


def _address(url: str) -> str:
    """The address, unless it climbs: a value that a user or a model wrote must not choose another one on that host."""
    path = re.split(r"[?#]", url, maxsplit=1)[0]
    if any(unquote(part) in (".", "..") for part in path.split("/")):
        raise TemplateError("the address has `.` or `..` between slashes once its values are filled in")
    return url


def _check_json(body: bytes) -> None:
    try:
        msgspec.json.decode(body)
    except ValueError:
        raise TemplateError("the raw body is no JSON once its values are filled in") from None


def answer(reply: Reply) -> Any:
    """The answer as JSON data, or its trimmed text."""
    try:
        return reply.json()
    except ValueError:
        return reply.body.decode("utf-8", errors="replace").strip()


def variables(call: Call, found: Any) -> dict[str, Any]:
    """What `into` takes from the answer. Raises JMESPathError on a wrong expression."""
    match call.into:
        case None:
            return {}
        case str(name):
            return {name: found}
        case paths:
            return {name: jmespath.search(path, found) for name, path in paths.items()}


def failed_variables(call: Call) -> dict[str, Any]:
    """The variables of a failed call: all null."""
    match call.into:
        case None:
            return {}
        case str(name):
            return {name: None}
        case paths:
            return dict.fromkeys(paths)


def path_problem(path: str) -> str | None:
    """What is wrong with a JMESPath expression, or None."""
    try:
        jmespath.compile(path)
    except JMESPathError as error:
        return f"no valid JMESPath: {str(error).splitlines()[0]}"
    return None
