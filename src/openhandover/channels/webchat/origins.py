"""Which pages may talk to a channel. Default deny: no `Origin`, no chat."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from openhandover.core.errors import Refused

DEFAULT_PORTS = {"http": 80, "https": 443}


def normal(origin: str) -> str | None:
    """Scheme, host and port of an origin in one spelling; None for what is no web origin."""
    try:
        parts = urlsplit(origin.strip())
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
        return None
    shown = "" if port is None or port == DEFAULT_PORTS[parts.scheme] else f":{port}"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{shown}"


class Origins:
    """The allow-list of one channel."""

    def __init__(self, allowed: Sequence[str], public_url: str | None) -> None:
        listed = (normal(origin) for origin in (*allowed, *([public_url] if public_url else [])))
        self._allowed = frozenset(origin for origin in listed if origin)

    def require(self, origin: str | None, host: str | None) -> str:
        """The origin as the browser wrote it.

        Raises:
            Refused: `forbidden` unless it is allowed or that of the server itself (`host` of the request).
        """
        found = normal(origin or "")
        if origin is None or found is None:
            raise Refused("forbidden", "This needs the `Origin` of a page that may use the chat")
        own = {normal(f"{scheme}://{host}") for scheme in DEFAULT_PORTS} if host else set[str | None]()
        if found not in self._allowed and found not in own:
            raise Refused("forbidden", "Pages of this origin may not use the chat; see `allowed_origins`")
        return origin
