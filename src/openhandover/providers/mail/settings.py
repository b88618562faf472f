"""Settings of the `mail` provider and the routing keys of its handover steps."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct, field

from openhandover.core.settings import Secret, Template

ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{1,253}$)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


def is_address(text: str) -> bool:
    """Whether `text` is one plain mail address."""
    return ADDRESS.fullmatch(text) is not None


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Through which server mail goes out, and who gets it when the step does not say."""

    smtp: Annotated[
        Secret,
        Meta(description="smtp://user:password@host:587 (STARTTLS) or smtps://host:465 (TLS from the start)"),
    ]
    from_: Annotated[
        str | None, Meta(description="sender; absent: the user of `smtp`, if it is an address")
    ] = field(default=None, name="from")
    to: Annotated[
        str | None, Meta(description="recipients when the step names none, separated by commas")
    ] = None
    subject: Annotated[str | None, Meta(description="subject when the step has none")] = None

    def __post_init__(self) -> None:
        """Refuse what could never be sent when the file is read."""
        parts = urlsplit(self.smtp)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ValueError("`smtp` is not smtp://host:port or smtps://host:port")
        if self.from_ is not None and not is_address(self.from_):
            raise ValueError("`from` is not a mail address")
        if self.to is not None and not all(is_address(one.strip()) for one in self.to.split(",")):
            raise ValueError("`to` holds something that is not a mail address")


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who gets the mail."""

    to: Annotated[Template | None, Meta(description="recipients, separated by commas")] = None
    subject: Annotated[Template | None, Meta(description="absent: a subject with the user's name")] = None
