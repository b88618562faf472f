"""Numbered migrations: each file runs once, in a transaction of its own; `user_version` counts them."""

import sqlite3
from pathlib import Path

from openhandover.store.port import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"


def scripts(folder: Path = MIGRATIONS) -> dict[int, str]:
    """The migrations by number, in order."""
    return {
        int(path.name[:4]): path.read_text(encoding="utf-8") for path in sorted(folder.glob("[0-9]*.sql"))
    }


def migrate(connection: sqlite3.Connection, folder: Path = MIGRATIONS) -> None:
    """Bring the database to this program's version; `StoreError` when it is from a newer program."""
    known = scripts(folder)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > max(known):
        raise StoreError(
            f"the database has version {version}, this program knows versions up to {max(known)}; "
            "use the newer program, or restore a back-up of the older version"
        )
    for number in range(version + 1, max(known) + 1):
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE;\n{known[number]}\nPRAGMA user_version = {number};\nCOMMIT;"
            )
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise StoreError(f"migration {number} failed and was undone: {error}") from error
