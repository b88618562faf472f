"""Who may call, and what every answer carries."""

import pytest

from openhandover.web.routes import ENDPOINTS
from tests.serving import CONFIG, Server, running_server

SCOPED = [endpoint for endpoint in ENDPOINTS if endpoint.scope]
OTHER_KEY = {"conversations": "test-key-for-humans", "handovers": "test-key-for-chats"}


def address(path: str) -> str:
    """A concrete address of an endpoint's path."""
    return path.replace("{id}", "nobody")


async def test_every_call_needs_a_key(server: Server) -> None:
    """Without a key, with a wrong one or another scheme the answer is 401 on every scoped call."""
    for endpoint in SCOPED:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic dGVzdDp0ZXN0"}):
            answer = await server.call(endpoint.method, address(endpoint.path), key=None, headers=headers)
            assert (answer.status, answer.code) == (401, "unauthorized"), endpoint.path
            assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_every_call_needs_its_scope(server: Server) -> None:
    """A key without the scope gets 403 before anything is looked up or read."""
    for endpoint in SCOPED:
        key = OTHER_KEY[endpoint.scope or ""]
        answer = await server.call(endpoint.method, address(endpoint.path), key=key, data=b"no json")
        assert (answer.status, answer.code) == (403, "forbidden"), endpoint.path


async def test_a_hostile_authorization_header(server: Server) -> None:
    """Any bytes in the header are a wrong key, never a fault."""
    for value in ("Bearer", "Bearer ", "Bearer \xff\xfe", "Bearer " + "x" * 7000, "bearer  a b c"):
        answer = await server.call("GET", "/v1/conversations", key=None, headers={"Authorization": value})
        assert answer.status == 401, value


async def test_unknown_paths_and_methods(server: Server) -> None:
    """An unknown path is 404, a known one with another method 405 with `Allow`, both as problems."""
    missing = await server.call("GET", "/v1/nothing")
    assert (missing.status, missing.code) == (404, "not_found")
    wrong = await server.call("DELETE", "/v1/conversations")
    assert (wrong.status, wrong.code, wrong.headers["Allow"]) == (405, "method_not_allowed", "GET, POST")
    assert wrong.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path", ["/healthz", "/v1/conversations", "/v1/nothing", "/docs", "/schema", "/metrics"]
)
async def test_security_headers(server: Server, path: str) -> None:
    """Every answer forbids sniffing, framing, inline script and referrers."""
    headers = (await server.call("GET", path)).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["Cache-Control"] == "no-store"


async def test_head_is_get_without_a_body(server: Server) -> None:
    """HEAD answers as GET does, without the body."""
    answer = await server.call("HEAD", "/healthz")
    assert (answer.status, answer.body) == (200, b"")


async def test_a_limited_key(tmp_path: object) -> None:
    """With a rate for API keys, calls over it are 429 with `Retry-After`; another key is not concerned."""
    text = f"{CONFIG}\nrate_limits: {{api_key: {{count: 3, per_s: 60}}}}\n"
    async with running_server(tmp_path, text) as server:  # type: ignore[arg-type]
        answers = [await server.call("GET", "/v1/conversations") for _ in range(5)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
        assert answers[3].code == "rate_limited"
        assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
        assert (await server.call("GET", "/v1/conversations", key="test-key-for-chats")).status == 200


async def test_health(server: Server) -> None:
    """Health and metrics need no key, and metrics count calls by declared path."""
    assert (await server.call("GET", "/healthz", key=None)).body == {"status": "ok"}
    assert (await server.call("GET", "/readyz", key=None)).body == {"status": "ok"}
    await server.call("GET", "/v1/conversations/secret-id")
    text = (await server.call("GET", "/metrics", key=None)).body.decode()
    assert 'path="/v1/conversations/{id}",status="404"' in text
    assert "secret-id" not in text
