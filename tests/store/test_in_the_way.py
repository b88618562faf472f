"""What may be in the way of a database is said in words that help."""

from pathlib import Path

import pytest

from openhandover.store.port import StoreError
from openhandover.store.sqlite import SqliteStore


async def test_another_name_of_a_database_in_use(tmp_path: Path) -> None:
    """A second process is refused also where it names the same file by a link."""
    (tmp_path / "same").symlink_to(tmp_path)
    (tmp_path / "link.db").symlink_to(tmp_path / "test.db")
    store = SqliteStore(tmp_path / "test.db")
    await store.start()
    try:
        for other in ("same/test.db", "link.db"):
            with pytest.raises(StoreError, match="in use by process"):
                await SqliteStore(tmp_path / other).start()
    finally:
        await store.stop()


async def test_a_lock_that_cannot_be_written(tmp_path: Path) -> None:
    """Where the folder takes no file, as one that may only be read, the refusal names the file and what to look at."""
    (tmp_path / "test.db.lock").mkdir()
    with pytest.raises(StoreError, match=r"cannot open .*test\.db\.lock: Is a directory; check the rights"):
        await SqliteStore(tmp_path / "test.db").start()
