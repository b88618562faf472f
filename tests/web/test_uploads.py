"""Files: taken with limits, known by their content, read through signed links."""

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.serving import CONFIG, Answer, Server, running_server

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


async def upload(server: Server, content: bytes, name: str = "a.png", **options: Any) -> Answer:
    """Give the server a file."""
    form = aiohttp.FormData()
    if "id" in options:
        form.add_field("id", options["id"])
    form.add_field(
        "file", BytesIO(content), filename=name, content_type=options.get("kind", "application/octet-stream")
    )
    return await server.call("POST", "/v1/uploads", data=form)


async def test_upload_send_and_read(server: Server) -> None:
    """A file is given, sent with a message, and read by anybody who has the message's link."""
    given = await upload(server, PNG, "cat picture.png")
    assert given.status == 201
    assert (given.body["content_type"], given.body["size"]) == ("image/png", len(PNG))
    chat = (await server.conversation())["id"]
    said = await server.said(chat, text="", attachments=[{"upload_id": given.body["upload_id"]}])
    link = said["attachments"][0]["url"]
    path = link[link.index("/v1/files/") :]
    read = await server.call("GET", path, key=None)
    assert (read.status, read.body) == (200, PNG)
    assert read.headers["Content-Type"] == "image/png"
    assert read.headers["Content-Disposition"].startswith("attachment")
    assert read.headers["X-Content-Type-Options"] == "nosniff"


async def test_links_are_signed(server: Server) -> None:
    """Without a signature a key is needed; a wrong signature is refused; another file's does not fit."""
    first, second = [await upload(server, PNG + bytes([number])) for number in range(2)]
    one, two = first.body["upload_id"], second.body["upload_id"]
    assert (await server.call("GET", f"/v1/files/{one}", key=None)).code == "unauthorized"
    assert (await server.call("GET", f"/v1/files/{one}", key="test-key-for-humans")).code == "forbidden"
    assert (await server.call("GET", f"/v1/files/{one}")).status == 200
    assert (await server.call("GET", f"/v1/files/{one}?sig=nonsense", key=None)).code == "forbidden"
    chat = (await server.conversation())["id"]
    said = await server.said(chat, attachments=[{"upload_id": one}])
    signature = said["attachments"][0]["url"].partition("sig=")[2]
    assert (await server.call("GET", f"/v1/files/{two}?sig={signature}", key=None)).code == "forbidden"


async def test_content_decides_not_the_name(server: Server) -> None:
    """A page in a picture's clothes is plain text, a program is refused."""
    disguised = await upload(server, b"<html><script>alert(1)</script>", "cat.png", kind="image/png")
    assert (disguised.status, disguised.body["content_type"]) == (201, "text/plain")
    program = await upload(server, b"MZ\x90\x00\x03\x00\x00\x00" * 10, "cat.png", kind="image/png")
    assert (program.status, program.code) == (422, "invalid")


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\\b.png", "x" * 500 + ".png", "\u202egnp.exe", ""])
async def test_hostile_names(server: Server, name: str) -> None:
    """A name is never a path, and has no direction marks."""
    given = await upload(server, PNG, name)
    assert given.status == 201
    kept = given.body["name"]
    assert kept
    assert len(kept) <= 200
    assert "/" not in kept
    assert "\\" not in kept
    assert "\u202e" not in kept


async def test_the_same_upload_again(server: Server) -> None:
    """Same id and same file: 200; another file: 409."""
    assert (await upload(server, PNG, id="f1")).status == 201
    again = await upload(server, PNG, id="f1")
    assert (again.status, again.body["upload_id"]) == (200, "f1")
    assert (await upload(server, PNG + b"x", id="f1")).code == "id_reused"
    answers = await asyncio.gather(*(upload(server, PNG, id="f2") for _ in range(20)))
    assert sorted(answer.status for answer in answers) == [200] * 19 + [201]


async def test_size(tmp_path: Path) -> None:
    """A file over the configured size is 413 and leaves nothing behind; the limit itself passes."""
    async with running_server(tmp_path, f"{CONFIG}\nuploads: {{max_bytes: 100000}}\n") as server:
        assert (await upload(server, PNG + b"x" * (100_000 - len(PNG)))).status == 201
        for size in (100_001, 5_000_000):
            answer = await upload(server, PNG + b"x" * size)
            assert (answer.status, answer.code) == (413, "too_large")
        left = [
            path.name for path in server.engine.files.folder.iterdir() if path.name.startswith(".upload-")
        ]
        assert left == []


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Type": "application/json"}, b"{}"),
        ({"Content-Type": "multipart/form-data"}, b"x"),
        ({"Content-Type": "multipart/form-data; boundary=b"}, b""),
        ({"Content-Type": "multipart/form-data; boundary=b"}, b"--b\r\nbroken"),
        ({"Content-Type": "multipart/form-data; boundary=b"}, b"--b--\r\n"),
        (
            {"Content-Type": "multipart/form-data; boundary=b"},
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nnot ended',
        ),
        (
            {"Content-Type": "multipart/form-data; boundary=b"},
            b'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--b--\r\n',
        ),
        (
            {"Content-Type": "multipart/form-data; boundary=b"},
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n\r\n--b--\r\n',
        ),
    ],
)
async def test_broken_forms(server: Server, headers: dict[str, str], body: bytes) -> None:
    """A form that is broken, empty or without a file is 422."""
    answer = await server.call("POST", "/v1/uploads", data=body, headers=headers)
    assert (answer.status, answer.code) == (422, "invalid")
