"""What can go wrong before an answer is complete. No text here holds a path, a query, a header or a body.

ProviderUnavailable      (core) the call may be repeated
└─ Unreachable           no connection, no complete answer, or too late
ProviderRejected         (core) repeating does not help
├─ Blocked               the target is not one that we may call
├─ Unsendable            the url, a header or the method cannot be put into a request
└─ TooLarge              the answer is over its size limit
"""

from openhandover.core.errors import ProviderRejected, ProviderUnavailable


class Unreachable(ProviderUnavailable):
    """There was no complete answer; check that the other side is up and reachable from here."""


class Blocked(ProviderRejected):
    """The target is private; if it may be called, list its origin, host or CIDR under `outbound.allow`."""


class Unsendable(ProviderRejected):
    """The url or a header cannot be sent; check them for spaces, line breaks and missing parts."""


class TooLarge(ProviderRejected):
    """The answer is over its size limit."""
