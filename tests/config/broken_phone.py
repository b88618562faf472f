"""Broken phone channels and Twilio accounts, told as in tests/config/broken.py."""

from tests.config.broken import Broken

SID = "AC" + "0" * 32
URL = "server: {public_url: 'https://voice.example'}\n"
LINE = f"gateways: {{line: {{type: twilio, account_sid: {SID}, auth_token: '${{KEY}}'}}}}\n"
BOT = "bots: {b: {flow: f}}\nflows: {f: [{say: hi}]}\n"


def channel(rest: str) -> str:
    """A file with one phone channel that has these keys, and everything that it needs."""
    return f"{URL}{LINE}{BOT}channels: {{p: {{type: phone, {rest}}}}}\n"


IN_PHONE = [
    Broken(
        "account sid",
        "gateways: {line: {type: twilio, account_sid: §SK1, auth_token: '${KEY}'}}\n",
        "gateways.line.account_sid",
        "not written as needed",
        "AC...",
    ),
    Broken(
        "Twilio without token",
        f"gateways: {{line: §{{type: twilio, account_sid: {SID}}}}}\n",
        "gateways.line",
        "`auth_token` is missing",
        "signs Twilio's requests",
    ),
    Broken(
        "caller id",
        f"gateways: {{line: {{type: twilio, account_sid: {SID}, auth_token: '${{KEY}}', caller_id: §0851234567}}}}\n",
        "gateways.line.caller_id",
        "not a phone number",
        "+31201234567",
    ),
    Broken(
        "caller id by SIP",
        f"gateways: {{line: {{type: twilio, account_sid: {SID}, auth_token: '${{KEY}}', caller_id: §'sip:a@b.example'}}}}\n",
        "gateways.line.caller_id",
        "not a phone number",
        "+31201234567",
    ),
    Broken(
        "ringing",
        f"gateways: {{line: {{type: twilio, account_sid: {SID}, auth_token: '${{KEY}}', ring_s: §1}}}}\n",
        "gateways.line.ring_s",
        "out of range",
        "at least 5",
    ),
    Broken(
        "phone without public address",
        f"{LINE}{BOT}channels: {{p: §{{type: phone, gateway: line, bot: b}}}}\n",
        "channels.p",
        "there is none",
        "server.public_url",
    ),
    Broken(
        "phone without gateway",
        channel("bot: b").replace("{type", "§{type", 2).replace("§", "", 1),
        "channels.p",
        "`gateway` is missing",
        "type `twilio`",
    ),
    Broken(
        "phone without bot",
        channel("gateway: line").replace("{type", "§{type", 2).replace("§", "", 1),
        "channels.p",
        "`bot` is missing",
        "must be a flow",
    ),
    Broken(
        "unknown gateway of a phone",
        channel("gateway: §lin, bot: b"),
        "channels.p.gateway",
        'no gateway "lin"',
        '"line"',
    ),
    Broken(
        "gateway of another kind",
        f"{URL}gateways: {{w: {{type: webhook, url: 'https://pbx.example', secret: '${{SECRET}}'}}}}\n{BOT}"
        "channels: {p: {type: phone, gateway: §w, bot: b}}\n",
        "channels.p.gateway",
        "no gateway whose calls we can answer",
        "type twilio",
    ),
    Broken(
        "phone with a bot over HTTP",
        f"{URL}{LINE}bots: {{h: {{http: {{url: 'https://bot.example', secret: '${{SECRET}}'}}}}}}\n"
        "channels: {p: {type: phone, gateway: line, bot: §h}}\n",
        "channels.p.bot",
        '"h" is no flow',
        "`flow`",
    ),
    Broken(
        "unknown bot of a phone",
        channel("gateway: line, bot: §c"),
        "channels.p.bot",
        'no bot "c"',
        "known: b",
    ),
    Broken(
        "language of a phone",
        channel("gateway: line, bot: b, language: §xx"),
        "channels.p.language",
        "not a supported language",
        "en, nl, de, es, fr",
    ),
    Broken(
        "voice of a foreign language",
        channel("gateway: line, bot: b, speech: {§it: {language: it-IT}}"),
        "channels.p.speech.it",
        "not a supported language",
        "`languages`",
    ),
    Broken(
        "voice without country",
        channel("gateway: line, bot: b, speech: {nl: {language: §nl}}"),
        "channels.p.speech.nl.language",
        "no locale",
        "nl-NL",
    ),
    Broken(
        "language without voice",
        "languages: {supported: [en, it]}\ntexts: {it: {}}\n"
        + channel("gateway: line, bot: b").replace("{p: {", "{p: §{"),
        "channels.p",
        "nothing says how it sounds",
        "speech: {it:",
    ),
    Broken(
        "silence",
        channel("gateway: line, bot: b, silence_s: §0"),
        "channels.p.silence_s",
        "out of range",
        "at least 1",
    ),
    Broken(
        "silences",
        channel("gateway: line, bot: b, silences: §11"),
        "channels.p.silences",
        "out of range",
        "at most 10",
    ),
]
