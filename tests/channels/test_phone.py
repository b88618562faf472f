"""A flow that answers the phone."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from tests.channels.caller import PUBLIC, Caller, attributes
from tests.channels.phone_world import flow, phone_world
from tests.net.loopback import serving


async def test_keys(tmp_path: Path) -> None:
    """The caller hears the greeting, the question and its options; a key chooses, the flow goes on, and hangs up."""
    async with phone_world(tmp_path, flow()) as world:
        caller = await world.caller().ring()
        assert caller.texts == [
            "Welcome to the shop.",
            "What can we do for you?",
            "For an order, press 1.",
            "For a person, press 2.",
        ]
        asked = attributes(caller.waiting)
        assert (asked["numDigits"], asked["hints"], asked["input"]) == (
            "1",
            "an order, a person",
            "dtmf speech",
        )
        await caller.press("1")
        assert caller.texts == ["You said order."]
        assert caller.is_over
        assert caller.diary[-3:] == ["say You said order.", "ask /voice/phone/go", "hang up"]
        assert await world.messages(caller) == [
            ("bot", "Welcome to the shop."),
            ("bot", "What can we do for you?"),
            ("user", "an order"),
            ("bot", "You said order."),
        ]


async def test_speech(tmp_path: Path) -> None:
    """What the caller says is their message; an option that is said counts as pressed."""
    async with phone_world(tmp_path, flow()) as world:
        caller = await world.caller().ring()
        await caller.say("Something about a bill")
        assert "You said Something about a bill." in caller.texts
        other = await world.caller().ring()
        await other.say("An order.")
        assert "You said order." in other.texts


async def test_who_calls(tmp_path: Path) -> None:
    """The number is the user's phone and who they are; the conversation knows the call."""
    async with phone_world(tmp_path, flow()) as world:
        caller = await world.caller().ring()
        found = (await world.server.call("GET", f"/v1/conversations/{caller.conversation}")).body
        assert found["user"] == {"id": "+31612345678", "phone": "+31612345678"} | found["user"]
        assert (found["medium"], found["channel"]) == ("voice", "phone")
        hidden, by_sip = world.caller(from_="anonymous"), world.caller(from_="sip:anna@pbx.example")
        await hidden.ring()
        await by_sip.ring()
        for one, user in ((hidden, f"caller_{hidden.sid}"), (by_sip, "sip:anna@pbx.example")):
            found = (await world.server.call("GET", f"/v1/conversations/{one.conversation}")).body
            assert (found["user"]["id"], found["user"].get("phone")) == (user, None)


async def test_silence(tmp_path: Path) -> None:
    """A question without an answer is put again, with its options; after the last time we say goodbye."""
    async with phone_world(tmp_path, flow()) as world:
        caller = await world.caller().ring()
        question = caller.texts[1:]
        for _ in range(2):
            await caller.stay_silent()
            assert caller.texts == ["I did not hear you.", *question]
        await caller.stay_silent()
        assert caller.texts == ["We did not hear from you. Goodbye."]
        assert caller.is_over
        assert ("user", "") not in await world.messages(caller)


async def test_silence_is_counted_per_question(tmp_path: Path) -> None:
    """An answer begins the count anew."""
    flows = """
flows:
  main:
    - ask: {text: "First?", into: a}
    - ask: {text: "Second?", into: b}
    - say: "{{ a }} and {{ b }}"
"""
    async with phone_world(tmp_path, flows) as world:
        caller = await world.caller().ring()
        await caller.stay_silent()
        await caller.stay_silent()
        await caller.say("one")
        assert caller.texts[-1] == "Second?"
        await caller.stay_silent()
        await caller.stay_silent()
        assert caller.texts[-2:] == ["I did not hear you.", "Second?"]
        await caller.say("two")
        assert caller.texts == ["one and two"]


async def test_a_key_without_option(tmp_path: Path) -> None:
    """A key that is no option is no answer: the question comes again."""
    async with phone_world(tmp_path, flow()) as world:
        caller = await world.caller().ring()
        question = caller.texts[1:]
        await caller.press("7")
        assert caller.texts == ["Sorry, that answer does not fit. Please try again.", *question]
        await caller.press("1")
        assert caller.texts == ["You said order."]


async def test_a_wrong_answer(tmp_path: Path) -> None:
    """An answer that the flow refuses is asked for again; its options can still be chosen by key."""
    flows = """
flows:
  main:
    - ask: {text: "How many?", into: n, validate: number, buttons: [{text: "a pair", value: "2"}]}
    - say: "{{ n }} then."
"""
    async with phone_world(tmp_path, flows) as world:
        caller = await world.caller().ring()
        await caller.say("plenty")
        assert caller.texts[-1] == "That does not look like a number. Please try again."
        await caller.press("1")
        assert caller.texts == ["2 then."]


