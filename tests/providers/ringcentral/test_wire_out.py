"""What we say as exact JSON, and how RingCentral's answers are read."""

import json
from typing import Any

import msgspec
import pytest

from openhandover.core.model import Attachment, Button, Translation, User
from openhandover.net.client import Reply
from openhandover.providers.base import Availability
from openhandover.providers.ringcentral import readable, wire
from openhandover.providers.ringcentral.wire import State
from tests.providers.ringcentral.ours import ADA, SOURCE, THREAD, TOKEN, message, request

AT = "2026-01-01T10:00:00Z"
PLAIN = {"id": "cust-7", "screenname": "Ada", "created_at": AT, "updated_at": AT}


def reply(value: Any, status: int = 200) -> Reply:
    """An answer of RingCentral's."""
    return Reply(status, {}, value if isinstance(value, bytes) else json.dumps(value).encode())


# --- ours to RingCentral -------------------------------------------------------------------------------------


def test_the_published_signature_is_ours_too() -> None:
    """The example of RingCentral's page on requests; its signature is that of the body without spaces."""
    key = "3YJZzqMJ5Ec7i2JGvnt8TgvleD7dtpwpmag4S6MuRA2GQdfvV4STIsxDRJ4fEjO8"
    body = b'{"action":"implementation.info","time":"2012-10-01T17:18:40Z"}'
    assert wire.signature(key, body) == (
        "826b61e7939505b2e773ef43a2aad53ec0385dd9d783fbd1c8fea00d0e2a3e2f"
        "b0ae0a5b2eb342356b61c41b5f19baec4c1f7e7e37a5b486fe9b593942017ff9"
    )


def test_a_call_is_these_bytes() -> None:
    """Signed as they are sent; the signature was computed elsewhere."""
    author = {"id": "cust-7", "screenname": "Ada", "created_at": "2026-01-01T00:00:00Z"}
    params = {
        "id": "u-1001",
        "author": {**author, "updated_at": "2026-01-01T00:00:00Z"},
        "body": "Hello",
        "format": "text",
        "thread_id": "conv-42",
    }
    assert wire.signed(TOKEN, wire.call("messages.create", params)) == {
        "Content-Type": "application/json",
        "X-SMCCSDK-SIGNATURE": "463e9fed6301582f06414c8323553b4eb17834fa840a8728f4e20ad4145ce04c"
        "e18d680dfc811e4368289a10a55f55ca54a2d35b8b3515633211b6a42332864e",
    }


def test_the_profile_goes_by_name_and_the_rest_along() -> None:
    """Known names have fields, whatever their case; keys of the others lose what RingCentral does not take."""
    attributes: dict[str, Any] = {
        "First Name": "Ada",
        "last_name": "Lovelace",
        "avatarUrl": "https://example.com/a.png",
        "gender": "woman",
        "Phone": "+3161",
        "email": "other@example.com",
        "loyalty_tier2": "gold",
        "tags": ["vip", 7],
        "address": {"city": "Breda"},
        "empty": None,
        "123": "no letters",
    }
    user = User("cust-7", "Ada", "ada@example.com", "+31201234567", attributes)
    assert wire.user(user, AT) == {
        **PLAIN,
        "firstname": "Ada",
        "lastname": "Lovelace",
        "avatar_url": "https://example.com/a.png",
        "gender": "woman",
        "email": "ada@example.com",
        "mobile_phone": "+31201234567",
        "context_data": {
            "Phone": "+3161",
            "email": "other@example.com",
            "loyalty-tier": "gold",
            "tags": ["vip", "7"],
            "address": '{"city": "Breda"}',
        },
    }


def test_a_user_without_name_or_profile_is_their_id() -> None:
    """A gender that RingCentral does not know is told as it is."""
    user = User("cust-8", attributes={"gender": "x", "screenname": "ada_l"})
    assert wire.user(user, AT) == {
        "id": "cust-8",
        "screenname": "ada_l",
        "created_at": AT,
        "updated_at": AT,
        "context_data": {"gender": "x"},
    }


def test_what_is_known_of_the_handover() -> None:
    """With the conversation's context; what is not there is left out."""
    assert wire.about(request()) == {
        "handover-id": "h-1",
        "reason": "wants a refund",
        "conversation-id": "conv-42",
        "channel": "web",
        "language": "nl",
        "order-no": "4711",
    }
    assert "reason" not in wire.about(request(reason=None))


