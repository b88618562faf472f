"""Every call of the client, against a real server."""

from datetime import datetime
from pathlib import Path

import pytest

from openhandover.client import (
    Client,
    FloorTaken,
    HandoverOpen,
    IdReused,
    Invalid,
    NotFound,
    Problem,
    StaleEpoch,
    Unauthorized,
    Unreachable,
)
from openhandover.client.fields import CallFields
from tests.serving import CONFIG, KEY, Server, running_server


async def test_a_conversation_is_begun_read_changed_and_listed(client: Client) -> None:
    """What was given comes back typed, and the list finds it."""
    made = await client.conversations.create(
        "api", {"id": "ada", "name": "Ada"}, id="c1", language="nl", context={"plan": "gold"}
    )
    assert (made.id, made.language, made.user.name, made.context) == ("c1", "nl", "Ada", {"plan": "gold"})
    assert made.floor == "bot"
    assert isinstance(made.created_at, datetime)
    changed = await client.conversations.patch("c1", user={"email": "ada@example.com"}, language="de")
    assert (changed.user.email, changed.language) == ("ada@example.com", "de")
    assert await client.conversations.get("c1") == changed
    assert [one.id async for one in client.conversations.list(user_id="ada")] == ["c1"]
    assert [one.id async for one in client.conversations.list(user_id="bob")] == []


async def test_messages_of_both_sides(client: Client) -> None:
    """User and bot post; the list gives both in order, from where it is asked."""
    talk = await client.conversations.create("api", {"id": "ada"})
    first = await client.messages.post(talk.id, "user", "hello")
    answer = await client.messages.post(
        talk.id, "bot", "Hi!", epoch=talk.epoch, buttons=[{"text": "Yes", "value": "y"}]
    )
    assert (first.author, first.text, first.delivery.attempts) == ("user", "hello", 0)
    assert answer.buttons is not None
    assert answer.buttons[0].value == "y"
    assert [one.text async for one in client.messages.list(talk.id)] == ["hello", "Hi!"]
    assert [one.text async for one in client.messages.list(talk.id, after=first.seq)] == ["Hi!"]


async def test_long_lists_come_page_by_page(client: Client) -> None:
    """More items than a page holds are all there, each once, in order."""
    talk = await client.conversations.create("api", {"id": "ada"})
    for number in range(120):
        await client.messages.post(talk.id, "user", str(number))
    assert [one.text async for one in client.messages.list(talk.id)] == [str(n) for n in range(120)]


async def test_small_signs(client: Client) -> None:
    """Typing, presence and triggers are taken."""
    talk = await client.conversations.create("api", {"id": "ada"})
    await client.conversations.typing(talk.id, on=True)
    await client.conversations.presence(talk.id, "disconnected")
    await client.conversations.trigger(talk.id, "handover")
    page = [event async for event in _first(client, talk.id, 2)]
    assert [event.type for event in page] == ["user.disconnected", "event.triggered"]


async def _first(client: Client, conversation_id: str, count: int):
    async for event in client.events(conversation_id):
        yield event
        count -= 1
        if not count:
            return


async def test_a_handover_from_request_to_rating(client: Client, server: Server) -> None:
    """Requested with a wait it comes back queued; a second is refused with the id of the first; the rest of its life
    has a call each."""
    talk = await client.conversations.create("api", {"id": "ada"})
    asked = await client.handovers.request(
        talk.id, epoch=talk.epoch, wait_s=10, reason="billing", settings={"message": "One moment"}
    )
    assert (asked.status, asked.provider, asked.is_open) == ("queued", "support", True)
    assert asked.attempts[0].to is None
    with pytest.raises(HandoverOpen) as refused:
        await client.handovers.request(talk.id, initiator="user")
    assert refused.value.handover_id == asked.id
    assert [one.id async for one in client.handovers.list(status="queued")] == [asked.id]
    taken = await server.call("POST", f"/v1/desk/handovers/{asked.id}/accept?agent=anna")
    assert taken.status == 200, taken
    active = await client.handovers.get(asked.id)
    assert active.agent is not None
    assert (active.status, active.agent.name) == ("active", "Anna")
    closed = await client.handovers.close(asked.id)
    assert (closed.status, closed.reason, closed.ended_by) == ("completed", "bot_closed", "bot")
    assert not closed.is_open
    assert await client.handovers.cancel(asked.id) == closed
    rated = await client.handovers.rate(asked.id, 5, "thanks")
    assert rated.rating is not None
    assert rated.rating.score == 5
    proof = await client.handovers.proof(asked.id)
    assert proof.counts.failed == 0