async def test_many_options(tmp_path: Path) -> None:
    """More options than keys: as many keys as it takes."""
    buttons = ", ".join(f'{{text: "choice {n}", value: "v{n}"}}' for n in range(1, 13))
    flows = f'flows: {{main: [{{ask: {{text: "Which?", into: w, buttons: [{buttons}]}}}}, {{say: "{{{{ w }}}}!"}}]}}'
    async with phone_world(tmp_path, flows) as world:
        caller = await world.caller().ring()
        assert "numDigits" not in attributes(caller.waiting)
        assert caller.texts[-1] == "For choice 12, press 12."
        await caller.press("13")
        assert caller.texts[0] == "Sorry, that answer does not fit. Please try again."
        await caller.press("12")
        assert caller.texts == ["v12!"]


async def test_voices(tmp_path: Path) -> None:
    """Each language has its voice, and the caller is listened to in it."""
    flows = """
flows:
  main:
    - ask: {text: {en: "Who is this?", nl: "Met wie spreek ik?"}, into: name}
    - say: {text: {en: "Hello {{ name }}", nl: "Dag {{ name }}"}}
"""
    async with phone_world(tmp_path, flows.replace("flows:", "languages: {default: nl}\nflows:")) as world:
        caller = await world.caller().ring()
        assert caller.heard == [("Met wie spreek ik?", "nl-NL", "Polly.Lotte")]
        assert attributes(caller.waiting)["language"] == "nl-NL"
        await caller.say("Anna & Bob <3")
        assert caller.texts[-1] == "Dag Anna & Bob <3"


async def test_an_event_of_its_own(tmp_path: Path) -> None:
    """A flow for `call_started` greets callers instead of the bot's own."""
    flows = """
events: {call_started: greeting}
flows:
  main: [{say: "main"}]
  greeting: [{ask: {text: "Greetings. Your name?", into: name}}, {say: "Hi {{ name }}"}]
"""
    async with phone_world(tmp_path, flows) as world:
        caller = await world.caller().ring()
        assert caller.texts == ["Greetings. Your name?"]
        await caller.say("Bo")
        assert caller.texts == ["Hi Bo"]
        assert caller.is_over


async def test_a_call_that_comes_twice(tmp_path: Path) -> None:
    """Twilio repeats what was not answered in time: one conversation, one greeting, one answer."""
    async with phone_world(tmp_path, flow()) as world:
        caller = await world.caller().ring()
        again = await caller.repeat()
        assert [one.text for one in again[0]][:1] == ["Welcome to the shop."]
        await caller.press("1")
        assert caller.is_over
        await caller.send(f"{PUBLIC}/voice/phone", {})
        assert [author for author, _ in await world.messages(caller)] == ["bot", "bot", "user", "bot"]


async def test_an_answer_that_comes_twice(tmp_path: Path) -> None:
    """The same keys twice are one answer; what follows it is told again, as nobody heard it."""
    flows = 'flows: {main: [{ask: {text: "One?", into: a}}, {ask: {text: "Two?", into: b}}, {say: "{{ a }}{{ b }}"}]}'
    async with phone_world(tmp_path, flows) as world:
        caller = await world.caller().ring()
        await caller.press("4")
        again = await caller.repeat()
        assert [one.text for one in again[0]] == ["Two?"]
        await caller.press("5")
        assert caller.texts[-1] == "45"
        assert [text for author, text in await world.messages(caller) if author == "user"] == ["4", "5"]


@pytest.mark.parametrize(
    "options",
    [{"token": "another-auth-token"}, {"account": "AC" + "f" * 32}],
)
async def test_whoever_is_not_twilio(options: dict[str, str], tmp_path: Path) -> None:
    """A request that is not signed by the token, or of another account, is refused and nothing is made of it."""
    async with phone_world(tmp_path, flow()) as world:
        caller = world.caller(**options)
        for part in ("", "/go", "/heard", "/dialled", "/referred", "/answered", "/status"):
            status, _, _ = await caller.send(f"{PUBLIC}/voice/phone{part}", {})
            assert status == 403, part
        answer = await world.server.call("GET", f"/v1/conversations/{caller.conversation}")
        assert answer.status == 404


