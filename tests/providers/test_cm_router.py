"""The Router's call itself: what an answer means, that a repeat is safe, and that nobody's data gets into a detail."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st
from structlog.testing import capture_logs

from openhandover.cm.router import Router, customer_info, mutation_request
from openhandover.cm.settings import RouterSettings, States
from openhandover.core import errors
from openhandover.core.settings import Secret
from openhandover.net.client import HttpClient, encode_json
from openhandover.providers.cm_msc import wire
from openhandover.providers.cm_msc.settings import Settings
from tests.providers.cm_router import (
    ACCOUNT,
    BOT_ADAPTER,
    CHANNEL_ADAPTER,
    CHAT,
    CUT,
    TOKEN,
    WITHOUT_BOT,
    RecordingRouter,
    recording,
)
from tests.scenarios.receiver import SECRET, Receiver
from tests.serving import KEY, Server, running_server

CONTEXT = {"RoutingKeywords": "", "CustomerInfo": '{"name":"Ada \\"Ä\\"","email":"ada@example.org"}'}
ROUTE = {"messaging_adapter": CHANNEL_ADAPTER, "user_name": "Ada", "user_email": "ada@example.org"}


def settings(router: RecordingRouter, **more: Any) -> RouterSettings:
    """A Router with a bot."""
    given = {"technical_link_id": ACCOUNT, "product_token": Secret(TOKEN), "base_url": router.url}
    return RouterSettings(**given | {"bot_adapter": BOT_ADAPTER, "session_url": router.url} | more)


async def hand_over(router: RecordingRouter, **more: Any) -> None:
    """One call."""
    async with HttpClient() as http:
        await Router(settings(router, **more), http).hand_over(CHAT, CONTEXT, source=CHANNEL_ADAPTER)


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (400, errors.ProviderRejected, "HTTP status 400; it said: "),
        (401, errors.ProviderAuthError, "check `product_token`"),
        (403, errors.ProviderAuthError, "may not change the routing of this account"),
        (404, errors.ProviderRejected, "the Router knows no such chat or account"),
        (408, errors.ProviderUnavailable, "408"),
        (409, errors.ProviderRejected, "409"),
        (422, errors.ProviderRejected, "422"),
        (429, errors.ProviderUnavailable, "429"),
        (500, errors.ProviderUnavailable, "500"),
        (503, errors.ProviderUnavailable, "503"),
    ],
)
async def test_what_an_answer_means(status: int, kind: type[Exception], said: str) -> None:
    """Refused for good, refused credentials, or to be repeated; the detail says what to look at."""
    async with recording(status=status, body=b'{"error":"no"}') as router:
        with pytest.raises(kind, match=said) as caught:
            await hand_over(router)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        (None, "https://api.conversational.cm.com"),
        ("https://api.conversational.cm.com", "https://api.conversational.cm.com"),
        ("https://api.cm.com/", "https://api.cm.com"),
    ],
)
def test_both_documented_addresses(base_url: str | None, host: str) -> None:
    """The current one unless the older is asked for; ids are made safe for an address."""
    known = RouterSettings(technical_link_id="a/1", product_token=Secret(TOKEN), base_url=base_url)
    path = "/conversational/control/v1/accounts/a%2F1/chats/c%3F2/routing/mutationrequests"
    assert known.mutation_url("c?2") == host + path
    assert (
        known.session_call("c", "end")
        == "https://api.cm.com/router/control/v1/accounts/a%2F1/chats/c/session/end"
    )


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_every_2xx_is_accepted_whatever_its_body(status: int) -> None:
    """No body of a success is documented, so none is read."""
    async with recording(status=status, body=b"" if status == 204 else b"<html>") as router:
        await hand_over(router)
    assert len(router.sent) == 1


async def test_a_limit_says_when_to_come_again() -> None:
    """`Retry-After` of a 429 reaches the engine."""
    async with recording(status=429, headers={"Retry-After": "7"}) as router:
        with pytest.raises(errors.ProviderUnavailable) as caught:
            await hand_over(router)
    assert caught.value.retry_after_s == 7


async def test_a_session_call_without_its_right_names_the_right() -> None:
    """403 there, although the same token may send mutation requests."""
    async with recording(status=403) as router:
        with pytest.raises(errors.ProviderAuthError, match=r"ConversationalRouter\.RouterSession_Update"):
            await hand_over(router, states=States(human="agent"))


async def test_states_instead_of_mutations() -> None:
    """The session moves to the named state, with the same Context, at the session calls' own address and account."""
    async with recording() as router:
        await hand_over(router, states=States(human="agent"), logical_account_id="logical/1")
    (sent,) = router.sent
    assert (sent.method, sent.path) == ("PUT", f"/accounts/logical%2F1/chats/{CHAT}/session/state")
    assert sent.body == {"NewStateNameId": "agent", "Context": CONTEXT}
    assert sent.headers["x-cm-producttoken"] == TOKEN


