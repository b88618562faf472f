"""What came in: every request of the vendor's API, with what it was answered."""

import fcntl
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KEPT = 10_000
"""So many records of a kind stay, the newest: an emulator may run for weeks."""
MASK = "***"
TRAFFIC = "OPENHANDOVER_TRAFFIC"
"""Environment variable: a folder in which every emulator leaves what it recorded when it stops."""
NAMED_SECRET = ("token", "key", "secret", "authorization", "cookie")
"""A header or query parameter whose name contains one of these is shown masked outside this process."""


@dataclass
class Recorded:
    """One request. `endpoint` is our short name of the call; `status` 0 means the connection was cut."""

    endpoint: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    status: int = 0
    answer: str = ""
    answer_type: str = ""
    """Media type of the answer."""
    at: float = field(default_factory=time.time)
    """When it came: seconds of the epoch."""

    @property
    def json(self) -> Any:
        """The body read as JSON.

        Raises:
            ValueError: it is not JSON.
        """
        return json.loads(self.body)

    def shown(self) -> dict[str, Any]:
        """For somebody outside: the same, secrets masked."""
        return {
            "at": self.at,
            "endpoint": self.endpoint,
            "method": self.method,
            "path": self.path,
            "query": _masked(self.query),
            "headers": _masked(self.headers),
            "body": self.body.decode("utf-8", "replace"),
            "status": self.status,
            "answer": self.answer,
            "answer_type": self.answer_type,
        }


@dataclass
class Streamed:
    """Something that went out on an open stream: its name there, and its data."""

    kind: str
    data: str
    at: float = field(default_factory=time.time)

    def shown(self) -> dict[str, Any]:
        """For somebody outside."""
        return {"at": self.at, "kind": self.kind, "data": self.data}


def keep(folder: Path, vendor: str, **shown: Iterable[dict[str, Any]]) -> None:
    """Append what was recorded to `folder`/`vendor`.jsonl: one JSON object a line, `way` says which kind."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"way": way, **one}) + "\n" for way, records in shown.items() for one in records]
    with (folder / f"{vendor}.jsonl").open("a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # of two processes one waits: their lines do not mix
        file.writelines(lines)
        file.flush()


def _masked(values: dict[str, str]) -> dict[str, str]:
    return {
        name: MASK if any(word in name.lower() for word in NAMED_SECRET) else value
        for name, value in values.items()
    }