async def test_whoever_runs_it_hears_of_a_wrong_auth_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every call would fail in silence: the log names the channel and both things that may be wrong, once a minute."""
    monkeypatch.setattr("openhandover.web.problems._told", {})
    async with phone_world(tmp_path, flow()) as world:
        with capture_logs() as logged:
            for _ in range(2):
                status, _, _ = await world.caller(token="yet-another-token").send(f"{PUBLIC}/voice/phone", {})
                assert status == 403
    told = [one for one in logged if one["event"] == "signature_refused"]
    assert [one["channel"] for one in told] == ["phone"]
    assert "auth_token" in told[0]["remedy"]
    assert "public_url" in told[0]["remedy"]


async def test_a_request_without_signature(tmp_path: Path) -> None:
    """No signature, or one for another address, is refused."""
    async with phone_world(tmp_path, flow()) as world:
        caller = world.caller()
        assert (await caller.send(f"{PUBLIC}/voice/phone", {}, signature=""))[0] == 403
        await caller.ring()
        assert caller.waiting is not None
        action = caller.waiting.verb.attrib["action"]
        assert (await caller.send(action, {"Digits": "1"}, signature="AAAA"))[0] == 403
        assert (await caller.send(f"{PUBLIC}/voice/nobody", {}))[0] == 404
        assert not [author for author, _ in await world.messages(caller) if author == "user"]


async def test_what_is_no_form(tmp_path: Path) -> None:
    """A body that is no form, and a form without call, are refused with the reason."""
    async with phone_world(tmp_path, flow()) as world:
        answer = await world.server.call("POST", "/voice/phone", {"CallSid": "CA1"}, key=None)
        assert (answer.status, answer.code) == (400, "bad_payload")
        caller = world.caller()
        caller.fields["CallSid"] = "../../x"
        assert (await caller.send(f"{PUBLIC}/voice/phone", {}))[0] == 400


async def test_the_caller_hangs_up_on_the_bot(tmp_path: Path) -> None:
    """Who hangs up is gone: the conversation says so, and whatever asks on gets a hang-up."""
    async with phone_world(tmp_path, flow()) as world:
        caller = await world.caller().ring()
        await caller.hang_up()
        assert "user.disconnected" in await world.events(caller)
        assert [verb.tag for verb in await caller.post(f"{PUBLIC}/voice/phone", {})] == ["Hangup"]


async def test_words_that_nobody_heard(tmp_path: Path) -> None:
    """What the caller has heard is delivered; what was still to be said when they hung up has failed."""
    flows = """
flows:
  main:
    - ask: {text: "Who is this?", into: name}
    - say: "Hello {{ name }}, this takes a moment."
    - ask: {text: "What is it about?", into: topic}
"""
    async with phone_world(tmp_path, flows) as world:
        caller = await world.caller().ring()
        await caller.post(attributes(caller.waiting)["action"], {"SpeechResult": "Bo"})
        await caller.hang_up()
        answer = await world.server.call("GET", f"/v1/conversations/{caller.conversation}/messages")
        states = [one["delivery"]["state"] for one in answer.body["items"] if one["author"] == "bot"]
        assert states == ["delivered", "failed", "failed"]


async def test_a_slow_flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flow that takes longer than Twilio waits is asked for again and again; the caller hears it when it is there."""
    monkeypatch.setattr("openhandover.phone.talk.ANSWER_S", 0.1)
    released = asyncio.Event()

    async def slow(request: web.Request) -> web.Response:
        await released.wait()
        return web.json_response({"state": "on its way"})

    async with serving(slow) as url:
        flows = f"""
outbound: {{allow: ["{url}"]}}
flows:
  main:
    - call: {{url: "{url}/order", into: {{state: state}}}}
    - say: "It is {{{{ state }}}}."
"""
        async with phone_world(tmp_path, flows) as world:
            caller = world.caller()
            ringing = asyncio.create_task(caller.ring())
            async with asyncio.timeout(10):
                while caller.diary.count("ask /voice/phone/go") < 3:
                    await asyncio.sleep(0.01)
            assert not caller.texts
            released.set()
            await ringing
            assert caller.texts == ["It is on its way."]
            assert caller.is_over


async def test_a_closing_server_answers(tmp_path: Path) -> None:
    """A request that waits for the flow is answered when the server goes down, and does not hold it up."""

    async def silent(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with serving(silent) as url:
        flows = f'outbound: {{allow: ["{url}"]}}\nflows: {{main: [{{call: {{url: "{url}/"}}}}]}}'
        async with aiohttp.ClientSession() as http:
            async with phone_world(tmp_path, flows) as world:
                caller = Caller(world.server.url, http)
                asked = asyncio.create_task(caller.post(f"{PUBLIC}/voice/phone", {}))
                await world.server.until(
                    f"/v1/conversations/{caller.conversation}/events", lambda page: bool(page.get("items"))
                )
            assert [verb.tag for verb in await asked] == ["Pause", "Redirect"]
