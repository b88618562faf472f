"""The side of CM.com: Conversational Router, TwoWay, Mobile Service Cloud presence, Web Conversations.

Written from CM.com's public pages ("Routing control", "Twoway format", "Integration", "Presence") and from what public
integrations rely on (v2 address, the 201's body, state-based control, the default Hand Over template). Statuses of errors
are mostly undocumented: ours are 400 body, 401 token, 403 right, 404 account or chat.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any, ClassVar

from aiohttp import web

from openhandover.emulators.answers import Refused, json_object
from openhandover.emulators.base import Emulator
from openhandover.emulators.callbacks import Endpoint
from openhandover.emulators.control import text_of
from openhandover.emulators.recording import KEPT

from . import account as ids, business, mutation, twoway
from .account import SESSION_RIGHT, Account, Adapter
from .chat import Chat
from .presence import Presence
from .router import Router
from .visitor import PHONE_HOST, Visitor

__all__ = ["SESSION_RIGHT", "Account", "Adapter", "CmEmulator", "Endpoint", "Refused", "ids"]

CONTROL = "/conversational/control/v1/accounts/{account}/chats/{chat}/routing/mutationrequests"
TWOWAY = "/conversational/twoway/{version:v1|v2}/accounts/{account}/adapters/{adapter}"
STATE = "/router/control/v1/accounts/{account}/chats/{chat}/session"
PRESENCE = "/api/v1"
BMPROXY = "/conversational/bmproxy/v1/accounts/{account}"
GATEWAY = "/v1.0/message"


class CmEmulator(Emulator):
    """CM.com on a loopback port: `async with CmEmulator() as cm:`; every host of CM's is `cm.url`.

    Set up: `cm.account` (ids, token, presence key, rights, adapters, rules, stores: see `Account`). The standard
    account has the adapters `web` (Web Conversations), `bot` (TwoWay, Is Bot on), `outside` (TwoWay, Is Bot off), `msc`
    and `marketplace` (desks), `phone` (Business Messaging) and `bmproxy` (BM Proxy), with rules web -> bot -> msc,
    outside -> CMBot -> msc and phone -> BMProxy -> msc (the first that holds counts; rules to `marketplace` stand before
    msc and are off until enabled).
    `cm.call_back("bot" | "outside" | "bmproxy", url, {"X-Secret": "..."})` sends that adapter's callbacks to url/messages,
    url/handover and url/events; single endpoints: `cm.account.adapters["bot"].messages = Endpoint(url, headers)`,
    body of the notice: `.handover_template`.

    Addresses: `cm.url` is the base of control, TwoWay and state-based calls; presence is `cm.url + "/api/v1"`.
    Endpoint names in `cm.requests_to(name)` and faults: mutation, twoway, session, session_state, session_end, presence,
    bmproxy, message (Business Messaging without the Router: `cm.url + "/v1.0/message"`).

    Play: `await cm.chat_at_desk()` waits for a handed-over chat; `await cm.agent_says(chat.id, text)`;
    `await cm.agent_ends(chat.id)` (ends the Router session, event RouterSessionEnded); `cm.take_over(chat.id)` (a person
    claims the chat from the bot); `cm.set_online(True, channel="WebChat", referrer="shop-nl")`;
    `visitor = cm.visitor("ada", "Ada")`, `visitor.says(text)`, `visitor.answers`, `visitor.livechat`;
    `cm.phone("0031612345678", "Ada")` likewise, whose messages go by Business Messaging (webhook of `bmproxy`), and
    `cm.sent` holds what was sent in its shape.
    `cm.chats` by id, each with `context`, `lines`, `side` ("bot", "waiting", "active", "ended"), `session_id`.
    `await cm.wait_until(lambda: ...)` for everything else.

    Wrong on request: `cm.faults.fail_next(503, endpoint="mutation")`, `.lose_next_reply()`, `.slow(seconds)`;
    `cm.callbacks.repeat_next()`, `.reorder_next()`, `.late(seconds)`, `.hold()`, `.release()`, `.sent`;
    `cm.expire_token()` / `cm.renew_token()`; `cm.account.rights.clear()` for the 403 of session calls;
    `cm.account.event_form = "flat"`; `cm.account.keeps_ids = True` (a repeated message id is taken once).
    The same over HTTP below `/emulator/`, and a page for a person there.
    """

    vendor: ClassVar[str] = "cm"
    title: ClassVar[str] = "CM.com"

    def __init__(self, account: Account | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host=host, port=port)
        self.account = account or Account()
        self.router = Router(self.account, self.callbacks, self.changed)
        self.presence = Presence(self.account)
        self.visitors: dict[str, Visitor] = {}
        self.sent: deque[dict[str, Any]] = deque(maxlen=KEPT)
        """Business Messaging messages that were accepted."""
        self._expired: str | None = None

    # --- set up and faults

    def call_back(self, adapter: str, url: str, headers: dict[str, str] | None = None) -> None:
        """Send an adapter's callbacks to `url`/messages, `url`/handover and `url`/events."""
        self._adapter_named(adapter).call(url, headers or {})

    def expire_token(self) -> None:
        """Answer 401 to the token that was right until now."""
        self._expired, self.account.product_token = self.account.product_token, ""

    def renew_token(self) -> None:
        """Take the token again."""
        self.account.product_token = self._expired or self.account.product_token

    def fault(self, kind: str, asked: dict[str, Any]) -> None:
        """`expire_token`, `renew_token`, and `rights` with the list that the token still has."""
        match kind:
            case "expire_token":
                self.expire_token()
            case "renew_token":
                self.renew_token()
            case "rights":
                self.account.rights = set(asked.get("rights", []))
            case _:
                super().fault(kind, asked)

    # --- the desk

    @property
    def chats(self) -> dict[str, Chat]:
        """Every chat by its id."""
        return self.router.chats

    async def chat_at_desk(self, timeout_s: float = 10.0) -> Chat:
        """The first chat that waits at the desk or is talked to there, waiting for one."""
        found: Chat = await self.wait_until(
            lambda: next((one for one in self.chats.values() if one.side in ("waiting", "active")), None),
            timeout_s,
        )
        return found

    async def agent_says(self, chat_id: str, text: str) -> None:
        """The agent answers."""
        self.router.from_agent(self.router.chat(chat_id), text)

    async def agent_ends(self, chat_id: str) -> None:
        """The agent resolves the chat; the Router session ends and its adapters are told."""
        self.router.end(self.router.chat(chat_id))

    def take_over(self, chat_id: str) -> None:
        """A person claims the chat from the bot: a handover that nobody on our side asked for."""
        agent = next(key for key, kind in self.account.states.items() if kind == "agent")
        self.router.move(self.router.chat(chat_id), agent, {})

    def set_online(self, on: bool = True, **where: str) -> None:
        """Agents come or go; `channel` and `referrer` narrow it."""
        self.presence.set(on, where.get("channel"), where.get("referrer"))
        self.changed()

    # --- the visitor

    def visitor(self, client_id: str, name: str | None = None) -> Visitor:
        """The visitor of Web Conversations with this id; made when new."""
        return self.visitors.setdefault(
            client_id, Visitor(client_id, name, self.router, self.account.adapters["web"])
        )

    def phone(self, number: str, name: str | None = None, channel: str = "WhatsApp") -> Visitor:
        """Somebody with a phone whose messages go by Business Messaging; the number begins with 00."""
        adapter = self.account.adapters["phone"]
        made = Visitor(number, name, self.router, adapter, channel, PHONE_HOST)
        return self.visitors.setdefault(number, made)

    # --- the vendor's API

    def routes(self) -> Iterable[web.RouteDef]:
        """What CM.com serves."""
        return [
            web.post(CONTROL, self._mutation, name="mutation"),
            web.post(TWOWAY, self._twoway, name="twoway"),
            web.put(f"{STATE}/state", self._session_state, name="session_state"),
            web.get(STATE, self._session, name="session", allow_head=False),
            web.put(f"{STATE}/end", self._session_end, name="session_end"),
            web.get(PRESENCE, self._presence, name="presence", allow_head=False),
            web.post(BMPROXY, self._bmproxy, name="bmproxy"),
            web.post(GATEWAY, self._gateway, name="message"),
        ]

    async def _mutation(self, request: web.Request) -> web.Response:
        self._authorise(request)
        chat = self.router.chat(request.match_info["chat"])
        asked = mutation.read(await json_object(request), chat.id, self.account)
        self.router.mutate(chat, asked)
        return web.Response(status=202)  # which 2xx and whether there is a body is not documented

    async def _twoway(self, request: web.Request) -> web.Response:
        self._authorise(request)
        adapter = self.account.adapter(request.match_info["adapter"])
        if adapter is None or adapter.role not in ("bot", "outside"):
            raise Refused(404, "no such TwoWay adapter")
        sent = twoway.read(await json_object(request), self.account, adapter)
        if adapter.role == "bot":
            chat = self.router.from_bot(sent)
            session_id = chat.session_id
        else:
            chat, session_id = self.router.from_user(adapter, sent)
        told = {"chat": {"id": chat.id, "sessionId": session_id}, "message": "Accepted"}
        return web.json_response(told, status=201)

    async def _session_state(self, request: web.Request) -> web.Response:
        chat = self._session_chat(request)
        body = await json_object(request)
        if set(body) - {"NewStateNameId", "Context"}:
            raise Refused(400, "only NewStateNameId and Context are known")
        state_id = body.get("NewStateNameId")
        if state_id not in self.account.states:
            raise Refused(400, "NewStateNameId names no state")
        self.router.move(chat, state_id, mutation.context(body.get("Context")))
        return web.json_response({})

    async def _session(self, request: web.Request) -> web.Response:
        chat = self._session_chat(request)
        # The body is not documented; nobody should need more than that the call was accepted.
        return web.json_response(
            {"chatId": chat.id, "sessionId": chat.session_id, "stateNameId": chat.state_id}
        )

    async def _session_end(self, request: web.Request) -> web.Response:
        self.router.end(self._session_chat(request))
        return web.json_response({})

    async def _presence(self, request: web.Request) -> web.Response:
        return web.Response(text=self.presence.answer(dict(request.query)))

    async def _bmproxy(self, request: web.Request) -> web.Response:
        self._authorise(request)
        for message in business.read(await json_object(request), self.account):
            self.router.from_proxy(message)
            self.sent.append(message)
        return web.json_response({})  # the answer's body is not documented

    async def _gateway(self, request: web.Request) -> web.Response:
        self.sent += business.read(await json_object(request), self.account)
        self.changed()
        return web.json_response({})

    def _authorise(self, request: web.Request) -> None:
        token = request.headers.get("X-Cm-Producttoken")
        self.account.authorise(token if self.account.product_token else None, request.match_info["account"])

    def _session_chat(self, request: web.Request) -> Chat:
        self._authorise(request)
        if SESSION_RIGHT not in self.account.rights:
            raise Refused(403, f"the token lacks the right {SESSION_RIGHT}")
        return self.router.chat(request.match_info["chat"])

    # --- controls and page

    def control_routes(self) -> Iterable[web.RouteDef]:
        """Adapters, visitors, and a person who takes a chat over."""
        return [
            web.put("/emulator/adapters/{name}", self._set_adapter),
            web.post("/emulator/visitors/{id}/says", self._visitor_says),
            web.post("/emulator/chats/{chat}/takes-over", self._takes_over),
        ]

    async def _set_adapter(self, request: web.Request) -> web.Response:
        asked = await json_object(request)
        adapter = self._adapter_named(request.match_info["name"])
        headers: dict[str, str] = asked.get("headers") or {}
        if "url" in asked:
            adapter.call(asked["url"], headers)
        for kind in ("messages", "handover", "events"):
            if kind in asked:
                setattr(adapter, kind, Endpoint(asked[kind], headers))
        adapter.handover_template = asked.get("handover_template", adapter.handover_template)
        return web.json_response({"id": adapter.id})

    async def _visitor_says(self, request: web.Request) -> web.Response:
        asked = await json_object(request)
        visitor = self.visitor(request.match_info["id"], asked.get("name"))
        return web.json_response({"chat": visitor.says(text_of(asked)).id})

    async def _takes_over(self, request: web.Request) -> web.Response:
        self.take_over(request.match_info["chat"])
        return web.json_response({})

    def _adapter_named(self, name: str) -> Adapter:
        if name not in self.account.adapters:
            raise Refused(404, f"no adapter is called {name!r}")
        return self.account.adapters[name]

    def shown(self) -> dict[str, Any]:
        """For the page and for tests in another process."""
        channels = self.presence.channels
        return {
            "online": bool(channels),
            "online_where": channels,
            "chats": [self._chat_shown(chat) for chat in self.chats.values()],
            "visitors": [visitor.shown() for visitor in self.visitors.values()],
        }

    def _chat_shown(self, chat: Chat) -> dict[str, Any]:
        lines = [line for line in chat.lines if self.account.history or not line.before_agent]
        facts = {"Channel": chat.channel, "User": chat.client_id, **chat.context}
        return {
            "id": chat.id,
            "name": chat.client_name or chat.client_id,
            "state": chat.side,
            "facts": facts,
            "lines": [{"author": line.author, "text": line.text, "at": line.at} for line in lines],
        }


EMULATOR = CmEmulator
