"""What a provider gets of the program around it: a memory that lasts, the users' files, its own address."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from aiohttp import web

from openhandover.config.load import read
from openhandover.core.errors import ProviderRejected
from openhandover.core.model import Attachment
from openhandover.engine import Engine
from openhandover.net.errors import Blocked
from openhandover.store.port import Upload
from tests.net.loopback import serving

TEXT = """
server: {{public_url: "https://chat.example"}}
store: sqlite:{folder}/a.db
outbound: {{allow: [{allow}]}}
providers:
  one: {{type: logging}}
  two: {{type: logging}}
"""


async def started(folder: Path, allow: str = "") -> AsyncGenerator[Engine]:
    """An engine with two providers."""
    file = folder / "openhandover.yaml"
    file.write_text(TEXT.format(folder=folder, allow=allow))
    loaded = read(file)
    assert loaded.errors == []
    engine = Engine(loaded.config)
    await engine.start()
    yield engine
    await engine.stop()


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncGenerator[Engine]:
    """An engine that may call nobody on this machine."""
    async for one in started(tmp_path):
        yield one


async def test_what_is_remembered_is_there_after_a_restart(tmp_path: Path) -> None:
    """Each provider has its own memory; the last word under a key counts."""
    async for engine in started(tmp_path):
        one, two = engine.providers["one"].host, engine.providers["two"].host
        await one.remember("token", "a")
        await one.remember("token", "ü")
        await two.remember("token", "b")
        assert await two.recall("other") is None
    async for engine in started(tmp_path):
        assert await engine.providers["one"].host.recall("token") == "ü"
        assert await engine.providers["two"].host.recall("token") == "b"


async def test_old_things_are_forgotten(engine: Engine) -> None:
    """What was remembered longer ago than claims live is gone."""
    host = engine.providers["one"].host
    await host.remember("token", "a")
    await engine.store.purge(
        claims_before=engine.clock() - 5, parked_before=0, messages_before=None, files_before=None
    )
    assert await host.recall("token") == "a"
    await engine.store.purge(
        claims_before=engine.clock() + 5, parked_before=0, messages_before=None, files_before=None
    )
    assert await host.recall("token") is None


async def test_a_provider_knows_its_address(engine: Engine) -> None:
    """As the world sees it."""
    assert engine.providers["one"].host.webhook_url == "https://chat.example/webhooks/one"


async def test_the_bytes_of_a_users_file(engine: Engine) -> None:
    """A file of ours as a provider gets it, with its signed address; once deleted it is refused for good."""
    host = engine.providers["one"].host
    kept = await engine.files.keep(Upload("f1", "a.txt", "text/plain", 3, engine.clock(), "0" * 64), b"abc")
    file = Attachment(kept.id, kept.name, kept.content_type, kept.size, engine.link(kept.id))
    assert await host.content(file) == b"abc"
    await engine.files.remove(["f1"])
    with pytest.raises(ProviderRejected, match="retention"):
        await host.content(file)


async def test_a_file_that_is_nowhere(engine: Engine) -> None:
    """Neither kept nor with an address."""
    with pytest.raises(ProviderRejected, match="not ours"):
        await engine.providers["one"].host.content(Attachment("f9", "a.txt", "text/plain", 3, ""))


async def test_a_file_that_only_has_an_address_is_fetched_under_the_rules(
    engine: Engine, tmp_path: Path
) -> None:
    """From where the installation may call, and from nowhere else."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=b"abc")

    async with serving(answer) as url:
        file = Attachment("f9", "a.txt", "text/plain", 3, f"{url}/a.txt")
        with pytest.raises(Blocked):
            await engine.providers["one"].host.content(file)
        folder = tmp_path / "other"
        folder.mkdir()
        async for other in started(folder, "127.0.0.1"):
            assert await other.providers["one"].host.content(file) == b"abc"
