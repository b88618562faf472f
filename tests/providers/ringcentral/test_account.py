"""The provider by itself against the emulated account: its set-up is proved, and small signs are sent."""

import dataclasses
from collections.abc import AsyncGenerator, Callable
from typing import Any

import msgspec
import pytest

from openhandover.core.errors import ProviderError, ProviderRejected, ProviderUnavailable, SignatureError
from openhandover.core.model import Attachment
from openhandover.emulators.ringcentral import Account, RingCentralEmulator
from openhandover.emulators.ringcentral.account import Content
from openhandover.net.client import HttpClient
from openhandover.providers.base import Alone, Opened, Session, WebhookRequest
from openhandover.providers.ringcentral import RingCentral, wire
from openhandover.providers.ringcentral.settings import Route
from tests.providers.ringcentral.ours import message, request, settings

ADDRESS = "https://handover.example.com/webhooks/engage"


class Place(Alone):
    """A host with an address and files."""

    def __init__(self) -> None:
        super().__init__(ADDRESS)

    async def content(self, file: Attachment) -> bytes:
        """Two files are ours, a small one and a large one."""
        if file.id == "other":
            raise ProviderRejected("not ours")
        return b"abc" if file.id == "ours" else bytes(wire.MOST_FILES)


@pytest.fixture
async def vendor() -> AsyncGenerator[RingCentralEmulator]:
    """An account."""
    async with RingCentralEmulator() as vendor:
        yield vendor


@pytest.fixture
async def http() -> AsyncGenerator[HttpClient]:
    """The way out."""
    async with HttpClient() as http:
        yield http


def provider(vendor: RingCentralEmulator, http: HttpClient, **changed: Any) -> RingCentral:
    """The provider of this account."""
    made = RingCentral("engage", settings(**{**vendor.settings(), **changed}), http)
    made.host = Place()
    return made


def session(opened: Opened) -> Session:
    """Of the handover that `request` opens."""
    return Session("h-1", 1, opened.external_id, opened.vendor_state)


def registered(vendor: RingCentralEmulator) -> None:
    """The webhook is there, as an admin adds it."""
    vendor.callbacks.hold()
    vendor.webhook_to(ADDRESS)


async def test_a_good_set_up_is_proved_without_leaving_anything(
    vendor: RingCentralEmulator, http: HttpClient
) -> None:
    """Nobody and nothing is made."""
    registered(vendor)
    await provider(vendor, http).connect()
    assert not vendor.account.threads
    assert not vendor.account.identities


Change = Callable[[Account], None]


def no_event(account: Account) -> None:
    account.registered_events.remove("intervention.closed")


def switched_off(account: Account) -> None:
    account.source_active = False


def unreadable(account: Account) -> None:
    account.reads = False


@pytest.mark.parametrize(
    ("changed", "change", "named"),
    [
        ({"access_token": "wrong"}, None, "access_token"),
        ({"realtime_token": "wrong"}, None, "realtime_token"),
        ({"agent_category_id": "wrong"}, None, "agent_category_id"),
        ({"bot_category_id": "wrong"}, None, "bot_category_id"),
        ({"bot_category_id": list(Account().categories)[2]}, None, "default category"),
        ({}, switched_off, "realtime_url"),
        ({}, unreadable, "access_token"),
        ({}, no_event, "lacks that event"),
    ],
)
async def test_a_bad_set_up_names_what_to_change(
    vendor: RingCentralEmulator, http: HttpClient, changed: dict[str, str], change: Change | None, named: str
) -> None:
    """The setting, or the place in RingCentral; and no secret."""
    registered(vendor)
    if change is not None:
        change(vendor.account)
    with pytest.raises(ProviderError, match=named) as raised:
        await provider(vendor, http, **changed).connect()
    assert not [secret for secret in changed.values() if "token" in named and secret in raised.value.detail]


async def test_a_source_that_is_not_there(vendor: RingCentralEmulator, http: HttpClient) -> None:
    """The address ends in another id."""
    url = vendor.settings()["realtime_url"].rpartition("/")[0] + "/other"
    with pytest.raises(ProviderError, match=r"`realtime_url`.*`api_url`"):
        await provider(vendor, http, realtime_url=url).connect()


async def test_a_webhook_to_somewhere_else(vendor: RingCentralEmulator, http: HttpClient) -> None:
    """None of the account's webhooks comes to us; where nobody serves, it does not matter."""
    with pytest.raises(ProviderError, match="public_url"):
        await provider(vendor, http).connect()
    alone = provider(vendor, http)
    alone.host = Alone()
    await alone.connect()


