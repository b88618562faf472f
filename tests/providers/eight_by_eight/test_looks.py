"""What is known of a conversation from before: who left for whom, and what webhooks did not bring."""

import asyncio

import pytest

from openhandover.core import events as e
from openhandover.core.errors import SessionGone
from openhandover.core.events import FromProvider, ProviderFact
from openhandover.core.model import Agent
from openhandover.emulators.eight_by_eight.account import File, now
from openhandover.providers.base import Session
from openhandover.providers.eight_by_eight import EightByEight

from .conftest import Vendor

LEFT, MOVED, QUEUED = e.AgentLeft(end_after_s=5), e.AgentTransferred(), e.QueueUpdated()
JOINED = e.AgentJoined(Agent("ag-kim", "Kim"))


async def told(vendor: Vendor, *facts: ProviderFact) -> list[ProviderFact]:
    """What becomes of webhooks, one after the other; each after a restart."""
    found: list[ProviderFact] = []
    for number, fact in enumerate(facts):
        event = FromProvider("vendor", f"evt-{number}", fact, external_id="CONV-1")
        found.append((await vendor.another(metrics=None).complete(event)).fact)
    return found


@pytest.mark.parametrize(
    ("facts", "meant"),
    [
        ((JOINED, LEFT), (JOINED, LEFT)),
        ((JOINED, MOVED, LEFT, QUEUED, JOINED), (JOINED, MOVED, e.AgentLeft(), QUEUED, JOINED)),
        ((JOINED, LEFT, MOVED, QUEUED, JOINED), (JOINED, LEFT, MOVED, QUEUED, JOINED)),
        ((JOINED, LEFT, QUEUED, JOINED), (JOINED, LEFT, MOVED, JOINED)),
        ((QUEUED, JOINED, MOVED, LEFT, JOINED, LEFT), (QUEUED, JOINED, MOVED, e.AgentLeft(), JOINED, LEFT)),
    ],
    ids=["the end", "transfer first", "transfer late", "queued again", "the next one ends it"],
)
async def test_leaving_is_told_from_ending(
    vendor: Vendor, facts: tuple[ProviderFact, ...], meant: tuple[ProviderFact, ...]
) -> None:
    """By what went before, also over restarts."""
    assert tuple(await told(vendor, *facts)) == meant


TOLD: dict[str, tuple[ProviderFact, bytes]] = {
    "Kim comes": (e.AgentJoined(Agent("ag-kim", "Kim")), b""),
    "Kim goes": (LEFT, b'{"data":{"memberType":"agent","change":"left","id":"ag-kim"}}'),
    "transfer": (MOVED, b""),
    "Lee comes": (e.AgentJoined(Agent("ag-lee", "Lee")), b""),
    "Lee goes": (LEFT, b'{"data":{"memberType":"agent","change":"left","id":"ag-lee"}}'),
}


GOES_ON = (
    ("Kim comes", "transfer", "Kim goes", "Lee comes"),
    ("Kim comes", "Kim goes", "transfer", "Lee comes"),
    ("Kim comes", "transfer", "Lee comes", "Kim goes"),
    ("Kim comes", "Lee comes", "Kim goes", "transfer"),
    ("Kim comes", "Lee comes", "transfer", "Kim goes"),
)
ENDS = (
    ("Kim comes", "Kim goes"),
    ("Kim comes", "transfer", "Lee comes", "Kim goes", "Lee goes"),
    ("Kim comes", "transfer", "Lee comes", "Lee goes", "Kim goes"),
)
ENDS_BY_ITS_TIMES = (
    ("Kim comes", "Kim goes", "Kim comes"),
    ("Kim comes", "Lee comes", "Lee goes", "transfer"),
)
ORDERS = [
    *(pytest.param(one, False, True, id=" - ".join(one)) for one in GOES_ON),
    *(pytest.param(one, False, False, id=" - ".join(one) + ", untimed") for one in GOES_ON),
    *(pytest.param(one, True, True, id=" - ".join(one)) for one in ENDS + ENDS_BY_ITS_TIMES),
    *(pytest.param(one, True, False, id=" - ".join(one) + ", untimed") for one in ENDS),
]


