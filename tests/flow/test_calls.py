"""Calls of flows over real HTTP, and the classic intake dialog from end to end."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp import web

from openhandover.net.client import HttpClient
from tests.flow.stage import Stage, program
from tests.net.loopback import serving

INTAKE = (Path(__file__).parent / "classic_intake.yaml").read_text(encoding="utf-8")


class Vendor:
    """A small API that answers as told and remembers what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[tuple[str, str, dict[str, str], str]] = []
        self.answer: Callable[[web.Request], web.Response] = lambda _: web.json_response({"data": {"id": 7}})

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append((request.method, request.path, dict(request.headers), await request.text()))
        return self.answer(request)


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    """The API on a free loopback port."""
    found = Vendor()
    async with serving(found.handle) as url:
        found.url = url
        yield found


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    """The one way out."""
    async with HttpClient() as client:
        yield client


def calling(vendor: Vendor, http: HttpClient, call: str, rest: str = "") -> Stage:
    """A flow with one call, whose answer it says."""
    flow = f"main:\n  - call: {call}\n  - say: 'r={{{{ r }}}}'\n{rest}"
    return Stage(program(flow), http, context={"url": vendor.url, "key": 'k"1'})


async def test_json_bodies_are_rendered_per_value(vendor: Vendor, http: HttpClient) -> None:
    """Whatever a value holds, the structure of the body stays."""
    play = calling(
        vendor, http,
        "{method: PUT, url: '{{ _context.url }}/a', headers: {X-Key: '{{ _context.key }}'},"
        " json: {said: '{{ input.text }}', list: ['{{ input }}'], n: 1, none: '{{ nothing }}', good: '{{ 1 == 1 }}'}, into: r}",
    )  # fmt: skip
    assert await play.user('"}, "admin": true') == ['r={"data": {"id": 7}}']
    method, path, headers, body = vendor.requests[0]
    assert (method, path, headers["X-Key"], headers["Content-Type"]) == (
        "PUT",
        "/a",
        'k"1',
        "application/json",
    )
    sent = json.loads(body)
    assert sent["said"] == '"}, "admin": true'
    assert sent["list"][0]["text"] == '"}, "admin": true'
    assert (sent["n"], sent["none"], sent["good"]) == (1, "", "true")


async def test_the_idempotency_key_counts_the_steps_and_survives_a_crash(
    vendor: Vendor, http: HttpClient
) -> None:
    """A call that repeats after a crash repeats its key; another call has another one."""
    play = calling(
        vendor,
        http,
        "{method: POST, url: '{{ _context.url }}', into: r}",
        "  - call: {url: '{{ _context.url }}'}",
    )
    play.crash_at = 0
    await play.user("x")
    keys = [headers["Idempotency-Key"] for _, _, headers, _ in vendor.requests]
    assert keys == ["id1-0", "id2-0", f"{play.run.id}-2"]


async def test_a_repeated_call_keeps_its_key(vendor: Vendor, http: HttpClient) -> None:
    """Once the run is saved, its id and the number of the step stay the same."""
    play = Stage(
        program("main: [{say: hi}, {call: {url: '{{ _context.url }}'}}]"), http, context={"url": vendor.url}
    )
    play.crash_at = 1
    await play.user("x")
    keys = [headers["Idempotency-Key"] for _, _, headers, _ in vendor.requests]
    assert keys == ["id1-1", "id1-1"]


@pytest.mark.parametrize(
    ("body", "content_type", "shown"),
    [
        (b"  Online \n", "text/plain", "r=Online"),
        (b"", "text/plain", "r="),
        (b"true", "application/json", "r=true"),
        (b'{"a": [1]}', "text/html", 'r={"a": [1]}'),
        (b"\xff{{ chatId }}", "text/plain", "r=\ufffd{{ chatId }}"),
        (b"[" * 101 + b"]" * 101, "application/json", "r=" + "[" * 101 + "]" * 101),
        (b"[" * 5000 + b"]" * 5000, "application/json", "r=" + "[" * 5000 + "]" * 5000),
    ],
)
async def test_answers(vendor: Vendor, http: HttpClient, body: bytes, content_type: str, shown: str) -> None:
    """JSON is data, anything else, as what is too deep to be kept, its trimmed text, and never a template."""
    vendor.answer = lambda _: web.Response(body=body, content_type=content_type)
    play = calling(vendor, http, "{url: '{{ _context.url }}', into: r}")
    assert await play.user("x") == [shown]


@pytest.mark.parametrize("status", [301, 404, 500])
async def test_a_failed_call_sets_null_and_runs_on_error(
    vendor: Vendor, http: HttpClient, status: int
) -> None:
    """The flow goes on below after `on_error`."""
    vendor.answer = lambda _: web.Response(status=status, text="secret text")
    play = calling(
        vendor, http, "{url: '{{ _context.url }}', into: {r: a, q: b}, on_error: [{say: 'oops{{ r }}'}]}"
    )
    assert await play.user("x") == ["oops", "r="]
    assert "secret" not in play.reports[0]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "not a url", "ftp://x/", "{{ missing }}", "http://x y/"]
)
async def test_calls_that_cannot_be_made_fail_like_others(vendor: Vendor, http: HttpClient, url: str) -> None:
    """No connection and no url are failed calls, not crashes."""
    play = calling(vendor, http, f"{{url: '{url}', into: r}}")
    assert await play.user("x") == ["r="]
    assert len(play.reports) == 1


