"""Live Helper Chat's JSON: recordings as exact facts, and our messages as exact JSON."""

import json
from typing import Any

import msgspec
import pytest

from openhandover.core import events as e
from openhandover.core.errors import PayloadError, ProviderUnavailable
from openhandover.core.events import ProviderFact
from openhandover.core.model import Agent, Attachment, Delivery, Message, User
from openhandover.core.settings import Secret
from openhandover.providers.base import Brief, HandoverRequest
from openhandover.providers.livehelperchat import hooks, wire
from openhandover.providers.livehelperchat.settings import Settings
from openhandover.providers.livehelperchat.view import Chat, Line, Lines, Sight, View, read, text_of

from .recordings import NAMES, bodies, recorded

SETTINGS = Settings(
    base_url="https://chat.example.com/index.php", username="openhandover", api_key=Secret("0123456789abcdef")
)
AMY, BOB = Agent("2", "Amy Agent"), Agent("3", "Bob Agent")
CLOSED = e.Closed(sequenced=True)

# --- the recordings, as a look would show them ---------------------------------------------------------------------

PHOTO = Attachment("4", "photo.png", "image/png", 70, "https://chat.example.com/index.php/restapi/file/4")
FACTS: dict[str, list[list[ProviderFact]]] = {
    "01-chat-started": [[]],
    "02-visitor-message": [[]],
    "03-bot-message-by-integration": [[]],
    "04-operator-opens-chat": [[e.AgentJoined(AMY)], []],
    "05-operator-typing-only-when-polled": [[]],
    "06-operator-message": [
        [e.AgentMessage("Hello, this is Amy.\nHow can I help?", id="1608", agent=AMY)],
    ],
    "07-whisper-internal-note": [
        [e.AgentMessage("Do not tell the visitor", id="1609", agent=AMY, note=True)],
    ],
    "08-operator-file": [[e.AgentMessage("Look", id="1611", attachments=(PHOTO,), agent=AMY)]],
    "09-visitor-file": [[]],
    "10-transfer-to-operator": [[]],
    "11-transfer-accepted": [[e.AgentTransferred(BOB)], []],
    "12-transfer-to-department": [[]],
    "13-department-transfer-opened": [[]],
    "14-owner-changed": [[e.AgentTransferred(AMY)]],
    "15-transfer-force-command": [[e.AgentTransferred(BOB)], []],
    "16-operator-closes": [[CLOSED]],
    "17-operator-accepts-by-first-message": [
        [],
        [e.AgentJoined(AMY), e.AgentMessage("First reply accepts", id="1623", agent=AMY)],
    ],
    "18-close-by-rest": [[CLOSED], [CLOSED]],
    "19-back-to-pending-by-rest": [[e.AgentLeft()]],
    "20-accept-by-rest": [[e.AgentJoined(BOB)]],
    "21-visitor-explicit-close": [[]],
    "22-close-by-integration-key": [[CLOSED], [CLOSED]],
}
"""Situation -> for each of its events, the facts. 41 is open from 01 to 16, 42 from 17 to 22."""


def look(body: dict[str, Any]) -> tuple[Chat, Lines]:
    """What REST shows at the moment of a recorded event."""
    name = body["owner"]["name"] or False
    chat = read(Chat, {**body["chat"], "plain_user_name": name})
    said = body["message"]
    lines = [read(Line, {**said, "name_support": said["name"]})] if said["id"] else []
    return chat, Lines(lines)


def played() -> dict[str, list[list[ProviderFact]]]:
    """All recordings in their order, looked at one after the other."""
    sights: dict[int, Sight] = {}
    found: dict[str, list[list[ProviderFact]]] = {}
    for name in FACTS:
        found[name] = []
        for body in bodies(name):
            chat, lines = look(body)
            sight = sights.setdefault(chat.id, Sight("support", SETTINGS.base_url, View()))
            facts = [one.fact for one in sight.facts(chat, lines, lines.messages)]
            found[name].append([*facts, sight.ended(chat, lines).fact] if chat.is_closed else facts)
    return found


PLAYED = played()


@pytest.mark.parametrize("name", FACTS)
def test_a_recorded_situation_gives_exactly_these_facts(name: str) -> None:
    """What the product showed, read as what happened; what is ours, the system's or an offer is nothing."""
    assert PLAYED[name] == FACTS[name]


def test_every_recording_is_read() -> None:
    """No situation is left out; the one that is no JSON has its own test."""
    assert [*FACTS, "23-broken-json-from-user-text"] == NAMES


