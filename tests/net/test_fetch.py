"""Downloads of files named by url, and what they are by their first bytes."""

import pytest
from aiohttp import web

from openhandover.core.errors import ProviderRejected, ProviderUnavailable, SessionGone
from openhandover.net.client import HttpClient, Request
from openhandover.net.errors import Blocked, TooLarge
from openhandover.net.fetch import download, safe_name
from openhandover.net.guard import Guard
from openhandover.net.sniff import content_type

from .loopback import serving

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def wanted(url: str, guard: Guard, max_bytes: int = 1000) -> Request:
    """What is to be downloaded."""
    return Request(method="GET", url=url, guard=guard, max_bytes=max_bytes)


async def picture(request: web.Request) -> web.Response:
    match request.path:
        case "/empty":
            return web.Response()
        case "/missing":
            return web.Response(status=404)
        case "/busy":
            return web.Response(status=503)
        case _:
            return web.Response(body=PNG, content_type="text/html")


async def test_a_file_is_fetched_and_named() -> None:
    """The type comes from the bytes, not from what the server says; the name from the message, else the url."""
    async with serving(picture) as origin, HttpClient() as client:
        guard = Guard([origin])
        named = await download(client, wanted(f"{origin}/x", guard), "../a/photo.png")
        unnamed = await download(client, wanted(f"{origin}/dir/b%20c.png?sig=1", guard))
    assert named == ("_a_photo.png", "image/png", PNG)
    assert unnamed.name == "b c.png"


async def test_a_private_file_is_not_fetched() -> None:
    """The target rules hold for files too."""
    async with serving(picture) as origin, HttpClient() as client:
        with pytest.raises(Blocked):
            await download(client, wanted(origin, Guard()))


async def test_a_file_over_the_limit_is_refused() -> None:
    """The limit is in bytes of content."""
    async with serving(picture) as origin, HttpClient() as client:
        with pytest.raises(TooLarge):
            await download(client, wanted(origin, Guard([origin]), len(PNG) - 1))


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/empty", ProviderRejected), ("/missing", ProviderRejected), ("/busy", ProviderUnavailable)],
)
async def test_a_file_that_is_not_there_is_an_error(path: str, kind: type[Exception]) -> None:
    """An error page is never taken for the file."""
    async with serving(picture) as origin, HttpClient() as client:
        with pytest.raises(kind) as raised:
            await download(client, wanted(origin + path, Guard([origin])))
    assert type(raised.value) is kind
    assert kind is not SessionGone


@pytest.mark.parametrize(
    ("content", "declared", "kind"),
    [
        (PNG, "text/html", "image/png"),
        (b"\xff\xd8\xff\xe0", "", "image/jpeg"),
        (b"GIF89a", "", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "", "image/webp"),
        (b"%PDF-1.7", "image/png", "application/pdf"),
        (b"\0\0\0\x18ftypheic", "", "image/heic"),
        (b"\0\0\0\x18ftypisom", "audio/mp4", "audio/mp4"),
        (b"\0\0\0\x18ftypisom", "text/html", "video/mp4"),
        (b"PK\x03\x04", "application/zip", "application/zip"),
        (b"PK\x03\x04", "text/html", "application/zip"),
        (
            b"PK\x03\x04",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (b"OggS\0", "", "audio/ogg"),
        (b"a,b\n1,2\n", "text/csv; charset=utf-8", "text/csv"),
        (b"<script>alert(1)</script>", "text/html", "text/plain"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", "text/plain"),
        ("é".encode() * 5000, "", "text/plain"),
        (b"x" + "é".encode() * 5000, "", "text/plain"),
        (b"\xff\xfe\x00\x01", "image/png", "application/octet-stream"),
        (b"\xe9t\xe9 latin", "text/plain", "application/octet-stream"),
        (b"a\0b", "text/plain", "application/octet-stream"),
    ],
)
def test_the_bytes_decide(content: bytes, declared: str, kind: str) -> None:
    """Nothing is ever served as a type that a browser would run."""
    assert content_type(content, declared) == kind


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("photo.png", "photo.png"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a\r\nb: c", "a_b_ c"),
        ("gpj\u202e.exe", "gpj_.exe"),
        ("..", "file"),
        ("", "file"),
        ("x" * 500, "x" * 200),
        ("日本.pdf", "日本.pdf"),
    ],
)
def test_file_names_are_safe(name: str, safe: str) -> None:
    """No path, no control character, no trick with the direction of writing."""
    assert safe_name(name) == safe
