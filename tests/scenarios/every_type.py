"""One server, and a handover of every type, text and voice, each ending in its own way, among strict vendors."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from openhandover.emulators.base import Emulator
from openhandover.emulators.cm import CmEmulator, ids
from tests.channels.caller import ACCOUNT, TOKEN, Caller
from tests.desk.floor import HASH
from tests.gateways.switchboard import CALL, SECRET as GATEWAY_SECRET, Switchboard
from tests.ports import free_port
from tests.providers.http.emulator import SECRET as DESK_SECRET, FaultyDesk
from tests.providers.mail.smtp_server import Mailbox, mailbox
from tests.scenarios.cm_relay import HEADERS, SECRET as CM_SECRET
from tests.scenarios.every_vendor import every_vendor, secrets_of, takes_and_ends, written as vendors_written
from tests.scenarios.process import Process
from tests.scenarios.receiver import SECRET, Receiver
from tests.serving import KEY, Server

WORDS = "the invoice of my late aunt"
"""What users and agents write; no log may have it."""
USER = {"id": "u-4711", "name": "Ada Lovelace-Byron", "email": "ada.byron@example.org"}
VOICE_KEY = "msc-key-of-the-voice-environment"
PRESENCE_KEY = "key-of-the-presence-api"
HUMAN = "+31201234567"

CONFIG = """
server: {{public_url: "{public}"}}
api:
  keys: [{{name: all, key: {key}, scopes: [conversations, handovers, analytics, desk, admin], agent: anna}}]
languages: {{default: en, supported: [en]}}
outbound: {{allow: ["127.0.0.1/32"]}}
channels:
  chat: {{type: api, provider: support, webhook: {{url: "{channel}", secret: "{secret}"}}}}
  line: {{type: api, provider: support, webhook: {{url: "{channel}", secret: "{secret}"}}}}
  phone: {{type: phone, gateway: twilio, bot: phone}}
  cm: {{type: cm, bot: inside, provider: inside, secret: {cm_secret}, adapter_id: {bot}, {cm}}}
gateways:
  phone: {{type: webhook, url: "{board}", secret: "{board_secret}"}}
  twilio: {{type: twilio, account_sid: {account}, auth_token: {token}}}
bots: {{phone: {{flow: phone}}, inside: {{flow: inside}}}}
agents:
  anna: {{name: Anna, password_hash: "{hash}"}}
  sue: {{name: Sue, role: supervisor, password_hash: "{hash}"}}
providers:
  support: {{type: desk}}
  other: {{type: http, url: "{desk}", secret: "{desk_secret}"}}
  outside:
    type: cm_msc
    {cm_lines}
    twoway: {{adapter_id: {outside}, host_id: shop, secret: {cm_secret}}}
    presence: {{api_key: {presence_key}, url: "{cm_url}/api/v1"}}
  inside: {{type: cm_msc, bot_adapter: {bot}, {cm}}}
  market: {{type: cm_marketplace, bot_adapter: {bot}, {cm}}}
  log: {{type: logging}}
  tickets: {{type: mail, smtp: "smtp://127.0.0.1:{smtp}", from: bot@example.org, to: team@example.org}}
  team: {{type: forward, to: "{human}"}}
  front: {{type: forward, to: "{human}", mode: dial}}
  own: {{type: custom, custom_type: queue, configuration: {{queue: night}}}}
  voice_msc: {{type: cm_voice_msc, api_key: {voice_key}}}
flows:
  phone:
    - handover: {{message: "One moment.", voice: {{provider: front}}}}
    - say: "It ended with {{{{ handover.reason }}}}."
  inside:
    - if: "'market' in input.text"
      then:
        - handover: {{provider: market, message: "A person comes.", route: {{messaging_adapter: {web}, marketplace_adapter: {market}}}}}
      else:
        - handover:
            provider: inside
            message: "A person comes."
            route: {{messaging_adapter: {web}, user_name: "{user_name}", user_email: "{user_email}"}}
