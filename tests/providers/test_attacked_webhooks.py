"""Somebody who is not the vendor calls a vendor's webhook: refused, without a trace in the talk and without secrets in the log."""

import io
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from multidict import CIMultiDict
from structlog.testing import capture_logs

from openhandover.emulators.callbacks import Callback
from tests.contract.provider_suite import suite_of
from tests.contract.vendor_world import Talk, VendorWorld, until

VENDORS = ("chatwoot", "eight_by_eight", "genesys", "livehelperchat", "ringcentral")
"""Those that call us."""
MORE = {"livehelperchat": {"webhook_token": "example-webhook-token"}}
"""Webhooks are not needed there; this is the token of its emulator."""
REFUSED = {400, 401, 404, 405, 413, 422}
MIB = 1024 * 1024


@pytest.fixture(params=VENDORS)
async def attacked(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[tuple[Talk, Callback]]:
    """A talk, and a webhook that its vendor has really sent."""
    mine = suite_of(request.param)
    async with mine.living(tmp_path, **MORE.get(request.param, {})) as world:
        world.emulator.webhook_to(f"{world.server.url}/webhooks/vendor")
        talk = await mine.talk(world).active()
        if not world.emulator.callbacks.sent:
            pytest.fail(f"{request.param} has sent nothing")
        await until(lambda: world.emulator.callbacks.sent[-1].attempts, "a webhook")
        yield talk, world.emulator.callbacks.sent[-1]


async def status(world: VendorWorld, url: str, body: bytes, headers: Any = None, method: str = "POST") -> int:
    """What the server answers."""
    async with (
        aiohttp.ClientSession(skip_auto_headers=["content-type"]) as http,
        http.request(method, url, data=io.BytesIO(body), headers=headers, allow_redirects=False) as answer,
    ):
        text = await answer.text()
        assert "Traceback" not in text
        return answer.status


async def said(talk: Talk) -> tuple[list[str], str]:
    """All texts of the talk, and where its handover is; what the vendor itself still tells may come in at any time."""
    return [one["text"] for one in await talk.world.messages(talk.id)], (await talk.handover())["status"]


async def test_whoever_does_not_know_the_secret_is_refused(attacked: tuple[Talk, Callback]) -> None:
    """Without a proof, with half of one, an empty one, one of another length, twice, in strange letters."""
    talk, real = attacked
    world, base = talk.world, real.endpoint.url.partition("?")[0]
    before = await said(talk)
    proofs = {name: value for name, value in real.endpoint.headers.items() if name.lower() != "content-type"}
    with capture_logs() as logs:
        for query in (
            "",
            "?token=",
            "?secret=",
            f"?secret={'a' * 4_000}",
            "?token=%F0%9F%98%80",
            "?signature=",
        ):
            assert await status(world, base + query, real.body) in REFUSED
        assert await status(world, f"{base}?token=%ff", real.body) in REFUSED
        for odd in ("", "x", "a" * 4_000, "sha256=", "Bearer", "Bearer ", "e30..e30", "\u00e9"):
            wrong = dict.fromkeys(proofs, odd)
            assert await status(world, base, real.body, wrong) in REFUSED, odd
        halves = {name: value[: len(value) // 2] for name, value in proofs.items()}
        assert await status(world, base, real.body, halves) in REFUSED
        twice = CIMultiDict([(name, value) for name in proofs for value in (proofs[name], "")])
        assert await status(world, base, real.body, twice) in REFUSED
        for method in ("GET", "PUT", "DELETE", "PATCH"):
            assert await status(world, base, real.body, None, method) in REFUSED
        for part in ("/", "/../vendor/x", "/%2e%2e", "/other", "//"):
            assert await status(world, base + part, real.body) in REFUSED
    assert await said(talk) == before
    for secret in filter(lambda one: len(one) > 8, proofs.values()):
        assert secret not in str(logs)


async def test_large_and_broken_bodies_are_refused(attacked: tuple[Talk, Callback]) -> None:
    """With the proof of another body where a body is signed; with a good secret where none is: refused, or taken as nothing."""
    talk, real = attacked
    before = await said(talk)
    bodies = (b"", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000, json.dumps("x" * MIB).encode(), b"null")
    for body in bodies:
        found = await status(talk.world, real.endpoint.url, body, real.endpoint.headers)
        assert found < 500, (found, body[:20])
    assert await status(talk.world, real.endpoint.url, b" " * (MIB + 1), real.endpoint.headers) in REFUSED
    assert await said(talk) == before
