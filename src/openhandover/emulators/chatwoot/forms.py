"""Forms with files (RFC 7578), read strictly."""

import re
from typing import NamedTuple

from openhandover.emulators.answers import Refused

_DISPOSITION = re.compile(r'form-data; name="([^"]+)"(?:; filename="([^"]+)")?')


class Part(NamedTuple):
    """One field; a file has a name of its own."""

    name: str
    filename: str | None
    content_type: str
    content: bytes


def parts(content_type: str, body: bytes) -> list[Part]:
    """The fields of a form, in order.

    Raises:
        Refused: 400, it is not written as a form has to be.
    """
    _, found, boundary = content_type.partition("boundary=")
    border = b"\r\n--" + boundary.strip('"').encode()
    first, *rest = (b"\r\n" + body).split(border)
    if not found or first or not rest or rest[-1] not in (b"--\r\n", b"--"):
        raise Refused(400, "the form has no boundary, or does not keep to it")
    return [_part(one) for one in rest[:-1]]


def _part(raw: bytes) -> Part:
    head, empty_line, content = raw.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    headers = {
        name.lower(): value.strip()
        for name, _, value in (line.partition(":") for line in head.decode().split("\r\n"))
    }
    named = _DISPOSITION.fullmatch(headers.get("content-disposition", ""))
    if not empty_line or named is None:
        raise Refused(400, "a part of the form has no name")
    return Part(named[1], named[2], headers.get("content-type", ""), content)
