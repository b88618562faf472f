"""The signature of Twilio's requests, beside Twilio's own validator."""

import random
import string
from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from openhandover.gateways.twilio.signature import is_signed, signature

TOKEN = "oh_test_auth_token_0123456789abcd"
URL = "https://handover.example.com/voice/twilio/hook?ho=ho_42"
FIELDS = [
    ("CallSid", "CA00000000000000000000000000000042"),
    ("CallStatus", "in-progress"),
    ("From", "+31600000042"),
    ("SpeechResult", "I want a human, please"),
    ("To", "+31850000000"),
]


class Repeated(dict[str, Any]):
    """Fields of which some repeat, as web frameworks hand them to Twilio's validator."""

    def getlist(self, name: str) -> list[str]:
        """All values of a field."""
        return self[name]


def official(fields: list[tuple[str, str]]) -> Repeated:
    """The fields as Twilio's validator takes them."""
    found = Repeated()
    for name, value in fields:
        found.setdefault(name, []).append(value)
    return found


def test_a_known_request_has_its_known_signature() -> None:
    """The vector that was computed by Twilio's library comes out here too."""
    assert signature(TOKEN, URL, FIELDS) == "v55nooAbPUondwxcc8aG06Id6mQ="


@pytest.mark.parametrize("seed", range(50))
def test_any_request_is_signed_as_twilio_signs_it(seed: int) -> None:
    """Twilio's validator accepts what we sign, and we accept what it signs; repeated, empty and odd fields included."""
    dice = random.Random(seed)
    letters = string.printable + "éß漢字🎉&=+% "
    url = f"https://host{dice.choice(['', ':443', ':8443'])}/voice/p{dice.choice(['', '?a=1&b=%20x', '?after=3'])}"
    fields = [
        (
            dice.choice(["A", "a", "CallSid", "Ab", "x-y"]),
            "".join(dice.choices(letters, k=dice.randint(0, 9))),
        )
        for _ in range(dice.randint(0, 8))
    ]
    signed = signature(TOKEN, url, fields)
    assert signed == RequestValidator(TOKEN).compute_signature(url, official(fields))
    assert is_signed([TOKEN], url, fields, RequestValidator(TOKEN).compute_signature(url, official(fields)))
    if fields:
        assert RequestValidator(TOKEN).validate(url, official(fields), signed)


@pytest.mark.parametrize(
    ("ours", "twilios"),
    [
        ("https://host/a?b=c", "https://host:443/a?b=c"),
        ("https://host:8443/a", "https://host/a"),
        ("http://host/a", "http://host:80/a"),
    ],
)
def test_the_port_may_be_written_or_not(ours: str, twilios: str) -> None:
    """A request signed for the address with or without its port is Twilio's, as its own validator says too."""
    signed = signature(TOKEN, twilios, FIELDS)
    assert RequestValidator(TOKEN).validate(ours, dict(FIELDS), signed)
    assert is_signed([TOKEN], ours, FIELDS, signed)


@pytest.mark.parametrize(
    ("url", "fields", "given"),
    [
        (URL + "x", FIELDS, None),
        (URL, FIELDS[:-1], None),
        (URL, [*FIELDS, ("Digits", "1")], None),
        (URL.replace("https", "http"), FIELDS, None),
        (URL, FIELDS, ""),
        (URL, FIELDS, "v55nooAbPUondwxcc8aG06Id6mQ"),
        (URL, FIELDS, "ümlaut"),
    ],
)
def test_any_change_is_noticed(url: str, fields: list[tuple[str, str]], given: str | None) -> None:
    """Another address, a field less or more, or another signature is refused, by Twilio's validator as well."""
    signed = signature(TOKEN, URL, FIELDS) if given is None else given
    assert not is_signed([TOKEN], url, fields, signed)
    assert not RequestValidator(TOKEN).validate(url, dict(fields), signed)


def test_both_tokens_count_while_one_is_rotated() -> None:
    """A request signed with either token is accepted, one signed with a third is not."""
    for token, accepted in (("new-token", True), ("old-token", True), ("third-token", False)):
        assert is_signed(["new-token", "old-token"], URL, FIELDS, signature(token, URL, FIELDS)) is accepted
