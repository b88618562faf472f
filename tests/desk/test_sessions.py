"""Log-in and session tokens of the desk."""

import pytest
from argon2 import PasswordHasher

from openhandover.core.errors import Refused
from openhandover.desk.sessions import AGENT_FAILURES, HOUR_S, LOCKOUT_S, Sessions

HASHES = {"anna": PasswordHasher(time_cost=1, memory_cost=64).hash("correct horse")}


def sessions(hashes: dict[str, str] | None = None, secret: bytes = b"s" * 32) -> Sessions:
    """Sessions over these password hashes."""
    return Sessions(secret, (HASHES if hashes is None else hashes).get)


async def test_right_password_opens_a_session_that_survives_a_restart() -> None:
    """The token names the agent, also to another process with the same secret."""
    ticket = await sessions().login("anna", "correct horse", "::1", 1000.0)
    session = sessions().read(ticket.token, 1001.0)
    assert session is not None
    assert (session.agent_id, session.expires_at) == ("anna", 1000.0 + 12 * HOUR_S)


@pytest.mark.parametrize(
    ("agent", "password"), [("anna", "wrong"), ("nobody", "correct horse"), ("anna", "")]
)
async def test_wrong_agent_and_wrong_password_look_the_same(agent: str, password: str) -> None:
    """Nobody learns from the answer whether the agent exists."""
    with pytest.raises(Refused) as refused:
        await sessions().login(agent, password, "::1", 1.0)
    assert (refused.value.code, refused.value.detail) == ("unauthorized", "Agent or password is wrong")


async def test_lockout_after_failures_holds_for_the_right_password_too() -> None:
    """Five failures lock the agent for 15 minutes after the last one, from every address."""
    made = sessions()
    for n in range(AGENT_FAILURES):
        with pytest.raises(Refused):
            await made.login("anna", "wrong", f"10.0.0.{n}", 100.0)
    with pytest.raises(Refused) as refused:
        await made.login("anna", "correct horse", "10.9.9.9", 101.0)
    assert refused.value.code == "rate_limited"
    assert refused.value.extra["retry_after_s"] == LOCKOUT_S - 1.0
    assert (await made.login("anna", "correct horse", "10.9.9.9", 100.0 + LOCKOUT_S)).token


async def test_address_that_guesses_names_is_locked_out() -> None:
    """Twenty failures from one address lock it, whichever agents it tried."""
    made = sessions({})
    for n in range(20):
        with pytest.raises(Refused):
            await made.login(f"agent{n}", "x", "10.0.0.1", 100.0)
    with pytest.raises(Refused) as refused:
        await made.login("fresh", "x", "10.0.0.1", 101.0)
    assert refused.value.code == "rate_limited"


async def test_token_dies_with_time_tampering_revocation_and_changed_password() -> None:
    """Expired, altered, signed by another, revoked, or of an agent whose hash changed: no session."""
    made = sessions()
    token = (await made.login("anna", "correct horse", "::1", 1000.0)).token
    assert made.read(token, 1000.0 + 12 * HOUR_S) is None
    assert made.read("x" + token, 1001.0) is None
    assert made.read(token[:-1] + ("0" if token[-1] != "0" else "1"), 1001.0) is None
    assert sessions(secret=b"t" * 32).read(token, 1001.0) is None
    assert sessions({"anna": HASHES["anna"] + "x"}).read(token, 1001.0) is None
    assert sessions({}).read(token, 1001.0) is None
    session = made.read(token, 1001.0)
    assert session is not None
    made.revoke(session)
    assert made.read(token, 1001.0) is None


@pytest.mark.parametrize("token", ["", ".", "a.b", "é.ü", "e30=.00", "\x00" * 40, "W10=." + "0" * 64])
async def test_garbage_tokens_are_no_session(token: str) -> None:
    """Whatever a stranger sends as a cookie is answered with "no session", never with an exception."""
    assert sessions().read(token, 1.0) is None


async def test_csrf_value_belongs_to_one_token() -> None:
    """The value of one session is of no use for another."""
    made = sessions()
    first = await made.login("anna", "correct horse", "::1", 1.0)
    second = await made.login("anna", "correct horse", "::1", 1.0)
    assert first.csrf == made.csrf(first.token)
    assert first.csrf != second.csrf
