"""Security headers: what every answer carries, and the content policies of pages."""

from collections.abc import Sequence

from .endpoint import Headers

ALWAYS: Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
NOTHING = b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
"""For answers that are no pages: nothing in them may load, run or be framed."""
NO_STORE = b"cache-control", b"no-store"


def page_policy(frame_ancestors: Sequence[str] = ()) -> tuple[bytes, bytes]:
    """The policy of our pages: own scripts and styles only, no inline script; `frame_ancestors` are the origins
    that may embed the page."""
    framed_by = " ".join(frame_ancestors) or "'none'"
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: https:; "
        "media-src 'self' blob:; font-src 'self'; connect-src 'self' ws: wss:; form-action 'self'; base-uri 'none'; "
        f"frame-ancestors {framed_by}"
    )
    return b"content-security-policy", policy.encode("latin-1", "ignore")


def completed(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers with what is missing for safety added; what a handler set itself stays."""
    present = {name.lower() for name, _ in headers}
    return headers + [item for item in (*ALWAYS, NOTHING, NO_STORE) if item[0] not in present]
