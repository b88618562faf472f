"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) as far as our server writes them:
`event:` repeats what the data says and `id:` is its `seq`, so the data is all that is read."""


class Frames:
    """Takes the stream in pieces of any size and gives the data of each complete event."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of the events that this piece completes."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        return [found for line in lines if (found := self._line(line.removesuffix(b"\r"))) is not None]

    def _line(self, line: bytes) -> bytes | None:
        if line:
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
            return None
        data, self._data = self._data, []
        return b"\n".join(data) if data else None