"""


class Ended(NamedTuple):
    """A handover that is over, and what it must be found as."""

    id: str
    provider: str
    type: str
    channel: str
    medium: str
    status: str
    reason: str


class Everybody:
    """The server as its clients see it, the vendors, and the handovers that are over."""

    def __init__(self, process: Process, public: str, http: aiohttp.ClientSession) -> None:
        self.process = process
        self.public = public
        self.http = http
        nobody: Any = None
        self.server = Server(public, nobody, http)
        self.cm = CmEmulator()
        self.desk = FaultyDesk()
        self.board = Switchboard()
        self.channel = Receiver()
        self.box = Mailbox()
        self.vendors = every_vendor()
        self.ended: list[Ended] = []

    # --- what everybody does again and again

    async def asks(self, provider: str, words: str = WORDS, **settings: Any) -> str:
        """Id of a handover of a new chat by this provider."""
        chat = await self.server.conversation(channel="chat", user=USER)
        await self.server.said(chat["id"], text=words)
        return (await self.server.handover(chat["id"], settings={"provider": provider, **settings}))["id"]

    async def calls(self, provider: str, voice: Mapping[str, Any] | None = None) -> str:
        """Id of a handover of a new call by this provider."""
        call = {**CALL, "id": f"call-{len(self.ended)}"}
        chat = await self.server.conversation(channel="line", user=USER, medium="voice", call=call)
        part = {"provider": provider, "message": "One moment.", **(voice or {})}
        return (await self.server.handover(chat["id"], settings={"voice": part}))["id"]

    async def until(self, handover_id: str, *statuses: str) -> dict[str, Any]:
        """The handover as soon as it is in one of these statuses."""
        return await self.server.until(f"/v1/handovers/{handover_id}", lambda one: one["status"] in statuses)

    async def reports(self, handover_id: str, *outcomes: str) -> None:
        """The gateway has taken the order, and tells what became of it."""
        await self.server.until(
            f"/v1/handovers/{handover_id}/explain",
            lambda told: any("gateway took the order" in one["text"] for one in told["items"]),
        )
        for outcome in outcomes:
            answer = await self.server.call(
                "POST", f"/v1/handovers/{handover_id}/call-result", {"outcome": outcome}
            )
            assert answer.status == 200, answer

    async def over(self, handover_id: str, type_: str, medium: str, status: str, reason: str) -> None:
        """It must end like this; keep it."""
        found = await self.until(handover_id, "completed", "cancelled", "error", "transferred")
        assert (found["status"], found["reason"]) == (status, reason), found
        chat = (await self.server.call("GET", f"/v1/conversations/{found['conversation_id']}")).body
        assert chat["medium"] == medium
        self.ended.append(
            Ended(handover_id, found["provider"], type_, chat["channel"], medium, status, reason)
        )

    async def newest(self, channel: str) -> str:
        """Id of the last handover of a channel."""
        page = await self.server.until(f"/v1/handovers?channel={channel}", lambda page: page["items"])
        return page["items"][0]["id"]

    # --- one of each

    async def all(self) -> None:
        """Everything below, one after the other."""
        await self.texts()
        await self.through_the_router()
        await self.by_their_own_gateway()
        await self.by_twilio()
        await self.at_vendors()

    async def texts(self) -> None:
        """Desks, mail and log."""
        await self.server.online()
        talk = await self.asks("support")
        await self.until(talk, "queued")
        for act, body in (("accept", {}), ("messages", {"text": WORDS}), ("close", {})):
            answer = await self.server.call("POST", f"/v1/desk/handovers/{talk}/{act}?agent=anna", body)
            assert answer.status < 300, answer
        await self.over(talk, "desk", "text", "completed", "agent_closed")
        withdrawn = await self.asks("support")
        await self.until(withdrawn, "queued")
        await self.server.call("POST", f"/v1/handovers/{withdrawn}/cancel")
        await self.over(withdrawn, "desk", "text", "cancelled", "user_cancelled")
        self.desk.fail_next(422)
        await self.over(await self.asks("other"), "http", "text", "error", "rejected")
        await self.over(await self.asks("log"), "logging", "text", "transferred", "logged")
        await self.over(await self.asks("tickets"), "mail", "text", "transferred", "ticket")

    async def through_the_router(self) -> None:
        """CM.com's chat desks: with our bot outside the Router, and inside."""
        route = {"user_name": USER["name"], "user_email": USER["email"]}
        talk = await self.asks("outside", route=route)
        await self.until(talk, "queued")
        chat = await self.cm.chat_at_desk()
        await self.cm.agent_says(chat.id, WORDS)
        await self.until(talk, "active")
        await self.cm.agent_ends(chat.id)
        await self.over(talk, "cm_msc", "text", "completed", "agent_closed")
        self.cm.faults.fail_next(403, endpoint="twoway")
        await self.over(await self.asks("outside", route=route), "cm_msc", "text", "error", "auth")
        nameless = await self.asks("outside", route={**route, "user_name": "{{ nobody }}"})
        await self.over(nameless, "cm_msc", "text", "error", "configuration")
        self.cm.visitor("ada", USER["name"]).says(f"a human for {WORDS}")
        await self.cm.chat_at_desk()
        await self.over(await self.newest("cm"), "cm_msc", "text", "transferred", "transferred")
        first = await self.newest("cm")
        self.cm.visitor("bea", "Bea").says(f"the market for {WORDS}")
        await self.server.until("/v1/handovers?channel=cm", lambda page: page["items"][0]["id"] != first)
        await self.over(await self.newest("cm"), "cm_marketplace", "text", "transferred", "transferred")

    async def by_their_own_gateway(self) -> None:
        """Calls of somebody who owns the line."""
        ways: list[tuple[str, str, tuple[str, ...], str, str]] = [
            ("team", "forward", ("connected",), "transferred", "transferred"),
            ("team", "forward", ("invalid_target",), "error", "invalid_target"),
            ("front", "forward", ("connected", "ended"), "completed", "agent_closed"),
            ("front", "forward", ("busy",), "error", "busy"),
            ("front", "forward", ("no_answer",), "error", "no_answer"),
            ("front", "forward", ("voicemail",), "error", "voicemail"),
            ("front", "forward", ("caller_hung_up",), "cancelled", "user_left"),
            ("own", "custom", ("connected",), "transferred", "transferred"),
            ("own", "custom", ("declined",), "error", "declined"),
            ("own", "custom", ("unsupported",), "error", "unsupported"),
            ("voice_msc", "cm_voice_msc", ("connected",), "transferred", "transferred"),
            ("voice_msc", "cm_voice_msc", ("unknown",), "error", "unknown"),
        ]
        for provider, type_, outcomes, status, reason in ways:
            call = await self.calls(provider)
            await self.reports(call, *outcomes)
            await self.over(call, type_, "voice", status, reason)
        wrong = await self.calls("front", {"to": "extension 12"})
        await self.over(wrong, "forward", "voice", "error", "configuration")
        self.board.fail("call.transfer", 403)
        await self.over(await self.calls("own"), "custom", "voice", "error", "auth")
        await self.over(await self.calls("log"), "logging", "voice", "transferred", "logged")

    async def by_twilio(self) -> None:
        """Calls that come in by our own phone channel."""
        for answered in (True, False):
            caller = await Caller(self.public, self.http, public=self.public).ring()
            path = f"/v1/handovers?conversation_id={caller.conversation}"
            await self.server.until(path, lambda page: page["items"][0]["status"] == "queued")
            if answered:
                await caller.pick_up()
            await caller.dial_ends("completed" if answered else "no-answer")
            result = ("completed", "agent_closed") if answered else ("error", "no_answer")
            assert caller.texts[-1] == f"It ended with {result[1]}."
            (found,) = (await self.server.call("GET", path)).body["items"]
            await self.over(found["id"], "forward", "voice", *result)

    async def at_vendors(self) -> None:
        """Contact centres with an interface of their own."""
        for name, vendor in self.vendors.items():
            talk = await self.asks(name, route={})
            await self.until(talk, "queued")
            await takes_and_ends(vendor, WORDS)
            await self.over(talk, name, "text", "completed", "agent_closed")


