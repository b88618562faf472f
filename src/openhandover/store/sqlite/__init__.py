"""The embedded store."""

from openhandover.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
