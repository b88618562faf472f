"""One process per database: the writer's memory of states is only true while nobody else writes."""

import fcntl
import os
from pathlib import Path

from openhandover.store.port import StoreError


class Lock:
    """An advisory lock on `<database>.lock`; the system drops it when the process dies, however it dies."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(
                f"cannot open {self._path}: {error.strerror}; check the rights of its folder"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._file, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._file)
            raise StoreError(
                f"{database} is in use by process {holder}; stop it first, or give each its own database"
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let the next process in. The file stays: removing it would race with somebody opening it."""
        os.close(self._file)
