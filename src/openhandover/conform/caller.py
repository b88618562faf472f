"""Calls to the desk under test, signed rightly or deliberately wrongly. Independent of the `http` provider."""

import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import msgspec
from msgspec import Struct

from openhandover.net.client import Reply, Request, Sender, encode_json
from openhandover.net.signatures import decode_secrets, signed_headers

AT = "2026-01-01T12:00:00.000Z"


class Failed(Exception):
    """The desk does not keep a promise; the text says what it did instead."""


class Talk(Struct, frozen=True):
    """One conversation that the desk accepted."""

    handover_id: str
    external_id: str

    def body(self, **more: Any) -> dict[str, Any]:
        """The body of a call about it."""
        return {"handover_id": self.handover_id, "external_id": self.external_id, **more}


class Caller:
    """The openhandover side of the contract, one call at a time."""

    def __init__(self, url: str, secret: str, http: Sender) -> None:
        """Raises ValueError when the secret is malformed."""
        self._url = url.rstrip("/")
        self._keys = decode_secrets(secret)
        self._http = http
        self.talks: list[Talk] = []

    async def post(self, path: str, body: Mapping[str, Any], key: str | None = None) -> Reply:
        """A proper call; `key` is the webhook id, a new one when absent."""
        content = encode_json(body)
        return await self.raw(
            "POST", path, content, signed_headers(self._keys, key or new_id(), time.time(), content)
        )

    async def get(self, path: str) -> Reply:
        """A proper GET."""
        return await self.raw("GET", path, b"", signed_headers(self._keys, new_id(), time.time(), b""))

    def sign(self, content: bytes, *, skew_s: float = 0.0, secret: str | None = None) -> dict[str, str]:
        """Headers for `content`, signed some seconds ago or with another secret."""
        keys = decode_secrets(secret) if secret else self._keys
        return signed_headers(keys, new_id(), time.time() + skew_s, content)

    async def raw(self, method: str, path: str, content: bytes, headers: Mapping[str, str]) -> Reply:
        """A call with exactly these headers."""
        return await self._http.send(
            Request(method=method, url=self._url + path, headers=headers, body=content, timeout_s=10)
        )

    async def open(self, handover_id: str | None = None, attempt: int = 1) -> Talk:
        """A conversation that the desk accepted; raises Failed with what it answered instead."""
        body = opening(handover_id or new_id(), attempt)
        reply = await self.post("/open", body, f"{body['handover_id']}:{attempt}")
        if reply.status == 409:
            raise Failed("409 means that nobody is there; open the desk and try again")
        expect(reply, 2)
        answer = decoded(reply)
        external_id = answer.get("external_id")
        if not isinstance(external_id, str) or not external_id:
            raise Failed("the answer has no `external_id` that is a text")
        check_numbers(answer, "position", "estimated_wait_ms")
        talk = Talk(str(body["handover_id"]), external_id)
        self.talks.append(talk)
        return talk


def new_id() -> str:
    """An id that no desk has seen."""
    return f"conform-{uuid4()}"


def opening(handover_id: str, attempt: int) -> dict[str, Any]:
    """A complete body of `/open`."""
    return {
        "handover_id": handover_id,
        "attempt": attempt,
        "reason": "conformance",
        "initiator": "bot",
        "conversation": {"id": f"{handover_id}-c", "channel": "conform", "language": "en", "medium": "text"},
        "user": {"id": "conform-user", "name": "Conformance check", "email": "conform@example.org"},
        "context": {"order": 7},
        "settings": {"skills": ["conformance"]},
        "transcript": [message(1, "Can I talk to a person?"), message(2, "Of course.", author="bot")],
    }


def message(seq: int, text: str, author: str = "user", **more: Any) -> dict[str, Any]:
    """A message as the contract has it."""
    return {
        "id": new_id(),
        "seq": seq,
        "author": author,
        "text": text,
        "translation": None,
        "attachments": [],
        "at": AT,
        "delivery": {"state": "pending", "attempts": 0},
        **more,
    }


def expect(reply: Reply, *allowed: int) -> None:
    """Fail unless the status is one of `allowed`; 2 stands for any 2xx."""
    if reply.status in allowed or (2 in allowed and reply.is_success):
        return
    wanted = " or ".join("2xx" if one == 2 else str(one) for one in allowed)
    raise Failed(f"it answered {reply.status}, expected {wanted}")


def decoded(reply: Reply) -> dict[str, Any]:
    """The JSON object of an answer."""
    try:
        return msgspec.json.decode(reply.body, type=dict[str, Any])
    except (ValueError, RecursionError):
        raise Failed("the answer is not a JSON object") from None


def check_numbers(answer: Mapping[str, Any], *names: str) -> None:
    """Fail when one of these is there and is not a whole number from 0."""
    for name in names:
        value = answer.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise Failed(f"`{name}` is not a whole number from 0")
