"""Our calls to the Chat Gateway: each has one effect, and each refusal a meaning."""

from typing import Any

import pytest

from openhandover.core.errors import (
    ProviderAuthError,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    SessionEnded,
    SessionGone,
    Unsupported,
)
from openhandover.core.model import Attachment
from openhandover.emulators.eight_by_eight.gateway import MAX_UPLOAD_BYTES

from .conftest import Vendor, request, said, session

PHOTO = Attachment("f1", "photo.png", "image/png", 3, "https://handover.example.com/v1/files/f1")


# --- open ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_open_call_that_was_not_answered_is_found_again(vendor: Vendor, *, restarted: bool) -> None:
    """Also among many others, and after a restart in between."""
    for number in range(60):
        await vendor.open(handover_id=f"other-{number}")
    vendor.emulator.faults.lose_next_reply(endpoint="conversation.create")
    with pytest.raises(ProviderUnavailable):
        await vendor.open()
    if restarted:
        vendor.another()
    opened = await vendor.open()
    again = await vendor.open()
    assert len(vendor.emulator.account.conversations) == 61
    assert opened == again
    told = vendor.emulator.account.conversations[opened.external_id].told()
    assert {"key": "handover", "value": "h1:1"} in told["user"]["additionalProperties"]


async def test_an_open_call_that_did_not_arrive_is_made_once_more(vendor: Vendor) -> None:
    """Nothing is found, so there is nothing to be found."""
    vendor.emulator.faults.fail_next(503, endpoint="conversation.create")
    with pytest.raises(ProviderUnavailable):
        await vendor.open()
    await vendor.open()
    assert len(vendor.emulator.account.conversations) == 1


async def test_another_attempt_is_another_conversation(vendor: Vendor) -> None:
    """Every attempt uses a fresh one."""
    assert await vendor.open() != await vendor.open(attempt=2)


@pytest.mark.parametrize(
    ("settings", "route", "kind", "text"),
    [
        ({"api_key": "wrong"}, {}, ProviderAuthError, "HTTP status 401; access_denied; check `api_key`"),
        ({"tenant": "another"}, {}, ProviderAuthError, "HTTP status 403; check `api_key` and `tenant`"),
        ({"tenant": None}, {}, ProviderAuthError, "HTTP status 403; check `api_key` and `tenant`"),
        ({}, {"queue_id": "999"}, ProviderRejected, "invalid_queue"),
        ({}, {"queue_id": "999"}, ProviderRejected, "check `queue_id`"),
        ({}, {"channel_id": "gone"}, ProviderRejected, "channelId; check `channel_id`, `queue_id` and"),
        ({"base_url": "path"}, {}, ProviderRejected, "check `channel_id` and `base_url`"),
    ],
)
async def test_a_refused_open_names_the_setting(
    vendor: Vendor, settings: dict[str, Any], route: dict[str, Any], kind: type[ProviderError], text: str
) -> None:
    """A wrong key, another tenant, a queue or channel that was deleted."""
    base = {"base_url": f"{vendor.emulator.url}/another/v1"} if "base_url" in settings else {}
    vendor.another(**settings | base)
    with pytest.raises(kind) as raised:
        await vendor.open(route=route)
    assert text in raised.value.detail
    assert not vendor.emulator.account.conversations


async def test_a_limit_is_waited_for(vendor: Vendor) -> None:
    """429 says when to come back."""
    vendor.emulator.faults.fail_next(429, endpoint="conversation.create", retry_after="7")
    with pytest.raises(ProviderUnavailable) as raised:
        await vendor.open()
    assert (raised.value.http_status, raised.value.retry_after_s) == (429, 7.0)


async def test_nonsense_instead_of_an_answer_is_tried_again(vendor: Vendor) -> None:
    """A proxy's page in the vendor's place is no conversation."""
    vendor.another(base_url=f"{vendor.emulator.url}/emulator/page.css?".rstrip("?"))
    with pytest.raises(ProviderError):
        await vendor.open()


# --- messages --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("lists_history", [True, False])
async def test_the_same_word_twice_is_written_twice(
    vendor: Vendor, *, restarted: bool, lists_history: bool
) -> None:
    """8x8 takes no id of ours: a lost answer is told from a user who repeats themselves."""
    vendor.emulator.desk.lists_history = lists_history
    session = await vendor.open(transcript=(said("yes"),))
    for number in range(4):
        key = f"c1:{number}"
        vendor.emulator.faults.lose_next_reply(endpoint="message.post")
        with pytest.raises(ProviderUnavailable):
            await vendor.provider.send(session, said("yes"), key)
        if restarted:
            vendor.another()
        await vendor.provider.send(session, said("yes"), key)
    # Where the history is not among the messages, the first "yes" cannot be told from it: it is repeated, never lost.
    assert vendor.texts(session) == ["yes"] * (5 if lists_history else 6)


