"""Webhooks as a receiver checks them."""

import base64
import json

import pytest

from openhandover.client import PayloadError, SignatureError, verify_webhook
from openhandover.net.signatures import decode_secrets, signed_headers
from tests.serving import KEY, Server

NEW = "whsec_" + base64.b64encode(b"the new secret").decode()
OLD = "whsec_" + base64.b64encode(b"the old secret").decode()
NOW = 1_800_000_000.0
EVENT = {
    "id": "c1:3",
    "seq": 3,
    "type": "floor.changed",
    "conversation_id": "c1",
    "floor": "human",
    "epoch": 1,
    "at": "2027-01-15T08:00:00.000Z",
    "data": {"floor": "human", "epoch": 1},
    "something_new": True,
}
BODY = json.dumps(EVENT).encode()


def headers(*secrets: str, at: float = NOW, body: bytes = BODY) -> dict[str, str]:
    """The headers of a genuine webhook."""
    return signed_headers(decode_secrets(*secrets), "c1:3", at, body)


@pytest.mark.parametrize(
    ("signed", "accepted"),
    [((NEW,), (NEW, None)), ((OLD,), (NEW, OLD)), ((NEW, OLD), (OLD, None)), ((NEW,), (NEW, OLD))],
)
def test_a_genuine_webhook_is_an_event(signed: tuple[str, ...], accepted: tuple[str, str | None]) -> None:
    """One good signature is enough, whichever of two secrets it is of; what is new in the event is passed over."""
    event = verify_webhook(headers(*signed), BODY, *accepted, now=NOW)
    assert (event.type, event.conversation_id, event.seq, event.floor) == ("floor.changed", "c1", 3, "human")


def test_header_names_of_any_case() -> None:
    """Frameworks spell them differently."""
    shouted = {name.upper(): value for name, value in headers(NEW).items()}
    assert verify_webhook(shouted, BODY, NEW, now=NOW).id == "c1:3"


@pytest.mark.parametrize(
    ("given", "body"),
    [
        (headers(OLD), BODY),
        (headers(NEW), BODY + b" "),
        (headers(NEW, at=NOW - 301), BODY),
        (headers(NEW, at=NOW + 301), BODY),
        ({**headers(NEW), "webhook-id": "c1:4"}, BODY),
        ({**headers(NEW), "webhook-signature": ""}, BODY),
        ({}, BODY),
    ],
    ids=["other secret", "other body", "too old", "too new", "other id", "no signature", "no headers"],
)
def test_what_is_not_genuine_is_refused(given: dict[str, str], body: bytes) -> None:
    """Nothing tells which part was wrong."""
    with pytest.raises(SignatureError):
        verify_webhook(given, body, NEW, now=NOW)


@pytest.mark.parametrize("body", [b"not json", b"[]", b'{"type": 3, "conversation_id": "c1"}', b"{}"])
def test_a_genuine_body_that_is_no_event(body: bytes) -> None:
    """Signed, and still not ours to read."""
    with pytest.raises(PayloadError):
        verify_webhook(headers(NEW, body=body), body, NEW, now=NOW)


def test_a_malformed_secret_is_the_receivers_own_mistake() -> None:
    """It is no refusal of the webhook."""
    with pytest.raises(ValueError, match="whsec_"):
        verify_webhook(headers(NEW), BODY, "secret", now=NOW)


async def test_an_event_of_the_server_reads_the_same_by_webhook(server: Server) -> None:
    """What the server writes into its log and sends is what `verify_webhook` reads, message and handover included."""
    talk = await server.conversation()
    await server.said(talk["id"], text="hello")
    await server.handover(talk["id"])
    page = (await server.call("GET", f"/v1/conversations/{talk['id']}/events", key=KEY)).body
    events = []
    for shown in page["items"]:
        body = json.dumps(shown).encode()
        events.append(verify_webhook(headers(NEW, body=body), body, NEW, now=NOW))
    assert next(event.message.text for event in events if event.message) == "hello"
    handovers = [event.handover for event in events if event.handover]
    assert handovers[0].status == "requested"
    assert handovers[0].conversation_id == talk["id"]
