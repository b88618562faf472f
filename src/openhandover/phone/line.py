"""One phone channel as its routes share it: who may call them, which voice speaks, where answers go."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode

from openhandover.core.errors import PayloadError, Refused
from openhandover.core.model import User
from openhandover.gateways.twilio.signature import Field, is_signed
from openhandover.gateways.twilio.twiml import LOCALES, Voice, is_sip
from openhandover.web.paths import raw_path
from openhandover.web.problems import tell_of_secret

if TYPE_CHECKING:
    from openhandover.config.model import PhoneChannel, TwilioGateway
    from openhandover.web.call import Call

MAX_FORM_BYTES = 64 * 1024
MAX_FIELDS = 500
FORM = "application/x-www-form-urlencoded"
COMPARE = (
    "compare `auth_token` with Twilio's console, and `server.public_url` with the address that Twilio calls"
)
_SID = re.compile(r"[A-Za-z0-9]{2,64}")


class Report(dict[str, str]):
    """The fields of a request of Twilio's."""

    @property
    def call_id(self) -> str:
        """Twilio's id of the call. Raises PayloadError where there is none."""
        if not _SID.fullmatch(self.get("CallSid", "")):
            raise PayloadError("`CallSid` is missing")
        return self["CallSid"]

    @property
    def conversation_id(self) -> str:
        """The call's conversation: the same for every request of the call."""
        return f"call_{self.call_id}"


class Line:
    """One configured phone channel."""

    def __init__(self, name: str, settings: "PhoneChannel", gateway: "TwilioGateway", origin: str) -> None:
        self.name = name
        self.settings = settings
        self.gateway = gateway
        self._origin = origin.rstrip("/")

    async def report(self, call: "Call") -> Report:
        """The fields of a request that Twilio signed for this address and account.

        Raises:
            Refused: `forbidden`.
            PayloadError: it is no form.
        """
        fields = form(await call.body(MAX_FORM_BYTES), call.header(b"content-type"))
        gateway = self.gateway
        tokens = [token for token in (gateway.auth_token, gateway.old_auth_token) if token]
        given = call.header(b"x-twilio-signature") or ""
        if not is_signed(tokens, self._address(call), fields, given):
            tell_of_secret("POST /voice/{channel}", {"channel": self.name}, COMPARE)
            raise Refused("forbidden", "The request is not signed by Twilio for this address and auth token")
        report = Report(fields)
        if report.get("AccountSid") != gateway.account_sid:
            raise Refused("forbidden", "The request is of another Twilio account")
        return report

    def _address(self, call: "Call") -> str:
        """The URL as Twilio requested it: our own origin by configuration, never what the request calls itself."""
        query = call.scope["query_string"].decode("latin-1")
        return f"{self._origin}{raw_path(call.scope)}{'?' + query if query else ''}"

    def url(self, part: str, **parameters: str | int | None) -> str:
        """The address of one of the channel's calls."""
        given = {
            name: int(value) if isinstance(value, bool) else value
            for name, value in parameters.items()
            if value
        }
        return f"{self._origin}/voice/{quote(self.name, safe='')}/{part}{'?' + urlencode(given) if given else ''}"

    def voice(self, language: str) -> Voice:
        """Who speaks a language."""
        speech = self.settings.speech.get(language)
        if speech is not None:
            return Voice(speech.language, speech.voice)
        return Voice(LOCALES.get(language.partition("-")[0], language))


def form(body: bytes, content_type: str | None) -> Sequence[Field]:
    """The fields of a form, decoded. Raises PayloadError."""
    if (content_type or "").partition(";")[0].strip().lower() != FORM:
        raise PayloadError(f"the body is not {FORM}")
    try:
        text = body.decode("ascii")
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise PayloadError("the form cannot be read") from None


def caller(number: str, call_id: str) -> User:
    """Who calls: known again by their number or SIP address; one who hides it is somebody new each time."""
    from openhandover.gateways.targets import target  # here, because it brings all countries' numbers along

    try:
        known = target(number)
    except ValueError:
        return User(f"caller_{call_id}")
    return User(known) if is_sip(known) else User(known, phone=known)