@pytest.mark.parametrize(("order", "ends", "timed"), ORDERS)
async def test_webhooks_that_overtake_each_other(
    vendor: Vendor, order: tuple[str, ...], *, ends: bool, timed: bool
) -> None:
    """Whose going it was, and when, decides: the talk ends with the last one, in whatever order we hear of it."""
    ending = False
    for number, name in enumerate(order):
        fact, raw = TOLD[name]
        at = float(list(TOLD).index(name) + 100) if timed else None
        event = FromProvider("vendor", f"evt-{number}", fact, external_id="CONV-1", at=at, raw=raw)
        meant = (await vendor.another(metrics=None).complete(event)).fact
        if isinstance(meant, e.AgentJoined | e.AgentTransferred):
            ending = False
        elif isinstance(meant, e.AgentLeft):
            ending = ending or meant.end_after_s is not None
    assert ending is ends


async def looked(vendor: Vendor, session: Session) -> list[FromProvider]:
    """What one look finds."""
    return await _collected(vendor.another(catch_up_s=0, metrics=None), session)


async def test_a_look_finds_what_no_webhook_brought(vendor: Vendor) -> None:
    """The agent who came, their words and files in order, and the end; never what our side wrote."""
    session = await vendor.open()
    assert await looked(vendor, session) == []
    chat = session.external_id
    await vendor.emulator.agent_joins(chat)
    await vendor.emulator.agent_says(chat, "first")
    vendor.emulator.desk.system(vendor.emulator.desk.found(chat), "of the contact centre itself")
    file = File("ATT-1", "plan.png", "image/png", b"png", now())
    talk = vendor.emulator.desk.found(chat)
    talk.files[file.id] = file
    vendor.emulator.desk.say(
        talk, "second", file, cards=[{"contentType": "Buttons", "content": {"title": "Yes"}}]
    )
    joined, first, second = await looked(vendor, session)
    assert joined.fact == e.AgentJoined(Agent("ag-kim"))
    assert first.fact == e.AgentMessage("first", agent=Agent("ag-kim"))
    assert isinstance(second.fact, e.AgentMessage)
    assert second.fact.text == "second\nYes"
    (attachment,) = second.fact.attachments
    headers = await vendor.provider.file_headers(session, attachment.url)
    assert headers["x-api-key"]
    assert attachment.name == "plan.png"
    assert attachment.url.endswith(f"/conversations/{chat}/attachments/ATT-1/content")
    await vendor.emulator.agent_ends(chat)
    (end,) = await looked(vendor, session)
    assert (end.fact, end.external_id) == (e.Closed(sequenced=True), chat)


async def test_a_file_whose_name_is_not_told_is_shown_all_the_same(vendor: Vendor) -> None:
    """What was written counts more than what it is called."""
    session = await vendor.open()
    await vendor.emulator.agent_sends_file(session.external_id, "plan.png", "image/png", b"png")
    vendor.emulator.faults.fail_next(404, endpoint="attachment.get")
    _, found = await looked(vendor, session)
    assert isinstance(found.fact, e.AgentMessage)
    assert [one.name for one in found.fact.attachments] == [""]


async def test_a_look_repeats_no_webhook_and_no_webhook_a_look(vendor: Vendor) -> None:
    """The same words twice are two messages, however they reached us; a late webhook is counted as what was found."""
    session = await vendor.open()
    chat = session.external_id
    for _ in range(3):
        await vendor.emulator.agent_says(chat, "yes")
    webhook = FromProvider(
        "vendor", "evt-1", e.AgentMessage("yes", agent=Agent("ag-kim", "Kim")), external_id=chat
    )
    assert (await vendor.provider.complete(webhook)).event_id == "evt-1"
    found = [one.event_id for one in await looked(vendor, session) if isinstance(one.fact, e.AgentMessage)]
    assert len(set(found)) == 2
    assert [one for one in await looked(vendor, session) if isinstance(one.fact, e.AgentMessage)] == []
    late = [
        (
            await vendor.another().complete(FromProvider("vendor", name, webhook.fact, external_id=chat))
        ).event_id
        for name in ("evt-2", "evt-3", "evt-3", "evt-2", "evt-1", "evt-4")
    ]
    assert late == [found[0], found[1], found[1], found[0], "evt-1", "evt-4"]


