"""Bodies that are broken, too large or hostile."""

from collections.abc import AsyncIterator
from io import BytesIO

import pytest

from tests.serving import Server

MIB = 1024 * 1024


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"nope",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":1e999}',
        b'{"user":"\xff\xfe"}',
        b'{"user":"\\ud800"}',
        b'{"user":"\xed\xa0\x80"}',
        b"\xef\xbb\xbf{}",
        b"{} {}",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"\x00",
        b"9" * 5000,
    ],
    ids=lambda raw: repr(raw[:12]),
)
async def test_broken_json(server: Server, raw: bytes) -> None:
    """What is no JSON in UTF-8 is 400 on every call with a body, and the server goes on."""
    conversation = await server.conversation()
    for path in ("/v1/conversations", f"/v1/conversations/{conversation['id']}/messages"):
        answer = await server.call("POST", path, data=raw)
        assert (answer.status, answer.code) == (400, "bad_json")
    answer = await server.call("POST", f"/v1/conversations/{conversation['id']}/handovers", data=raw)
    assert (answer.status, answer.code) == (400, "bad_json")
    assert (await server.call("GET", "/healthz")).status == 200


async def endless(pieces: int) -> AsyncIterator[bytes]:
    """A body of so many pieces of 64 KiB, sent without a length."""
    for _ in range(pieces):
        yield b" " * 65_536


@pytest.mark.parametrize(
    "path", ["/v1/conversations", "/v1/conversations/{id}/messages", "/webhooks/support"]
)
async def test_ten_megabytes(server: Server, path: str) -> None:
    """A body over 1 MiB is 413, with and without an announced length."""
    path = path.replace("{id}", (await server.conversation())["id"])
    for body in (BytesIO(b"x" * (10 * MIB)), BytesIO(b"x" * (MIB + 1)), endless(160)):
        answer = await server.call("POST", path, data=body)
        assert (answer.status, answer.code) == (413, "too_large")


async def test_a_body_of_one_mebibyte_is_read(server: Server) -> None:
    """Exactly 1 MiB is not too large."""
    body = b'{"channel":"api","user":{"id":"u"}}'
    answer = await server.call("POST", "/v1/conversations", data=BytesIO(body + b" " * (MIB - len(body))))
    assert answer.status == 201


async def test_a_body_has_a_depth(server: Server) -> None:
    """What is nested too deeply to be shown is refused; what is taken can be shown in every list."""
    for inner, status in ((98, 201), (99, 400), (900, 400), (200_000, 400)):
        attributes = b'{"a":' + b"[" * (inner - 1) + b"]" * (inner - 1) + b"}"
        body = b'{"channel":"api","user":{"id":"u","attributes":%s}}' % attributes
        answer = await server.call("POST", "/v1/conversations", data=body)
        assert answer.status == status, (inner, answer)
        assert status == 201 or answer.code == "bad_json"
    wide = {"channel": "api", "user": {"id": "u"}, "context": {"a": [[] for _ in range(1_000)]}}
    assert (await server.call("POST", "/v1/conversations", wide)).status == 201
    for path in ("/v1/conversations", "/v1/desk/conversations"):
        assert len((await server.call("GET", path)).body["items"]) == 2


async def test_every_wrong_field_is_named(server: Server) -> None:
    """422 lists each place with what is wrong."""
    answer = await server.call(
        "POST", "/v1/conversations", {"user": {"id": 5}, "medium": "smoke", "colour": 1}
    )
    assert (answer.status, answer.code) == (422, "invalid")
    assert {error["path"] for error in answer.body["errors"]} == {"channel", "user.id", "medium", "colour"}


@pytest.mark.parametrize("wrong", ["", "a\nb", "a\x00b", "\ta", " a", "x" * 201, "a\x7f"])
async def test_ids_that_cannot_be_ids(server: Server, wrong: str) -> None:
    """Empty, very long and unprintable ids are refused, wherever one may be chosen."""
    conversation = await server.conversation()
    place = f"/v1/conversations/{conversation['id']}"
    for path, body in (
        ("/v1/conversations", {"id": wrong, "channel": "api", "user": {"id": "u"}}),
        (f"{place}/messages", {"id": wrong, "author": "user", "text": "x"}),
        (f"{place}/handovers", {"id": wrong, "epoch": 1}),
    ):
        answer = await server.call("POST", path, body)
        assert (answer.status, answer.code) == (422, "invalid"), path


@pytest.mark.parametrize(
    "chosen", ["a/b", "..%2f", "é日本", "'; DROP TABLE log;--", "<script>", "a:b", "%00", "?x=1#y"]
)
async def test_ids_are_opaque(server: Server, chosen: str) -> None:
    """Any printable id works in bodies and, encoded, in addresses."""
    from urllib.parse import quote

    from yarl import URL

    assert (await server.conversation(id=chosen))["id"] == chosen
    path = f"/v1/conversations/{quote(chosen, safe='')}"
    async with server.http.get(
        URL(server.url + path, encoded=True), headers={"Authorization": "Bearer test-key-for-everything"}
    ) as answer:
        assert answer.status == 200
        assert (await answer.json())["id"] == chosen


@pytest.mark.parametrize("path", ["%ff%fe", "%00", "x" * 3000, "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "null"])
async def test_unknown_and_hostile_ids_in_addresses(server: Server, path: str) -> None:
    """Whatever stands in an address, an id that nobody made is 404."""
    from yarl import URL

    for place in (f"/v1/conversations/{path}", f"/v1/handovers/{path}", f"/v1/files/{path}"):
        url = URL(server.url + place, encoded=True)
        async with server.http.get(
            url, headers={"Authorization": "Bearer test-key-for-everything"}
        ) as answer:
            assert answer.status == 404, place
            assert (await answer.json())["code"] == "not_found"


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "limit=1e2", "limit=-1", "cursor=nonsense", "limit=%ff"]
)
async def test_wrong_query_parameters(server: Server, query: str) -> None:
    """A query parameter outside its range is 422 and named."""
    answer = await server.call("GET", f"/v1/conversations?{query}")
    assert (answer.status, answer.code) == (422, "invalid")
