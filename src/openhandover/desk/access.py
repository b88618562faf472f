"""Who is calling the desk: an agent's session, or an API key that names its agent."""

import hmac
import secrets
import time
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, NamedTuple, TypeVar, cast

from openhandover.config.model import Agent as AgentConfig
from openhandover.core.errors import Refused, invalid
from openhandover.engine import Engine
from openhandover.web.body import read_json
from openhandover.web.call import Call
from openhandover.web.endpoint import Headers
from openhandover.web.validation import checked

from .sessions import HOUR_S, Session, Sessions, Ticket

COOKIE = "openhandover_desk"
CSRF_HEADER = b"x-csrf-token"

T = TypeVar("T")


class Caller(NamedTuple):
    """The agent on whose behalf a call is made; `session` None for an API key."""

    agent_id: str
    agent: AgentConfig
    csrf: str = ""
    session: Session | None = None
    raw: bytes | None = None
    """The body, where it had to be read to find out who calls."""

    @property
    def supervises(self) -> bool:
        """Whether everything is open to this caller."""
        return self.agent.role == "supervisor"


class Access:
    """Finds out who calls. The signing secret lives in the store, so that sessions outlast a restart."""

    def __init__(self, engine: Engine, agents: Mapping[str, AgentConfig], *, secure: bool) -> None:
        self._engine = engine
        self._agents = agents
        self._secure = secure
        self._sessions: Sessions | None = None

    async def sessions(self) -> Sessions:
        """The sessions; the secret is made on first use and never changes."""
        if self._sessions is None:
            store = self._engine.store
            secret = await store.put_new("secret", "desk", secrets.token_bytes(32))
            revoked = await store.all("desk_revoked")
            now = self._engine.clock()
            alive = [nonce for nonce, until in revoked.items() if float(until or b"0") > now]
            lasts_s = self._engine.config.desk.session_hours * HOUR_S
            self._sessions = Sessions(secret, self._password_hash, alive, lasts_s)
        return self._sessions

    def _password_hash(self, agent_id: str) -> str | None:
        agent = self._agents.get(agent_id)
        return agent.password_hash if agent else None

    async def login(self, agent_id: str, password: str, address: str) -> Ticket:
        """A session; see `Sessions.login` for what is refused."""
        return await (await self.sessions()).login(agent_id, password, address, self._engine.clock())

    async def logout(self, session: Session) -> None:
        """End a session for good, also over a restart."""
        (await self.sessions()).revoke(session)
        until = session.expires_at
        await self._engine.store.put("desk_revoked", session.nonce, str(until).encode(), at=until)

    def cookie(self, token: str, max_age_s: int) -> Headers:
        """The header that sets the session cookie, or with 0 s removes it."""
        secure = "; Secure" if self._secure else ""
        value = f"{COOKIE}={token}; Path=/v1/desk; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}"
        return ((b"set-cookie", value.encode()),)

    async def caller(self, call: Call, *, body_names: bool = False) -> Caller:
        """The agent of this call; with `body_names` an API key may name it as `agent` in the body.

        Raises:
            Refused: `unauthorized`, `forbidden`, or `invalid` for a key that names no agent.
        """
        authorization = call.header(b"authorization")
        if authorization is not None:
            return await self._of_key(call, authorization, body_names=body_names)
        caller = await self.of_session(call)
        if caller is None:
            raise Refused("unauthorized", "Log in at the desk, or send an API key with scope `desk`")
        return caller

    async def of_session(self, call: Call) -> Caller | None:
        """The agent whose browser this is, None without a session; a changing call must prove its origin."""
        token = _cookie(call.header(b"cookie"))
        if token is None:
            return None
        sessions = await self.sessions()
        session = sessions.read(token, self._engine.clock())
        if session is None:
            return None
        csrf = sessions.csrf(token)
        if call.scope["method"] not in ("GET", "HEAD") and not hmac.compare_digest(
            (call.header(CSRF_HEADER) or "").encode(), csrf.encode()
        ):
            raise Refused("forbidden", "The header X-CSRF-Token is missing or wrong")
        return Caller(session.agent_id, self._agents[session.agent_id], csrf, session)

    async def _of_key(self, call: Call, authorization: str, *, body_names: bool) -> Caller:
        key = call.site.keys.require(authorization, "desk")
        call.site.key_limit.take(key.name, time.monotonic())
        raw = await call.body() if body_names else None
        wanted = call.text("agent") or _named(raw)
        agent_id = key.agent or wanted
        if agent_id is None:
            raise invalid("agent", "name the agent: in the key's configuration, or as a query parameter")
        if agent_id not in self._agents or (wanted is not None and wanted != agent_id):
            raise Refused("forbidden", "This key does not act for that agent")
        return Caller(agent_id, self._agents[agent_id], raw=raw)


def _named(raw: bytes | None) -> str | None:
    """The agent that a body names."""
    data = read_json(raw) if raw else None
    name = cast("dict[str, Any]", data).get("agent") if isinstance(data, dict) else None
    return name if isinstance(name, str) and name else None


async def body_of(call: Call, caller: Caller, kind: type[T]) -> T:
    """The body as this type; an `agent` that only said who calls is not part of it."""
    if caller.raw is None:
        return await call.json(kind)
    data = read_json(caller.raw or b"{}")
    if isinstance(data, dict):
        data = {name: value for name, value in cast("dict[str, Any]", data).items() if name != "agent"}
    return checked(data, kind)


def _cookie(header: str | None) -> str | None:
    """The session token among the cookies."""
    if not header:
        return None
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    return found.value if found else None
