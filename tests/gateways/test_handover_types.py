"""Every way of giving a call away, every field of it: present, missing, empty, wrong; what the gateway is sent then, or
why nobody is called."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from openhandover.config.load import load_text
from openhandover.core.errors import ConfigError
from tests.gateways.phones import Phones, phones
from tests.gateways.switchboard import CALL

NUMBER = "+31207654321"
KEY = "msc-key-of-the-voice-environment"
NO_TARGET = "`to` cannot be called: "
NEITHER = "it is neither a phone number in E.164 (plus, country code, number) nor a SIP URI (sip:name@host)"
NOT_SIP = "it is not a SIP URI; write it like sip:name@host"
NO_TYPE = "`type` is empty; give the step or the provider the name that your gateway knows"
NO_CONFIGURATION = "`configuration` is empty; give the step or the provider the keys that your gateway needs"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[Phones]:
    """A fresh world with a phone."""
    async with phones(tmp_path) as running:
        yield running


class Row(NamedTuple):
    """A `voice:` part (its provider apart), and the `call.transfer` it makes or the `configuration` error."""

    field: str
    case: str
    provider: str
    voice: dict[str, Any]
    wire: dict[str, Any] | None = None
    error: str = ""


def forward(to: str, mode: str = "refer") -> dict[str, Any]:
    """The order to forward."""
    return {"kind": "forward", "to": to, "mode": mode}


def custom(type_: str, **configuration: Any) -> dict[str, Any]:
    """The order that only the gateway understands."""
    return {"kind": "custom", "type": type_, "configuration": configuration}


def msc(**more: str) -> dict[str, Any]:
    """The order to queue for agents of the service cloud."""
    return {"kind": "msc", "configuration": {"api_key": KEY, **more}}


ROWS = [
    # --- forward: to
    Row("to", "present", "anybody", {"to": NUMBER}, forward(NUMBER)),
    Row("to", "present", "team", {"to": NUMBER}, forward(NUMBER)),
    Row("to", "as people write it", "anybody", {"to": " +31 (20) 765-43.21 "}, forward(NUMBER)),
    Row("to", "template", "anybody", {"to": "{{ _context.colleague }}"}, forward(NUMBER)),
    Row("to", "sip", "anybody", {"to": "sip:team@pbx.example"}, forward("sip:team@pbx.example")),
    Row(
        "to",
        "sips with port and parameters",
        "anybody",
        {"to": "sips:team@[2001:db8::1]:5061;transport=tcp?X-Reason=billing"},
        forward("sips:team@[2001:db8::1]:5061;transport=tcp?X-Reason=billing"),
    ),
    Row("to", "missing, in the settings", "team", {}, forward("+31201234567")),
    Row("to", "missing everywhere", "anybody", {}, error=NO_TARGET + "it is empty"),
    Row("to", "empty", "team", {"to": ""}, error=NO_TARGET + "it is empty"),
    Row("to", "renders empty", "team", {"to": "{{ nobody }}"}, error=NO_TARGET + "it is empty"),
    Row("to", "blank", "anybody", {"to": "  "}, error=NO_TARGET + "it is empty"),
    Row("to", "national", "anybody", {"to": "020 765 43 21"}, error=NO_TARGET + NEITHER),
    Row("to", "words", "anybody", {"to": "the front desk"}, error=NO_TARGET + NEITHER),
    Row("to", "tel", "anybody", {"to": "tel:+31207654321"}, error=NO_TARGET + NEITHER),
    Row("to", "letters", "anybody", {"to": "+31CALLUS"}, error=NO_TARGET + NEITHER),
    Row(
        "to",
        "no country",
        "anybody",
        {"to": "+99912345678"},
        error=NO_TARGET + "no country has this country code",
    ),
    Row("to", "too short", "anybody", {"to": "+31207"}, error=NO_TARGET + "the number is too short"),
    Row("to", "too long", "anybody", {"to": "+312076543210000"}, error=NO_TARGET + "the number is too long"),
    Row(
        "to",
        "not in use",
        "anybody",
        {"to": "+31007654321"},
        error=NO_TARGET + "no such number is in use in its country",
    ),
    Row("to", "sip without host", "anybody", {"to": "sip:team@"}, error=NO_TARGET + NOT_SIP),
    Row("to", "sip with blank", "anybody", {"to": "sip:te am@pbx.example"}, error=NO_TARGET + NOT_SIP),
    Row("to", "sip with port 0", "anybody", {"to": "sip:team@pbx.example:0"}, error=NO_TARGET + NOT_SIP),
    # --- forward: mode
    Row("mode", "dial", "team", {"mode": "dial"}, forward("+31201234567", "dial")),
    Row("mode", "refer", "front", {"mode": "refer"}, forward("sip:front@pbx.example")),
    Row("mode", "template", "team", {"mode": "{{ 'dial' }}"}, forward("+31201234567", "dial")),
    Row("mode", "missing, in the settings", "front", {}, forward("sip:front@pbx.example", "dial")),
    Row("mode", "missing everywhere", "team", {}, forward("+31201234567")),
    Row("mode", "empty", "front", {"mode": ""}, forward("sip:front@pbx.example", "dial")),
    Row("mode", "wrong", "team", {"mode": "bridge"}, error="`mode` is 'bridge'; it must be dial or refer"),
    # --- custom: type
    Row("type", "present", "waiting", {"type": "queue"}, custom("queue", queue="night")),
    Row("type", "template", "waiting", {"type": "{{ _context.kind }}"}, custom("callback", queue="night")),
    Row("type", "missing, in the settings", "named", {}, custom("park", lot=7)),
    Row("type", "missing everywhere", "waiting", {}, error=NO_TYPE),
    Row("type", "empty", "named", {"type": ""}, error=NO_TYPE),
    Row("type", "renders empty", "waiting", {"type": "{{ nothing }}"}, error=NO_TYPE),
    # --- custom: configuration
    Row(
        "configuration",
        "present",
        "own",
        {"type": "x", "configuration": {"a": "{{ user.name }}", "n": 1, "on": True, "deep": {"b": ["c"]}}},
        custom("x", a='Zoë "Z" \\ 😀', n=1, on=True, deep={"b": ["c"]}),
    ),
    Row(
        "configuration",
        "over the settings",
        "waiting",
        {"type": "x", "configuration": {"queue": "day", "skill": "nl"}},
        custom("x", queue="day", skill="nl"),
    ),
    Row("configuration", "missing, in the settings", "waiting", {"type": "x"}, custom("x", queue="night")),
    Row("configuration", "missing everywhere", "own", {"type": "x"}, error=NO_CONFIGURATION),
    Row("configuration", "empty", "own", {"type": "x", "configuration": {}}, error=NO_CONFIGURATION),
    # --- cm_voice_msc: webstore_referrer, routing_keywords
    Row("webstore_referrer", "present", "msc", {"webstore_referrer": "shop"}, msc(webstore_referrer="shop")),
    Row(
        "webstore_referrer",
        "template",
        "msc",
        {"webstore_referrer": "{{ _context.kind }}"},
        msc(webstore_referrer="callback"),
    ),
    Row("webstore_referrer", "missing", "msc", {}, msc()),
    Row(
        "webstore_referrer",
        "missing, in the settings",
        "store",
        {},
        msc(webstore_referrer="main", routing_keywords="nl"),
    ),
    Row("webstore_referrer", "empty", "msc", {"webstore_referrer": ""}, msc()),
    Row(
        "routing_keywords",
        "present",
        "msc",
        {"routing_keywords": "nl,billing"},
        msc(routing_keywords="nl,billing"),
    ),
    Row(
        "routing_keywords",
        "over the settings",
        "store",
        {"routing_keywords": "de"},
        msc(webstore_referrer="main", routing_keywords="de"),
    ),
    Row("routing_keywords", "missing", "msc", {}, msc()),
    Row("routing_keywords", "empty", "msc", {"routing_keywords": "{{ nothing }}"}, msc()),
]
USER = {"id": "u1", "name": 'Zoë "Z" \\ 😀'}
CONTEXT = {"colleague": NUMBER, "kind": "callback"}


FIELDS = list(dict.fromkeys(row.field for row in ROWS))


@pytest.mark.parametrize("field", FIELDS)
async def test_each_field_of_each_type(world: Phones, field: str) -> None:
    """The gateway is sent exactly this; or the handover is a `configuration` error with exactly this reason, found
    before anything was said."""
    for row in (row for row in ROWS if row.field == field):
        world.board.forget()
        chat = await world.calls(user=USER, context=CONTEXT)
        handover_id = await world.gives(chat, row.provider, row.voice, message="One moment.")
        if row.wire is not None:
            order = await world.board.asked("call.transfer")
            assert order == {**row.wire, "call": CALL, "attempt": 1}, row
            assert world.board.said == ["One moment."], row
            continue
        ended = await world.until(handover_id, status="error")
        assert (ended["reason"], ended["ended_by"]) == ("configuration", "system"), row
        assert ended["error"] == {"reason": "error", "code": "configuration", "message": row.error}, row
        assert world.board.tries == [], row
        said = [message["text"] for message in await world.messages(chat)]
        assert said == ["Sorry, we could not reach anybody for you."], row


MESSAGES: list[tuple[str, dict[str, Any], dict[str, Any], list[str]]] = [
    ("of the voice part", {"message": "By phone."}, {"message": "By text."}, ["By phone."]),
    ("of the step", {}, {"message": "By text."}, ["By text."]),
    ("missing", {}, {}, []),
    ("empty", {"message": ""}, {"message": "By text."}, []),
    ("template", {"message": "Hello {{ user }}"}, {}, ['Hello Zoë "Z" \\ 😀']),
    ("by language", {"message": {"en": "One moment.", "nl": "Een ogenblik."}}, {}, ["Een ogenblik."]),
    ("renders empty", {"message": "{{ nothing }}"}, {}, []),
]


@pytest.mark.parametrize("provider", ["team", "front", "named", "msc", "log"])
async def test_the_message_of_each_type(world: Phones, provider: str) -> None:
    """It is spoken in the caller's language, before the call is given away; without one nothing is spoken."""
    for case, voice, step, said in MESSAGES:
        world.board.forget()
        chat = await world.calls(user=USER, language="nl")
        handover_id = await world.gives(chat, provider, voice, **step)
        if provider == "log":
            await world.until(handover_id, status="transferred")
        else:
            await world.board.asked("call.transfer")
        assert world.board.said == said, case
        languages = [data["language"] for data in world.board.of("call.say")]
        assert languages == (["nl"] if case == "by language" else ["en"] * len(said)), case
        assert await world.messages(chat) == [], case


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"provider": "nobody"}, "settings.voice.provider", "there is no provider 'nobody'"),
    ({"provider": "support"}, "settings.voice.provider", "provider 'support' takes no phone calls"),
    ({}, "settings.voice.provider", ""),
    ({"provider": "team", "tow": "x"}, "settings.voice.tow", ""),
    ({"provider": "team", "to": ["+31"]}, "settings.voice.to", "Expected `str`"),
    ({"provider": "team", "to": "{{ x"}, "settings.voice", ""),
    ({"provider": "own", "configuration": "a"}, "settings.voice.configuration", "Expected `object`"),
]


