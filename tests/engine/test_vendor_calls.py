"""The record of calls to contact centres: short, without secrets, and harmless where the store is slow."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from openhandover.config.load import read
from openhandover.engine import Engine, vendor_calls
from openhandover.engine.vendor_calls import Watched, calling
from openhandover.net.client import Request
from openhandover.net.errors import Unreachable, Unsendable
from openhandover.store.port import VendorCall
from tests.net.loopback import serving

SECRET = "whsec_++++czNjcmV0LWJ5dGVz//8/PjAxMjM0NTY3ODlhYmNkZWY="
TEXT = """
store: sqlite:{folder}/a.db
providers:
  desk: {{type: http, url: "https://desk.example", secret: "{secret}"}}
"""


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncGenerator[Engine]:
    """An engine whose provider has a secret."""
    file = tmp_path / "openhandover.yaml"
    file.write_text(TEXT.format(folder=tmp_path, secret=SECRET))
    loaded = read(file)
    assert loaded.errors == []
    engine = Engine(loaded.config)
    await engine.start()
    yield engine
    await engine.stop()


async def calls(engine: Engine) -> list[VendorCall]:
    """What is on record."""
    await engine.vendor_calls.save()
    return list(await engine.store.vendor_calls("h1", 100))


async def test_looks_that_find_the_same_are_noted_once(engine: Engine) -> None:
    """A poll every second leaves one line, and one more for each time that its status changes; messages leave each theirs."""
    statuses = iter((200, 200, 200, 503, 503, 200, 200, 200))

    async def answers(_request: web.Request) -> web.Response:
        return web.Response(status=next(statuses))

    http = Watched(engine.http, engine.vendor_calls)
    async with serving(answers) as url:
        with calling("h1", 1, "listen"):
            for after in range(6):
                await http.send(Request(method="GET", url=f"{url}/messages?after={after}"))
        with calling("h1", 1, "send"):
            for _ in range(2):
                await http.send(Request(method="POST", url=f"{url}/messages"))
    found = [(call.operation, call.status) for call in await calls(engine)]
    assert found == [("listen", 200), ("listen", 503), ("listen", 200), ("send", 200), ("send", 200)]


@pytest.mark.parametrize(
    ("url", "kind"), [("http://127.0.0.1:1/", Unreachable), ("http://[::1/", Unsendable)]
)
async def test_a_stream_that_cannot_be_opened_is_noted(
    engine: Engine, url: str, kind: type[Exception]
) -> None:
    """Why nothing is heard of a session is on record, by whatever it failed."""
    http = Watched(engine.http, engine.vendor_calls)
    with calling("h1", 1, "listen"), pytest.raises(kind):
        async with http.stream(Request(method="GET", url=url), silence_s=1):
            raise AssertionError
    (call,) = await calls(engine)
    assert (call.target, call.status) == (f"GET {url}", None)
    assert call.detail


async def test_a_secret_is_hidden_however_it_is_written(engine: Engine) -> None:
    """As an address writes it, and where the answer is cut in the middle of it."""
    room = vendor_calls.DETAIL_CHARACTERS - 5

    async def refuses(_request: web.Request) -> web.Response:
        return web.Response(status=403, text="x" * room + SECRET)

    async with serving(refuses) as url:
        with calling("h1", 1, "open"):
            wanted = Request(method="GET", url=f"{url}/?key={quote(SECRET, safe='')}")
            await Watched(engine.http, engine.vendor_calls).send(wanted)
    (call,) = await calls(engine)
    assert call.target == f"GET {url}/?key=***"
    assert call.detail == "x" * room + "***"


async def test_what_a_provider_hides_is_not_on_record(engine: Engine) -> None:
    """A vendor's own secret of one conversation, in the address or in a refusal."""

    async def refuses(_request: web.Request) -> web.Response:
        return web.Response(status=403, text="no visitor s3/cret here")

    http = Watched(engine.http, engine.vendor_calls)
    async with serving(refuses) as url:
        with calling("h1", 1, "typing"):
            await http.send(Request(method="GET", url=f"{url}/7/s3%2Fcret?hash=s3/cret", hidden=("s3/cret",)))
    (found,) = await calls(engine)
    assert (found.target, found.detail) == (f"GET {url}/7/***?hash=***", "no visitor *** here")


async def test_a_slow_store_holds_up_nobody(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """One save at a time; what does not fit is given up, oldest first, and the log says how much; the end waits for it."""
    monkeypatch.setattr(vendor_calls, "FLUSH_S", 0.0)
    monkeypatch.setattr(vendor_calls, "MOST_WAITING", 3)
    save, begun, go_on = engine.store.add_vendor_calls, asyncio.Event(), asyncio.Event()
    sizes: list[int] = []

    async def slow(waiting: Sequence[VendorCall]) -> None:
        sizes.append(len(waiting))
        begun.set()
        await go_on.wait()
        await save(waiting)

    monkeypatch.setattr(engine.store, "add_vendor_calls", slow)

    async def answers(_request: web.Request) -> web.Response:
        return web.Response()

    http = Watched(engine.http, engine.vendor_calls)
    async with serving(answers) as url:
        with calling("h1", 1, "send"):
            await http.send(Request(method="GET", url=url))
            await begun.wait()
            for _ in range(5):
                await http.send(Request(method="GET", url=url))
    assert sizes == [1]
    with capture_logs() as logs:
        stopping = asyncio.create_task(engine.vendor_calls.stop())
        go_on.set()
        await stopping
    assert sizes == [1, 3]
    assert [(line["event"], line["calls"]) for line in logs] == [("vendor_calls_lost", 2)]
    assert len(await engine.store.vendor_calls("h1", 100)) == 4
