"""Cursors of lists ordered by (time, id): opaque to callers, and unmoved by what is inserted meanwhile."""

import base64
import binascii
from typing import Any

import msgspec

from openhandover.core.errors import invalid

_position = msgspec.json.Decoder(tuple[float, str])

START = (float("inf"), "")
"""Before the newest item of a list that runs from new to old."""


def write(at: float, item_id: str) -> str:
    """The cursor behind this item."""
    return base64.urlsafe_b64encode(msgspec.json.encode((at, item_id))).decode().rstrip("=")


def read(cursor: str | None) -> tuple[float, str]:
    """The position a cursor stands for; `Refused` invalid when it is none of ours."""
    if cursor is None:
        return START
    try:
        return _position.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, msgspec.MsgspecError, ValueError):
        raise invalid("cursor", "not a cursor of this list; leave it out to start again") from None


def after(rows: list[Any], limit: int) -> str | None:
    """The next cursor, when one row more than `limit` was found; rows begin with (time, id)."""
    return write(rows[limit - 1][0], rows[limit - 1][1]) if len(rows) > limit else None
