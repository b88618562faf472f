"""The `http` provider against the example desk on a real port."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from openhandover.core import errors
from openhandover.core.model import Attachment, Delivery, Message, Translation, User
from openhandover.net.client import HttpClient
from openhandover.providers.base import Availability, Brief, HandoverRequest, Opened, Session
from openhandover.providers.http import Http
from openhandover.providers.http.settings import Settings

from .emulator import SECRET, FaultyDesk

HELLO = Message("m1", 4, "user", "Hello 👋 <b>شكرا</b>", None, (), "2026-11-21T01:00:00.000Z", Delivery())
REQUEST = HandoverRequest(
    handover_id="h1",
    attempt=1,
    reason="billing",
    initiator="bot",
    conversation=Brief("c1", "web", "nl", "text"),
    user=User("u1", name="Ann"),
    context={"order": 7},
    route={"skills": ["billing"], "vip": True},
    transcript=[HELLO],
)


@pytest.fixture
async def desk() -> AsyncIterator[FaultyDesk]:
    async with FaultyDesk().serving() as desk:
        yield desk


@pytest.fixture
async def provider(desk: FaultyDesk) -> AsyncIterator[Http]:
    async with HttpClient() as client:
        yield Http("backup", Settings(url=desk.url + "/", secret=SECRET), client)


def session(opened: Opened) -> Session:
    return Session("h1", 1, opened.external_id)


async def test_open_puts_the_whole_request_at_the_desk(desk: FaultyDesk, provider: Http) -> None:
    """The body is the contract's, and the idempotency key names handover and attempt."""
    opened = await provider.open(REQUEST)
    (talk,) = desk.talks.values()
    assert opened == Opened(talk.external_id, position=1, estimated_wait_ms=60_000)
    (body,) = desk.bodies["h1:1"]
    assert (
        body
        == (
            '{"handover_id":"h1","attempt":1,"reason":"billing","initiator":"bot",'
            '"conversation":{"id":"c1","channel":"web","language":"nl","medium":"text"},'
            '"user":{"id":"u1","name":"Ann"},"context":{"order":7},"settings":{"skills":["billing"],"vip":true},'
            '"transcript":[{"id":"m1","seq":4,"author":"user","text":"Hello 👋 <b>شكرا</b>",'
            '"translation":null,"attachments":[],"at":"2026-11-21T01:00:00.000Z",'
            '"delivery":{"state":"pending","attempts":0}}]}'
        ).encode()
    )


async def test_open_after_a_lost_reply_gives_one_conversation(desk: FaultyDesk, provider: Http) -> None:
    """The same key again gives the same session, with the same bytes."""
    desk.lose_next_reply()
    with pytest.raises(errors.ProviderUnavailable):
        await provider.open(REQUEST)
    opened = await provider.open(REQUEST)
    assert list(desk.talks) == [opened.external_id]
    first, second = desk.bodies["h1:1"]
    assert first == second


async def test_a_second_attempt_is_another_conversation(desk: FaultyDesk, provider: Http) -> None:
    """Every attempt uses a fresh session."""
    first = await provider.open(REQUEST)
    second = await provider.open(replace(REQUEST, attempt=2))
    assert first.external_id != second.external_id
    assert len(desk.talks) == 2


async def test_nobody_there(desk: FaultyDesk, provider: Http) -> None:
    """The desk's 409 is its own answer, not a failure."""
    desk.online = False
    with pytest.raises(errors.NobodyThere):
        await provider.open(REQUEST)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, errors.ProviderAuthError),
        (403, errors.ProviderAuthError),
        (404, errors.ProviderRejected),
        (422, errors.ProviderRejected),
        (429, errors.ProviderUnavailable),
        (302, errors.ProviderUnavailable),
        (503, errors.ProviderUnavailable),
    ],
)
async def test_a_refused_open(
    desk: FaultyDesk, provider: Http, status: int, kind: type[errors.ProviderError]
) -> None:
    """Each status has its reaction, and Retry-After comes along."""
    desk.fail_next(status, Retry_After="3")
    with pytest.raises(errors.ProviderError) as raised:
        await provider.open(REQUEST)
    assert (type(raised.value), raised.value.http_status, raised.value.retry_after_s) == (kind, status, 3.0)
    assert desk.talks == {}


