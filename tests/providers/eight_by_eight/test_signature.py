"""8x8's webhook signature: a known one holds, and nothing else does."""

import base64
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from openhandover.core.errors import SignatureError
from openhandover.emulators.eight_by_eight.signing import Signer, own_key
from openhandover.providers.eight_by_eight import signature
from openhandover.providers.eight_by_eight.signature import PublicKey

BODY = (
    b'{"eventType":"MEMBERS_CHANGED","conversationId":"CONV-7Q2","timestamp":1767225600123,'
    b'"data":{"memberType":"agent","change":"joined","id":"ag-Grace-01"}}'
)
HEADERS = {
    "x-8x8-customer-id": "0012J000042BkZzQAK",
    "x-8x8-event-id": "evt-5f2c91",
    "x-8x8-retry": "0",
    "x-8x8-tenant-id": "acmetenant01",
    "x-8x8-transmission-time": "1767225600456",
    "x-8x8-signature": (
        "eyJiNjQiOmZhbHNlLCJjcml0IjpbImI2NCJdLCJraWQiOiJ0ZXN0LWtleS0xIiwiYWxnIjoiUlMyNTYifQ.."
        "UcFklty8rNbuRSo67y5BbawSv5js2_pmpQszoFrBqjOj_O8Rd8N63peABZasXtPT8dT5-NzIamDJ0pGv1V_HfJqq9gqBPGX5Ustr"
        "CwkTYPvbkl4uogL5AQmySUp39KUzTnJtEY050njXDRlCwQmdxk5m76Qno8QcbVgxAeAg5vbWkKOG4vE2xd2quaIMcEyTfkica2Fc"
        "R85W4PBFIMq528unR35GYCT4w9HzrCmiDjrSbanUrmlFAJnUg8PuCOeLVX4zuh0ijiu2ii6-Sv-duGVycqDwvedeRlY_IhVlzHx1"
        "OGsjJwjOImgxHHmN3rqCNPH_kFEI6oEN9RO3BYIJ9g"
    ),
}
JWK = {
    "kty": "RSA",
    "e": "AQAB",
    "n": (
        "lCbt0ywLib9Jinc7bp84oCmzvcjdLC9NLxHpsrMfECGI5lQMa__CUYwEKXfJurF8RDMblsG-JGBZNPNxtRdHi9ZqK0L8OA0pa6BT5K"
        "sHGZW_j4UmyV1MQZk5j7v1mDopB3q7uV_oMR4LCOkzoJzO4BPbOYIuZVt-7al4H0LeYzjWlb79O7VtPjm3077Hr8U-kdDXDUNX4iUA"
        "s9KTiaAsed_-UslWrNHJLN0bsNwD8sOf5h48gp6tDP_7Y_A3iT9zImTrr-mxKGqnTJ-H16sAPxGhfLrIUl8YBsiiiCJjOSK0WhJ92H"
        "ii3XW86dJ_Nrljkn2vveL06nHqtRLlp1dgLw"
    ),
}
NOW = 1767225600.5


def key() -> PublicKey:
    """The key of the known signature."""
    return signature.public_key(json.dumps(JWK).encode())


def verify(headers: Mapping[str, str], body: bytes = BODY, now: float = NOW) -> None:
    """As the provider does."""
    signature.check(signature.read(headers, body), key(), now)


def test_a_known_signature_holds() -> None:
    """Made by another program than ours; the id of its key is read from it."""
    verify(HEADERS)
    signed = signature.read(HEADERS, BODY)
    assert (signed.key_id, signed.tenant, signed.sent_at_ms) == ("test-key-1", "acmetenant01", 1767225600456)


@pytest.mark.parametrize("name", HEADERS)
def test_every_header_is_signed(name: str) -> None:
    """Another value of any of them, or none, is refused."""
    value = HEADERS[name]
    other = "1" if value[0] != "1" else "2"
    for changed in (other + value[1:], ""):
        with pytest.raises(SignatureError):
            verify({**HEADERS, name: changed})
    with pytest.raises(SignatureError):
        verify({other: text for other, text in HEADERS.items() if other != name})