@pytest.mark.parametrize(
    ("more", "changes"),
    [
        ({}, [CUT, WITHOUT_BOT]),
        ({"bot_adapter": None}, [WITHOUT_BOT]),
        ({"disable_components": ()}, [CUT]),
        (
            {"disable_components": ("CMBot", "Other")},
            [CUT, WITHOUT_BOT, {"$type": "disableComponent", "ComponentId": "Other"}],
        ),
    ],
    ids=["bot and component", "no bot adapter", "no component", "two components"],
)
async def test_what_is_cut_is_what_the_connection_names(
    more: dict[str, Any], changes: list[dict[str, str]]
) -> None:
    """Without the bot's adapter only components are disabled: a rule of one adapter would cut all its links."""
    async with recording() as router:
        await hand_over(router, **more)
    assert router.sent[0].body["mutations"] == changes


@pytest.mark.parametrize(
    ("more", "method", "path", "body"),
    [
        (
            {"handback": "enable"},
            "POST",
            f"/conversational/control/v1/accounts/{ACCOUNT}/chats/{CHAT}/routing/mutationrequests",
            {"chatId": CHAT, "Context": {}, "mutations": [CUT | {"action": "Enable"}]},
        ),
        (
            {"handback": "enable", "states": States(human="agent", bot="bot")},
            "PUT",
            f"/accounts/{ACCOUNT}/chats/{CHAT}/session/state",
            {"NewStateNameId": "bot", "Context": {}},
        ),
        ({"handback": "session_end"}, "PUT", f"/accounts/{ACCOUNT}/chats/{CHAT}/session/end", None),
    ],
    ids=["enable", "state", "session end"],
)
async def test_handing_back(more: dict[str, Any], method: str, path: str, body: Any) -> None:
    """Each way is one call."""
    async with recording() as router, HttpClient() as http:
        await Router(settings(router, **more), http).hand_back(CHAT, source=CHANNEL_ADAPTER)
    (sent,) = router.sent
    assert (sent.method, sent.path, sent.body if sent.raw else None) == (method, path, body)


async def test_no_call_where_handing_back_is_off() -> None:
    """The default changes nothing at the Router."""
    async with recording() as router, HttpClient() as http:
        await Router(settings(router), http).hand_back(CHAT, source=CHANNEL_ADAPTER)
    assert router.sent == []


@pytest.mark.parametrize("chat", ["..", "."])
async def test_an_id_of_dots_is_not_put_into_an_address(chat: str) -> None:
    """It would mean another address."""
    async with recording() as router, HttpClient() as http:
        with pytest.raises(errors.ProviderRejected, match="made of dots"):
            await Router(settings(router), http).hand_over(chat, {})
    assert router.sent == []


async def test_a_short_word_is_hidden_and_no_other_word_is_spoiled() -> None:
    """A visitor named `a` must not make the reason unreadable."""
    said = b'that is a bad adapter: "a"'
    async with recording(status=400, body=said) as router, HttpClient() as http:
        with pytest.raises(errors.ProviderRejected) as caught:
            await Router(settings(router), http).hand_over(CHAT, {"CustomerInfo": '{"name":"a"}'})
    assert caught.value.detail == 'HTTP status 400; it said: that is *** bad adapter: "***"'


async def test_a_refusal_that_repeats_what_we_sent_is_redacted() -> None:
    """Its beginning is kept for diagnosis; token, name, mail address and phone number are not."""
    echo = {"received": {"Context": CONTEXT}, "who": 'Ada "Ä"', "token": TOKEN, "to": "+31 20 123 45 67"}
    for body in (json.dumps(echo).encode(), encode_json(echo)):
        async with recording(status=400, body=body) as router:
            with pytest.raises(errors.ProviderRejected) as caught:
                await hand_over(router)
        detail = caught.value.detail
        assert "it said: " in detail
        assert not [word for word in ("Ada", "Ä", "\\u00c4", "ada@", TOKEN, "123 45") if word in detail]
        assert len(detail) < 400


@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1), mail=st.text(min_size=1))
def test_names_arrive_intact(name: str, mail: str) -> None:
    """Quotes, backslashes, emoji, right-to-left marks: the text inside the text is still that name."""
    route = ROUTE | {"user_name": name, "user_email": mail.encode(errors="replace").decode()}
    known = Settings(technical_link_id="t", product_token=Secret("p"))
    body = json.loads(encode_json(mutation_request(CHAT, wire.context(route, known), [])))
    found = json.loads(body["Context"]["CustomerInfo"])
    assert found == {"name": name, "email": route["user_email"]}


def test_the_profile_is_json_of_what_there_is() -> None:
    """Empty fields are left out."""
    assert customer_info({"name": "Ada", "email": "a", "phone": ""}) == '{"name":"Ada","email":"a"}'


# --- with the engine ---------------------------------------------------------------------------------------

TEXT = """
api: {{keys: [{{name: all, key: {key}, scopes: [conversations, handovers, analytics]}}]}}
languages: {{default: en, supported: [en]}}
outbound: {{allow: ["127.0.0.1/32"]}}
channels: {{api: {{type: api, provider: msc{webhook}}}}}
providers:
  msc: {{type: cm_msc, technical_link_id: {account}, product_token: {token}, base_url: "{url}", {more}}}
"""