async def test_a_look_that_nobody_took_is_looked_at_again(vendor: Vendor) -> None:
    """What was found counts as heard only when the engine asks for the next."""
    session = await vendor.open()
    await vendor.emulator.agent_says(session.external_id, "hello")
    for _ in range(2):
        stream = vendor.another(catch_up_s=0, metrics=None).listen(session, None)
        found = [(await anext(stream))[1], (await anext(stream))[1]]
        await stream.aclose()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  it is a generator
        assert [type(one.fact) for one in found if one] == [e.AgentJoined, e.AgentMessage]


async def test_a_webhook_that_comes_while_a_look_is_taken(vendor: Vendor) -> None:
    """Both are under way at once: they tell of the same message under one id."""
    session = await vendor.open()
    chat = session.external_id
    await vendor.emulator.agent_says(chat, "one")
    await vendor.emulator.agent_says(chat, "two")
    stream = vendor.provider.listen(session, None)
    found = [await anext(stream)]  # that somebody came; the words wait
    ids = [
        (
            await vendor.provider.complete(
                FromProvider("vendor", f"evt-{text}", e.AgentMessage(text), external_id=chat)
            )
        )
        for text in ("two", "one")
    ]
    found += [await anext(stream), await anext(stream)]
    await stream.aclose()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  it is a generator
    assert [event.event_id for _, event in found[1:] if event] == [ids[1].event_id, ids[0].event_id]


async def test_a_look_does_not_call_back_who_has_left(vendor: Vendor) -> None:
    """The conversation may still name them."""
    session = await vendor.open()
    chat = session.external_id
    await vendor.emulator.agent_joins(chat)
    left = FromProvider("vendor", "evt-1", LEFT, external_id=chat)
    await vendor.provider.complete(left)
    assert await looked(vendor, session) == []


async def test_who_leaves_while_their_name_is_looked_up_has_not_come(vendor: Vendor) -> None:
    """The look read the conversation before, and is told after."""
    session = await vendor.open()
    chat = session.external_id
    await vendor.emulator.agent_joins(chat)
    vendor.emulator.faults.slow(0.5, endpoint="metrics.agents")
    provider = vendor.another(catch_up_s=0)
    look = asyncio.create_task(_collected(provider, session))
    await vendor.emulator.wait_until(lambda: vendor.emulator.requests_to("metrics.agents"))
    await provider.complete(FromProvider("vendor", "evt-1", LEFT, external_id=chat))
    assert await look == []


async def _collected(provider: EightByEight, session: Session) -> list[FromProvider]:
    return [event async for _, event in provider.listen(session, None) if event is not None]


async def test_a_long_talk_is_read_page_by_page(vendor: Vendor) -> None:
    """More than one page of messages; what is longer ago than anybody remembers is not told anew."""
    session = await vendor.open()
    for number in range(230):
        await vendor.emulator.agent_says(session.external_id, f"word {number}")
    texts = [one.fact.text for one in await looked(vendor, session) if isinstance(one.fact, e.AgentMessage)]
    assert texts == [f"word {number}" for number in range(30, 230)]
    await vendor.emulator.agent_says(session.external_id, "word 0")
    (found,) = [one for one in await looked(vendor, session) if isinstance(one.fact, e.AgentMessage)]
    assert isinstance(found.fact, e.AgentMessage)
    assert found.fact.text == "word 0"


async def test_a_look_at_what_is_gone(vendor: Vendor) -> None:
    """Somebody deleted the conversation."""
    session = await vendor.open()
    vendor.emulator.account.conversations.clear()
    with pytest.raises(SessionGone):
        await looked(vendor, session)
