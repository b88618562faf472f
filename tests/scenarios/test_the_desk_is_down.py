"""Desks that refuse, fail, disappear or are nobody home; and who is tried next."""

import asyncio
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.providers.mail.smtp_server import mailbox
from tests.scenarios.world import World, lines, living, soon


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (409, "unavailable"),
        (401, "auth"),
        (403, "auth"),
        (400, "rejected"),
        (404, "rejected"),
        (422, "rejected"),
    ],
)
async def test_a_refused_open_is_an_honest_failure(world: World, status: int, reason: str) -> None:
    """The reason tells why, the failure text is said once, the floor is the bot's again, the desk is left alone."""
    world.desk.fail_next(status)
    chat = await world.began()
    handover_id = await world.asks(chat, {"failure_message": "Nobody can take it"})
    ended = await world.until(handover_id, status="error")
    assert (ended["reason"], ended["ended_by"]) == (reason, "provider")
    assert ended["error"]["code"] == reason
    assert ended["error"]["reason"] == "error"
    await world.channel.heard("Nobody can take it")
    await world.channel.got("floor.changed", 2)
    assert world.channel.texts("system") == ["Nobody can take it"]
    assert (await world.call("GET", f"/v1/conversations/{chat}")).body["floor"] == "bot"
    assert world.desk.calls == []


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_troubled_open_is_repeated(world: World, status: int) -> None:
    """429 and 5xx are tried again with the same key until it works."""
    world.desk.fail_next(status, 2)
    chat = await world.began()
    handover_id = await world.asks(chat)
    await world.until(handover_id, status="queued")
    assert world.desk.calls == ["/open"]
    assert len(world.desk.bodies[f"{handover_id}:1"]) == 1


async def test_a_lost_answer_opens_nothing_twice(world: World) -> None:
    """The desk did it but its answer was lost: the repeat has the same key and gets the same conversation."""
    world.desk.lose_next_reply()
    chat = await world.began()
    handover_id = await world.asks(chat)
    found = await world.until(handover_id, status="queued")
    assert len(world.desk.talks) == 1
    assert found["attempts"][0]["external_id"] in world.desk.talks
    assert len(set(world.desk.bodies[f"{handover_id}:1"])) == 1


async def test_retry_after_is_honoured(world: World) -> None:
    """The desk says when to come back, for open and for messages."""
    world.desk.fail_next(429, Retry_After="2")
    chat = await world.began()
    began = time.monotonic()
    handover_id = await world.asks(chat)
    await world.until(handover_id, status="queued")
    assert time.monotonic() - began >= 1.9
    talk = await world.talk(handover_id)
    world.desk.fail_next(429, Retry_After="2")
    began = time.monotonic()
    await world.says(chat, "patience")
    await soon(lambda: "patience" in lines(talk))
    assert time.monotonic() - began >= 1.9


async def test_the_next_provider_gets_everything(world: World) -> None:
    """After open_s the backup is tried under the same id; it gets the messages so far as transcript."""
    world.desk.down()
    chat = await world.began()
    await world.says(chat, "before")
    handover_id = await world.asks(chat, {"limits": {"open_s": 1}, "fallback": ["backup"]})
    await world.says(chat, "while waiting")
    found = await world.until(handover_id, status="queued")
    talk = await world.talk(handover_id, world.backup)
    assert lines(talk) == ["before", "while waiting"]
    assert [(one["provider"], one["reason"]) for one in found["attempts"]] == [
        ("support", "provider_error"),
        ("backup", None),
    ]
    assert (found["attempt"], found["provider"], found["attempts"][0]["external_id"]) == (2, "backup", None)
    requested = world.channel.of("handover.requested")
    assert [(one["data"]["attempt"], one["data"]["provider"]) for one in requested] == [
        (1, "support"),
        (2, "backup"),
    ]
    await world.says(chat, "now")
    await soon(lambda: lines(talk)[-1] == "now")
    proof = await world.server.until(
        f"/v1/handovers/{handover_id}/proof", lambda p: p["counts"]["pending"] == 0
    )
    assert (proof["counts"]["accepted"], proof["counts"]["delivered"]) == (2, 2)


async def test_accepted_is_said_once_however_many_are_tried(world: World) -> None:
    """The first desk accepted and then had nobody: the second does not make us say it again."""
    chat = await world.began()
    settings = {"accepted_message": "On our way", "limits": {"queue_s": 1}, "fallback": ["backup"]}
    handover_id = await world.asks(chat, settings)
    await world.until(handover_id, status="queued", provider="support")
    await world.says(chat, "anybody?")
    found = await world.until(handover_id, status="queued", provider="backup")
    assert found["attempts"][0]["reason"] == "queue_timeout"
    assert world.channel.texts().count("On our way") == 1
    first = await world.talk(handover_id)
    await soon(lambda: first.state == "closed")
    assert world.desk.calls == ["/open", "/messages", "/cancel"]
    assert lines(await world.talk(handover_id, world.backup)) == ["anybody?"]


