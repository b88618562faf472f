"""Whether Live Helper Chat lets us in, whether somebody is there, and the call that opens a chat."""

import time

import pytest

from openhandover.core import errors
from openhandover.emulators.livehelperchat.site import Department
from openhandover.providers.base import Availability

from .alone import alone, said, session
from .test_wire import request

# --- whether we are let in -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"api_key": "wrong-key-wrong-key"}, {"username": "somebody"}], ids=str)
async def test_wrong_credentials_name_both_settings(change: dict[str, str]) -> None:
    """The status of the refusal says nothing; a second call does."""
    async with alone(**change) as pair:
        for call in (pair.provider.connect(), pair.provider.open(request())):
            with pytest.raises(errors.ProviderAuthError, match="check `username` and `api_key`"):
                await call
        assert not pair.lhc.site.chats


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"department": "claimz"}, "no department has the identifier 'claimz'"),
        ({"department": 9}, "there is no department 9"),
        ({"department": "claims"}, "there is no department 2, or it is disabled"),
    ],
)
async def test_a_wrong_department_is_found_before_it_is_needed(change: dict[str, str], text: str) -> None:
    """`check --connect` names the setting."""
    async with alone(**change) as pair:
        pair.lhc.site.departments[2].disabled = 1
        with pytest.raises(errors.ProviderRejected, match="check `department`") as raised:
            await pair.provider.connect()
        assert text in raised.value.detail


async def test_a_missing_right_is_named() -> None:
    """The credentials are good, so that they are not blamed."""
    async with alone() as pair:
        pair.lhc.site.us.rights -= {"lhdepartment,list"}
        with pytest.raises(errors.ProviderRejected, match="lhdepartment, list"):
            await pair.provider.connect()


async def test_a_wrong_address_is_named() -> None:
    """Without index.php the home page answers, with 200."""
    async with alone() as pair:
        wrong = pair.another(base_url=f"{pair.lhc.url}/chat/index.php")
        with pytest.raises(errors.ProviderUnavailable, match="check `base_url`"):
            await wrong.connect()


async def test_a_good_installation_is_reached_and_left_alone() -> None:
    """Nothing is written for the check."""
    async with alone() as pair:
        await pair.provider.connect()
        await pair.another(department=None).connect()
        assert {one.method for one in pair.lhc.requests} == {"GET"}


@pytest.mark.parametrize(
    ("mode", "online", "expected"),
    [
        ("department", {1}, True),
        ("department", {2, 0}, False),
        ("widget", {0}, True),
        ("widget", {1}, True),
        ("widget", {2}, False),
        ("widget", set[int](), False),
        ("any", {2}, True),
        ("any", set[int](), False),
    ],
)
async def test_availability_by_mode(mode: str, online: set[int], expected: bool) -> None:
    """0 stands for an operator of all departments, whom only some calls count."""
    async with alone(availability=mode) as pair:
        pair.lhc.site.online = online
        assert await pair.provider.availability({}, "en") == Availability(open=expected)


async def test_without_a_department_nobody_can_tell() -> None:
    """Neither yes nor no, and no call."""
    async with alone(department=None) as pair:
        assert await pair.provider.availability({}, None) == Availability(open=None)
        assert (await pair.provider.availability({"department": 2}, None)).open is True
        assert len(pair.lhc.requests) == 1


@pytest.mark.parametrize(
    ("route", "refusal"),
    [
        ({"department": "support"}, None),
        ({"department": 1, "priority": "5", "operator": 3}, None),
        ({"priority": "urgent"}, "`priority` must be a whole number"),
        ({"operator": [1]}, "`operator` must be a whole number"),
        ({"priority": "", "operator": None}, None),
    ],
)
async def test_a_route_is_checked_before_anything_is_said(
    route: dict[str, object], refusal: str | None
) -> None:
    """What cannot be right is refused with the key's name."""
    async with alone() as pair:
        assert pair.provider.refuse(route) == refusal


