"""Everything that the phone adds to the server: one address per thing that Twilio has to tell."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from openhandover.config.model import Config, PhoneChannel, TwilioGateway
from openhandover.core.errors import Refused
from openhandover.web.call import Call
from openhandover.web.endpoint import Endpoint, Reply

from . import events
from .line import FORM, Line, Report
from .talk import Talk

if TYPE_CHECKING:
    from openhandover.engine import Engine

Handle = Callable[[Talk, Line, Report, Call], Awaitable[bytes]]
XML = b"text/xml; charset=utf-8"
BODY: dict[str, Any] = {"x-media": FORM, "type": "object"}
DOCUMENT = {200: {"x-content": {"text/xml": {"schema": {"type": "string", "description": "TwiML"}}}}}
PARTS: Sequence[tuple[str, Handle, str]] = (
    ("", events.begun, "A call has come in"),
    ("/go", events.gone_on, "The words before have been spoken"),
    ("/heard", events.heard, "The caller has answered"),
    ("/answered", events.answered, "The human has picked up"),
    ("/dialled", events.dialled, "The call to the human is over"),
    ("/referred", events.referred, "The caller's side has been referred"),
    ("/status", events.status, "The call is over"),
)


def phone_routes(engine: "Engine", config: Config) -> Sequence[Endpoint]:
    """The calls of all phone channels."""
    lines = {
        name: Line(name, channel, gateway, config.server.public_url or "")
        for name, channel in config.channels.items()
        if isinstance(channel, PhoneChannel)
        and isinstance(gateway := config.gateways.get(channel.gateway), TwilioGateway)
    }
    return [
        Endpoint(
            "POST",
            f"/voice/{{channel}}{part}",
            _handler(engine, lines, handle),
            summary,
            body=BODY,
            answers=DOCUMENT,
            codes=("forbidden", "not_found", "bad_payload", "too_large"),
            description="Called by Twilio, and signed by it.",
            tag="phone",
        )
        for part, handle, summary in PARTS
    ]


def _handler(engine: "Engine", lines: dict[str, Line], handle: Handle) -> Callable[[Call], Awaitable[Reply]]:
    async def handler(call: Call) -> Reply:
        line = lines.get(call.path["channel"])
        if line is None:
            raise Refused("not_found", "There is no phone channel of this name")
        report = await line.report(call)
        talk = Talk(engine, call.site.closing)
        return Reply(200, await handle(talk, line, report, call), XML)

    return handler
