"""What came in: every request of the vendor's API, with what it was answered."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

KEPT = 10_000
"""So many records of a kind stay, the newest: an emulator may run for weeks."""
MASK = "***"
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
        }


def _masked(values: dict[str, str]) -> dict[str, str]:
    return {
        name: MASK if any(word in name.lower() for word in NAMED_SECRET) else value
        for name, value in values.items()
    }