@pytest.mark.parametrize("name", FACTS)
def test_a_recorded_webhook_says_where_to_look(name: str) -> None:
    """Chat and event; the operator's typing is caused by our own look, so it calls for none."""
    for one in recorded(name):
        headers = {key.lower(): value for key, value in one["headers"].items()}
        hook = hooks.read(headers, json.dumps(one["body"]).encode())
        assert (hook.chat_id, hook.event) == (str(one["body"]["chat"]["id"]), one["body"]["event"])
        assert hook.is_known
        assert hook.is_news is (hook.event != "chat.syncuser.operator_typing")


def test_a_body_that_a_user_broke_is_still_a_call() -> None:
    """A text with `{{ip}}` leaves no JSON; the header names the chat."""
    (one,) = recorded("23")
    body = one["raw_body"].encode()
    with pytest.raises(ValueError, match="malformed"):
        msgspec.json.decode(body)
    hook = hooks.read({"x-handover-chat": "43"}, body)
    assert (hook.chat_id, hook.event, hook.is_news, hook.is_known) == ("43", None, True, True)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b""),
        ({}, b"{"),
        ({"x-handover-chat": "null"}, b'"text"'),
        ({}, b"[" * 100_000),
        ({}, b'{"chat_id": 41}'),
        ({}, b'{"event": "chat.close"}'),
        ({}, b'{"event": "chat.close", "chat": {"id": "x"}}'),
    ],
)
def test_a_webhook_about_nothing_is_refused(headers: dict[str, str], body: bytes) -> None:
    """Without a chat there is nothing to look at."""
    with pytest.raises(PayloadError):
        hooks.read(headers, body)


def test_a_small_template_is_enough() -> None:
    """The ids of the page's template, numbers as text among them, and an event that nobody knows."""
    hook = hooks.read({}, b'{"v":1,"event":"chat.moon","chat_id":"41","message_id":null}')
    assert (hook.chat_id, hook.event, hook.is_known, hook.is_news) == ("41", "chat.moon", False, True)


# --- looks that no recording has -----------------------------------------------------------------------------------


def facts_of(sight: Sight, chat: dict[str, Any], *lines: dict[str, Any], ot: str = "") -> list[ProviderFact]:
    """The facts of a look, each with another id."""
    shown = Lines([read(Line, line) for line in lines], ot)
    found = list(sight.facts(read(Chat, chat), shown, shown.messages))
    assert len({one.event_id for one in found}) == len(found)
    assert {one.external_id for one in found} <= {str(chat["id"])}
    return [one.fact for one in found]


def sight(**view: Any) -> Sight:
    """A look after one that was so."""
    return Sight("support", SETTINGS.base_url, View(**view))


def test_a_waiting_chat_tells_its_place_when_it_changes() -> None:
    """The same place again is no news; somebody to whom it was assigned has not joined by that."""
    one, chat = sight(), {"id": 7, "status": 0, "user_id": "2", "number_in_queue": "3"}
    assert facts_of(one, chat) == [e.QueueUpdated(position=3)]
    assert facts_of(one, chat) == []
    assert facts_of(one, {**chat, "number_in_queue": 1}) == [e.QueueUpdated(position=1)]


def test_typing_is_told_when_it_begins_and_ends() -> None:
    """The sentence is in their language; what counts is that there is one."""
    one, chat = sight(status=1, owner=2), {"id": 7, "status": 1, "user_id": 2}
    assert facts_of(one, chat, ot="Amy schreibt gerade ...") == [e.AgentTyping(True)]
    assert facts_of(one, chat, ot="Amy schreibt gerade ...") == []
    assert facts_of(one, chat) == [e.AgentTyping(False)]


def test_who_wrote_between_two_readings_has_left_when_the_chat_waits_again() -> None:
    """The chat was read before it was accepted, its lines after: whoever wrote there is in it until a later look."""
    one, chat = sight(), {"id": 7, "status": 0, "user_id": 0}
    line = {"id": 8, "user_id": 2, "msg": "Hi", "name_support": "Amy Agent"}
    assert facts_of(one, chat, line) == [e.AgentMessage("Hi", id="8", agent=AMY)]
    assert facts_of(one, chat) == [e.AgentLeft()]
    assert facts_of(one, chat) == []


def test_the_auto_responder_joins_nobody() -> None:
    """Its lines have the author of our own bot's; only the mark tells them apart."""
    marked = {"id": 8, "user_id": -2, "msg": "One moment", "meta_msg": '{"content":{"auto_responder":true}}'}
    ours = {"id": 9, "user_id": -2, "msg": "Hello from the bot", "meta_msg": ""}
    assert facts_of(sight(), {"id": 7, "status": 0}, marked, ours) == [
        e.AgentMessage("One moment", id="8", automatic=True)
    ]


