"""The error tree.

    OpenHandoverError
    ├─ Refused            a request we refuse; `code` is one of CODES, which gives the HTTP status
    ├─ WebhookError       an inbound webhook we refuse
    │  ├─ SignatureError  -> 401, never says what was expected
    │  └─ PayloadError    -> 400, says where in the body (NotJsonError: it is no JSON at all)
    └─ ProviderError      the other side of an outbound call
       ├─ ProviderUnavailable   time-out, connection, 5xx, 429   -> retried
       │  └─ NotTakenYet        a message, and no agent to get it -> retried until the session ends
       ├─ ProviderAuthError     token or key refused             -> retried for messages, `auth` for an open
       ├─ ProviderRejected      understood and refused for good  -> this one fails, the next goes on
       ├─ NobodyThere           the contact centre has no one    -> next attempt
       ├─ SessionGone           the vendor lost the conversation -> handover ends
       │  └─ SessionEnded       it was closed over there         -> ended by the agent
       └─ Unsupported           cannot be expressed there        -> `unsupported`
    ConfigError           not under the root on purpose: nobody may swallow it

Class names say the reaction; the class docstring is the default message.
"""

from typing import Any, NamedTuple


class Code(NamedTuple):
    """One refusal: HTTP status and the sentence that says what to do."""

    status: int
    title: str


CODES: dict[str, Code] = {
    "bad_json": Code(400, "The body is not valid JSON in UTF-8"),
    "bad_http": Code(400, "This is no HTTP request that can be read in one way only"),
    "bad_payload": Code(400, "The webhook's body is not what the documentation promises"),
    "unauthorized": Code(401, "Send a valid API key as `Authorization: Bearer <key>`"),
    "token_expired": Code(401, "This visitor's token has ended; begin a new conversation"),
    "forbidden": Code(403, "This key or session lacks the scope for this call"),
    "attachments_off": Code(403, "Files are not accepted in this conversation now"),
    "not_found": Code(404, "Nothing with this id here"),
    "method_not_allowed": Code(405, "This address takes other methods; `Allow` names them"),
    "too_slow": Code(408, "The request did not come to its end in time"),
    "id_reused": Code(409, "This id was used before with another body"),
    "handover_open": Code(409, "The conversation has an open handover; end it first or use it"),
    "stale_epoch": Code(409, "The floor has changed since; read the conversation and decide anew"),
    "floor_taken": Code(409, "A human has the floor; mark the output with `to` or wait for the end"),
    "already_taken": Code(409, "Another agent was first"),
    "handover_ended": Code(409, "The handover has ended; nothing was sent"),
    "agent_unavailable": Code(409, "The agent is not online"),
    "too_large": Code(413, "The body, text or file is over its size limit"),
    "invalid": Code(422, "The request does not fit; `errors` names each place"),
    "rate_limited": Code(429, "Too many requests; wait and try again"),
    "head_too_large": Code(431, "The first line and the headers of the request are over 64 kB"),
    "internal_error": Code(500, "A fault of ours; it is in the log of the server"),
    "unavailable": Code(503, "The other side cannot be reached now; try again later"),
}


class OpenHandoverError(Exception):
    """Root of our errors; never raised itself."""

    def __init__(self, detail: str = "") -> None:
        self.detail = detail or (type(self).__doc__ or "").strip()
        super().__init__(self.detail)


class Refused(OpenHandoverError):
    """A request is refused; nothing of it was done."""

    def __init__(self, code: str, detail: str = "", **extra: Any) -> None:
        self.code = code
        self.status, self.title = CODES[code]
        self.extra = extra
        super().__init__(detail or self.title)


def invalid(path: str, detail: str) -> Refused:
    """The refusal of one wrong field."""
    return Refused("invalid", f"{path}: {detail}", errors=[{"path": path, "detail": detail}])


class WebhookError(OpenHandoverError):
    """An inbound webhook is refused."""


class SignatureError(WebhookError):
    """The signature is missing, wrong or stale; check the shared secret and the sender's clock."""

    def __init__(self, remedy: str = "") -> None:
        """`remedy`: which setting to look at; for our log only, the caller is not told."""
        self.remedy = remedy
        super().__init__()


class PayloadError(WebhookError):
    """The body is not what the documentation promises."""


class NotJsonError(PayloadError):
    """The body should be JSON and is not."""


class ProviderError(OpenHandoverError):
    """The other side of an outbound call did not do it."""

    def __init__(
        self, detail: str = "", *, http_status: int | None = None, retry_after_s: float | None = None
    ) -> None:
        self.http_status = http_status
        self.retry_after_s = retry_after_s
        super().__init__(detail)


class ProviderUnavailable(ProviderError):
    """The other side did not answer or was overloaded; the call is repeated."""


class NotTakenYet(ProviderUnavailable):
    """No agent has the conversation yet, and the other side keeps nothing for one."""


class ProviderAuthError(ProviderError):
    """The other side refused our credentials; check the provider's settings."""


class ProviderRejected(ProviderError):
    """The other side understood the call and refused it for good."""


class NobodyThere(ProviderError):
    """Nobody is there to take the conversation."""


class SessionGone(ProviderError):
    """The other side no longer knows this conversation."""


class SessionEnded(SessionGone):
    """The other side says that this conversation is closed."""


class Unsupported(ProviderError):
    """This cannot be expressed to the other side."""


class ConfigError(Exception):
    """The configuration is wrong; the text says where and how to mend it."""