async def test_what_the_user_has_read_is_told(vendor: RingCentralEmulator, http: HttpClient) -> None:
    """By the id that we gave the agent's message; that it arrived is no news there."""
    made = provider(vendor, http)
    one = session(await made.open(request(message("help"))))
    calls = len(vendor.requests_to("realtime"))
    await made.receipt(one, "c-1", "delivered")
    assert len(vendor.requests_to("realtime")) == calls
    with pytest.raises(ProviderRejected, match="misses a field"):
        await made.receipt(one, "c-1", "read")  # no agent wrote such a message
    (thread,) = vendor.account.threads.values()
    thread.contents.append(Content("c-1", {"id": "agent"}, "agent", "hello", foreign_id="c-1"))
    await made.receipt(one, "c-1", "read")
    assert thread.contents[-1].read
    assert vendor.requests[-1].json == {"action": "status.mark_as_read", "params": {"id": "c-1"}}


async def test_a_second_start_of_typing_is_too_soon(vendor: RingCentralEmulator, http: HttpClient) -> None:
    """RingCentral's limit; a stop in between lifts it."""
    made = provider(vendor, http)
    one = session(await made.open(request(message("help"))))
    await made.typing(one, on=True)
    with pytest.raises(ProviderUnavailable):
        await made.typing(one, on=True)
    await made.typing(one, on=False)
    await made.typing(one, on=True)


async def test_files_go_with_their_bytes_or_as_links(vendor: RingCentralEmulator, http: HttpClient) -> None:
    """Ours keep their names; what has none, is too large together or not ours is a link."""
    made = provider(vendor, http)
    one = session(await made.open(request(message("help"))))
    files = (
        Attachment("ours", "a.txt", "text/plain", 3, "https://example.com/1"),
        Attachment("ours", "b.bin", "", wire.MOST_FILES - 2, "https://example.com/2"),
        Attachment("other", "c.txt", "", None, "https://example.com/3"),
        Attachment("ours", "", "", 3, "https://example.com/4"),
        Attachment("large", "d.bin", "", None, "https://example.com/5"),
    )
    await made.send(one, message("see", 4, attachments=files), "conv-42:4")
    assert vendor.requests[-1].json["params"]["attachments"] == [
        {"content": "YWJj", "filename": "a.txt"},
        {"url": "https://example.com/2"},
        {"url": "https://example.com/3"},
        {"url": "https://example.com/4"},
        {"url": "https://example.com/5"},
    ]


async def test_a_file_that_is_not_taken_is_named(vendor: RingCentralEmulator, http: HttpClient) -> None:
    """In a message and in the story: what was said with it arrives, and the file's address."""
    made, file = provider(vendor, http), Attachment("ours", "a.exe", "", 3, "https://example.com/1")
    vendor.account.refused_files = {"exe"}
    one = session(await made.open(request(message("help", attachments=(file,)))))
    await made.send(one, message("x" * 20_001, 4, attachments=(file,)), "conv-42:4")
    await made.send(one, message("", 5), "conv-42:5")
    (thread,) = vendor.account.threads.values()
    said = [content.body for content in thread.contents]
    assert said == ["help\na.exe: https://example.com/1", "x" * 20_000, "x\na.exe: https://example.com/1"]
    vendor.faults.fail_next(422, endpoint="realtime")
    with pytest.raises(ProviderRejected, match="attachment settings"):
        await made.send(one, message("words alone", 6), "conv-42:6")


async def test_a_thread_that_is_not_taken_in_yet_is_waited_for(
    vendor: RingCentralEmulator, http: HttpClient
) -> None:
    """The open call fails for now; its repeat tells nothing twice."""
    made = provider(vendor, http)
    vendor.account.unfound = 1
    with pytest.raises(ProviderUnavailable, match="not taken in"):
        await made.open(request(message("help")))
    calls = len(vendor.requests_to("realtime"))
    await made.open(request(message("help")))
    assert len(vendor.requests_to("realtime")) == calls


