"""The file store: names of our own, signed links."""

from pathlib import Path

import pytest

from openhandover.engine.files import LINK_S, STEP_S, FileStore
from openhandover.store.port import Upload
from openhandover.store.sqlite import SqliteStore

NOW = 1_800_000_000.0


def upload(upload_id: str, sha256: str = "ab" * 32) -> Upload:
    """A file's registration."""
    return Upload(id=upload_id, name="a.txt", content_type="text/plain", size=3, at=NOW, sha256=sha256)


@pytest.fixture
async def files(tmp_path: Path):
    """A started file store."""
    store = SqliteStore(tmp_path / "a.db")
    await store.start()
    kept = FileStore(store, tmp_path / "files", "http://h.example/")
    await kept.start()
    yield kept
    await store.stop()


@pytest.mark.parametrize("upload_id", ["../../etc/passwd", "/abs", "a\\b", "é" * 200, "."])
async def test_an_id_is_never_a_path(files: FileStore, upload_id: str) -> None:
    """Whatever the id, the bytes lie in the folder."""
    kept = await files.keep(upload(upload_id), b"abc")
    path = files.path(kept)
    assert path.parent == files.folder
    assert path.read_bytes() == b"abc"
    assert [one.name for one in files.folder.iterdir()] == [path.name]


async def test_a_known_id_keeps_its_first_file(files: FileStore) -> None:
    """A second file under the same id leaves the first in place and nothing behind."""
    first = await files.keep(upload("f"), b"abc")
    second = await files.keep(upload("f", "cd" * 32), b"xyz")
    assert second == first
    assert files.path(first).read_bytes() == b"abc"
    assert len(list(files.folder.iterdir())) == 1


async def test_links_end(files: FileStore) -> None:
    """A link lives a day, fits one file only, and is the same when made again soon."""
    url = files.url("f 1", NOW)
    assert url.startswith("http://h.example/v1/files/f%201?sig=")
    assert files.url("f 1", NOW + 1) == url
    signature = url.partition("sig=")[2]
    assert files.verify("f 1", signature, NOW + LINK_S - 1)
    assert not files.verify("f 1", signature, NOW + LINK_S + STEP_S)
    assert not files.verify("f 2", signature, NOW)
    for wrong in ("", ".", "x.y", f"9{signature}", signature[:-1], signature + "é", "9" * 400 + ".x"):
        assert not files.verify("f 1", wrong, NOW)


async def test_the_secret_of_links_survives_a_restart(files: FileStore, tmp_path: Path) -> None:
    """A link made before a restart works after it."""
    again = FileStore(files._store, tmp_path / "files")
    await again.start()
    signature = files.url("f", NOW).partition("sig=")[2]
    assert again.verify("f", signature, NOW)


async def test_removal(files: FileStore) -> None:
    """Removed ids have no bytes left; an id that is gone already is fine."""
    kept = await files.keep(upload("f"), b"abc")
    other = await files.keep(upload("g"), b"abc")
    await files.remove(["f", "nothing"])
    assert not files.path(kept).exists()
    assert files.path(other).exists()
