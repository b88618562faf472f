"""The gateway's side of a call: orders that wait in the store until the call takes them."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from openhandover.core.errors import ProviderUnavailable, SessionGone, Unsupported
from openhandover.core.model import Call
from openhandover.gateways.base import CallContext, Transfer
from openhandover.gateways.twilio import TwilioGateway
from openhandover.gateways.twilio.orders import Orders, SayOrder, TransferOrder
from openhandover.store.sqlite import SqliteStore

CALL = Call("line", "CA1", "sip:anna@pbx.example", "+31201234567")
ABOUT = CallContext(CALL, "call_CA1", "ho_1", 1, "human", 2)
KEY = "ho_1:1:say"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[SqliteStore]:
    """An open store."""
    opened = SqliteStore(tmp_path / "calls.db")
    await opened.start()
    yield opened
    await opened.stop()


async def placed(orders: Orders, key: str) -> object:
    """The order under this key, as soon as there is one."""
    async with asyncio.timeout(10):
        while (order := await orders.placed(key)) is None:
            await asyncio.sleep(0.01)
    return order


async def test_say_returns_when_it_was_spoken(store: SqliteStore) -> None:
    """The text waits for the call, and is forgotten once the call has asked on behind it."""
    gateway, orders = TwilioGateway("line", store), Orders(store)
    saying = asyncio.create_task(gateway.say(ABOUT, "One moment.", "en", KEY))
    assert await placed(orders, KEY) == SayOrder("One moment.", "en")
    assert not saying.done()
    await orders.done(KEY)
    await saying
    assert await orders.placed(KEY) is None


async def test_what_is_done_is_not_ordered_again(store: SqliteStore) -> None:
    """The same order after a restart returns at once."""
    await Orders(store).done(KEY)
    await TwilioGateway("line", store).say(ABOUT, "One moment.", "en", KEY)
    assert await Orders(store).placed(KEY) is None


async def test_a_call_that_takes_nothing(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that nobody takes in time is forgotten, and the engine hears of it."""
    monkeypatch.setattr("openhandover.gateways.twilio.SAY_TIMEOUT_S", 0.2)
    with pytest.raises(ProviderUnavailable, match="in time"):
        await TwilioGateway("line", store).say(ABOUT, "One moment.", "en", KEY)
    assert await Orders(store).placed(KEY) is None


@pytest.mark.parametrize("verb", ["say", "transfer"])
async def test_a_caller_who_has_left(verb: str, store: SqliteStore) -> None:
    """Nothing is waited for on a call that is over; what was to be said is forgotten."""
    gateway = TwilioGateway("line", store)
    await Orders(store).hung_up("CA1")
    with pytest.raises(SessionGone, match="hung up"):
        if verb == "say":
            await gateway.say(ABOUT, "One moment.", "en", KEY)
        else:
            await gateway.transfer(ABOUT, Transfer("forward", "+31201234567", "dial"), "ho_1:1:transfer")
    assert await Orders(store).placed(KEY) is None


@pytest.mark.parametrize(
    ("to", "mode"), [("+31201234567", "dial"), ("sip:t@pbx.example", "dial"), ("sip:t@pbx.example", "refer")]
)
async def test_transfer_returns_when_the_call_took_the_order(to: str, mode: str, store: SqliteStore) -> None:
    """The order stays for a request that is repeated, until the handover has ended."""
    gateway, orders, key = TwilioGateway("line", store), Orders(store), "ho_1:1:transfer"
    giving = asyncio.create_task(gateway.transfer(ABOUT, Transfer("forward", to, mode), key))  # type: ignore[arg-type]
    assert await placed(orders, key) == TransferOrder(to, mode)  # type: ignore[arg-type]
    await orders.done(key)
    await giving
    assert await orders.placed(key) is not None


@pytest.mark.parametrize(
    "transfer",
    [
        Transfer("msc", configuration={"a": "b"}),
        Transfer("custom", type="genesys"),
        Transfer("forward"),
        Transfer("forward", "+31201234567", "refer"),
    ],
)
async def test_what_twilio_cannot_do(transfer: Transfer, store: SqliteStore) -> None:
    """A kind that Twilio does not have, and a REFER to a number, are refused without waiting for the call."""
    with pytest.raises(Unsupported):
        await TwilioGateway("line", store).transfer(ABOUT, transfer, "ho_1:1:transfer")
    assert await Orders(store).placed("ho_1:1:transfer") is None


async def test_a_refer_needs_a_sip_leg(store: SqliteStore) -> None:
    """A caller from the phone network cannot be referred."""
    about = CallContext(
        Call("line", "CA2", "+31612345678", "+31201234567"), "call_CA2", "ho_1", 1, "human", 2
    )
    with pytest.raises(Unsupported, match="dial"):
        await TwilioGateway("line", store).transfer(about, Transfer("forward", "sip:t@pbx.example"), "k")


def test_what_it_declares() -> None:
    """Forwarding by dial, after which the caller comes back, and by REFER, after which they do not."""
    able = TwilioGateway.capabilities
    assert (able.kinds, able.modes, able.resumes_after) == ({"forward"}, {"dial", "refer"}, {"dial"})
