"""Tokens: one fetch for all, renewed in time, once more after a refusal."""

import asyncio

import pytest

from openhandover.core.errors import ProviderUnavailable
from openhandover.net.client import Reply
from openhandover.net.errors import Unreachable
from openhandover.net.tokens import Token, Tokens


class Issuer:
    """Gives out t1, t2, ... and counts."""

    def __init__(self, life_s: float | None = None) -> None:
        self.given = 0
        self.life_s = life_s
        self.now = 0.0
        self.down = False

    async def fetch(self) -> Token:
        """One more."""
        await asyncio.sleep(0)
        if self.down:
            raise ProviderUnavailable
        self.given += 1
        return Token(f"t{self.given}", self.life_s)

    def tokens(self) -> Tokens:
        """With this issuer's clock."""
        return Tokens(self.fetch, lambda: self.now)


async def test_all_callers_share_one_fetch() -> None:
    """Ten at once cause one call to the vendor."""
    issuer = Issuer()
    tokens = issuer.tokens()
    assert set(await asyncio.gather(*(tokens.current() for _ in range(10)))) == {"t1"}
    assert issuer.given == 1


async def test_renewed_before_its_end() -> None:
    """At four fifths of its life there is a new one, not a second before."""
    issuer = Issuer(life_s=100)
    tokens = issuer.tokens()
    assert await tokens.current() == "t1"
    issuer.now = 79
    assert await tokens.current() == "t1"
    issuer.now = 80
    assert await tokens.current() == "t2"


async def test_a_refused_token_is_renewed_once() -> None:
    """401 gets one new token; a second 401 is the caller's."""
    issuer = Issuer()
    used: list[str] = []

    async def send(token: str) -> Reply:
        used.append(token)
        return Reply(401, {}, b"")

    assert (await issuer.tokens().call(send)).status == 401
    assert used == ["t1", "t2"]


async def test_a_late_refusal_does_not_drop_the_new_token() -> None:
    """Two callers are refused with the same old token: one renewal serves both."""
    issuer = Issuer()
    tokens = issuer.tokens()

    async def send(token: str) -> Reply:
        await asyncio.sleep(0)
        return Reply(401 if token == "t1" else 200, {}, b"")

    replies = await asyncio.gather(tokens.call(send), tokens.call(send))
    assert [reply.status for reply in replies] == [200, 200]
    assert issuer.given == 2


async def test_a_failure_is_that_of_all_who_wait() -> None:
    """An account that does not answer is asked once for ten callers, not ten times one after the other; then anew."""
    asked = 0

    async def silent() -> Token:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        raise Unreachable("no answer")

    tokens = Tokens(silent)
    found = await asyncio.gather(*(tokens.current() for _ in range(10)), return_exceptions=True)
    assert [type(one) for one in found] == [Unreachable] * 10
    assert asked == 1
    with pytest.raises(Unreachable):
        await tokens.current()
    assert asked == 2


async def test_who_gives_up_does_not_take_it_from_the_others() -> None:
    """The first caller's time is over; the second one has the token they both waited for."""
    issuer = Issuer()
    tokens = issuer.tokens()
    first, second = asyncio.create_task(tokens.current()), asyncio.create_task(tokens.current())
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "t1"
    assert first.cancelled()
    assert issuer.given == 1


async def test_a_failed_early_renewal_leaves_the_old_one() -> None:
    """While the token endpoint is down, the token serves to its end, not only to the time of its renewal."""
    issuer = Issuer(life_s=100)
    tokens = issuer.tokens()
    assert await tokens.current() == "t1"
    issuer.down = True
    issuer.now = 90
    assert await tokens.current() == "t1"
    issuer.now = 100
    with pytest.raises(ProviderUnavailable):
        await tokens.current()
    issuer.down = False
    assert await tokens.current() == "t2"


async def test_a_refused_token_is_not_used_again() -> None:
    """401 and no renewal: the old one is no good, however long it had to live."""
    issuer = Issuer(life_s=100)
    tokens = issuer.tokens()
    tokens.refused(await tokens.current())
    issuer.down = True
    with pytest.raises(ProviderUnavailable):
        await tokens.current()
