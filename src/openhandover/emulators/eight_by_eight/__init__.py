"""8x8 Contact Center: Chat Gateway v1.0, with the real-time metrics and the agent status beside it.

Written from 8x8's OpenAPI documents and its guides "Workflow", "Webhooks Events Reference", "Validating Webhook Events",
"Real Time Statistics Reporting API" and "Managing Agent Status". Where they are silent, it refuses.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

from aiohttp import web

from openhandover.emulators.answers import Refused
from openhandover.emulators.base import Emulator

from .account import Account, Conversation, File, Line, new_id, now
from .desk import Desk
from .gateway import BASE, Gateway, refusal
from .others import METRICS, Others
from .signing import SignedCallbacks, Signer, own_key

__all__ = ["EMULATOR", "Account", "EightByEightEmulator"]


class EightByEightEmulator(Emulator):
    """8x8 on a loopback port. Names of endpoints for records and faults: conversation.create, .list, .get, .update,
    .change, participant.list, user.leave, typing, read-receipt, message.post, .list, attachment.post, .get, .content,
    channel.list, .get, webhook.list, .get, .verify, jwk, token, metrics.queue, metrics.agents, agentstatus, file.

    Set up: `account` (keys, tenant, channel, queues, agents, figures). Wrong on request, beside what all emulators do:
    `desk.begins_by_itself = False`, `callbacks.ahead_s` (the vendor's clock), `others.tokens.clear()`,
    `others.told` (odd figures).
    """

    vendor: ClassVar[str] = "eight_by_eight"
    title: ClassVar[str] = "8x8 Contact Center"

    def __init__(self, account: Account | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host=host, port=port)
        self.account = account or Account()
        self.signed = SignedCallbacks(self.changed)
        self.signed.signer = Signer(own_key(), self.account.customer, self.account.tenant)
        self.callbacks = self.signed
        self.desk = Desk(self.account, self.signed, self.changed)
        self.desk.address = self._address
        self.others = Others(self.account)
        self._gateway = Gateway(self.account, self.desk, own_key())

    # --- set up

    def webhook_to(self, url: str) -> None:
        """The channel's webhook calls this address, with the secret in it."""
        self.account.webhook_uri = f"{url}?secret={self.account.webhook_secret}"

    def settings(self) -> dict[str, Any]:
        """For the provider `eight_by_eight`."""
        account = self.account
        block: dict[str, Any] = {
            "base_url": self.url + BASE,
            "api_key": account.api_key,
            "tenant": account.tenant,
            "channel_id": account.channel_id,
            "queue_id": next(iter(account.queues)),
            "webhook_secret": account.webhook_secret,
        }
        if account.metrics_on:
            block["metrics"] = {
                "client_id": account.client_id,
                "client_secret": account.client_secret,
                "url": self.url + METRICS,
                "token_url": self.url + "/oauth/v2/token",
            }
        return block

    def set_online(self, on: bool = True, **where: str) -> None:
        """Agents log in or out; the metrics tell."""
        self.account.online = on
        self.changed()

    # --- agents

    async def agent_joins(self, chat_id: str, name: str = "Kim") -> None:
        """An agent takes it."""
        self.desk.join(self._chat(chat_id), self.account.agent_named(name))

    async def agent_says(self, chat_id: str, text: str) -> None:
        """The agent writes."""
        self.desk.say(self._chat(chat_id), text, cards=[])

    async def agent_sends_file(self, chat_id: str, name: str, content_type: str, content: bytes) -> None:
        """The agent sends a file."""
        chat = self._chat(chat_id)
        file = File(new_id("ATT"), name, content_type, content, now())
        chat.files[file.id] = file
        self.desk.say(chat, "", file, cards=[])

    async def agent_types(self, chat_id: str, on: bool = True) -> None:
        """The agent types, or stops."""
        self.desk.type(self._chat(chat_id), on)

    async def agent_notes(self, chat_id: str, text: str) -> None:
        """A private note: no webhook tells of it."""
        chat = self._chat(chat_id)
        chat.lines.append(Line(new_id("MSG"), "note", chat.agent or "", text, now()))
        self.changed()

    async def agent_leaves(self, chat_id: str) -> None:
        """The agent goes; nobody says whether another one comes."""
        self.desk.left(self._chat(chat_id))

    async def agent_transfers(self, chat_id: str, name: str = "Lee") -> None:
        """The agent gives it to the other queue, where the next one takes it."""
        other = list(self.account.queues)[-1]
        self.desk.transfer(self._chat(chat_id), self.account.agent_named(name), other)

    async def agent_ends(self, chat_id: str) -> None:
        """The agent ends it."""
        self.desk.end(self._chat(chat_id))

    async def queue_is(self, chat_id: str, position: int | None, wait_s: int | None) -> None:
        """The metrics say so, and the conversation is queued anew: 8x8 tells no position by itself."""
        self.account.waiting = position
        self.account.wait_ms = None if wait_s is None else wait_s * 1000
        self.desk.queued(self._chat(chat_id))

    async def sends_unknown(self, chat_id: str) -> None:
        """An activity that no page mentions."""
        body = {
            "eventType": "SURVEY_OFFERED",
            "conversationId": chat_id,
            "timestamp": 1,
            "data": {"stars": 5},
        }
        self.desk.post_raw(self._chat(chat_id), "SURVEY_OFFERED", body)

    def _chat(self, chat_id: str) -> Conversation:
        found = self.account.conversations.get(chat_id)
        if found is None:
            raise Refused(404, "no such conversation")
        return found

    # --- the vendor's API

    def routes(self) -> Iterable[web.RouteDef]:
        """The gateway, the other APIs, and files by their pre-signed addresses."""
        yield from self._gateway.routes()
        yield from self.others.routes()
        yield web.get("/files/{conversation}/{file}", self._file, name="file", allow_head=False)

    def refusal(self, refused: Refused) -> web.Response:
        """As 8x8 words it."""
        return refusal(refused, self.requests[-1].endpoint if self.requests else "")

    def _address(self, file: File) -> str:
        talk = next(one for one in self.account.conversations.values() if file.id in one.files)
        return f"{self.url}/files/{talk.id}/{file.id}?signature={file.grant}"

    async def _file(self, request: web.Request) -> web.Response:
        file = self._chat(request.match_info["conversation"]).files.get(request.match_info["file"])
        if file is None or request.query.get("signature") != file.grant:
            raise Refused(403, "the address is not signed, or for another file")
        return web.Response(body=file.content, content_type=file.content_type)

    # --- the page

    def shown(self) -> dict[str, Any]:
        """The conversations as an agent sees them."""
        chats = [self._shown(one) for one in self.account.conversations.values()]
        return {"online": self.account.online, "chats": chats}

    def _shown(self, chat: Conversation) -> dict[str, Any]:
        user = {key: str(value) for key, value in chat.user.items() if key != "additionalProperties"}
        more = {one["key"]: one["value"] for one in chat.user.get("additionalProperties", ())}
        state = "ended" if chat.state == "idle" else "active" if chat.agent else "waiting"
        return {
            "id": chat.id,
            "name": chat.name,
            "state": state,
            "facts": {**user, **more, "assignment": f"{chat.assignment['type']} {chat.assignment['id']}"},
            "lines": [self._line(line) for line in chat.lines],
        }

    def _line(self, line: Line) -> dict[str, Any]:
        files = [{"name": file.name, "url": self._address(file)} for file in line.files]
        return {
            "author": line.author,
            "text": line.text,
            "at": line.at,
            **({"files": files} if files else {}),
        }


EMULATOR = EightByEightEmulator
