"""`X-Twilio-Signature`: that a request comes from Twilio and for this address.

The rule, as in Twilio's own libraries: HMAC-SHA1 with the auth token over the full URL as Twilio requested it, then
every form field by name, name and value without separators, each distinct value of a repeated name once, sorted.
Twilio is not consistent about an explicit port, so the URL counts with it and without.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

Field = tuple[str, str]

DEFAULT_PORTS = {"https": 443, "http": 80}


def signature(token: str, url: str, fields: Iterable[Field]) -> str:
    """The header's value for a form POST of these decoded fields."""
    text = url + "".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def is_signed(tokens: Sequence[str], url: str, fields: Sequence[Field], given: str) -> bool:
    """Whether one of the tokens signed this request; takes the same time for every wrong signature."""
    found = False
    for token in tokens:
        for form in _forms(url):
            found |= hmac.compare_digest(signature(token, form, fields).encode(), given.encode())
    return found


def _forms(url: str) -> tuple[str, str]:
    """The URL without and with its port."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition(":")[0] if parts.port else parts.netloc
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    return parts._replace(netloc=host).geturl(), parts._replace(netloc=f"{host}:{port}").geturl()
