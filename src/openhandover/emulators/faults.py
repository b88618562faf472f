"""What goes wrong on request, in the calls that come in."""

from dataclasses import dataclass, field


@dataclass
class Fault:
    """Something to do wrong at the next call; `endpoint` None means whichever it is."""

    endpoint: str | None
    status: int | None
    """Answer this and do nothing; None means do it, then cut the connection instead of answering."""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    late_s: float = 0.0
    """Do it at once, and answer this many seconds later."""


class Faults:
    """Faults wait until a call fits them; each is used once, oldest first. Slowness stays until it is set to 0."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._slow_s: dict[str | None, float] = {}

    def fail_next(self, status: int, n: int = 1, *, endpoint: str | None = None, **headers: str) -> None:
        """Refuse the next `n` calls with this status; `retry_after="1"` becomes the header Retry-After."""
        named = {name.replace("_", "-").title(): value for name, value in headers.items()}
        self._waiting += [Fault(endpoint, status, named) for _ in range(n)]

    def lose_next_reply(self, n: int = 1, *, endpoint: str | None = None) -> None:
        """Do what the next `n` calls ask, then cut the connection: the caller cannot know that it worked."""
        self._waiting += [Fault(endpoint, None) for _ in range(n)]

    def answer_late(self, seconds: float, n: int = 1, *, endpoint: str | None = None) -> None:
        """Do what the next `n` calls ask, and answer so much later: whoever hears of it otherwise hears of it first."""
        self._waiting += [Fault(endpoint, None, late_s=seconds) for _ in range(n)]

    def slow(self, seconds: float, *, endpoint: str | None = None) -> None:
        """Think this long before every answer, from now on."""
        self._slow_s[endpoint] = seconds

    @property
    def waiting(self) -> list[Fault]:
        """Those that no call has met yet."""
        return list(self._waiting)

    def clear(self) -> None:
        """Be well again."""
        self._waiting.clear()
        self._slow_s.clear()

    def delay_s(self, endpoint: str) -> float:
        """How long to think before answering this call."""
        return self._slow_s.get(endpoint, self._slow_s.get(None, 0.0))

    def take(self, endpoint: str) -> Fault | None:
        """The fault due for this call, which is thereby used."""
        for fault in self._waiting:
            if fault.endpoint in (None, endpoint):
                self._waiting.remove(fault)
                return fault
        return None
