"""Standard Webhooks: signing and verifying."""

import base64
import hashlib
import hmac

import pytest

from openhandover.core.errors import SignatureError
from openhandover.net.signatures import decode_secrets, sign, signed_headers, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(b"another key of 24 bytes!").decode()
NOW = 1614265330.0
BODY = b'{"test": 2432232314}'


def signed(secret: str = SECRET, at: float = NOW) -> dict[str, str]:
    return signed_headers(decode_secrets(secret), "msg_p5jXN8AQM9LWM0D4loKWxJek", at, BODY)


def test_the_published_example_gives_its_published_signature() -> None:
    """The example that the standard's own libraries test against."""
    value = sign(decode_secrets(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY)
    assert value == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_signature_is_what_the_text_of_the_standard_says() -> None:
    """HMAC-SHA256 over id, timestamp and raw body, joined by full stops."""
    key = base64.b64decode(OTHER.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, b"a.5.\xff", hashlib.sha256).digest()).decode()
    assert sign(decode_secrets(OTHER), "a", 5, b"\xff") == f"v1,{expected}"


def test_a_genuine_request_gives_its_id() -> None:
    """Up to five minutes of difference between the clocks is fine."""
    for skew in (-300, 0, 300):
        assert verify(signed(), BODY, decode_secrets(SECRET), NOW + skew) == "msg_p5jXN8AQM9LWM0D4loKWxJek"


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_other"},
        {"webhook-id": ""},
        {"webhook-id": "ü"},
        {"webhook-timestamp": "1614265331"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "1e9"},
        {"webhook-timestamp": "9" * 5000},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook-signature": "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook-signature": "v1,\udcff"},
    ],
)
def test_any_change_to_the_headers_is_refused(change: dict[str, str]) -> None:
    """Missing, malformed and altered parts alike, without an answer that tells which."""
    with pytest.raises(SignatureError) as raised:
        verify(signed() | change, BODY, decode_secrets(SECRET), NOW)
    assert str(raised.value) == SignatureError.__doc__


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_refused(name: str) -> None:
    """All three are needed."""
    headers = signed()
    del headers[name]
    with pytest.raises(SignatureError):
        verify(headers, BODY, decode_secrets(SECRET), NOW)


def test_a_changed_body_is_refused() -> None:
    """Also when it means the same JSON: the raw bytes count."""
    with pytest.raises(SignatureError):
        verify(signed(), BODY.replace(b" ", b""), decode_secrets(SECRET), NOW)


@pytest.mark.parametrize("skew", [-301, 301])
def test_a_stale_request_is_refused(skew: int) -> None:
    """More than five minutes old, or from the future."""
    with pytest.raises(SignatureError):
        verify(signed(), BODY, decode_secrets(SECRET), NOW + skew)


def test_two_secrets_hold_during_rotation() -> None:
    """Either side may switch first: we sign with both and accept either."""
    both = decode_secrets(SECRET, OTHER)
    for one in (SECRET, OTHER):
        verify(signed(one), BODY, both, NOW)
        verify(signed_headers(both, "id", NOW, BODY), BODY, decode_secrets(one), NOW)


def test_one_good_signature_among_others_is_enough() -> None:
    """The header is a list; versions that we don't know are passed over."""
    headers = signed()
    headers["webhook-signature"] = "v2,abc v1,AAAA " + headers["webhook-signature"]
    verify(headers, BODY, decode_secrets(SECRET), NOW)


def test_without_a_secret_everything_is_refused() -> None:
    """Forgetting the setting closes the door instead of opening it."""
    assert decode_secrets("", None) == ()
    headers = signed()
    for value in (headers["webhook-signature"], "", "v1,"):
        with pytest.raises(SignatureError):
            verify(headers | {"webhook-signature": value}, BODY, (), NOW)


@pytest.mark.parametrize("secret", ["hush", "whsec_", "whsec_***", "whsec_abc", f" {SECRET}"])
def test_a_malformed_secret_is_refused_without_being_shown(secret: str) -> None:
    """The text says what a secret looks like, not what this one was."""
    with pytest.raises(ValueError, match="whsec_") as raised:
        decode_secrets(secret)
    assert secret == "whsec_" or secret not in str(raised.value)