async def test_a_message_that_did_not_arrive_is_written(vendor: Vendor) -> None:
    """Its text stands there already, but from before."""
    session = await vendor.open()
    await vendor.provider.send(session, said("yes"), "c1:1")
    vendor.emulator.faults.fail_next(503, 2, endpoint="message.post")
    for _ in range(2):
        with pytest.raises(ProviderUnavailable):
            await vendor.provider.send(session, said("yes"), "c1:2")
    await vendor.provider.send(session, said("yes"), "c1:2")
    await vendor.provider.send(session, said("yes"), "c1:2")
    assert vendor.texts(session) == ["yes", "yes"]


async def test_a_bot_and_an_agent_in_between_change_nothing(vendor: Vendor) -> None:
    """Only what the same side wrote counts."""
    session = await vendor.open()
    await vendor.provider.send(session, said("yes"), "c1:1")
    await vendor.provider.presence(session, "disconnected", "User left the conversation")
    await vendor.emulator.agent_says(session.external_id, "yes")
    vendor.emulator.faults.lose_next_reply(endpoint="message.post")
    with pytest.raises(ProviderUnavailable):
        await vendor.provider.send(session, said("yes"), "c1:2")
    await vendor.provider.send(session, said("yes"), "c1:2")
    assert vendor.texts(session, "user") == ["yes", "yes"]
    assert vendor.texts(session, "bot") == ["User left the conversation"]


async def test_the_rest_of_a_long_message_follows(vendor: Vendor) -> None:
    """Where its second part was refused, the first is not written again."""
    vendor.another(max_text=200)
    session = await vendor.open()
    vendor.emulator.faults.slow(0)
    words = " ".join(f"word{number:03}" for number in range(60))
    await vendor.provider.send(session, said("before"), "c1:0")
    vendor.emulator.faults.lose_next_reply(endpoint="message.post")
    with pytest.raises(ProviderUnavailable):
        await vendor.provider.send(session, said(words), "c1:1")
    vendor.another(max_text=200)
    await vendor.provider.send(session, said(words), "c1:1")
    first, *parts = vendor.texts(session)
    assert (first, " ".join(parts)) == ("before", words)
    assert max(map(len, parts)) <= 200


async def test_a_file_is_uploaded(vendor: Vendor) -> None:
    """With its name and type, below the text."""
    vendor.home.files["f1"] = b"\x89PNG\r\n\x00"
    session = await vendor.open()
    await vendor.provider.send(session, said("see", "user", PHOTO), "c1:1")
    (line,) = vendor.emulator.account.conversations[session.external_id].lines
    (file,) = line.files
    assert (line.text, file.name, file.content_type, file.content) == (
        "see",
        "photo.png",
        "image/png",
        b"\x89PNG\r\n\x00",
    )


async def test_a_file_that_is_refused_goes_as_a_link(vendor: Vendor) -> None:
    """8x8 documents no limit for files; the agent gets it all the same."""
    vendor.home.files["f1"] = b"x" * (MAX_UPLOAD_BYTES + 1)
    session = await vendor.open()
    await vendor.provider.send(session, said("", "user", PHOTO), "c1:1")
    assert vendor.texts(session) == ["photo.png: https://handover.example.com/v1/files/f1"]


async def test_a_conversation_that_has_not_begun_is_waited_for(vendor: Vendor) -> None:
    """8x8 answers before it has begun; a message that is too early is repeated."""
    vendor.emulator.desk.begins_by_itself = False
    session = await vendor.open()
    with pytest.raises(ProviderUnavailable):
        await vendor.provider.send(session, said("early"), "c1:1")
    vendor.emulator.desk.begin(vendor.emulator.account.conversations[session.external_id])
    await vendor.provider.send(session, said("early"), "c1:1")
    assert vendor.texts(session) == ["early"]


async def test_a_new_conversation_that_is_not_there_yet_is_not_gone(vendor: Vendor) -> None:
    """Its creation is answered before it is done; after a while, or for another process, 404 means gone."""
    session = await vendor.open()
    vendor.emulator.account.conversations.clear()
    with pytest.raises(ProviderUnavailable):
        await vendor.provider.send(session, said("early"), "c1:1")
    with pytest.raises(SessionGone):
        await vendor.another().send(session, said("late"), "c1:1")


async def test_an_ended_conversation_says_so(vendor: Vendor) -> None:
    """Nothing more can be written in it."""
    session = await vendor.open()
    await vendor.emulator.agent_ends(session.external_id)
    with pytest.raises(SessionEnded):
        await vendor.provider.send(session, said("too late"), "c1:1")


async def test_a_message_of_nothing_is_not_sent(vendor: Vendor) -> None:
    """It is said to be unsupported, not left out in silence."""
    session = await vendor.open()
    with pytest.raises(Unsupported):
        await vendor.provider.send(session, said("", "bot"), "c1:1")


# --- the end, and small signs ----------------------------------------------------------------------------------


