"""Visitor tokens and origins: who may talk to which conversation."""

import base64
import json

import pytest

from openhandover.channels.webchat.origins import Origins
from openhandover.channels.webchat.token import GRACE_S, LIFE_S, RENEW_AFTER_S, Tokens
from openhandover.core.errors import Refused

NOW = 1_700_000_000.0
TOKENS = Tokens(b"a secret of thirty-two bytes....")


def code_of(token: str, channel: str = "web", now: float = NOW) -> str:
    """The code with which a token is refused."""
    with pytest.raises(Refused) as caught:
        TOKENS.check(token, channel, now)
    return caught.value.code


def test_a_token_opens_its_conversation() -> None:
    """A token names the conversation it was issued for until it ends."""
    token, expires_at = TOKENS.issue("web", "cv_1", NOW)
    assert expires_at == NOW + LIFE_S
    assert TOKENS.check(token, "web", expires_at - 1).conversation_id == "cv_1"


def test_a_token_ends() -> None:
    """A day after its end a genuine token is refused as expired, so that a page knows what to do."""
    token, expires_at = TOKENS.issue("web", "cv_1", NOW)
    assert TOKENS.check(token, "web", expires_at + GRACE_S - 1).is_old(expires_at)
    assert code_of(token, now=expires_at + GRACE_S) == "token_expired"


def test_a_token_is_for_one_channel() -> None:
    """A visitor of one channel cannot enter through another, where other origins are allowed."""
    token, _ = TOKENS.issue("web", "cv_1", NOW)
    assert code_of(token, channel="other") == "unauthorized"


def test_a_token_of_another_installation_is_refused() -> None:
    """A token signed with another secret opens nothing."""
    token, _ = Tokens(b"another secret").issue("web", "cv_1", NOW)
    assert code_of(token) == "unauthorized"


def test_a_changed_token_is_refused() -> None:
    """Nobody can write another conversation or a later end into a token."""
    token, _ = TOKENS.issue("web", "cv_1", NOW)
    version, payload, signature = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(payload + "=="))
    for place, value in ((1, "cv_2"), (3, NOW * 2)):
        changed = [*said]
        changed[place] = value
        forged = base64.urlsafe_b64encode(json.dumps(changed).encode()).rstrip(b"=").decode()
        assert code_of(f"{version}.{forged}.{signature}") == "unauthorized"


@pytest.mark.parametrize(
    "token", ["", "v1", "v1.", "v1..", "v2.a.b", "a.b.c.d", "v1.\u00e9.\ud800", "x" * 100_000, "v1.e30.e30"]
)
def test_what_is_no_token_is_refused(token: str) -> None:
    """Anything else is refused as unauthorized and never raises."""
    assert code_of(token) == "unauthorized"


def test_a_token_grows_old_before_it_ends() -> None:
    """A visitor who stays gets a fresh token long before the old one ends."""
    visitor = TOKENS.check(TOKENS.issue("web", "cv_1", NOW)[0], "web", NOW)
    assert not visitor.is_old(NOW + RENEW_AFTER_S)
    assert visitor.is_old(NOW + RENEW_AFTER_S + 1)
    assert RENEW_AFTER_S < LIFE_S


ORIGINS = Origins(["https://shop.example", "http://localhost:3000/"], "https://chat.example:8443")


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://shop.example", "chat.example"),
        ("https://SHOP.example:443", "chat.example"),
        ("http://localhost:3000", "chat.example"),
        ("https://chat.example:8443", "10.0.0.1:80"),
        ("http://10.0.0.1:8080", "10.0.0.1:8080"),
        ("https://10.0.0.1", "10.0.0.1"),
    ],
)
def test_listed_and_own_origins_may_come(origin: str, host: str) -> None:
    """The listed sites, the public address and the address that was asked may use the chat."""
    assert ORIGINS.require(origin, host) == origin


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "*",
        "http://shop.example",
        "https://shop.example:444",
        "https://shop.example.evil.example",
        "https://evil.example/https://shop.example",
        "https://evil.example?https://shop.example",
        "file://shop.example",
        "https://shop.example:notaport",
    ],
)
def test_all_other_origins_are_refused(origin: str | None) -> None:
    """Also no origin at all: no browser leaves it out."""
    with pytest.raises(Refused) as caught:
        ORIGINS.require(origin, "chat.example")
    assert caught.value.code == "forbidden"