def test_a_message_is_this_json() -> None:
    """In the reader's language, with the bot's buttons as words."""
    one = message("Hello")
    assert wire.messages(THREAD, one, PLAIN) == [
        {"id": f"{THREAD}.3", "thread_id": THREAD, "author": PLAIN, "format": "text", "body": "Hello"}
    ]
    translated = msgspec.structs.replace(one, translation=Translation("nl", "Hallo"))
    asked = msgspec.structs.replace(translated, buttons=(Button("Ja", "y"), Button("Nee", "n")))
    assert [part["body"] for part in wire.messages(THREAD, asked, PLAIN)] == ["Hallo\n[Ja] [Nee]"]


def test_files_go_along_or_are_named() -> None:
    """With their bytes, or with their address where RingCentral does not take them."""
    assert wire.attachment("a.txt", b"abc") == {"content": "YWJj", "filename": "a.txt"}
    (part,) = wire.messages(THREAD, message(""), PLAIN)
    assert part == {"id": f"{THREAD}.3", "thread_id": THREAD, "author": PLAIN, "format": "text"}
    files = [Attachment("1", "a.exe", "", 3, "https://x/1"), Attachment("2", "", "", None, "https://x/2")]
    assert wire.linked(part, files) == {**part, "body": "a.exe: https://x/1\nhttps://x/2"}
    assert wire.linked({**part, "body": "see"}, files[:1])["body"] == "see\na.exe: https://x/1"


def test_a_long_text_is_cut_and_keeps_its_ids() -> None:
    """Each part is short enough, and a retry has the same ids."""
    words = [f"word{n:05}" for n in range(4_500)]
    parts = wire.messages(THREAD, message(" ".join(words)), PLAIN)
    assert [part["id"] for part in parts] == [f"{THREAD}.3", f"{THREAD}.3.1", f"{THREAD}.3.2"]
    assert all(len(part["body"]) <= 20_000 for part in parts)
    assert " ".join(part["body"] for part in parts).split() == words


def test_the_thread_of_an_attempt_is_always_the_same() -> None:
    """And safe in a search, whatever the handover's id is."""
    assert wire.thread_id("h-1:1") == wire.thread_id("h-1:1") != wire.thread_id("h-1:2")
    assert wire.thread_id('a "b": c').isalnum()
    assert wire.thread("oh-1", PLAIN) == {"id": "oh-1", "title": "Ada"}


def test_what_a_session_keeps() -> None:
    """RingCentral's thread and the author, without what was told once."""
    state = State("t-1", {**PLAIN, "context_data": {"a": "b"}})
    assert State.of(state.text) == State("t-1", PLAIN)
    assert State.of(None) == State("", {})


def test_times_are_whole_seconds_of_utc() -> None:
    """The one form with a time that RingCentral documents."""
    assert wire.second("2026-01-01T12:00:00.999+02:00") == AT
    assert wire.user(ADA, AT)["created_at"] == AT
    assert len(wire.second(None)) == len(AT)


# --- RingCentral's answers -----------------------------------------------------------------------------------


def agent(status: str | None, busyness: str | None = "ok", channel: str = "ch1") -> dict[str, Any]:
    """An agent on one channel."""
    return {
        "agent_id": "a",
        "channels": [{"id": channel, "name": "Chat", "status": status, "busyness": busyness}],
    }


@pytest.mark.parametrize(
    ("agents", "available"),
    [
        ([], Availability(False, 0)),
        ([agent("available"), agent("away"), agent(None)], Availability(True, 1)),
        ([agent("available", "full")], Availability(False, 0)),
        ([agent("available", None)], Availability(True, 1)),
        ([agent("available", channel="other")], Availability(False, 0)),
        ([{"agent_id": "a", "channels": None}], Availability(False, 0)),
    ],
)
def test_who_is_there(agents: list[Any], available: Availability) -> None:
    """Available on a channel with our source, and not full."""
    channels = [wire.Channel("ch1", [SOURCE]), wire.Channel("other", ["x"])]
    assert wire.available(reply(agents), channels, SOURCE) == available


def test_without_a_channel_nobody_can_tell() -> None:
    """No task mode: agents have no channels."""
    assert wire.available(reply([agent("available")]), [], SOURCE) == Availability(None)


def test_agents_have_names() -> None:
    """First and last, else the nickname, else none."""
    assert wire.Named("Grace", "Hopper").name == "Grace Hopper"
    assert wire.Named(nickname="gh", firstname="").name == "gh"
    assert wire.Named().name is None


def test_words_of_html_and_of_structures() -> None:
    """Only what people read."""
    assert readable.of_html("a<br/>b &lt;c&gt;<ul><li>d</li></ul>") == "a\nb <c>\nd"
    assert readable.of_structure({"items": [{"title": "x", "payload": "p"}, 3], "text": "y"}) == ["x", "y"]
    assert readable.of_structure(None) == []