def written(everybody: Everybody) -> str:
    """The configuration for these vendors."""
    account = everybody.cm.account
    cm = {
        "technical_link_id": account.technical_link_id,
        "product_token": account.product_token,
        "base_url": f"'{everybody.cm.url}'",
    }
    return CONFIG.format(
        public=everybody.public,
        key=KEY,
        hash=HASH,
        channel=everybody.channel.url,
        secret=SECRET,
        cm_secret=CM_SECRET,
        bot=ids.BOT,
        web=ids.WEB,
        outside=ids.OUTSIDE,
        market=ids.MARKETPLACE,
        cm=", ".join(f"{key}: {value}" for key, value in cm.items()),
        cm_lines="\n    ".join(f"{key}: {value}" for key, value in cm.items()),
        cm_url=everybody.cm.url,
        presence_key=PRESENCE_KEY,
        board=everybody.board.url,
        board_secret=GATEWAY_SECRET,
        account=ACCOUNT,
        token=TOKEN,
        desk=everybody.desk.url,
        desk_secret=DESK_SECRET,
        smtp=everybody.box.port,
        human=HUMAN,
        voice_key=VOICE_KEY,
        user_name=USER["name"],
        user_email=USER["email"],
    ).replace("  log:", f"{vendors_written(everybody.vendors)}  log:", 1)


def secrets(vendors: Mapping[str, Emulator]) -> dict[str, str]:
    """Everything that no log may have, by what it is."""
    return {
        "product token": CmEmulator().account.product_token,
        "API key": KEY,
        "channel's secret": SECRET,
        "desk's secret": DESK_SECRET,
        "gateway's secret": GATEWAY_SECRET,
        "callback secret": CM_SECRET,
        "voice key": VOICE_KEY,
        "presence key": PRESENCE_KEY,
        "Twilio's token": TOKEN,
        "name": USER["name"],
        "mail address": USER["email"],
        "words": WORDS,
        "caller": CALL["from"],
        **secrets_of(vendors),
    }


@asynccontextmanager
async def everybody(folder: Path) -> AsyncGenerator[Everybody]:
    """A running server in a process of its own, and everybody around it."""
    port = free_port()
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        process = Process(folder, "")
        it = Everybody(process, f"http://127.0.0.1:{port}", http)
        others = (it.desk.serving(), it.board.serving(), it.channel.serving())
        for vendor in (it.cm, *others, *it.vendors.values()):
            await stack.enter_async_context(vendor)
        it.box = await stack.enter_async_context(mailbox())
        it.process = process = Process(folder, written(it))
        stack.push_async_callback(process.end)
        assert await process.start(port) == it.public
        it.desk.webhooks = f"{it.public}/webhooks/other"
        it.cm.call_back("outside", f"{it.public}/webhooks/outside", HEADERS)
        it.cm.call_back("bot", f"{it.public}/channels/cm", HEADERS)
        for name, vendor in it.vendors.items():
            if vendor.plays("webhook_to"):
                vendor.webhook_to(f"{it.public}/webhooks/{name}")
        yield it