async def test_a_voice_part_that_does_not_fit(world: Phones) -> None:
    """422 names the place, and no handover begins."""
    chat = await world.calls()
    for voice, path, what in WRONG:
        body = {"initiator": "user", "settings": {"voice": voice}}
        answer = await world.call("POST", f"/v1/conversations/{chat}/handovers", body)
        assert (answer.status, answer.body["errors"][0]["path"]) == (422, path), answer
        assert what in answer.body["errors"][0]["detail"]
    assert (await world.call("GET", "/v1/handovers")).body["items"] == []


@pytest.mark.parametrize(
    ("key", "what"),
    [
        ("", "`api_key` is missing"),
        ('api_key: "",', "`api_key` is empty"),
        ("api_key: [a],", "expected a text"),
    ],
)
def test_the_key_of_the_voice_environment(key: str, what: str) -> None:
    """A configuration without it is refused when it is read."""
    with pytest.raises(ConfigError, match=what):
        load_text(f"providers: {{p: {{{key} type: cm_voice_msc}}}}")


async def test_no_key_is_ever_told_to_anybody_else(world: Phones, capfd: pytest.CaptureFixture[str]) -> None:
    """It goes to the gateway; the events, the handover, its story and the log have the order without it."""
    world.board.fail("call.transfer", 503)
    world.board.fail("call.transfer", 422)
    refused = await world.gives(await world.calls(), "msc", message="A secret message.")
    await world.until(refused, status="error")
    told = "".join(capfd.readouterr())
    assert "open_failed" in told
    assert KEY not in told
    assert "secret message" not in told
    chat = await world.calls()
    handover_id = await world.gives(chat, "msc", {"webstore_referrer": "shop"})
    assert (await world.board.asked("call.transfer"))["configuration"]["api_key"] == KEY
    await world.reports(handover_id, "connected")
    told = next(event for event in await world.events(chat) if event["type"] == "call.transfer")
    assert told["data"] == {"kind": "msc", "configuration": {"webstore_referrer": "shop"}, "call": CALL}
    for path in (
        f"/v1/handovers/{handover_id}",
        f"/v1/handovers/{handover_id}/explain",
        f"/v1/conversations/{chat}",
    ):
        assert KEY not in str((await world.call("GET", path)).body)
    assert all(KEY not in body.decode() for body in world.channel.bodies.values())


