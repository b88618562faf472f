"""Same id and same body: the fingerprint that tells a repeated request from a reused id."""

import hashlib
from typing import Any, cast

import msgspec


def _number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() else value


# 1 and 1.0 are the same JSON number, so they must not make two fingerprints.
_decode = msgspec.json.Decoder(float_hook=_number).decode
_encode = msgspec.json.Encoder(order="sorted").encode


def fingerprint(raw: bytes, place: str = "") -> str:
    """Fingerprint of a JSON body, its `epoch` apart: key order, spacing and spelling of numbers do not count.
    `place` is what the address says, where ids are unique beyond it. The body must be valid JSON."""
    value: Any = _decode(raw)
    if isinstance(value, dict):
        cast("dict[str, Any]", value).pop("epoch", None)
    return hashlib.sha256(_encode(value) + b"\n" + place.encode()).hexdigest()
