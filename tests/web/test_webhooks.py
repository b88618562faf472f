"""Inbound webhooks."""

import time
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from openhandover.net.signatures import decode_secrets, signed_headers
from tests.serving import CONFIG, Answer, Server, running_server

SECRET = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ="
TEXT = CONFIG.replace(
    "  log: {type: logging}",
    f"  log: {{type: logging}}\n  mine: {{type: http, url: 'http://127.0.0.1:9', secret: {SECRET}}}",
)


@pytest.fixture
async def server(tmp_path: Any) -> Any:
    """A server with an HTTP desk that is not there."""
    async with running_server(tmp_path, TEXT) as running:
        yield running


async def send(
    server: Server, body: Any, *, secret: str = SECRET, at: float | None = None, name: str = "mine"
) -> Answer:
    """A webhook of the desk."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    headers = signed_headers(decode_secrets(secret), "msg_1", time.time() if at is None else at, raw)
    return await server.call("POST", f"/webhooks/{name}", data=raw, headers=headers, key=None)


def joined(handover_id: str, event_id: str = "e1") -> dict[str, Any]:
    """An agent takes the conversation."""
    return {
        "event_id": event_id,
        "type": "agent.joined",
        "handover_id": handover_id,
        "agent": {"id": "a1", "name": "Ann"},
    }


async def test_whoever_runs_it_hears_of_a_wrong_secret(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A desk whose calls are refused would go unnoticed: the log names it, and a flood of such calls does not fill it."""
    monkeypatch.setattr("openhandover.web.problems._told", {})
    with capture_logs() as logged:
        for _ in range(3):
            assert (await send(server, joined("h1"), secret="whsec_b3RoZXItb3RoZXItb3RoZXI=")).status == 401
    told = [one for one in logged if one["event"] == "signature_refused"]
    assert [(one["call"], one["provider"]) for one in told] == [("POST /webhooks/{provider}", "mine")]
    assert "secret" in told[0]["remedy"]


async def test_whoever_asks_whether_webhooks_arrive_proves_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The probe of `check --connect` is refused before anybody looks at its proof, be it right or wrong, so it is no way to
    try secrets unseen; nothing is logged for it, and a true wrong secret just after it is."""
    monkeypatch.setattr("openhandover.web.problems._told", {})
    raw = msgspec.json.encode(joined("h1"))
    with capture_logs() as logged:
        for secret in (SECRET, "whsec_b3RoZXItb3RoZXItb3RoZXI="):
            headers = signed_headers(decode_secrets(secret), "msg_1", time.time(), raw)
            headers["Openhandover-Probe"] = "webhooks"
            answer = await server.call("POST", "/webhooks/mine", data=raw, headers=headers, key=None)
            assert (answer.status, answer.code) == (401, "unauthorized")
        assert not logged
        assert (await send(server, joined("h1"), secret="whsec_b3RoZXItb3RoZXItb3RoZXI=")).status == 401
    assert [one["event"] for one in logged] == ["signature_refused"]


async def test_a_probe_of_what_takes_no_webhooks(server: Server) -> None:
    """A provider that is unknown or takes none is 404 to the probe as to a webhook."""
    for name in ("nobody", "log", "mine/other"):
        headers = {"Openhandover-Probe": "webhooks"}
        answer = await server.call("POST", f"/webhooks/{name}", {}, headers=headers, key=None)
        assert answer.code == "not_found", name


async def test_signatures(server: Server) -> None:
    """A wrong, missing or old signature is 401 and says nothing about the right one."""
    body = joined("h1")
    for answer in (
        await send(server, body, secret="whsec_b3RoZXItb3RoZXItb3RoZXI="),
        await send(server, body, at=time.time() - 600),
        await server.call("POST", "/webhooks/mine", body, key=None),
    ):
        assert (answer.status, answer.code) == (401, "unauthorized")
        assert "c2Vj" not in str(answer.body)


async def test_unknown_places(server: Server) -> None:
    """An unknown provider, one without webhooks and an unknown handover are 404."""
    assert (await send(server, joined("h1"), name="nobody")).code == "not_found"
    assert (await send(server, joined("h1"), name="log")).code == "not_found"
    assert (await send(server, joined("nobody"))).code == "not_found"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "bad_json"),
        (b"no json", "bad_json"),
        (b"[]", "bad_payload"),
        (b"\xff", "bad_json"),
        (b"{}", "bad_payload"),
        (b'{"event_id":"e"}', "bad_payload"),
        (b'{"event_id":"e","type":"agent.joined"}', "bad_payload"),
        (b'{"a":NaN}', "bad_json"),
    ],
)
async def test_bodies_that_are_not_as_documented(server: Server, body: bytes, code: str) -> None:
    """Signed nonsense is 400; the code tells what is no JSON from what lacks something."""
    answer = await send(server, body)
    assert answer.status == 400, body
    assert answer.code == code


async def test_an_unknown_type_is_stored(server: Server) -> None:
    """A kind of event that we do not know is 2xx, so that the desk does not repeat it for ever."""
    chat = (await server.conversation())["id"]
    await server.handover(chat, id="h1", provider="mine")
    answer = await send(server, {"event_id": "e9", "type": "agent.danced", "handover_id": "h1"})
    assert answer.status == 200
