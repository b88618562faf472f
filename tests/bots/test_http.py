"""HTTP bots: events out, answers back as posts."""

import json
from typing import Any

import pytest
from aiohttp import web

from openhandover.bots.http import HttpBot, Post, answered
from openhandover.net.client import HttpClient
from openhandover.net.guard import Guard
from openhandover.net.signatures import decode_secrets, verify
from tests.net.loopback import serving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVENT = b'{"id":"c1:7","type":"message.created","epoch":3}'


async def test_a_bot_answers_in_the_reply() -> None:
    """It gets the signed event; messages and handover become posts with the event's epoch and ids of ours."""

    async def bot(request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        now = float(headers["webhook-timestamp"])
        assert verify(headers, body, decode_secrets(SECRET), now) == "c1:7"
        return web.json_response(
            {
                "messages": [{"text": "One moment"}, {"text": "Here", "buttons": []}],
                "handover": {"reason": "asks"},
            }
        )

    async with serving(bot) as origin, HttpClient() as client:
        answer = await HttpBot("mine", origin, (SECRET,), client, Guard([origin])).deliver("c1:7", 3, EVENT)
    assert answer.outcome.kind == "delivered"
    assert answer.wrong is None
    assert answer.posts == (
        Post("messages", {"text": "One moment", "author": "bot", "id": "c1:7:0", "epoch": 3}),
        Post("messages", {"text": "Here", "buttons": [], "author": "bot", "id": "c1:7:1", "epoch": 3}),
        Post("handovers", {"reason": "asks", "id": "c1:7:2", "epoch": 3}),
    )


@pytest.mark.parametrize("body", [b"", b"  \n", b"{}", b'{"messages":[]}', b'{"handover":null}'])
def test_an_empty_answer_says_nothing(body: bytes) -> None:
    """The bot may post later."""
    assert answered(body, "e", 1) == ()


def test_a_handover_needs_no_settings() -> None:
    """An empty object asks for a person with everything as configured."""
    assert answered(b'{"handover":{}}', "e", 1) == (Post("handovers", {"id": "e:0", "epoch": 1}),)


def test_a_bot_cannot_choose_ids_epoch_or_author_in_its_answer() -> None:
    """Otherwise a repeat could say the same thing twice, or speak as the user."""
    body = json.dumps({"messages": [{"text": "x", "id": "mine", "epoch": 99, "author": "user"}]}).encode()
    assert answered(body, "e", 1) == (
        Post("messages", {"text": "x", "id": "e:0", "epoch": 1, "author": "bot"}),
    )


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"OK", "malformed"),
        (b"[]", "Expected `object`"),
        (b'{"text":"hi"}', "text"),
        (b'{"messages":{"text":"hi"}}', "$.messages"),
        (b'{"messages":["hi"]}', "$.messages[0]"),
        (b'{"handover":true}', "$.handover"),
        (b"\xff", ""),
        (b'{"messages":[' + b"[" * 100_000, ""),
    ],
)
async def test_a_wrong_answer_is_told_with_the_remedy(body: bytes, place: str) -> None:
    """The event counts as delivered, nothing is said, and the owner learns what a right answer is."""

    async def bot(_: web.Request) -> web.Response:
        return web.Response(body=body)

    async with serving(bot) as origin, HttpClient() as client:
        answer = await HttpBot("mine", origin, (SECRET,), client, Guard([origin])).deliver("c1:7", 3, EVENT)
    assert (answer.outcome.kind, answer.posts) == ("delivered", ())
    assert answer.wrong is not None
    assert place in answer.wrong
    assert '"messages"' in answer.wrong


@pytest.mark.parametrize(("status", "kind"), [(500, "retry"), (404, "refused"), (410, "gone")])
async def test_an_answer_with_an_error_status_says_nothing(status: int, kind: str) -> None:
    """What a failed call carries is not taken."""

    async def bot(_: web.Request) -> web.Response:
        content: dict[str, Any] = {"messages": [{"text": "x"}]}
        return web.json_response(content, status=status)

    async with serving(bot) as origin, HttpClient() as client:
        answer = await HttpBot("mine", origin, (SECRET,), client, Guard([origin])).deliver("c1:7", 3, EVENT)
    assert (answer.outcome.kind, answer.posts) == (kind, ())