async def test_a_route_needs_a_department() -> None:
    """One of the two names it."""
    async with alone(department=None) as pair:
        assert pair.provider.refuse({"department": ""}) is not None
        assert pair.provider.refuse({"department": "claims"}) is None


# --- open ----------------------------------------------------------------------------------------------------------


async def test_a_chat_opens_where_the_route_says() -> None:
    """Department by identifier, priority, preferred operator; the answer holds the place in the queue."""
    async with alone() as pair:
        await pair.provider.open(request(handover_id="before", route={"department": "claims"}))
        route = {"department": "claims", "priority": "0", "operator": 3}
        opened = await pair.provider.open(request(route=route))
        chat = pair.lhc.site.chats[int(opened.external_id)]
        assert (chat.shown.dep_id, chat.shown.user_id, opened.position) == (2, 3, 2)
        assert chat.variables == {"openhandover_id": "ho_1:2"}


async def test_a_first_open_looks_for_nothing() -> None:
    """Only who may have tried before lists chats."""
    async with alone() as pair:
        await pair.opened()
        assert not pair.lhc.requests_to("chats")


async def test_an_open_after_a_lost_reply_finds_the_chat_also_after_a_restart() -> None:
    """By our key in its variables, among many others, though their clock is half an hour behind."""
    async with alone() as pair:
        pair.lhc.faults.lose_next_reply(endpoint="chat.create")
        with pytest.raises(errors.ProviderUnavailable):
            await pair.provider.open(request())
        (first,) = pair.lhc.site.chats
        pair.lhc.site.chats[first].time = int(time.time()) - 1800
        for number in range(120):
            await pair.provider.open(request(handover_id=f"other {number}"))
        opened = await pair.another().open(request())
        assert opened.external_id == str(first)
        assert len(pair.lhc.site.chats) == 121
        await pair.provider.send(session(opened), said("Hello"), "k")
        assert pair.texts(session(opened)) == ["Hello"]


async def test_an_open_that_came_to_nothing_is_made_anew() -> None:
    """Looked for, not found, made."""
    async with alone() as pair:
        pair.lhc.faults.fail_next(503, endpoint="chat.create")
        with pytest.raises(errors.ProviderUnavailable):
            await pair.provider.open(request())
        await pair.provider.open(request())
        assert len(pair.lhc.site.chats) == 1


async def test_a_chat_in_another_department_is_closed() -> None:
    """They put it somewhere else without a word: nobody there waits for it."""
    async with alone(department=2) as pair:
        pair.lhc.site.departments[2].disabled = 1
        with pytest.raises(errors.ProviderRejected, match="check `department`"):
            await pair.provider.open(request())
        (chat,) = pair.lhc.site.chats.values()
        assert chat.shown.status == 2


async def test_nobody_there_where_that_matters() -> None:
    """By setting; else the chat waits."""
    async with alone() as pair:
        pair.lhc.set_online(False)
        with pytest.raises(errors.NobodyThere):
            await pair.another(require_online=True).open(request())
        assert not pair.lhc.site.chats
        assert (await pair.provider.open(request())).position == 1


async def test_a_chat_that_they_do_not_take_is_rejected() -> None:
    """With good credentials it is the chat."""
    async with alone() as pair:
        pair.lhc.faults.fail_next(400, endpoint="chat.create")
        with pytest.raises(errors.ProviderRejected, match="HTTP status 400"):
            await pair.provider.open(request())


async def test_a_new_identifier_is_looked_up() -> None:
    """A department that was made after the start."""
    async with alone() as pair:
        await pair.opened()
        pair.lhc.site.departments[7] = Department(7, "Sales", "sales")
        opened = await pair.provider.open(request(handover_id="x", route={"department": "sales"}))
        assert pair.lhc.site.chats[int(opened.external_id)].shown.dep_id == 7
