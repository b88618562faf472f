"""The figures of a queue and the names of agents, from APIs beside the Chat Gateway."""

import asyncio
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from openhandover.core import events as e
from openhandover.core.errors import ProviderAuthError, ProviderError, ProviderUnavailable
from openhandover.core.events import FromProvider
from openhandover.core.model import Agent
from openhandover.providers import eight_by_eight
from openhandover.providers.base import Availability

from .conftest import Vendor


def event(fact: e.ProviderFact, raw: bytes = b"", event_id: str = "evt-1") -> FromProvider:
    """What a webhook said."""
    return FromProvider("vendor", event_id, fact, external_id="CONV-1", raw=raw)


def status(vendor: Vendor) -> dict[str, str]:
    """Settings of the agent status API."""
    account = vendor.emulator.account
    return {"url": vendor.emulator.url, "username": account.status_user, "token": account.status_token}


async def test_the_queue_of_the_step_is_asked_for(vendor: Vendor) -> None:
    """Agents who can be offered work, the place behind those who wait, the usual wait."""
    vendor.emulator.account.waiting = 4
    for route, path in (({}, "101"), ({"queue_id": "102"}, "102")):
        found = await vendor.provider.availability(route, "en")
        assert found == Availability(open=True, agents=1, position=5, estimated_wait_ms=45_000)
        assert vendor.emulator.requests_to("metrics.queue")[-1].path.endswith(f"/queues/{path}")
    vendor.emulator.set_online(False)
    assert (await vendor.provider.availability({}, "en")).open is False


async def test_figures_in_a_list_are_read_as_well(vendor: Vendor) -> None:
    """8x8's guide shows a list of one queue, where its specification has the queue itself."""

    async def queue(request: web.Request) -> web.Response:
        metrics = [{"key": "eligible.rt", "value": 2}]
        known = [{"id": "101", "name": "Support", "metrics": metrics}]
        return web.json_response(known if request.match_info["id"] == "101" else [])

    app = web.Application()
    app.router.add_get("/queues/{id}", queue)
    async with TestServer(app) as server:
        metrics = {**vendor.emulator.settings()["metrics"], "url": str(server.make_url("/"))}
        provider = vendor.another(metrics=metrics)
        assert await provider.availability({}, None) == Availability(open=True, agents=2)
        assert await provider.availability({"queue_id": "7"}, None) == Availability(open=None)


async def test_a_queue_in_which_nobody_has_waited_lately_is_open(vendor: Vendor) -> None:
    """8x8 tells null as the average of nothing; how many are there is known all the same."""
    vendor.emulator.account.wait_ms = None
    assert await vendor.provider.availability({}, None) == Availability(open=True, agents=1, position=1)


@pytest.mark.parametrize(
    ("value", "agents"), [("2", 2), (2.0, 2), (None, None), ("LoggedOut", None), ([], None)]
)
async def test_a_figure_is_a_number_however_it_is_written(
    vendor: Vendor, value: object, agents: int | None
) -> None:
    """8x8's guide shows some as texts; what is no number is not known."""
    vendor.emulator.others.told["eligible.rt"] = value
    found = await vendor.provider.availability({}, None)
    assert (found.agents, found.open) == (agents, None if agents is None else True)


async def test_the_unit_of_the_wait_is_a_setting(vendor: Vendor) -> None:
    """8x8 does not document it."""
    metrics = {
        **vendor.emulator.settings()["metrics"],
        "wait": "interactionsAvgWaitTime.today",
        "wait_unit": "s",
    }
    vendor.emulator.account.wait_ms = 90
    found = await vendor.another(metrics=metrics).availability({}, None)
    assert found.estimated_wait_ms == 90_000


async def test_without_figures_nobody_knows(vendor: Vendor) -> None:
    """Neither without credentials nor without a queue."""
    for settings in ({"metrics": None}, {"queue_id": None}):
        assert await vendor.another(**settings).availability({}, None) == Availability(open=None)


async def test_an_ended_token_costs_one_new_one(vendor: Vendor) -> None:
    """For all who ask at once, and only once."""
    await vendor.provider.availability({}, None)
    vendor.emulator.others.tokens.clear()
    await vendor.provider.availability({}, None)
    await vendor.provider.availability({}, None)
    assert len(vendor.emulator.requests_to("token")) == 2


@pytest.mark.parametrize(
    ("status", "kind"), [(503, ProviderUnavailable), (429, ProviderUnavailable), (403, ProviderAuthError)]
)
async def test_figures_that_cannot_be_had(vendor: Vendor, status: int, kind: type[ProviderError]) -> None:
    """Whoever asks is told why."""
    vendor.emulator.faults.fail_next(status, endpoint="metrics.queue")
    with pytest.raises(kind):
        await vendor.provider.availability({}, None)