async def test_the_token_goes_to_ringcentral_only(vendor: RingCentralEmulator, http: HttpClient) -> None:
    """A file of an agent may lie anywhere."""
    made, one = provider(vendor, http), Session("h-1", 1, "oh-1")
    own = {"Authorization": f"Bearer {vendor.account.access_token}"}
    assert await made.file_headers(one, f"{vendor.url}/attachments/1") == own
    for url in (
        "https://files.example.net/a.png",
        f"{vendor.url}.example.net/a",
        f"https://x@{vendor.url[7:]}/",
        vendor.url.replace("http:", "https:") + "/attachments/1",
    ):
        assert await made.file_headers(one, url) == {}


async def test_who_speaks_is_told_apart(vendor: RingCentralEmulator, http: HttpClient) -> None:
    """The user, the bot, and agents of an earlier handover."""
    made = provider(vendor, http)
    told = (
        message("hi", 1),
        message("hello", 2, "bot"),
        message("I was here", 3, "agent"),
        message("well", 4),
    )
    await made.open(request(*told))
    (thread,) = vendor.account.threads.values()
    assert [(one.author["id"], one.side, one.body) for one in thread.contents] == [
        ("cust-7", "user", "hi"),
        ("openhandover-bot", "bot", "hello"),
        ("openhandover-agent", "bot", "I was here"),
        ("cust-7", "user", "well"),
    ]
    assert [one.context.get("handover-id") for one in thread.contents] == [None, None, None, "h-1"]
    sent = [one.json["params"] for one in vendor.requests_to("realtime")]
    assert [one.get("created_at") for one in sent[-4:]] == [f"2026-01-01T10:00:0{n}Z" for n in range(1, 5)]


@pytest.mark.parametrize(
    ("method", "headers", "query", "remedy"),
    [
        ("GET", {}, {"hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": "x"}, "verify_token"),
        ("POST", {"x-dimelo-secret": "x"}, {}, "webhook_secret"),
        ("POST", {"x-smccsdk-signature": "x"}, {}, "realtime_token"),
    ],
)
async def test_who_is_refused_is_said_with_the_setting_to_compare(
    vendor: RingCentralEmulator,
    http: HttpClient,
    method: str,
    headers: dict[str, str],
    query: dict[str, str],
    remedy: str,
) -> None:
    """In our log; three tokens are easily taken for each other."""
    with pytest.raises(SignatureError) as raised:
        provider(vendor, http).verify(WebhookRequest(method, headers, query, b"{}", 0.0))
    assert f"`{remedy}`" in raised.value.remedy


async def test_another_source_gets_the_identities_too(vendor: RingCentralEmulator, http: HttpClient) -> None:
    """Who moves from a trial account to the real one keeps the database: agents there could not answer without them."""
    made = provider(vendor, http)
    await made.open(request(message("help")))
    async with RingCentralEmulator() as real:
        moved = provider(real, http)
        moved.host = made.host
        await moved.open(dataclasses.replace(request(message("help")), attempt=2))
        names = {one["screenname"] for one in real.account.identities.values() if one["puppetizable"]}
        assert names == {"Bot", "Support"}


async def test_a_handover_that_is_opened_again_makes_no_second_thread(
    vendor: RingCentralEmulator, http: HttpClient
) -> None:
    """Also by another process, which remembers nothing."""
    opened = await provider(vendor, http).open(request(message("help")))
    again = await provider(vendor, http).open(request(message("help")))
    assert opened == again
    (thread,) = vendor.account.threads.values()
    assert len(thread.contents) == 1


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"access_token": ""}, "`access_token`"),
        ({"verify_token": "two words"}, "`verify_token`"),
        ({"webhook_secret": "é"}, "`webhook_secret`"),
        ({"webhook_secret": "x" * 256}, "255"),
        ({"bot_category_id": "same", "agent_category_id": "same"}, "the same"),
        ({"agent_identity_id": "openhandover-bot"}, "the same"),
        ({"only_handover_conversations": False}, "not supported"),
    ],
)
def test_bad_settings_say_how_to_mend_them(changed: dict[str, Any], told: str) -> None:
    """When the file is read, not when the first handover fails."""
    with pytest.raises(ValueError, match=told):
        settings(**changed)


@pytest.mark.parametrize("url", ["https://x.example", "https://x.example/1.0", "https://x.example/1.0/"])
def test_the_version_may_be_written_or_not(url: str) -> None:
    """Cognigy's setting has none, RingCentral's file has one."""
    assert settings(api_url=url).rest == "https://x.example/1.0"


def test_a_route_has_one_key() -> None:
    """And it may be absent."""
    assert msgspec.convert({}, Route).additional_category_ids == []
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"skills": []}, Route)