async def test_the_wrong_secret_is_an_auth_error(desk: FaultyDesk) -> None:
    """The desk refuses what it cannot verify."""
    async with HttpClient() as client:
        stranger = Http("backup", Settings(url=desk.url, secret="whsec_c3RyYW5nZXI="), client)
        with pytest.raises(errors.ProviderAuthError):
            await stranger.open(REQUEST)


async def test_during_rotation_the_desk_may_still_have_the_old_secret(desk: FaultyDesk) -> None:
    """Both secrets sign, so that neither side has to switch first."""
    async with HttpClient() as client:
        settings = Settings(url=desk.url, secret="whsec_c3RyYW5nZXI=", old_secret=SECRET)
        await Http("backup", settings, client).open(REQUEST)
    assert len(desk.talks) == 1


@pytest.mark.parametrize(
    "answer", [{}, {"external_id": ""}, {"external_id": 5}, [], {"external_id": "x", "position": -1}]
)
async def test_a_nonsense_acceptance_is_tried_again(desk: FaultyDesk, provider: Http, answer: Any) -> None:
    """A proxy may have answered in the desk's place."""
    desk.seen["h1:1"] = answer
    with pytest.raises(errors.ProviderUnavailable, match=r"answer .* \(to /open\)"):
        await provider.open(REQUEST)


async def test_messages_arrive_complete_and_once(desk: FaultyDesk, provider: Http) -> None:
    """Text, files and translation as we have them; a repeat after a lost reply is shown once."""
    opened = await provider.open(REQUEST)
    file = Attachment("a1", "x.png", "image/png", 10, "https://h/x.png")
    message = structs.replace(
        HELLO,
        id="m2",
        seq=9,
        attachments=(file,),
        translation=Translation("en", "Hi"),
        to="both",
        author="bot",
    )
    desk.lose_next_reply()
    with pytest.raises(errors.ProviderUnavailable):
        await provider.send(session(opened), message, "c1:9")
    await provider.send(session(opened), message, "c1:9")
    (talk,) = desk.talks.values()
    assert [line["id"] for line in talk.lines] == ["m1", "m2"]
    first, second = desk.bodies["c1:9"]
    assert first == second
    assert (
        b'"message":{"id":"m2","seq":9,"author":"bot","text":"Hello' in first
        and b'"translation":{"language":"en","text":"Hi"}' in first
        and b'"attachments":[{"id":"a1","name":"x.png","content_type":"image/png","size":10,"url":"https://h/x.png"}]'
        in first
        and b'"to":"both"' in first
    )


async def test_a_message_body_does_not_change_with_its_delivery_state(
    desk: FaultyDesk, provider: Http
) -> None:
    """Attempts are counted on our side; the retry repeats the body byte for byte."""
    opened = await provider.open(REQUEST)
    for attempts in (0, 3):
        tried = structs.replace(HELLO, delivery=Delivery("pending", attempts))
        await provider.send(session(opened), tried, "c1:4")
    first, second = desk.bodies["c1:4"]
    assert first == second


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, errors.SessionGone),
        (410, errors.SessionGone),
        (401, errors.ProviderAuthError),
        (409, errors.ProviderUnavailable),
        (425, errors.ProviderUnavailable),
        (500, errors.ProviderUnavailable),
        (400, errors.ProviderRejected),
        (413, errors.ProviderRejected),
    ],
)
async def test_a_refused_message(
    desk: FaultyDesk, provider: Http, status: int, kind: type[errors.ProviderError]
) -> None:
    """Each status has its reaction."""
    opened = await provider.open(REQUEST)
    desk.fail_next(status)
    with pytest.raises(errors.ProviderError) as raised:
        await provider.send(session(opened), HELLO, "c1:4")
    assert type(raised.value) is kind