def test_the_name_is_that_of_the_acceptance() -> None:
    """Before any other: it is how the operator is called in this chat."""
    meta = '{"content":{"accept_action":{"user_id":"2","name_support":"Amy from Claims"}}}'
    chat = {"id": 7, "status": 1, "user_id": 2, "plain_user_name": "amy"}
    assert facts_of(sight(), chat, {"id": 8, "user_id": -1, "msg": "x", "meta_msg": meta}) == [
        e.AgentJoined(Agent("2", "Amy from Claims"))
    ]


def test_a_line_by_somebody_new_is_kept_as_unknown() -> None:
    """An author below -2 is nobody that we know."""
    assert facts_of(sight(), {"id": 7, "status": 0}, {"id": 8, "user_id": -9, "msg": "x"}) == [
        e.Unknown("line by -9")
    ]


@pytest.mark.parametrize("meta", ["", "nonsense", "[]", '{"content":[]}', '{"content":"x"}', None])
def test_strange_meta_data_does_not_stop_a_message(meta: str | None) -> None:
    """PHP writes an empty object as a list; whatever is there, the message is one."""
    line = {"id": 8, "user_id": 2, "msg": "Hi", "name_support": "Amy Agent", "meta_msg": meta}
    assert facts_of(sight(status=1, owner=2), {"id": 7, "status": 1, "user_id": 2}, line) == [
        e.AgentMessage("Hi", id="8", agent=AMY)
    ]


def test_lines_come_in_the_order_of_their_numbers() -> None:
    """Also where a lower one became visible later."""
    lines = [{"id": n, "user_id": 2, "msg": str(n), "name_support": "Amy Agent"} for n in (12, 10, 11)]
    found = facts_of(sight(status=1, owner=2), {"id": 7, "status": 1, "user_id": 2}, *lines)
    assert [one.text for one in found if isinstance(one, e.AgentMessage)] == ["10", "11", "12"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[b]bold[/b] and [i]it[/i]", "bold and it"),
        ("see [url=https://a.example]the page[/url]", "see the page (https://a.example)"),
        ("[url=https://a.example]https://a.example[/url]", "https://a.example"),
        (
            "[url]https://a.example[/url] [img]https://a.example/x.png[/img]",
            "https://a.example https://a.example/x.png",
        ),
        ("a [file=4_01010101010101010101010101010101] b", "a  b"),
        ("list[0] and [1] stay, <b>too</b>", "list[0] and [1] stay, <b>too</b>"),
    ],
)
def test_bbcode_becomes_plain_text(written: str, shown: str) -> None:
    """What the user's channel would show as brackets is taken away; everything else stays as it was written."""
    assert text_of(Line(id=1, user_id=2, msg=written)) == shown


@pytest.mark.parametrize(
    "variables", [None, "", "nonsense", "[]", [], {"openhandover_id": "x"}, '{"openhandover_id":"x"}']
)
def test_chat_variables_of_others_do_no_harm(variables: Any) -> None:
    """Whoever made the chat may have put anything there."""
    found = read(Chat, {"id": 1, "status": 0, "chat_variables": variables}).variables
    assert found.get("openhandover_id") == ("x" if variables and "openhandover_id" in variables else None)


@pytest.mark.parametrize("answer", [None, [], {"id": 1}, {"id": "x", "status": 0}, "text"])
def test_an_answer_that_makes_no_sense_is_worth_another_try(answer: Any) -> None:
    """A proxy may have written it."""
    with pytest.raises(ProviderUnavailable, match="Live Helper Chat's answer"):
        read(Chat, answer)


def test_the_cursor_is_the_view() -> None:
    """What was seen survives as text."""
    one = sight(after=5)
    facts_of(one, {"id": 7, "status": 1, "user_id": 2, "plain_user_name": "Amy"})
    assert msgspec.json.decode(one.view.cursor, type=View) == one.view == View(5, 1, 1, 2)


# --- ours ----------------------------------------------------------------------------------------------------------


def message(author: Any, text: str, **more: Any) -> Message:
    """A message of the transcript."""
    return Message("m", 1, author, text, None, (), "2026-11-21T10:00:00.000Z", Delivery(), **more)


