"""Phone channels and the Twilio accounts that hold their calls."""

import re

from .findings import Findings
from .model import Config, PhoneChannel, TwilioGateway
from .nodes import Path

TAG = re.compile("[a-z]{2}-[A-Z]{2}")


def check_phone(config: Config, findings: Findings) -> None:
    """Everything about phones beyond types."""
    for name, gateway in config.gateways.items():
        if isinstance(gateway, TwilioGateway):
            _account(gateway, ("gateways", name), findings)
    for name, channel in config.channels.items():
        if isinstance(channel, PhoneChannel):
            _channel(channel, ("channels", name), config, findings)


def _account(gateway: TwilioGateway, path: Path, findings: Findings) -> None:
    from openhandover.gateways.targets import target

    if gateway.caller_id is None:
        return
    try:
        is_number = target(gateway.caller_id).startswith("+")
    except ValueError:
        is_number = False
    if not is_number:
        mend = "write it with + and country code, such as +31201234567"
        findings.error((*path, "caller_id"), "it is not a phone number", mend)


def _channel(channel: PhoneChannel, path: Path, config: Config, findings: Findings) -> None:
    if config.server.public_url is None:
        mend = "set `server.public_url` to the address under which Twilio reaches the server"
        findings.error(path, "Twilio signs its requests for a public address, and there is none", mend)
    findings.name((*path, "gateway"), "gateways", channel.gateway, "gateway")
    gateway = config.gateways.get(channel.gateway)
    if gateway is not None and not isinstance(gateway, TwilioGateway):
        what = f'"{channel.gateway}" is no gateway whose calls we can answer'
        findings.error((*path, "gateway"), what, "name one of type twilio")
    bot = config.bots.get(channel.bot)
    if bot is not None and bot.flow is None:
        findings.error((*path, "bot"), f'"{channel.bot}" is no flow', "name a bot with `flow`")
    if channel.language is not None:
        findings.language((*path, "language"), channel.language)
    _speech(channel, path, config, findings)


def _speech(channel: PhoneChannel, path: Path, config: Config, findings: Findings) -> None:
    from openhandover.gateways.twilio.twiml import LOCALES

    supported = config.languages.supported
    for language, speech in channel.speech.items():
        findings.language((*path, "speech", language), language, at_key=True)
        if not TAG.fullmatch(speech.language):
            mend = "write language and country, such as nl-NL"
            findings.error((*path, "speech", language, "language"), f'"{speech.language}" is no locale', mend)
    for language in supported:
        if language not in channel.speech and language not in LOCALES:
            mend = f"add `speech: {{{language}: {{language: {language}-..}}}}`"
            findings.error(path, f"nothing says how {language} sounds", mend)
