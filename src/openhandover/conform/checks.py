"""The promises of a desk, each as a sentence and the calls that prove it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from openhandover.net.client import encode_json

from .caller import Caller, Failed, check_numbers, decoded, expect, message, new_id, opening

STRANGER = "whsec_Y29uZm9ybS1zdHJhbmdlcg=="


class Check(NamedTuple):
    """One promise. `prove` raises Failed when the desk does not keep it."""

    name: str
    sentence: str
    prove: Callable[[Caller], Awaitable[None]]


async def _availability(desk: Caller) -> None:
    reply = await desk.get("/availability?skills=billing,refunds&language=nl")
    expect(reply, 2)
    answer = decoded(reply)
    if "open" not in answer or not isinstance(answer["open"], bool | None):
        raise Failed("`open` is missing, or neither true, false nor null")
    check_numbers(answer, "agents", "position", "estimated_wait_ms")


async def _unsigned(desk: Caller) -> None:
    body = _open_bytes()
    signed = desk.sign(body)
    for missing in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        headers = {name: value for name, value in signed.items() if name != missing}
        await _refused(desk, body, headers, f"without {missing}")
    expect(await desk.raw("GET", "/availability", b"", {}), 401)


async def _stranger(desk: Caller) -> None:
    body = _open_bytes()
    await _refused(desk, body, desk.sign(body, secret=STRANGER), "signed with another secret")


async def _altered(desk: Caller) -> None:
    signed = desk.sign(_open_bytes())
    await _refused(desk, _open_bytes(), signed, "with a body other than the signed one")
    body = _open_bytes()
    await _refused(
        desk, body, desk.sign(body) | {"webhook-id": new_id()}, "with an id other than the signed one"
    )


async def _stale(desk: Caller) -> None:
    body = _open_bytes()
    for skew_s in (-600.0, 600.0):
        await _refused(desk, body, desk.sign(body, skew_s=skew_s), f"signed {skew_s:+.0f} s away from now")


async def _rotation(desk: Caller) -> None:
    right, wrong = desk.sign(b""), desk.sign(b"", secret=STRANGER)
    both = f"{wrong['webhook-signature']} {right['webhook-signature']}"
    expect(await desk.raw("GET", "/availability", b"", right | {"webhook-signature": both}), 2)


async def _open(desk: Caller) -> None:
    await desk.open()


async def _open_again(desk: Caller) -> None:
    first = await desk.open()
    again = await desk.open(first.handover_id)
    if again.external_id != first.external_id:
        raise Failed("the repeat got another `external_id`, so an agent sees the conversation twice")


async def _open_at_once(desk: Caller) -> None:
    handover_id = new_id()
    talks = await asyncio.gather(*(desk.open(handover_id) for _ in range(5)))
    if len({talk.external_id for talk in talks}) != 1:
        raise Failed("repeats at the same moment got different `external_id`s")


async def _next_attempt(desk: Caller) -> None:
    first = await desk.open()
    second = await desk.open(first.handover_id, attempt=2)
    if first.external_id == second.external_id:
        raise Failed("attempt 2 got the `external_id` of attempt 1")


async def _messages(desk: Caller) -> None:
    talk = await desk.open()
    file = {
        "id": "f1",
        "name": "x.png",
        "content_type": "image/png",
        "size": 68,
        "url": "https://files.example/f1",
    }
    for message_ in (
        message(3, "Plain"),
        message(4, "👋 مرحبا <b>not bold</b> {{ x }}"),
        message(5, "long " * 2000),
        message(6, "", attachments=[file]),
        message(7, "Pick", author="bot", to="both", buttons=[{"text": "Yes", "value": "y"}]),
        message(8, "Hallo", language="nl", translation={"language": "en", "text": "Hello"}),
        message(9, "More", metadata={"a": [1, {"b": None}]}, something_new=True),
    ):
        expect(await desk.post("/messages", talk.body(message=message_)), 2)


async def _message_again(desk: Caller) -> None:
    talk, key = await desk.open(), new_id()
    body = talk.body(message=message(3, "Once"))
    for _ in range(2):
        expect(await desk.post("/messages", body, key), 2)


async def _unknown(desk: Caller) -> None:
    talk = await desk.open()
    body = talk.body(message=message(3, "Anybody?")) | {"external_id": new_id()}
    expect(await desk.post("/messages", body), 404, 410)


async def _signals(desk: Caller) -> None:
    talk = await desk.open()
    for on in (True, False):
        expect(await desk.post("/typing", talk.body(on=on)), 2)
    for user, text in (
        ("disconnected", "User left the conversation"),
        ("connected", "User joined the conversation"),
    ):
        expect(await desk.post("/presence", talk.body(user=user, text=text)), 2)
    for state in ("delivered", "read", "failed"):
        expect(await desk.post("/receipts", talk.body(message_id=new_id(), state=state)), 2, 404)


async def _cancel(desk: Caller) -> None:
    await _end(desk, "/cancel", "user_cancelled")


async def _close(desk: Caller) -> None:
    await _end(desk, "/close", "bot_closed")


async def _end(desk: Caller, path: str, reason: str) -> None:
    talk, key = await desk.open(), new_id()
    expect(await desk.post(path, talk.body(reason=reason), key), 2, 404, 410)
    expect(await desk.post(path, talk.body(reason=reason), key), 2, 404, 410)
    expect(await desk.post(path, talk.body(reason=reason)), 2, 404, 410)
    expect(await desk.post(path, talk.body(reason=reason) | {"external_id": new_id()}), 2, 404, 410)


def _open_bytes() -> bytes:
    return encode_json(opening(new_id(), 1))


async def _refused(desk: Caller, body: bytes, headers: dict[str, str], how: str) -> None:
    reply = await desk.raw("POST", "/open", body, {"content-type": "application/json"} | headers)
    if reply.status != 401:
        raise Failed(f"it answered {reply.status} to a call {how}, expected 401")


CHECKS = (
    Check("availability", "The desk says whether somebody is there.", _availability),
    Check("signature-missing", "A call that is not completely signed is refused.", _unsigned),
    Check("signature-wrong", "A call signed with another secret is refused.", _stranger),
    Check("signature-altered", "A signature counts for its own id and body only.", _altered),
    Check("signature-stale", "A signature more than five minutes away from now is refused.", _stale),
    Check(
        "signature-rotation",
        "One good signature among several is enough, so that secrets can rotate.",
        _rotation,
    ),
    Check("open", "The desk takes a conversation and names it.", _open),
    Check("open-repeat", "The same opening again gives the same conversation.", _open_again),
    Check("open-race", "The same opening several times at once gives one conversation.", _open_at_once),
    Check("open-attempt", "Another attempt is another conversation.", _next_attempt),
    Check(
        "messages", "Every shape of message is taken, also with keys that the desk does not know.", _messages
    ),
    Check("messages-repeat", "The same message again is taken without complaint.", _message_again),
    Check("messages-gone", "A message for an unknown conversation is answered 404 or 410.", _unknown),
    Check("signals", "Typing, presence and receipts are taken.", _signals),
    Check("cancel", "A withdrawal may be repeated, also for a conversation that is gone.", _cancel),
    Check("close", "A close may be repeated, also for a conversation that is gone.", _close),
)
