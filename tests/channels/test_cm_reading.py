"""Reading and writing without a network: no body makes it fail, no text is lost in parts, numbers are numbers."""

import json
from typing import Any

from hypothesis import example, given, strategies as st

from openhandover.channels.cm import reading, writing
from openhandover.channels.cm.settings import MessageType, Settings
from openhandover.core.errors import PayloadError
from openhandover.core.model import Attachment, Button, Delivery, Message, Translation
from openhandover.core.settings import Secret, Template

ADAPTER = "aaaaaaaa-0000-4000-8000-000000000001"
TYPES = {"Image": MessageType(text=Template("{{ a.b }}"), url=Template("{{ url }}"))}


def settings(api: Any = "v2") -> Settings:
    """A channel with a type of its own."""
    secret = Secret("s" * 16)
    return Settings(
        technical_link_id="x",
        product_token=secret,
        secret=secret,
        adapter_id=ADAPTER,
        api=api,
        message_types=TYPES,
    )


names = st.sampled_from(
    [
        *("chat", "id", "conversationMessages", "$type", "direction", "text", "a", "b", "url", "createdOn"),
        *(
            "conversationalRouter",
            "chatId",
            "from",
            "to",
            "number",
            "message",
            "media",
            "mediaUri",
            "timeUtc",
        ),
    ]
)
words = st.sampled_from(["text", "image", "ClientOriginated", "https://x/y", "\x00", "\u200f"]) | st.text()
bodies = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=8),
    max_leaves=25,
)


@given(bodies, st.sampled_from(["v2", "bmproxy"]))
@example(
    {"chat": {"id": "c"}, "conversationMessages": [{"$type": "image", "direction": "ClientOriginated"}]}, "v2"
)
def test_no_body_makes_reading_fail_otherwise(body: Any, api: str) -> None:
    """Whatever JSON comes is read or refused as a payload; what is read has words or a file."""
    try:
        arrived = reading.arrived(settings(api), json.dumps(body).encode())
    except PayloadError:
        return
    for said in arrived.said:
        assert said.text or said.file
        assert reading.described(said)


@given(st.text(min_size=1), st.integers(1, 9))
def test_the_parts_of_a_long_text_are_the_text(piece: str, times: int) -> None:
    """However it is cut: together the parts are what was written, each below the limit, each with its own id."""
    text = piece * (times * 12_000 // len(piece) + 1)
    raw = {"$type": "text", "id": "m", "direction": "ClientOriginated", "text": text}
    body = json.dumps({"chat": {"id": "c"}, "conversationMessages": [raw]}).encode()
    said = reading.arrived(settings(), body).said
    assert "".join(one.text for one in said) == text
    assert all(len(one.text.encode()) <= reading.MAX_TEXT_BYTES for one in said)
    assert len({one.id for one in said}) == len(said)


def message(**fields: Any) -> Message:
    """A message to the user."""
    bare: dict[str, Any] = {"text": "", "translation": None, "attachments": ()}
    return Message(id="m", seq=1, author="agent", at="", delivery=Delivery(), **(bare | fields))


def test_the_user_reads_the_translation() -> None:
    """What the agent wrote in another language is not sent."""
    assert writing.text(message(text="Hallo", translation=Translation("en", "Hello"))) == "Hello"


def test_files_and_buttons_follow_the_words() -> None:
    """Each file is a line with its link, each button one with its number; a message may be files alone."""
    file = Attachment("f", "bill.pdf", "application/pdf", 1, "https://x/f")
    nameless = Attachment("g", "", "image/png", 1, "https://x/g")
    buttons = (Button("Yes", "y"), Button("No", "n"))
    shown = writing.text(message(text="Look", attachments=(file, nameless), buttons=buttons))
    assert shown == "Look\nbill.pdf: https://x/f\nhttps://x/g\n\n1. Yes\n2. No"
    assert writing.text(message(attachments=(file,))) == "bill.pdf: https://x/f"
    assert writing.text(message(buttons=buttons)) == "1. Yes\n2. No"


@given(st.text(), st.integers(20, 50))
@example("one two three four five six seven", 20)
@example(" " * 21 + "a", 20)
def test_a_text_that_is_too_long_goes_out_in_parts(text: str, longest: int) -> None:
    """No part is over the limit, none is empty beside others, and no word is lost or broken without need."""
    parts = writing.cut(text, longest)
    assert all(len(part) <= longest for part in parts)
    assert len(parts) == 1 or all(parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_parts_are_broken_between_words() -> None:
    """At a line or a space, where there is one in the second half."""
    assert writing.cut("one two three four five six", 20) == ["one two three four", "five six"]
    assert writing.cut("a" * 45, 20) == ["a" * 20, "a" * 20, "a" * 5]
    assert writing.cut("", None) == [""]


def test_a_conversation_is_a_session_of_a_chat_on_a_channel() -> None:
    """Each of the three makes another one; no word can pass over into the next."""
    made = [
        reading.conversation_id(*parts) for parts in (("a", "b", "c"), ("ab", "", "c"), ("a", "bc", None))
    ]
    assert len(set(made)) == 3
    assert reading.conversation_id("a", "b", None) == reading.conversation_id("a", "b", "")
