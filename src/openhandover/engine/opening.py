"""What an installation's configuration says about its store, its files and its address."""

from pathlib import Path

from openhandover.config.model import Config
from openhandover.core.errors import ConfigError
from openhandover.net.local import local_url
from openhandover.store.port import Store
from openhandover.store.sqlite import SqliteStore

from .files import FileStore


def open_store(config: Config) -> Store:
    """The configured store. Raises ConfigError for a kind we do not have."""
    kind, _, place = config.store.partition(":")
    if kind != "sqlite" or not place:
        raise ConfigError(f"store: {config.store!r} is no store we know; write sqlite:<path>")
    return SqliteStore(Path(place))


def files_folder(config: Config) -> Path:
    """Files lie beside the database."""
    return Path(config.store.partition(":")[2]).absolute().with_suffix(".files")


def base_url(config: Config) -> str:
    """Where the world reaches us."""
    return config.server.public_url or local_url(config.server.host, config.server.port)


async def erase_user(config: Config, user_id: str) -> int:
    """Erase a user from the database of a server that does not run: in how many conversations.

    Raises:
        StoreError: the database is in use, or cannot be opened.
    """
    store = open_store(config)
    await store.start()
    try:
        found = await store.conversations(user_id, None, 1000)
        count = len(found.items)
        while found.next is not None:
            found = await store.conversations(user_id, found.next, 1000)
            count += len(found.items)
        files = FileStore(store, files_folder(config))
        await files.remove(await store.erase(user_id))
        return count
    finally:
        await store.stop()