@pytest.mark.parametrize("body", [BODY + b" ", BODY[:-1], BODY.replace(b"joined", b"lefted"), b""])
def test_the_body_is_signed(body: bytes) -> None:
    """One byte makes the difference."""
    with pytest.raises(SignatureError):
        verify(HEADERS, body)


@pytest.mark.parametrize(("late_s", "holds"), [(299, True), (-299, True), (301, False), (-301, False)])
def test_it_holds_for_five_minutes(late_s: float, *, holds: bool) -> None:
    """A clock may be wrong by so much, either way."""
    if holds:
        verify(HEADERS, now=NOW + late_s)
        return
    with pytest.raises(SignatureError):
        verify(HEADERS, now=NOW + late_s)


def head(**changes: Any) -> dict[str, str]:
    """The headers with another protected header."""
    whole = {"b64": False, "crit": ["b64"], "kid": "test-key-1", "alg": "RS256"} | changes
    protected = (
        base64.urlsafe_b64encode(json.dumps(whole, separators=(",", ":")).encode()).decode().rstrip("=")
    )
    return {**HEADERS, "x-8x8-signature": protected + "." + HEADERS["x-8x8-signature"].partition(".")[2]}


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "RS512"},
        {"b64": True},
        {"crit": []},
        {"crit": ["b64", "exp"]},
        {"kid": "../../evil"},
        {"kid": "https://evil.example"},
        {"kid": ""},
        {"kid": 7},
    ],
)
def test_only_one_way_of_signing_is_known(changes: dict[str, Any]) -> None:
    """Another algorithm, an encoded payload or a key id that could lead elsewhere is refused before any key is asked for."""
    with pytest.raises(SignatureError):
        signature.read(head(**changes), BODY)


@pytest.mark.parametrize(
    "value",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "é..é",
        HEADERS["x-8x8-signature"].replace("..", ".e30."),
        "e30..AAAA",
        "[..",
        "AAAA..!!!!",
    ],
)
def test_what_is_no_signature_at_all(value: str) -> None:
    """Refused without a fault of ours."""
    with pytest.raises(SignatureError):
        signature.read({**HEADERS, "x-8x8-signature": value}, BODY)


def test_a_key_in_a_json_string_is_read_as_well() -> None:
    """8x8's specification says that the answer is a string, its guide that it is a key."""
    assert signature.public_key(json.dumps(json.dumps(JWK)).encode()) == key()


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        [],
        "text",
        {**JWK, "kty": "EC"},
        {**JWK, "n": "AQAB"},
        {**JWK, "e": "AQ"},
        {**JWK, "n": "é"},
        {**JWK, "n": JWK["n"] * 8},
    ],
)
def test_a_key_that_is_none(jwk: Any) -> None:
    """Another kind, or of a size that nobody uses."""
    with pytest.raises(ValueError):
        signature.public_key(json.dumps(jwk).encode())


def test_a_signature_of_another_length_is_refused() -> None:
    """A longer one could be the same number."""
    signed = signature.read(HEADERS, BODY)
    for other in (b"\x00" + signed.signature, signed.signature[1:], b""):
        with pytest.raises(SignatureError):
            signature.check(signed._replace(signature=other), key(), NOW)


def test_what_the_emulator_signs_holds() -> None:
    """Its own key, read from what it publishes."""
    signer = Signer(own_key(), "customer", "tenant")
    headers = signer.headers(BODY, "evt-1", 2, time.time())
    public = signature.public_key(json.dumps(own_key().jwk()).encode())
    signature.check(signature.read(headers, BODY), public, time.time())
    with pytest.raises(SignatureError):
        signature.check(signature.read(headers, BODY), key(), time.time())