async def test_the_old_desk_has_no_say_any_more(world: World) -> None:
    """Events of the first attempt are late once the second has begun."""
    chat = await world.began()
    handover_id, first = await world.queued(chat, {"limits": {"queue_s": 1}, "fallback": ["backup"]})
    await world.until(handover_id, status="queued", provider="backup")
    late = {
        "event_id": "e1",
        "type": "agent.joined",
        "handover_id": handover_id,
        "agent": {"id": "x", "name": "X"},
    }
    answer = await world.webhook(late | {"external_id": first.external_id})
    assert (answer.status, answer.body) == (200, {"applied": False, "reason": "ended"})
    assert (await world.handover(handover_id))["status"] == "queued"


async def test_mail_is_a_desk_for_the_night(tmp_path: Path) -> None:
    """Nobody there: the mail provider takes it as a ticket, with the whole story, and the user is told."""
    async with mailbox() as box:
        mail = f"  mail: {{type: mail, smtp: 'smtp://127.0.0.1:{box.port}', to: desk@example.org, from: bot@example.org}}\n"
        async with living(tmp_path, mail) as world:
            world.desk.online = False
            chat = await world.began()
            await world.says(chat, "my parcel is lost")
            settings = {"fallback": ["mail"], "accepted_message": "You get an e-mail"}
            ended = await world.until(await world.asks(chat, settings), status="transferred")
            assert (ended["reason"], ended["provider"]) == ("ticket", "mail")
            assert [one["reason"] for one in ended["attempts"]] == ["unavailable", "ticket"]
            await world.channel.heard("You get an e-mail")
            (raw,) = box.mails
            assert b"my parcel is lost" in raw


async def test_logging_calls_nobody(world: World) -> None:
    """A transfer to nobody is recorded as transferred, reason logged."""
    chat = await world.began()
    ended = await world.until(await world.asks(chat, provider="log"), status="transferred")
    assert (ended["reason"], ended["style"]) == ("logged", "transfer")
    assert world.desk.calls == []


@pytest.mark.parametrize("status", [404, 410])
async def test_a_desk_that_lost_the_conversation(world: World, status: int) -> None:
    """/messages answered 404 or 410: error provider_error; the message is failed and in the digest."""
    chat = await world.began()
    handover_id, _ = await world.active(chat)
    world.desk.fail_next(status)
    said = await world.says(chat, "are you there?")
    ended = await world.until(handover_id, status="error")
    assert (ended["reason"], ended["ended_by"]) == ("provider_error", "provider")
    assert (await world.channel.got("message.failed"))["data"] == {"message_id": said["id"]}
    digest = [
        (m["text"], m["delivery"]["state"]) for m in ended["digest"]["messages"] if m["author"] == "user"
    ]
    assert digest == [("are you there?", "failed")]


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_message_refused_for_good_does_not_block_the_next(world: World, status: int) -> None:
    """It is failed, its sender hears it, the next goes on."""
    chat = await world.began()
    handover_id, talk = await world.active(chat)
    world.desk.fail_next(status)
    bad = await world.says(chat, "too much")
    await world.says(chat, "fine")
    await world.channel.got("message.delivered")  # the desk shows it before we know that it does
    assert lines(talk)[-1] == "fine"
    assert (await world.channel.got("message.failed"))["data"] == {"message_id": bad["id"]}
    states = {m["text"]: m["delivery"]["state"] for m in await world.messages(chat) if m["author"] == "user"}
    assert states == {"too much": "failed", "fine": "delivered"}
    counts = (await world.proof(handover_id))["counts"]
    assert (counts["failed"], counts["delivered"]) == (1, 1)


@pytest.mark.parametrize("status", [401, 403, 408, 409, 425, 429, 500, 503])
async def test_a_message_waits_for_a_desk_in_trouble(world: World, status: int) -> None:
    """It is repeated byte for byte under the same key, and the next ones wait their turn."""
    chat = await world.began()
    _, talk = await world.active(chat)
    world.desk.fail_next(status)
    first = await world.says(chat, "one")
    await world.says(chat, "two")
    await soon(lambda: "two" in lines(talk))
    assert lines(talk) == ["one", "two"]
    found = next(m for m in await world.messages(chat) if m["id"] == first["id"])
    assert found["delivery"] == {"state": "delivered", "attempts": 2}


async def test_a_lost_answer_repeats_the_same_bytes(world: World) -> None:
    """The desk took it, we could not know: the second call is the same, and the desk sees it once."""
    chat = await world.began()
    _, talk = await world.active(chat)
    world.desk.lose_next_reply()
    said = await world.says(chat, "once")
    await soon(lambda: len(world.desk.bodies.get(f"{chat}:{said['seq']}", [])) == 2)
    assert len(set(world.desk.bodies[f"{chat}:{said['seq']}"])) == 1
    assert lines(talk) == ["once"]


