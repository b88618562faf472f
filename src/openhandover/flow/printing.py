"""Shows outbound requests instead of sending them, secrets masked."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager

from openhandover.net.client import Reply, Request, Streamed

MASK = "***"
_SHORTEST = 4
"""Characters of a secret that is masked wherever it appears; a shorter one would mask half the text."""
_NAME = r"[\w-]*(?:authorization|cookie|token|secret|password|signature|api[_-]?key|producttoken)[\w-]*"
_SENSITIVE = re.compile(_NAME, re.IGNORECASE)
_QUERY = re.compile(rf"([?&]{_NAME}=)[^&#\s]+", re.IGNORECASE)
_FIELD = re.compile(rf'("{_NAME}"\s*:\s*)"(?:\\.|[^"\\])*"', re.IGNORECASE)
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


def masked(text: str, secrets: Collection[str]) -> str:
    """The text without these secrets, and without what stands under names such as `token` or `password`."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, MASK)
    text = _CREDENTIALS.sub(f"{MASK}@", text)
    return _FIELD.sub(rf'\1"{MASK}"', _QUERY.sub(rf"\1{MASK}", text))


def shown(request: Request, secrets: Collection[str]) -> str:
    """The request as lines of text."""
    lines = [f"{request.method} {masked(request.url, secrets)}"]
    for name, value in request.headers.items():
        lines.append(f"{name}: {MASK if _SENSITIVE.fullmatch(name) else masked(value, secrets)}")
    if request.body:
        lines += ["", masked(request.body.decode("utf-8", errors="replace"), secrets)]
    return "\n".join(lines)


class PrintingSender:
    """Prints each request and answers it with `body`."""

    def __init__(
        self, write: Callable[[str], None], secrets: Collection[str] = (), body: bytes = b"{}"
    ) -> None:
        self._write = write
        self._secrets = secrets
        self._body = body

    async def send(self, request: Request) -> Reply:
        """200 with the given body; nothing leaves the machine."""
        self._write(shown(request, self._secrets))
        return Reply(200, {"content-type": "application/json"}, self._body)

    @asynccontextmanager
    async def stream(self, request: Request, *, silence_s: float) -> AsyncGenerator[Streamed]:
        """200 and nothing more: nobody is there who could say anything."""
        self._write(shown(request, self._secrets))
        yield Streamed(200, {}, _nothing())


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""  # pragma: no cover  (makes this an async generator)