def config(router: RecordingRouter, channel: str = "", more: str = "") -> str:
    """A channel, with a webhook where an address is given, and the Router."""
    return TEXT.format(
        key=KEY,
        webhook=f", webhook: {{url: '{channel}', secret: {SECRET}}}" if channel else "",
        account=ACCOUNT,
        token=TOKEN,
        url=router.url,
        more=more or f"bot_adapter: {BOT_ADAPTER}",
    )


async def ended(server: Server, **more: Any) -> dict[str, Any]:
    """The end of a new handover."""
    chat = await server.conversation(context={"chatId": CHAT})
    asked = await server.handover(chat["id"], settings={"route": ROUTE, "message": "", **more})
    return await server.until(f"/v1/handovers/{asked['id']}", lambda found: found["ended_at"])


@pytest.mark.parametrize("first", ["lost", 500, 408, 429])
async def test_a_mutation_that_may_have_been_accepted_is_repeated(tmp_path: Path, first: int | str) -> None:
    """The same request once more, byte for byte: cutting what is cut changes nothing."""
    async with recording(answers=[first]) as router, running_server(tmp_path, config(router)) as server:
        found = await ended(server)
    assert (found["status"], found["reason"]) == ("transferred", "transferred")
    one, other = router.sent
    assert (one.path, one.raw) == (other.path, other.raw)


@pytest.mark.parametrize(
    ("status", "reason"), [(400, "rejected"), (401, "auth"), (403, "auth"), (404, "rejected")]
)
async def test_a_refused_mutation_ends_the_handover(tmp_path: Path, status: int, reason: str) -> None:
    """Once, with its reason, and the user is told; nothing of it holds the token or the user's data."""
    async with recording(status=status, body=b"Ada ada@example.org") as router:
        with capture_logs() as logs:
            async with running_server(tmp_path, config(router)) as server:
                found = await ended(server, failure_message="Sorry.")
    assert (found["status"], found["reason"], len(router.sent)) == ("error", reason, 1)
    assert str(status) in found["error"]["message"]
    told = found["error"]["message"] + json.dumps(logs, default=str)
    assert not [word for word in (TOKEN, "Ada", "ada@example.org") if word in told]


async def test_a_router_out_of_reach_ends_after_open_s(tmp_path: Path) -> None:
    """No wait is endless."""
    async with recording(wait_s=30) as router, running_server(tmp_path, config(router)) as server:
        found = await ended(server, limits={"open_s": 1})
    assert (found["status"], found["reason"]) == ("error", "provider_error")


async def test_a_message_that_reaches_nobody_still_leads_to_a_human(tmp_path: Path) -> None:
    """The channel refuses the message for good; the chat is handed over all the same."""
    channel = Receiver()
    channel.gone("One moment.")
    async with (
        channel.serving(),
        recording() as router,
        running_server(tmp_path, config(router, channel.url)) as server,
    ):
        found = await ended(server, message="One moment.")
        path = f"/v1/conversations/{found['conversation_id']}/messages"
        said = (await server.call("GET", path)).body["items"]
    assert (found["status"], len(router.sent)) == ("transferred", 1)
    assert [(message["text"], message["delivery"]["state"]) for message in said] == [
        ("One moment.", "failed")
    ]


async def test_the_floor_comes_back_by_call_only(tmp_path: Path) -> None:
    """A message of the user does not take a Router chat back; the call does, and tells the Router where it is asked to."""
    more = f"bot_adapter: {BOT_ADAPTER}, handback: session_end, session_url: '{{url}}'"
    async with recording() as router:
        text = config(router, more=more.format(url=router.url))
        async with running_server(tmp_path, text) as server:
            found = await ended(server)
            await server.said(found["conversation_id"])
            path = f"/v1/conversations/{found['conversation_id']}"
            assert (await server.call("GET", path)).body["floor"] == "human"
            for _ in range(2):
                assert (await server.call("POST", f"/v1/handovers/{found['id']}/return", {})).status == 200
            assert (await server.call("GET", path)).body["floor"] == "bot"
            await server.until(path, lambda _: len(router.sent) == 2)
    assert (router.sent[1].method, router.sent[1].path) == (
        "PUT",
        f"/accounts/{ACCOUNT}/chats/{CHAT}/session/end",
    )


async def test_a_return_is_told_when_the_router_can_be_reached_again(tmp_path: Path) -> None:
    """The call to hand back is repeated like every other, also after a restart."""
    more = f"bot_adapter: {BOT_ADAPTER}, handback: enable"
    async with recording() as router:
        text = config(router, more=more)
        async with running_server(tmp_path, text) as server:
            found = await ended(server)
            router.status = 503
            await server.call("POST", f"/v1/handovers/{found['id']}/return", {})
            await server.until("/healthz", lambda _: len(router.sent) > 1)
        router.status = 200
        async with running_server(tmp_path, text) as server:
            before = len(router.sent)
            await server.until("/healthz", lambda _: len(router.sent) > before)
    assert router.sent[-1].body["mutations"] == [CUT | {"action": "Enable"}]
