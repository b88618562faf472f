"""Who may use the desk: sessions, CSRF, keys that name their agent."""

from pathlib import Path
from typing import Any

import pytest

from tests.desk.floor import ANNA_KEY, CONFIG, PASSWORD
from tests.serving import Answer, Server, running_server


async def log_in(server: Server, agent: str = "anna", password: str = PASSWORD) -> Answer:
    """Log in without any key."""
    return await server.call("POST", "/v1/desk/login", {"agent": agent, "password": password}, key=None)


def cookie(answer: Answer) -> dict[str, str]:
    """The session cookie of an answer, as the browser would send it."""
    return {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}


async def test_session_cookie_is_locked_down(server: Server) -> None:
    """The cookie is out of reach for scripts and other sites, and names the agent on the next call."""
    answer = await log_in(server)
    assert (answer.status, answer.body["agent"]["id"]) == (200, "anna")
    flags = answer.headers["Set-Cookie"]
    assert all(flag in flags for flag in ("HttpOnly", "SameSite=Strict", "Path=/v1/desk"))
    me = await server.call("GET", "/v1/desk/me", key=None, headers=cookie(answer))
    assert (me.body["agent"]["id"], me.body["csrf"], me.body["providers"]) == (
        "anna",
        answer.body["csrf"],
        ["support"],
    )


async def test_changing_calls_need_the_csrf_header(server: Server) -> None:
    """A session alone changes nothing; with the header of this session it does."""
    session = await log_in(server)
    other = await log_in(server, "bob")
    for headers, status in (
        ({}, 403),
        ({"X-CSRF-Token": "wrong"}, 403),
        ({"X-CSRF-Token": other.body["csrf"]}, 403),
        ({"X-CSRF-Token": session.body["csrf"]}, 200),
    ):
        answer = await server.call(
            "PUT",
            "/v1/desk/presence",
            {"presence": "online"},
            key=None,
            headers={**cookie(session), **headers},
        )
        assert answer.status == status, headers


async def test_logout_ends_the_session_also_over_a_restart(tmp_path: Path) -> None:
    """After log-out the cookie is void, and stays so when the server starts again; another session lives on."""
    async with running_server(tmp_path, CONFIG) as server:
        gone, kept = await log_in(server), await log_in(server)
        headers = {**cookie(gone), "X-CSRF-Token": gone.body["csrf"]}
        assert (await server.call("POST", "/v1/desk/logout", {}, key=None, headers=headers)).status == 204
        assert (await server.call("GET", "/v1/desk/me", key=None, headers=cookie(gone))).status == 401
    async with running_server(tmp_path, CONFIG) as server:
        assert (await server.call("GET", "/v1/desk/me", key=None, headers=cookie(gone))).status == 401
        assert (await server.call("GET", "/v1/desk/me", key=None, headers=cookie(kept))).status == 200


async def test_lockout_answers_with_the_time_to_wait(server: Server) -> None:
    """After five wrong passwords even the right one is refused, with the seconds to wait."""
    for _ in range(5):
        assert (await log_in(server, password="wrong")).code == "unauthorized"
    answer = await log_in(server)
    assert (answer.status, answer.code) == (429, "rate_limited")
    assert 0 < int(answer.headers["Retry-After"]) <= 900


@pytest.mark.parametrize("body", [{"agent": "nobody", "password": "x"}, {"agent": "anna", "password": ""}])
async def test_wrong_log_in_is_unauthorized(server: Server, body: dict[str, Any]) -> None:
    """An unknown agent and a wrong password get the same answer."""
    answer = await server.call("POST", "/v1/desk/login", body, key=None)
    assert (answer.status, answer.code) == (401, "unauthorized")


async def test_key_names_its_agent(server: Server) -> None:
    """By its configuration, else in the query or the body; an unknown agent or another's is refused."""

    async def asked(method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        answer = await server.call(method, f"/v1/desk/{path}", body, **options)
        return answer.status, answer.body.get("id") or answer.body.get("code") or answer.body["agent"]["id"]

    assert await asked("GET", "me?agent=bob") == (200, "bob")
    assert await asked("GET", "me", key=ANNA_KEY) == (200, "anna")
    assert await asked("PUT", "presence", {"presence": "busy", "agent": "bob"}) == (200, "bob")
    assert await asked("GET", "me") == (422, "invalid")
    assert await asked("GET", "me?agent=nobody") == (403, "forbidden")
    assert await asked("GET", "me?agent=bob", key=ANNA_KEY) == (403, "forbidden")
    assert await asked("GET", "me?agent=bob", key="test-key-for-chats") == (403, "forbidden")
    assert await asked("GET", "me", key=None) == (401, "unauthorized")


async def test_only_supervisors_set_the_presence_of_others(server: Server) -> None:
    """An agent may not send a colleague home."""
    body = {"presence": "offline", "for": "bob"}
    assert (await server.call("PUT", "/v1/desk/presence?agent=anna", body)).status == 403
    answer = await server.call("PUT", "/v1/desk/presence?agent=sue", body)
    assert (answer.status, answer.body["id"], answer.body["presence"]) == (200, "bob", "offline")


async def test_the_page_is_served_under_a_strict_policy(server: Server) -> None:
    """No inline script, no foreign source, not to be framed; its files come with their types."""
    page = await server.call("GET", "/desk", key=None)
    policy = page.headers["Content-Security-Policy"]
    assert page.status == 200
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert b"<script src=" in page.body
    script = await server.call("GET", "/desk/desk.js", key=None)
    assert (script.status, script.headers["Content-Type"].partition(";")[0]) == (200, "text/javascript")
    again = await server.call(
        "GET", "/desk/desk.js", key=None, headers={"If-None-Match": script.headers["ETag"]}
    )
    assert again.status == 304
    assert (await server.call("GET", "/desk/nothing.js", key=None)).status == 404