async def test_what_nobody_took_is_failed_and_told(world: World) -> None:
    """Every provider failed: the user's messages are failed in the proof and listed in the digest."""
    world.desk.may_answer.clear()
    world.desk.fail_next(409)
    chat = await world.began()
    handover_id = await world.asks(chat)
    said = await world.says(chat, "hello?")
    world.desk.may_answer.set()
    ended = await world.until(handover_id, status="error")
    listed = [
        (m["text"], m["delivery"]["state"]) for m in ended["digest"]["messages"] if m["author"] == "user"
    ]
    assert listed == [("hello?", "failed")]
    assert (await world.channel.got("message.failed"))["data"] == {"message_id": said["id"]}
    assert (await world.proof(handover_id))["counts"]["failed"] == 1


async def test_an_open_that_comes_too_late_is_withdrawn(world: World) -> None:
    """The desk answered after open_s: the attempt is over, and what was opened gets a cancel."""
    world.desk.may_answer.clear()
    chat = await world.began()
    handover_id = await world.asks(chat, {"limits": {"open_s": 1}})
    ended = await world.until(handover_id, status="error")
    assert ended["reason"] == "provider_error"
    world.desk.may_answer.set()
    await soon(lambda: "/cancel" in world.desk.calls)
    assert len(world.desk.talks) == 1
    await asyncio.sleep(0.1)
    assert (await world.handover(handover_id))["status"] == "error"


@pytest.mark.parametrize("killed", [False, True])
async def test_an_open_whose_answer_was_lost_is_asked_for_again_and_withdrawn(
    world: World, killed: bool
) -> None:
    """The user withdrew, and only the desk knows what it opened: once it answers again, that gets its cancel."""
    world.desk.lose_next_reply()
    chat = await world.began()
    handover_id = await world.asks(chat)
    await soon(lambda: len(world.desk.talks) == 1)
    world.desk.down()
    said = await world.says(chat, "never mind")
    await world.call("POST", f"/v1/handovers/{handover_id}/cancel")
    assert (await world.channel.got("message.failed"))["data"] == {"message_id": said["id"]}
    if killed:
        await world.restart()
    await soon(lambda: world.desk.cut >= 3)
    world.desk.down(on=False)
    await soon(lambda: world.desk.calls[-1] == "/cancel")
    assert [talk.state for talk in world.desk.talks.values()] == ["closed"]
    assert world.desk.calls == ["/open", "/open", "/cancel"]


async def test_a_withdrawn_open_is_given_up_some_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A desk that stays away is not asked for ever: the log names the handover whose session may wait there."""
    monkeypatch.setattr("openhandover.engine.attempts.WITHDRAWN_S", 1.0)
    world.desk.lose_next_reply()
    handover_id = await world.asks(await world.began())
    await soon(lambda: len(world.desk.talks) == 1)
    world.desk.down()
    with capture_logs() as logs:
        await world.call("POST", f"/v1/handovers/{handover_id}/cancel")
        await soon(lambda: any(line["event"] == "open_failed" for line in logs))
    told = next(line for line in logs if line["event"] == "open_failed")
    assert (told["handover_id"], told["reason"]) == (handover_id, "provider_error")
    assert "end it there by hand" in told["remedy"]


async def test_a_withdrawn_open_does_not_disturb_the_next_handover(world: World) -> None:
    """Who asked again meanwhile is in the new session at the same desk; the old one is not asked for any more."""
    world.desk.lose_next_reply()
    chat = await world.began()
    first = await world.asks(chat)
    await soon(lambda: len(world.desk.talks) == 1)
    world.desk.down()
    await world.call("POST", f"/v1/handovers/{first}/cancel")
    with capture_logs() as logs:
        second = await world.asks(chat)
        await soon(lambda: any(line["event"] == "open_failed" for line in logs))
    assert [line["handover_id"] for line in logs if line["event"] == "open_failed"] == [first]
    world.desk.down(on=False)
    await world.until(second, status="queued")
    assert world.desk.calls == ["/open", "/open"]


async def test_a_desk_that_gives_up_while_queued(world: World) -> None:
    """`unavailable` from the desk's queue tries the next one; other reasons end it."""
    chats = [await world.began() for _ in range(2)]
    for chat, reason in zip(chats, ("unavailable", "rejected"), strict=True):
        handover_id, talk = await world.queued(chat, {"fallback": ["backup"]})
        world.desk.fails(talk, reason)
        if reason == "unavailable":
            await world.until(handover_id, status="queued", provider="backup")
        else:
            assert (await world.until(handover_id, status="error"))["reason"] == "rejected"


async def test_no_fallback_once_a_person_was_there(world: World) -> None:
    """After `active` a failure is the end."""
    chat = await world.began()
    handover_id, talk = await world.active(chat, {"fallback": ["backup"]})
    world.desk.fails(talk, "unavailable")
    assert (await world.until(handover_id, status="error"))["reason"] == "unavailable"
    assert world.backup.calls == []
