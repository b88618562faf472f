"""`channel.time`: the vendor tells messages apart by id and time together, and shows them in this order."""

from datetime import UTC, datetime, timedelta

from openhandover.core.recent import Recent

from . import wire

_STEP = timedelta(milliseconds=1)


class Times:
    """Gives each message of a session a later time than the one before, and a repeated one the time that it had."""

    def __init__(self) -> None:
        self._last: Recent[str, tuple[str, datetime, int]] = Recent()
        """Session -> its latest message, when that began, and how many parts it had."""

    def of(self, session: str, key: str, at: str, count: int = 1) -> list[str]:
        """The times of a message's parts; `at` is when it was written."""
        last_key, begin, parts = self._last.get(session, ("", datetime.min.replace(tzinfo=UTC), 0))
        if last_key != key:
            begin = max(datetime.fromisoformat(at), begin + parts * _STEP)
            self._last[session] = (key, begin, count)
        return [wire.stamp(begin + n * _STEP) for n in range(count)]


def now() -> str:
    """This moment."""
    return wire.stamp(datetime.now(UTC))