@pytest.mark.parametrize("value", ["../admin", "..", "%2e%2e/admin", ".%2E/admin?x=", "a/../../admin", "./x"])
async def test_a_value_cannot_climb_to_another_address(vendor: Vendor, http: HttpClient, value: str) -> None:
    """What a user or a model wrote stands where the template has it, or the call fails before it is made."""
    flow = "main:\n  - call: {url: '{{ url }}/orders/{{ wanted }}/lines', into: r}\n  - say: 'r={{ r }}'\n"
    play = Stage(program(flow), http, context={"url": vendor.url, "wanted": value})
    assert (await play.user("x"), vendor.requests) == (["r="], [])


async def test_a_slow_answer_is_a_failed_call(vendor: Vendor, http: HttpClient) -> None:
    """`timeout_s` is for the whole call."""
    async with serving(_never) as slow:
        play = Stage(
            program(
                f"main: [{{call: {{url: '{slow}', into: r, timeout_s: 0.1}}}}, {{say: 'r={{{{ r }}}}'}}]"
            ),
            http,
        )
        assert await play.user("x") == ["r="]
    assert "0.1 s" in play.reports[0]


async def _never(request: web.Request) -> web.Response:
    await asyncio.sleep(5)
    return web.Response()


async def test_a_raw_body_that_is_no_json_is_sent_as_text(vendor: Vendor, http: HttpClient) -> None:
    """Without JSON there is nothing to escape."""
    play = calling(
        vendor, http, "{method: POST, url: '{{ _context.url }}', raw: 'a={{ input.text }}', into: r}"
    )
    await play.user('"x"')
    assert vendor.requests[0][3] == 'a="x"'
    assert vendor.requests[0][2]["Content-Type"].startswith("text/plain")


async def test_a_raw_json_body_that_breaks_is_a_failed_call(vendor: Vendor, http: HttpClient) -> None:
    """A value outside of quotes that makes the body no JSON is found before anything is sent."""
    play = calling(
        vendor, http, """{method: POST, url: "{{ _context.url }}", raw: '{"a": {{ input.text }}}', into: r}"""
    )
    assert await play.user('1, "admin": true') == ["r="]
    assert vendor.requests == []


# --- the classic intake ------------------------------------------------------------------------------------


def intake(vendor: Vendor, http: HttpClient) -> Stage:
    """The classic dialog, with the event that its answer fires."""
    return Stage(
        program(INTAKE, {"handover": "handover_intake"}),
        http,
        context={"presence_url": vendor.url, "chatId": "chat/1"},
    )


def presence(request: web.Request) -> web.Response:
    """Says `Online`, and takes what is posted."""
    if request.method == "GET":
        return web.Response(text="Online")
    return web.json_response({"data": {"id": 12, "tags": []}})


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("completed", 'Welcome back, Zoë "Z" (ticket 12).'),
        ("cancelled", "All right, no person then."),
        ("error", "Nobody could take it: queue_timeout."),
    ],
)
async def test_the_classic_intake_runs_as_written(
    vendor: Vendor, http: HttpClient, end: str, said: str
) -> None:
    """Event, presence, e-mail with a retry, name, raw body, handover, status lookup, and on it goes."""
    vendor.answer = presence
    play = intake(vendor, http)
    assert await play.user("hello") == ["You said: hello"]
    assert await play.user("a human please") == ["Let me see who is there.", "Your e-mail?"]
    assert len(await play.user("not an address")) == 1
    assert await play.user("zoe@example.org") == ["Your name?"]
    assert await play.user('Zoë "Z"') == []
    assert [path for _, path, _, _ in vendor.requests] == ["/presence/chat/1", "/chats/chat/1"]
    sent = json.loads(vendor.requests[1][3])
    assert sent["chatId"] == "chat/1"
    assert json.loads(sent["Context"]["CustomerInfo"]) == {"name": 'Zoë "Z"', "email": "zoe@example.org"}
    assert play.orders[0].scope["name"] == 'Zoë "Z"'
    assert play.handover is not None
    play.handover["error"] = {"code": "queue_timeout"}
    assert await play.ended(end) == [said, "What else can I do for you?"]  # type: ignore[arg-type]
    assert await play.user("bye") == ["You said: bye"]


async def test_the_classic_intake_without_anybody_there(vendor: Vendor, http: HttpClient) -> None:
    """`Offline` takes the other branch."""
    vendor.answer = lambda _: web.Response(text="Offline")
    play = intake(vendor, http)
    assert await play.user("human") == ["Let me see who is there.", "Nobody is available right now."]


async def test_the_classic_intake_takes_a_failed_check_for_offline(vendor: Vendor, http: HttpClient) -> None:
    """A call that fails is the fallback branch too."""
    vendor.answer = lambda _: web.Response(status=503)
    play = intake(vendor, http)
    assert await play.user("human") == ["Let me see who is there.", "Nobody is available right now."]
    assert play.orders == []


async def test_the_wrong_address_too_often_goes_on_without(vendor: Vendor, http: HttpClient) -> None:
    """`on_fail` runs, then the next question comes."""
    vendor.answer = presence
    play = intake(vendor, http)
    await play.user("human")
    await play.user("no")
    assert await play.user("still no") == ["Then without.", "Your name?"]
