"""The Hand Over and Event Endpoints: what they get is read however crooked it comes."""

import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, strategies as st

from openhandover.cm.callbacks import Notice, Occurrence, notice, occurrence
from openhandover.core.errors import PayloadError

TEMPLATE = (
    '{"chatId":"{{$chatId}}","sessionId":"{{$sessionId}}","accountId":"{{$accountId}}","channel":"{{$channel}}",\n'
    ' "conversationHostId":"{{$conversationHostId}}","conversationClientId":"{{$conversationClientId}}",'
    '"context":{{$context}}}'
)
VALUES = {
    "chatId": "chat-1",
    "sessionId": "session-1",
    "accountId": "link-1",
    "channel": "WhatsApp",
    "conversationHostId": "host-1",
    "conversationClientId": "0031612345678",
}
KNOWN = Notice("chat-1", "session-1", "link-1", "WhatsApp", "host-1", "0031612345678")


def filled(template: str = TEMPLATE, **values: str) -> bytes:
    """The template as CM fills it in: by text, whatever becomes of it."""
    for name, value in (VALUES | values).items():
        template = template.replace("{{$" + name + "}}", value)
    return template.encode()


def known(answer: Notice) -> Notice:
    """The notice without its raw part."""
    return msgspec.structs.replace(answer, raw={})


def test_the_default_body_is_read() -> None:
    """Every placeholder of the default template is understood, the context as the object that it is."""
    context = {"RoutingKeywords": "billing", "CustomerInfo": '{"name":"Ada \\"A\\" 🐈"}'}
    answer = notice(filled(context=json.dumps(context)))
    assert answer.context == context
    assert known(answer) == msgspec.structs.replace(KNOWN, context=context)


@pytest.mark.parametrize("hole", ["", " ", "\n\t", "null", "[]", '""', "{}"])
def test_an_empty_context_is_no_context(hole: str) -> None:
    """The body that CM makes of an empty context is invalid JSON and read all the same."""
    assert known(notice(filled(context=hole))) == KNOWN


def test_a_hole_in_the_middle_is_mended_too() -> None:
    """An operator may have moved the context; what follows it is read."""
    assert notice(b'{"context":,"chatId":"c"}').chat_id == "c"


def test_placeholders_that_were_not_filled_say_nothing() -> None:
    """Left over in quotes or without, they are absent values."""
    answer = notice(TEMPLATE.encode())
    assert known(answer) == Notice()
    assert notice(b'{"chatId":"c","sessionId":{{$nothing}},"context":{"a":"{{$b}}"}}').context == {"a": None}


def test_the_inside_of_a_text_is_never_mended() -> None:
    """What looks like a hole or a placeholder inside a text is part of it."""
    body = b'{"chatId":"c","note":"a\\":} {{$x}} ,","context":}'
    assert notice(body).raw["note"] == 'a":} {{$x}} ,'


def test_an_edited_template_keeps_its_constants() -> None:
    """Constants of the operator are in `raw`; Web Conversations sends the user's id alone."""
    answer = notice(b'\xef\xbb\xbf{"conversationClientId":"user-1","kind":"handover"}')
    assert (answer.client_id, answer.chat_id, answer.raw["kind"]) == ("user-1", "", "handover")


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"\xff", b'{"context":', b"[" * 100_000, b'"' * 9999])
def test_what_cannot_be_mended_is_a_payload_error(body: bytes) -> None:
    """No object comes out of it, so that it is refused."""
    with pytest.raises(PayloadError):
        notice(body)


@given(st.binary() | st.text(alphabet='{}[]":,$ctx0\\ \n', max_size=60).map(str.encode))
@example(b'{"a":' * 900 + b"1" + b"}" * 900)
def test_no_body_makes_either_fail_otherwise(body: bytes) -> None:
    """Whatever comes is read or refused as a payload."""
    for read in (notice, occurrence):
        try:
            read(body)
        except PayloadError:
            continue


@given(st.dictionaries(st.text(), st.text().filter(lambda text: "{{" not in text)))
def test_any_context_arrives_as_it_was(context: dict[str, str]) -> None:
    """Quotes, braces and backslashes in the context break nothing."""
    assert notice(filled(context=json.dumps(context))).context == context


@pytest.mark.parametrize(
    "body",
    [
        {"$type": "RouterSessionEnded"},
        {"eventType": "sessionended"},
        {"type": "chatClosed"},
        {"Type": "ClientLeftTheChat"},
        {"conversationEvents": [{"$type": "routersessionENDED"}]},
        {"$type": "event", "conversationEvents": [{"x": 1}, {"eventType": "Ended"}]},
    ],
)
def test_the_end_of_a_session_is_found(body: dict[str, Any]) -> None:
    """By any of its names, in any case, at the top or among the events."""
    chat = {"id": "chat-1", "sessionId": "session-1", "conversationClientId": "user-1"}
    answer = occurrence(json.dumps({"chat": chat, **body}).encode())
    assert (answer.is_end, answer.chat_id, answer.session_id, answer.client_id) == (
        True,
        "chat-1",
        "session-1",
        "user-1",
    )


def test_ids_at_the_top_are_found() -> None:
    """An event that is no envelope names its chat at the top."""
    raw = {"type": "RouterSessionEnded", "chatId": "c", "sessionId": "s", "conversationClientId": "u"}
    assert occurrence(json.dumps(raw).encode()) == Occurrence("RouterSessionEnded", "c", "s", "u", True, raw)


@pytest.mark.parametrize("body", [{}, {"$type": "RouterSessionStarted"}, {"conversationEvents": ["ended"]}])
def test_other_events_end_nothing(body: dict[str, Any]) -> None:
    """What does not name an end is something else."""
    assert not occurrence(json.dumps(body).encode()).is_end


@pytest.mark.parametrize("end", [b"", b"\\", b'"x"'])
def test_a_text_without_an_end_is_refused_at_once(end: bytes) -> None:
    """However many quotes are in it: a body of the greatest size takes no longer than reading it."""
    began = time.process_time()
    with pytest.raises(PayloadError):
        notice(b'{"context":"' + b'\\"' * 500_000 + end)
    assert time.process_time() - began < 2
