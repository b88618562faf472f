"""Broken gateways and voice parts of handover steps, told as in tests/config/broken.py."""

from tests.config.broken import Broken

WORLD = """gateways: {phone: {type: webhook, url: "https://pbx.example/calls", secret: "${SECRET}"}}
providers: {team: {type: forward}, own: {type: custom}, support: {type: desk}}
agents: {a: {name: A}}
"""
STEP = WORLD + "flows:\n  f:\n    - handover:\n        provider: support\n        voice: "

IN_CALLS = [
    # --- gateways
    Broken(
        "gateway without type", "gateways: {phone: §{}}\n", "gateways.phone", "`type` is missing", "webhook"
    ),
    Broken(
        "gateway type",
        "gateways: {phone: {type: §webhok}}\n",
        "gateways.phone.type",
        'unknown type "webhok"',
        'did you mean "webhook"?',
    ),
    Broken(
        "gateway without url",
        'gateways: {phone: §{type: webhook, secret: "${SECRET}"}}\n',
        "gateways.phone",
        "`url` is missing",
        "add `url:`",
    ),
    Broken(
        "gateway without secret",
        'gateways: {phone: §{type: webhook, url: "https://pbx.example"}}\n',
        "gateways.phone",
        "`secret` is missing",
        "whsec_<base64>",
    ),
    Broken(
        "gateway address",
        'gateways: {phone: {type: webhook, url: §pbx.example, secret: "${SECRET}"}}\n',
        "gateways.phone.url",
        "not an http(s) address",
        "https://host/path",
    ),
    Broken(
        "gateway secret",
        'gateways: {phone: {type: webhook, url: "https://pbx.example", secret: §"${SHORT}"}}\n',
        "gateways.phone.secret",
        "not a webhook secret",
        "base64",
    ),
    # --- providers that take calls
    Broken(
        "forward to nothing that can be called",
        "providers: {p: {type: forward, to: §0201234567}}\n",
        "providers.p.to",
        "`to` cannot be called: it is neither a phone number in E.164",
        "",
    ),
    Broken(
        "forward mode",
        "providers: {p: {type: forward, mode: §bridge}}\n",
        "providers.p.mode",
        "not one of dial, refer",
        "",
    ),
    Broken(
        "no key of the voice environment",
        "providers: {p: §{type: cm_voice_msc}}\n",
        "providers.p",
        "`api_key` is missing",
        "voice environment",
    ),
    Broken(
        "an empty key of the voice environment",
        'providers: {p: {type: cm_voice_msc, api_key: §""}}\n',
        "providers.p.api_key",
        "`api_key` is empty",
        "voice environment",
    ),
    Broken(
        "custom configuration",
        "providers: {p: {type: custom, configuration: §[a]}}\n",
        "providers.p.configuration",
        "expected a map",
        "",
    ),
    # --- the voice part of a step
    Broken(
        "unknown voice provider",
        STEP + "{provider: §taem}\n",
        "flows.f[0].handover.voice.provider",
        'there is no provider "taem"',
        'did you mean "team"?',
    ),
    Broken(
        "voice provider that takes no calls",
        STEP + "{provider: §support}\n",
        "flows.f[0].handover.voice.provider",
        '"support" takes no phone calls',
        "",
    ),
    Broken(
        "unknown voice key",
        STEP + "{provider: team, to: '+31201234567', §tow: x}\n",
        "flows.f[0].handover.voice.tow",
        "unknown key",
        'did you mean "to"?',
    ),
    Broken(
        "voice key of another type",
        STEP + "{provider: team, to: '+31201234567', §type: x}\n",
        "flows.f[0].handover.voice.type",
        "no such key for calls to forward",
        "",
    ),
    Broken(
        "voice without a target",
        STEP + "§{provider: team}\n",
        "flows.f[0].handover.voice",
        "`to` cannot be called: it is empty",
        "in the provider's settings",
    ),
    Broken(
        "voice target",
        STEP + "{provider: team, to: §'+312'}\n",
        "flows.f[0].handover.voice.to",
        "`to` cannot be called: the number is too short",
        "",
    ),
    Broken(
        "voice mode",
        STEP + "{provider: team, to: '+31201234567', mode: §bridge}\n",
        "flows.f[0].handover.voice.mode",
        "`mode` is 'bridge'",
        "must be dial or refer",
    ),
    Broken(
        "voice template",
        STEP + "{provider: team, to: §'{{ number'}\n",
        "flows.f[0].handover.voice.to",
        "",
        "",
    ),
    Broken(
        "custom call without a type",
        STEP + "§{provider: own, configuration: {a: b}}\n",
        "flows.f[0].handover.voice",
        "`type` is empty",
        "the name that your gateway knows",
    ),
    Broken(
        "custom call without configuration",
        STEP + "§{provider: own, type: night}\n",
        "flows.f[0].handover.voice",
        "`configuration` is empty",
        "the keys that your gateway needs",
    ),
    Broken(
        "a provider of calls in the text part",
        WORLD
        + "flows:\n  f:\n    - handover: {provider: §team, voice: {provider: team, to: '+31201234567'}}\n",
        "flows.f[0].handover.provider",
        '"team" takes phone calls only',
        "move it to `voice",
    ),
    Broken(
        "a provider of calls as that of a channel",
        WORLD + "channels: {c: {type: api, provider: §team}}\n",
        "channels.c.provider",
        '"team" takes phone calls only',
        "under `voice` in the step",
    ),
]