async def test_ending_is_once(vendor: Vendor) -> None:
    """Cancelled, closed, closed by the agent, gone: each of them is fine a second time."""
    session = await vendor.open()
    for _ in range(2):
        await vendor.provider.cancel(session, "user_cancelled")
    assert vendor.emulator.account.conversations[session.external_id].user_gone
    other = await vendor.open(attempt=2)
    await vendor.emulator.agent_ends(other.external_id)
    await vendor.provider.close(other, "bot_closed")
    vendor.another()
    vendor.emulator.account.conversations.clear()
    await vendor.provider.close(other, "bot_closed")


async def test_an_end_that_is_refused_is_not_taken_for_done(vendor: Vendor) -> None:
    """The conversation is open, so that the refusal meant something else."""
    session = await vendor.open()
    vendor.emulator.faults.fail_next(400, endpoint="user.leave")
    with pytest.raises(ProviderRejected):
        await vendor.provider.close(session, "bot_closed")
    vendor.emulator.faults.fail_next(503, endpoint="user.leave")
    with pytest.raises(ProviderUnavailable):
        await vendor.provider.close(session, "bot_closed")


async def test_only_the_beginning_of_typing_is_told(vendor: Vendor) -> None:
    """8x8 has no word for its end."""
    session = await vendor.open()
    await vendor.provider.typing(session, on=True)
    await vendor.provider.typing(session, on=False)
    assert [one.json for one in vendor.emulator.requests_to("typing")] == [{"authorType": "user"}]


async def test_the_key_goes_to_the_gateway_alone(vendor: Vendor) -> None:
    """An address in a webhook carries its own right, and may lead anywhere."""
    session = await vendor.open()
    base = vendor.emulator.settings()["base_url"]
    ours = await vendor.provider.file_headers(session, f"{base}/conversations/c/attachments/a/content")
    assert ours["x-api-key"] == vendor.emulator.account.api_key
    for url in (f"{base}.evil.example/conversations/", "https://files.example.com/a?signature=b", base):
        assert await vendor.provider.file_headers(session, url) == {}


# --- check --connect -------------------------------------------------------------------------------------------


async def test_connecting_leaves_nothing_behind(vendor: Vendor) -> None:
    """It looks at channel and webhook, and at the queue's figures."""
    vendor.emulator.webhook_to("https://handover.example.com/webhooks/vendor")
    vendor.home.webhook_url = "https://handover.example.com/webhooks/vendor"
    await vendor.provider.connect()
    await vendor.another(channel_id=None).connect()
    assert {one.method for one in vendor.emulator.requests if one.endpoint != "token"} == {"GET"}


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"api_key": "wrong"}, "check `api_key`"),
        ({"api_key": "wrong", "channel_id": None}, "check `api_key`"),
        ({"tenant": "another"}, "`tenant`"),
        ({"channel_id": "gone"}, "check `channel_id`"),
        ({"queue_id": "999"}, "check `queue_id` and `metrics.region`"),
        ({"metrics": {"client_secret": "wrong"}}, "check `metrics.client_id` and `metrics.client_secret`"),
        ({"metrics": {"url": "eu"}}, "`metrics.region`"),
    ],
)
async def test_connecting_names_what_is_wrong(vendor: Vendor, settings: dict[str, Any], text: str) -> None:
    """Each wrong setting by its name."""
    change = dict(settings)
    if metrics := change.pop("metrics", None):
        url = {"url": f"{vendor.emulator.url}/eu/realtime-metrics"} if "url" in metrics else metrics
        change["metrics"] = {**vendor.emulator.settings()["metrics"], **url}
    with pytest.raises(ProviderError) as raised:
        await vendor.another(**change).connect()
    assert text in raised.value.detail


async def test_connecting_finds_a_webhook_that_calls_somebody_else(vendor: Vendor) -> None:
    """The text says which address belongs there."""
    vendor.emulator.webhook_to("https://old.example.com/webhooks/vendor")
    vendor.home.webhook_url = "https://handover.example.com/webhooks/vendor"
    with pytest.raises(ProviderRejected) as raised:
        await vendor.provider.connect()
    assert "set its URL in 8x8 to https://handover.example.com/webhooks/vendor" in raised.value.detail
    vendor.emulator.account.webhook_id = ""
    with pytest.raises(ProviderRejected, match="has no webhook"):
        await vendor.provider.connect()


async def test_connecting_finds_a_webhook_with_another_secret(vendor: Vendor) -> None:
    """All its events would be refused; neither secret is in the text."""
    vendor.home.webhook_url = "https://handover.example.com/webhooks/vendor"
    for query in ("", "?secret=", "?secret=one-that-was-replaced"):
        vendor.emulator.account.webhook_uri = vendor.home.webhook_url + query
        with pytest.raises(ProviderRejected, match="`webhook_secret`") as raised:
            await vendor.provider.connect()
        assert vendor.emulator.account.webhook_secret not in raised.value.detail
        assert "replaced" not in raised.value.detail
        await vendor.another(webhook_secret=None).connect()
        vendor.another()


async def test_a_session_is_what_was_opened(vendor: Vendor) -> None:
    """Its id is the vendor's."""
    opened = await vendor.provider.open(request())
    assert session(opened).external_id in vendor.emulator.account.conversations
