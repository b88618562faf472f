"""Uploads: exact bytes, the same on a retry, and users' names and types stay in their places."""

import pytest

from openhandover.net.forms import Part, form


def test_a_form_is_exact() -> None:
    """Fields first come first; the boundary follows from the content."""
    parts = [
        Part("author", b"user"),
        Part("entry", b"{}", "application/json"),
        Part("f", b"\0--", "", "a.bin"),
    ]
    kind, body = form(parts)
    assert (kind, body) == form(parts)
    boundary = kind.removeprefix("multipart/form-data; boundary=")
    assert len(boundary) == 64
    assert (
        body
        == (
            f'--{boundary}\r\nContent-Disposition: form-data; name="author"\r\n\r\nuser\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="entry"\r\n'
            "Content-Type: application/json\r\n\r\n{}\r\n"
            f'--{boundary}\r\nContent-Disposition: form-data; name="f"; filename="a.bin"\r\n'
            f"Content-Type: application/octet-stream\r\n\r\n\0--\r\n--{boundary}--\r\n"
        ).encode()
    )
    assert form([Part("author", b"bot")])[0] != form([Part("author", b"user")])[0]


@pytest.mark.parametrize("name", ['a"b.png', "a\r\nX-Evil: 1.png", "a\\.png", ""])
def test_a_file_name_cannot_break_out(name: str) -> None:
    """Whatever the user called it, there is one line with one quoted name."""
    (line,) = [one for one in form([Part("f", b"", "", name)])[1].split(b"\r\n") if b"filename" in one]
    assert line.count(b'"') == 4
    assert b"\\" not in line


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("image/png", b"image/png"),
        ("text/plain; charset=utf-8", b"text/plain; charset=utf-8"),
        ("image/png\r\nX-Evil: 1", b"application/octet-stream"),
        ("nonsense", b"application/octet-stream"),
    ],
)
def test_only_a_media_type_is_one(given: str, sent: bytes) -> None:
    """What is none is sent as any bytes."""
    assert b"\r\nContent-Type: " + sent + b"\r\n\r\n" in form([Part("f", b"x", given, "a")])[1]