async def test_who_is_queued_learns_their_place(vendor: Vendor) -> None:
    """From the figures of the queue that the webhook names; marked as an estimate."""
    vendor.emulator.account.waiting = 3
    queued = b'{"eventType":"QUEUED","conversationId":"CONV-1","data":{"queueId":"102"}}'
    found = await vendor.provider.complete(event(e.QueueUpdated(), queued))
    assert found.fact == e.QueueUpdated(3, 45_000, estimated=True)
    assert vendor.emulator.requests_to("metrics.queue")[-1].path.endswith("/queues/102")
    numbered = b'{"eventType":"QUEUED","conversationId":"CONV-1","data":{"queueId":101}}'
    assert (await vendor.provider.complete(event(e.QueueUpdated(), numbered))).fact == found.fact
    assert vendor.emulator.requests_to("metrics.queue")[-1].path.endswith("/queues/101")
    vendor.emulator.account.waiting = 0  # the figures are behind: whoever waits is at least the first
    found = await vendor.provider.complete(event(e.QueueUpdated(), queued))
    assert found.fact == e.QueueUpdated(1, 45_000, estimated=True)


@pytest.mark.parametrize("source", ["agentstatus", "metrics.agents"])
async def test_agents_are_called_by_their_names(vendor: Vendor, source: str) -> None:
    """Looked up once, by either API."""
    if source == "agentstatus":
        vendor.another(agents=status(vendor))
    for fact in (e.AgentJoined(Agent("ag-kim")), e.AgentMessage("hi", agent=Agent("ag-kim"))):
        found: Any = await vendor.provider.complete(event(fact))
        assert found.fact.agent == Agent("ag-kim", "Kim")
    assert len(vendor.emulator.requests_to(source)) == 1


@pytest.mark.parametrize("source", ["agentstatus", "metrics.agents"])
async def test_who_asks_while_a_name_is_looked_up_gets_it_as_well(vendor: Vendor, source: str) -> None:
    """Such as a look at the conversation beside the webhook: nobody is told of an agent without a name meanwhile."""
    if source == "agentstatus":
        vendor.another(agents=status(vendor))
    facts = (e.AgentJoined(Agent("ag-kim")), e.AgentMessage("hi", agent=Agent("ag-kim")))
    found: list[Any] = await asyncio.gather(*(vendor.provider.complete(event(fact)) for fact in facts))
    assert [one.fact.agent for one in found] == [Agent("ag-kim", "Kim")] * 2
    assert len(vendor.emulator.requests_to(source)) == 1


@pytest.mark.parametrize("source", ["agentstatus", "metrics.agents"])
async def test_a_name_that_nobody_tells_holds_nothing_up(vendor: Vendor, source: str) -> None:
    """Not a stranger's, not one that may not be asked for; and it is not asked for again at once."""
    if source == "agentstatus":
        vendor.another(agents=status(vendor))
    vendor.emulator.faults.fail_next(403, endpoint=source)
    for agent_id in ("ag-kim", "ag-stranger"):
        for _ in range(2):
            joined = event(e.AgentJoined(Agent(agent_id)))
            assert await vendor.provider.complete(joined) == joined
    assert len(vendor.emulator.requests_to(source)) == 2


async def test_the_agent_status_api_may_call_the_tenant_something_else(vendor: Vendor) -> None:
    """It goes by the tenant's name, webhooks go by its label."""
    vendor.emulator.account.tenant_name = "acmecorp01"
    joined = event(e.AgentJoined(Agent("ag-kim")))
    vendor.another(agents=status(vendor))
    assert await vendor.provider.complete(joined) == joined
    vendor.another(agents={**status(vendor), "tenant": "acmecorp01"}, tenant=None)
    found: Any = await vendor.provider.complete(joined)
    assert found.fact.agent == Agent("ag-kim", "Kim")


async def test_without_a_source_agents_have_no_name(vendor: Vendor) -> None:
    """Nobody is asked."""
    vendor.another(metrics=None)
    for fact in (e.AgentJoined(Agent("ag-kim")), e.QueueUpdated()):
        assert await vendor.provider.complete(event(fact)) == event(fact)
    assert not vendor.emulator.requests


async def test_a_slow_source_costs_the_name_only(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    """What went before is still known: the agent who left after a transfer has not ended the talk."""
    monkeypatch.setattr(eight_by_eight, "_LOOK_UP_S", 0.1)
    vendor.emulator.faults.slow(10, endpoint="metrics.queue")
    await vendor.provider.complete(event(e.AgentTransferred()))
    assert await vendor.provider.complete(event(e.QueueUpdated())) == event(e.QueueUpdated())
    left = await vendor.provider.complete(event(e.AgentLeft(end_after_s=5)))
    assert left.fact == e.AgentLeft()


def test_the_agent_status_api_needs_the_tenant(vendor: Vendor) -> None:
    """Said when the file is read."""
    with pytest.raises(ValueError, match="`agents` needs `tenant`"):
        vendor.another(agents=status(vendor), tenant=None)
