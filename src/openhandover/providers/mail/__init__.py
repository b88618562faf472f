"""A transfer by mail: whoever reads the mailbox takes it from there. One SMTP connection per mail."""

import asyncio
import smtplib
import ssl
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from openhandover.core.errors import ConfigError, ProviderAuthError, ProviderRejected, ProviderUnavailable
from openhandover.core.model import Style
from openhandover.net.client import Sender
from openhandover.providers.base import BaseProvider, Capabilities, HandoverRequest, Opened

from . import wire
from .settings import Settings, is_address

_TIMEOUT_S = 10.0


class Mail(BaseProvider):
    """Sends the transcript to a mailbox."""

    capabilities: ClassVar[Capabilities] = Capabilities(style=Style.TRANSFER, transferred="ticket")

    def __init__(self, name: str, settings: Settings, http: Sender) -> None:
        super().__init__(name)
        self._settings = settings
        self._server = urlsplit(settings.smtp)
        self._user = unquote(self._server.username or "")
        self._sender = settings.from_ or self._user

    async def start(self) -> None:
        """Raises ConfigError when there is no sender address."""
        if not is_address(self._sender):
            raise ConfigError(f"provider {self.name}: set `from` to the address that mails are sent from")

    async def connect(self) -> None:
        """Log in at the mail server, and leave."""
        with _translated():
            await asyncio.to_thread(self._visit, None)

    async def open(self, request: HandoverRequest) -> Opened:
        """Send the mail; its Message-ID is the external id."""
        mail = wire.mail(request, self._settings, self._sender, time.time())
        with _translated():
            # smtplib blocks; its socket time-out bounds how long the thread lives
            await asyncio.to_thread(self._visit, mail)
        return Opened(str(mail["Message-ID"]))

    def refuse(self, route: Mapping[str, Any]) -> str | None:
        """Nobody to mail to."""
        return wire.wrong(route, self._settings)

    def preview(self, request: HandoverRequest) -> str | None:
        """The mail as it would be sent."""
        return wire.mail(request, self._settings, self._sender, time.time()).as_string()

    def _visit(self, mail: EmailMessage | None) -> None:
        host, port, tls = self._server.hostname or "", self._server.port, ssl.create_default_context()
        if self._server.scheme == "smtps":
            connection = smtplib.SMTP_SSL(host, port or 465, timeout=_TIMEOUT_S, context=tls)
        else:
            connection = smtplib.SMTP(host, port or 587, timeout=_TIMEOUT_S)
        with connection:
            connection.ehlo()
            if self._server.scheme == "smtp" and connection.has_extn("starttls"):
                connection.starttls(context=tls)
                connection.ehlo()
            elif self._user and self._server.scheme == "smtp":
                raise ProviderAuthError(
                    "The mail server offers no TLS, so the password is not sent; use smtps://"
                )
            if self._user:
                connection.login(self._user, unquote(self._server.password or ""))
            if mail is not None:
                connection.send_message(mail)


@contextmanager
def _translated() -> Generator[None]:
    # The library's texts may repeat addresses and server banners; the code is enough.
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        raise ProviderAuthError(f"SMTP {error.smtp_code}: check the user and password in `smtp`") from None
    except smtplib.SMTPRecipientsRefused as error:
        raise _by_code(max(code for code, _ in error.recipients.values())) from None
    except smtplib.SMTPResponseException as error:
        raise _by_code(error.smtp_code) from None
    except smtplib.SMTPNotSupportedError:
        raise ProviderRejected(
            "The mail server lacks what this mail needs (log-in or international text)"
        ) from None
    except (smtplib.SMTPException, OSError) as error:
        raise ProviderUnavailable(f"The mail server cannot be reached: {type(error).__name__}") from None


def _by_code(code: int) -> ProviderRejected | ProviderUnavailable:
    kind = ProviderRejected if 500 <= code < 600 else ProviderUnavailable
    return kind(f"The mail server answered {code}")


PROVIDER = Mail