async def test_a_conversation_that_the_desk_ended_is_gone(desk: FaultyDesk, provider: Http) -> None:
    """A message to a closed conversation is not kept for ever."""
    opened = await provider.open(REQUEST)
    desk.closes(desk.talks[opened.external_id])
    with pytest.raises(errors.SessionGone):
        await provider.send(session(opened), HELLO, "c1:4")


async def test_a_desk_that_is_down_is_unavailable(desk: FaultyDesk, provider: Http) -> None:
    """No answer means: try again later."""
    desk.down()
    with pytest.raises(errors.ProviderUnavailable):
        await provider.open(REQUEST)


async def test_typing_presence_and_receipts_reach_the_agent(desk: FaultyDesk, provider: Http) -> None:
    """The small signals arrive as what they are."""
    here = session(await provider.open(REQUEST))
    talk = desk.talks[here.external_id]
    line = desk.says(talk, "Hi")
    await provider.typing(here, on=True)
    await provider.presence(here, "disconnected", "User left the conversation")
    await provider.receipt(here, line, "read")
    assert (talk.typing, talk.note, talk.lines[-1]["receipt"]) == (True, "User left the conversation", "read")


async def test_a_desk_without_receipts_is_fine(desk: FaultyDesk, provider: Http) -> None:
    """404 on /receipts means only that the desk does not care."""
    here = session(await provider.open(REQUEST))
    desk.fail_next(404)
    await provider.receipt(here, "x", "delivered")
    desk.fail_next(500)
    with pytest.raises(errors.ProviderUnavailable):
        await provider.receipt(here, "x", "read")


@pytest.mark.parametrize("verb", ["cancel", "close"])
async def test_ending_twice_is_fine(desk: FaultyDesk, provider: Http, verb: str) -> None:
    """The desk is told once; a repeat, and one for a conversation that is gone, count as done."""
    here = session(await provider.open(REQUEST))
    end = getattr(provider, verb)
    await end(here, "user_cancelled")
    await end(here, "user_cancelled")
    assert desk.talks[here.external_id].note == "ended: user_cancelled"
    await end(Session("h3", 1, "no-such"), "user_cancelled")
    desk.fail_next(410)
    await end(Session("h2", 1, "gone"), "user_cancelled")
    assert desk.calls == ["/open", f"/{verb}", f"/{verb}"]


async def test_the_connection_can_be_tried_without_a_handover(desk: FaultyDesk, provider: Http) -> None:
    """For `check --connect`: nothing is opened; a desk that is down or does not know us is told."""
    await provider.connect()
    assert (desk.calls, desk.talks) == (["/availability"], {})
    desk.fail_next(401)
    with pytest.raises(errors.ProviderAuthError):
        await provider.connect()
    desk.down()
    with pytest.raises(errors.ProviderUnavailable):
        await provider.connect()


async def test_availability_is_the_desks_own_answer(desk: FaultyDesk, provider: Http) -> None:
    """Skills and language go along; the answer comes back as told."""
    open_now = await provider.availability({"skills": ["billing", "vip"]}, "nl")
    desk.online = False
    closed = await provider.availability({}, None)
    assert open_now == Availability(True, 1, 1, 60_000)
    assert (closed.open, closed.agents) == (False, 0)


@pytest.mark.parametrize("answer", ["nonsense", {"agents": 3}, {"open": "yes"}])
async def test_a_nonsense_availability_is_a_failed_check(answer: Any) -> None:
    """What cannot be read says nothing about whether somebody is there."""

    class Odd(FaultyDesk):
        def on_availability(self, _: object, __: object) -> Any:
            return answer

    async with Odd().serving() as desk, HttpClient() as client:
        provider = Http("backup", Settings(url=desk.url, secret=SECRET), client)
        with pytest.raises(errors.ProviderUnavailable, match=r"answer .* \(to /availability\)"):
            await provider.availability({}, None)