async def test_a_transferred_conversation_is_given_back(client: Client) -> None:
    """`give_back` returns the floor to the bot."""
    talk = await client.conversations.create("api", {"id": "ada"})
    asked = await client.handovers.request(talk.id, epoch=talk.epoch, provider="log", wait_s=10)
    assert (asked.status, asked.reason) == ("transferred", "logged")
    await client.handovers.give_back(asked.id)
    assert (await client.conversations.get(talk.id)).floor == "bot"


async def test_a_calls_result(tmp_path: Path) -> None:
    """It is told by its word; after the end it is without effect, and a word that is none is refused."""
    gateway = 'gateways: {phone: {type: webhook, url: "http://127.0.0.1:1/", secret: whsec_c2VjcmV0}}\n'
    async with running_server(tmp_path, CONFIG + gateway) as server, Client(server.url, KEY) as client:
        call = CallFields({"gateway": "phone", "id": "1", "from": "+31201234567", "to": "+31207654321"})
        talk = await client.conversations.create("api", {"id": "ada"}, medium="voice", call=call)
        ended = await client.handovers.request(talk.id, epoch=talk.epoch, wait_s=10)
        assert not ended.is_open
        assert await client.handovers.call_result(ended.id, "ended", sip_status=200) == ended
        with pytest.raises(Invalid):
            await client.handovers.call_result(ended.id, "vanished")


async def test_refusals_are_typed(client: Client) -> None:
    """Each code has its class, with status, detail and the wrong fields."""
    talk = await client.conversations.create("api", {"id": "ada"}, id="c1")
    with pytest.raises(IdReused):
        await client.conversations.create("api", {"id": "bob"}, id="c1")
    with pytest.raises(Invalid) as wrong:
        await client.handovers.rate((await client.handovers.request("c1", epoch=talk.epoch)).id, 9)
    assert (wrong.value.status, wrong.value.code) == (422, "invalid")
    assert [error.path for error in wrong.value.errors] == ["score"]
    with pytest.raises(StaleEpoch):
        await client.messages.post("c1", "bot", "late", epoch=talk.epoch)
    now = await client.conversations.get("c1")
    with pytest.raises(FloorTaken) as taken:
        await client.messages.post("c1", "bot", "me too", epoch=now.epoch)
    assert taken.value.status == 409
    with pytest.raises(NotFound):
        await client.conversations.get("nobody/../knows")
    with pytest.raises(NotFound):
        await client.events("nobody").__anext__()


async def test_a_wrong_key_is_told_and_never_shown(server: Server) -> None:
    """Unauthorized, and the key is in no text of it."""
    async with Client(server.url, "wrong-key") as client:
        with pytest.raises(Unauthorized) as refused:
            await client.conversations.get("c1")
    assert "wrong-key" not in f"{refused.value!r} {refused.value}"


@pytest.mark.parametrize("given", ["bytes", "path"])
async def test_files_are_uploaded_and_sent(client: Client, tmp_path: Path, given: str) -> None:
    """A file by content or path, with a name of any letters; the same id again is the same file."""
    content = b"%PDF-1.4 short"
    (tmp_path / "Rechnung für Zoë.pdf").write_bytes(content)
    name = None if given == "path" else "Rechnung für Zoë.pdf"
    source = tmp_path / "Rechnung für Zoë.pdf" if given == "path" else content
    kept = await client.upload(source, name, id="up-1")
    again = await client.upload(source, name, id="up-1")
    assert kept == again
    assert (kept.name, kept.content_type, kept.size) == ("Rechnung für Zoë.pdf", "application/pdf", 14)
    talk = await client.conversations.create("api", {"id": "ada"})
    sent = await client.messages.post(
        talk.id, "bot", epoch=talk.epoch, attachments=[{"upload_id": kept.upload_id}]
    )
    assert sent.attachments[0].name == "Rechnung für Zoë.pdf"


async def test_availability(client: Client) -> None:
    """The desk with an agent is open; a provider that cannot tell says so."""
    assert (await client.availability("support", skills=())).open is True
    assert (await client.availability("log")).open is None


@pytest.mark.parametrize("url", ["handover.example.com", "ftp://handover.example.com", "http://", ""])
def test_an_address_that_cannot_be_one_is_refused_at_once(url: str) -> None:
    """Before any call."""
    with pytest.raises(ValueError, match="http"):
        Client(url, KEY)


async def test_a_closed_client_connects_again(client: Client) -> None:
    """Closing twice is fine, and a later call opens new connections."""
    await client.close()
    await client.close()
    assert (await client.conversations.create("api", {"id": "ada"})).floor == "bot"


async def test_nobody_at_the_address(server: Server) -> None:
    """A server that is not there is tried for the time given, then it is Unreachable, which is no Problem."""
    async with Client("http://127.0.0.1:1", KEY, give_up_s=0.5) as client:
        with pytest.raises(Unreachable) as failed:
            await client.conversations.get("c1")
    assert not isinstance(failed.value, Problem)