async def test_a_call_that_no_configured_gateway_holds(world: Phones) -> None:
    """Nobody could give it away: a configuration error that names the gateway."""
    chat = await world.began(medium="voice", call={**CALL, "gateway": "pbx"})
    handover_id = await world.gives(chat, "team", message="One moment.")
    ended = await world.until(handover_id, status="error")
    assert ended["error"]["message"] == "there is no gateway 'pbx' under `gateways`; known: phone"
    assert ended["reason"] == "configuration"


async def test_a_voice_conversation_without_a_call(world: Phones) -> None:
    """There is nothing to give away."""
    chat = await world.began(medium="voice")
    ended = await world.until(await world.gives(chat, "team"), status="error")
    assert (
        ended["error"]["message"] == "the conversation names no phone call, so there is nothing to give away"
    )


async def test_a_text_conversation_does_not_look_at_the_voice_part(world: Phones) -> None:
    """The part that fits the medium runs; a provider of calls in its fallback is passed over."""
    chat = await world.began()
    handover_id = await world.asks(chat, {"voice": {"provider": "anybody"}, "fallback": ["team", "backup"]})
    queued = await world.until(handover_id, status="queued")
    assert queued["provider"] == "support"
    answer = await world.call(
        "POST",
        f"/v1/conversations/{await world.began()}/handovers",
        {"initiator": "user", "provider": "team"},
    )
    assert (answer.status, answer.body["errors"][0]["path"]) == (422, "provider")