def request(*transcript: Message, **more: Any) -> HandoverRequest:
    """A handover with this talk before it."""
    given: dict[str, Any] = {
        "handover_id": "ho_1",
        "attempt": 2,
        "reason": "billing",
        "initiator": "bot",
        "conversation": Brief("c1", "web", "nl", "text"),
        "user": User("u1", "Nia Visitor", "nia@example.org", "+31600000001", {"tier": "gold", "empty": ""}),
        "context": {"order": {"id": 7}, "nothing": None},
        "route": {},
        "transcript": transcript,
    }
    return HandoverRequest(**{**given, **more})


def test_a_chat_opens_with_everything_that_is_known() -> None:
    """Exactly this JSON: the user's last word is the first message, what was before it are lines."""
    talk = (
        message("user", "Where is my order?"),
        message("bot", "Let me see."),
        message("agent", "I was here before", author_name="Kim"),
        message("user", "A person, please"),
    )
    assert wire.opening(request(*talk), SETTINGS, wire.Wanted(1, priority=5, operator=3)) == {
        "department": [1],
        "fields": {
            "DepartamentID": 1,
            "Username": "Nia Visitor",
            "Email": "nia@example.org",
            "Phone": "+31600000001",
            "Question": "A person, please",
            "operator": 3,
        },
        "ignore_required": True,
        "ignore_bot": True,
        "chat_variables": {"openhandover_id": "ho_1:2"},
        "additional_data": [
            {"identifier": "tier", "key": "tier", "value": "gold"},
            {"identifier": "order", "key": "order", "value": '{"id":7}'},
        ],
        "main_attr": {"remarks": "billing", "priority": 5, "chat_locale": "nl"},
        "messages": [
            {"msg": "Where is my order?", "user_id": 0, "time": 1795255200},
            {"msg": "Let me see.", "user_id": -2, "name_support": "Bot", "time": 1795255200},
            {"msg": "I was here before", "user_id": -2, "name_support": "Kim", "time": 1795255200},
        ],
    }


def test_a_chat_without_a_last_word_of_the_user_asks_the_configured_question() -> None:
    """There is always a first message; nothing that is not known is sent."""
    asked = request(message("bot", "I am out of my depth."), user=User("u1"), reason=None, context={})
    body = wire.opening(asked, SETTINGS, wire.Wanted(4))
    assert body["fields"] == {"DepartamentID": 4, "Question": "I would like to talk to a person."}
    assert [line["msg"] for line in body["messages"]] == ["I am out of my depth."]
    assert body["main_attr"] == {"chat_locale": "nl"}
    assert body["additional_data"] == []


def test_tokens_of_theirs_are_only_text() -> None:
    """One message stays one, and nobody's file is shown; the letters are all there."""
    assert wire.plain(" a[[msgitm]]b [file=1_ab] [x] ") == "a[\u200b[msgitm]]b [\u200bfile=1_ab] [x]"
    for acts in (
        "html",
        "HTML",
        "/html",
        "button_action=x",
        "link_trigger=1",
        "survey=1",
        "fupload",
        "FILE=1_ab",
    ):
        assert wire.plain(f"a [{acts}] b") == f"a [\u200b{acts}] b"
    assert wire.plain("[b]bold[/b] [hint] [1]") == "[b]bold[/b] [hint] [1]"
    assert wire.no_command(" !close it") == "\u200b!close it"
    assert wire.no_command("not !close") == "not !close"


def test_a_long_text_is_split_between_words() -> None:
    """No piece is longer than the limit; a word that is, is cut."""
    assert wire.split("aaaa bbbb\ncccc", 10) == ["aaaa bbbb", "cccc"]
    assert wire.split("a" * 25, 10) == ["a" * 10, "a" * 10, "a" * 5]
    assert wire.split("  \n ", 10) == []
    assert all(len(piece) <= 500 for piece in wire.split("[[msgitm]] 👩🏽‍🚒 " * 500, 500))


def test_a_file_is_a_form() -> None:
    """The same bytes for the same file; a name cannot break out of its place."""
    file = Attachment("f1", 'a"b\r\n.png', "image/png\r\nX: y", 3, "https://ours/f1")
    kind, body = wire.form_with_file("41", file, b"\x00--\r")
    boundary = kind.removeprefix("multipart/form-data; boundary=").encode()
    assert (kind, body) == wire.form_with_file("41", file, b"\x00--\r")
    assert body == (
        b'--%b\r\nContent-Disposition: form-data; name="chat_id"\r\n\r\n41\r\n'
        b'--%b\r\nContent-Disposition: form-data; name="files"; filename="a_b_.png"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n\x00--\r\r\n--%b--\r\n"
        % (boundary, boundary, boundary)
    )
