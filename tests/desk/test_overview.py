"""The supervisor's view: what waits where, who is here, how the day went."""

from datetime import UTC

from openhandover.core.model import Conversation, Handover, Settings, Status, Target, User
from openhandover.desk.figures import today
from openhandover.store.port import Changes, HandoverRow, Loaded, Unit
from tests.desk.floor import Agent, queued
from tests.serving import Server


async def test_queue_agents_and_figures_of_the_day(server: Server, anna: Agent, bob: Agent) -> None:
    """Per inbox what waits and since when, every agent, and today's handovers of the desk."""
    sue = Agent(server, "sue")
    await anna.accept(await queued(server, "answered"))
    await queued(server, "waits")
    await server.call("POST", f"/v1/handovers/{await queued(server, 'gone')}/cancel", {})
    await anna.sees(lambda entries: {entry["id"] for entry in entries} == {"answered", "waits"})
    overview = (await sue.call("GET", "overview")).body
    default, sales = overview["queue"]
    entry = next(entry for entry in await anna.entries() if entry["id"] == "waits")
    assert (default["inbox"], default["waiting"]) == ("default", 1)
    assert default["oldest_since"] == entry["waiting_since"]
    assert default["estimated_wait_ms"] == 300_000  # second in line, two agents at 300 s each
    assert sales == {"inbox": "sales", "waiting": 0, "oldest_since": None, "estimated_wait_ms": None}
    assert {agent["id"]: (agent["presence"], agent["open"]) for agent in overview["agents"]} == {
        "anna": ("online", 1),
        "bob": ("online", 0),
        "sam": ("offline", 0),
        "sue": ("offline", 0),
    }
    day = overview["today"]
    assert (day["handovers"], day["answered"], day["abandoned"]) == (3, 1, 1)
    assert 0 <= day["p50_wait_ms"] < 10_000


async def test_only_supervisors_see_it_and_only_in_time_zones_that_exist(server: Server, anna: Agent) -> None:
    """Agents are refused; the day begins at midnight of the zone that is asked for."""
    sue = Agent(server, "sue")
    assert (await anna.call("GET", "overview")).code == "forbidden"
    assert (await sue.call("GET", "overview?tz=Mars/Base")).code == "invalid"
    since = (await sue.call("GET", "overview?tz=Asia/Kolkata")).body["today"]["since"]
    assert since.endswith("T18:30:00.000Z")


async def test_day_counts_only_this_desk_since_midnight(server: Server) -> None:
    """Yesterday's and other providers' handovers are not counted; the median is that of the answered ones."""
    day = 86_400.0 * 20_000
    waits = [(day - 1, 1.0, "support"), (day, 10.0, "support"), (day + 1, 30.0, "support")]
    waits += [(day + 2, None, "support"), (day + 3, 20.0, "support"), (day + 4, 99.0, "other")]
    for number, (at, wait, provider) in enumerate(waits):
        await store(server, f"h{number}", at, wait, provider)
    found = await today(server.engine.store, ["support"], day + 100, UTC)
    assert (found.handovers, found.answered, found.abandoned, found.p50_wait_ms) == (4, 3, 0, 20_000)


async def store(server: Server, handover_id: str, at: float, wait_s: float | None, provider: str) -> None:
    """A handover that was requested then."""
    handover = Handover(
        id=handover_id,
        conversation_id=f"c_{handover_id}",
        chain=(Target(provider),),
        settings=Settings(),
        initiator="user",
        requested_at=at,
        requested_seq=1,
        lane=1,
        status=Status.QUEUED if wait_s is None else Status.ACTIVE,
        active_at=None if wait_s is None else at + wait_s,
    )
    state = Conversation(handover.conversation_id, "api", User("u"), at, handover=handover)

    def decide(_loaded: Loaded) -> Changes:
        return Changes(state, handovers=[HandoverRow(handover, "api", "en")])

    await server.engine.store.transact(Unit(state.id, decide))
