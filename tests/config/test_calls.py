"""What works with phone calls, but probably not as meant; errors are in tests/config/broken_calls.py."""

import pytest

from openhandover.config.load import read_bytes
from tests.config.broken import ENVIRONMENT
from tests.config.broken_calls import WORLD

NOWHERE = WORLD.partition("\n")[2]
WARNINGS = [
    (
        "a step without a voice part, where calls may come",
        WORLD + "flows: {f: [{handover: §{provider: support}}]}\n",
        "no `voice`: a phone call that comes here is recorded only, nobody is called",
    ),
    (
        "a voice part, and nobody who holds calls",
        NOWHERE
        + "flows: {f: [{handover: {provider: support, voice: §{provider: team, to: '+31201234567'}}}]}\n",
        "no gateway is configured, so no call can be given away",
    ),
    (
        "a fallback for calls only, in a step without a voice part",
        NOWHERE + "flows: {f: [{handover: {provider: support, fallback: [§team]}}]}\n",
        '"team" takes phone calls only',
    ),
]


@pytest.mark.parametrize(("name", "text", "what"), WARNINGS, ids=[row[0] for row in WARNINGS])
def test_what_is_probably_not_meant(name: str, text: str, what: str) -> None:
    """It is told at its place, and the file is valid all the same."""
    loaded = read_bytes(text.replace("§", "").encode(), "openhandover.yaml", ENVIRONMENT)
    before = text.partition("§")[0]
    place = (before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
    assert [(one.line, one.column, one.what) for one in loaded.problems if one.what == what] == [
        (*place, what)
    ]
    assert loaded.errors == []


def test_a_call_that_is_only_recorded_needs_nobody_who_holds_it() -> None:
    """`logging` gives no call away, so a voice part with it alone is complete without a gateway."""
    text = (
        "providers: {calls: {type: logging}}\n"
        "flows: {f: [{handover: {provider: calls, voice: {provider: calls}}}]}\n"
    )
    loaded = read_bytes(text.encode(), "openhandover.yaml", ENVIRONMENT)
    assert [str(one) for one in loaded.problems] == []


def test_a_gateway_that_is_wrong_is_there_all_the_same() -> None:
    """Its own mistake is told, and not that there is none."""
    text = WORLD.replace("${SECRET}", "${NOWHERE}") + (
        "flows: {f: [{handover: {provider: support, voice: {provider: team, to: '+31201234567'}}}]}\n"
    )
    loaded = read_bytes(text.encode(), "openhandover.yaml", ENVIRONMENT)
    assert {"NOWHERE is not set" in one.what for one in loaded.problems} == {True}


def test_who_is_only_phoned_needs_no_provider_of_texts() -> None:
    """With phone channels alone the voice part says everything; another channel brings the warning back."""
    text = (
        "server: {public_url: 'https://h.example'}\nbots: {b: {flow: f}}\n"
        "gateways: {t: {type: twilio, account_sid: AC00000000000000000000000000000042, auth_token: '${KEY}'}}\n"
        "providers: {team: {type: forward, to: '+31201234567', mode: dial}}\n"
        "flows: {f: [{handover: {voice: {provider: team}}}]}\n"
        "channels:\n  p: {type: phone, gateway: t, bot: b}\n"
    )
    loaded = read_bytes(text.encode(), "openhandover.yaml", ENVIRONMENT)
    assert [str(one) for one in loaded.problems] == []
    written = read_bytes((text + "  w: {type: webchat, bot: b}\n").encode(), "openhandover.yaml", ENVIRONMENT)
    assert ["recorded only" in one.what for one in written.problems] == [True]


def test_a_whole_configuration_of_calls_is_quiet() -> None:
    """Templates are judged when a call comes; nothing is reported before."""
    text = WORLD + (
        "flows:\n  f:\n    - set: {number: ''}\n    - handover:\n        provider: support\n        message: One moment.\n"
        "        fallback: [own]\n        voice: {provider: team, to: '{{ number }}', mode: dial, type: night,"
        " configuration: {who: '{{ user }}'}, message: {en: Hello, nl: Hallo}}\n"
    )
    loaded = read_bytes(text.encode(), "openhandover.yaml", ENVIRONMENT)
    assert [str(one) for one in loaded.problems] == []
