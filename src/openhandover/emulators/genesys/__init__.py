"""The side of Genesys Cloud: OAuth, the Open Messaging endpoints with an integration, conversations, one queue.

Written from the Platform API's specification and the developer centre's pages on Open Messaging. Where they are silent, the
emulator refuses, or does what a comment says.
"""

import base64
from collections.abc import Iterable
from typing import Any, ClassVar

from aiohttp import web

from openhandover.emulators.answers import Refused, json_object
from openhandover.emulators.base import Emulator

from . import refusals, schema
from .centre import Centre
from .conversation import Conversation, new_id
from .notices import Notices
from .refusals import No

__all__ = ["EMULATOR", "GenesysEmulator"]

API = "/api/v2"
INBOUND = API + "/conversations/messages/{integration}/inbound/open"
CONVERSATION = API + "/conversations/messages/{conversation}"
WAIT = API + "/routing/queues/{queue}/mediatypes/{media}/estimatedwaittime"
INTEGRATION = "11111111-2222-4333-8444-555555555555"
QUEUE = "aaaaaaaa-0000-4000-8000-000000000001"
CLIENT = "cccccccc-0000-4000-8000-000000000001"
"""The same after every start, so that a settings block stays good."""

PERMISSIONS = frozenset(
    {
        "conversation:message:receive",
        "conversation:communication:disconnect",
        "conversation:message:view",
        "messaging:integration:view",
        "routing:queue:view",
        "analytics:queueObservation:view",
    }
)
_MEDIA = {"all", "call", "chat", "callback", "email", "videoComm", "message"}
_LIFE_S = 86_399
_TEXT_LIMIT = 5_000  # the specification names none; public integrations stay below this


class GenesysEmulator(Emulator):
    """Genesys Cloud on a loopback port: `async with GenesysEmulator() as genesys:`; API and log-in are both `genesys.url`.

    Endpoint names in `genesys.requests_to(name)` and faults: token, message, typing, receipt, conversation, disconnect,
    disconnect_participant, message_of, wait, observations, integration, download.

    Set up: `genesys.permissions` (what the OAuth client's roles allow), `genesys.knows_client` (False: the client belongs to
    another region), `genesys.has_integration`, `genesys.has_queue`, `genesys.notices.events_by` (eventbridge, trigger or
    none), `genesys.notices.secret`, and of `genesys.centre`: `wait_s`, `on_queue`, `threading_minutes`, `repeats_conflict`.

    Play beside what every emulator has: `flow_says`, `flow_ends`, `agent_is_offered`, `agent_declines`.
    `genesys.conversations` by id, each with its parties, lines and receipts.
    """

    vendor: ClassVar[str] = "genesys"
    title: ClassVar[str] = "Genesys Cloud"
    queue_figures = frozenset({"wait_s"})

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host=host, port=port)
        self.integration_id = INTEGRATION
        self.queue_id = QUEUE
        self.client_id, self.client_secret = CLIENT, "emulated-client-secret"
        self.events_key = "emulated-events-key"
        self.permissions = set(PERMISSIONS)
        self.knows_client = self.has_integration = self.has_queue = True
        self.notices = Notices(self.callbacks, self.integration_id, "Support")
        self.notices.events_headers = {"Authorization": self.events_key}
        self.centre = Centre(self.notices, self.changed, self.queue_id)
        self._tokens: set[str] = set()
        self._files: dict[str, tuple[bytes, str]] = {}

    # --- set up

    @property
    def conversations(self) -> dict[str, Conversation]:
        """Every conversation by its id."""
        return self.centre.conversations

    def webhook_to(self, url: str) -> None:
        """The integration's webhook; events go below it, to /eventbridge or /trigger."""
        self.notices.url = self.notices.events_url = url

    def settings(self) -> dict[str, Any]:
        """A provider's settings block, `region` only for the eye: both addresses are given."""
        return {
            "type": "genesys",
            "region": "mypurecloud.ie",
            "api_url": self.url,
            "login_url": self.url,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "integration_id": self.integration_id,
            "webhook_secret": self.notices.secret,
            "events_key": self.events_key,
            "queue_id": self.queue_id,
        }

    def set_online(self, on: bool = True, **where: str) -> None:
        """Agents go on queue, or off."""
        self.centre.on_queue = 2 if on else 0
        self.changed()

    def expire_tokens(self) -> None:
        """No token is known any more."""
        self._tokens.clear()

    def refusal(self, refused: Refused) -> web.Response:
        """An `ErrorBody`."""
        return refusals.answer(refused)

    # --- agents

    async def agent_says(self, chat_id: str, text: str) -> None:
        """Answers; who has not taken the conversation yet does so by it."""
        self.centre.say(self._chat(chat_id), text)

    async def agent_ends(self, chat_id: str) -> None:
        """Disconnects, and wraps up."""
        self.centre.end(self._chat(chat_id))

    async def agent_joins(self, chat_id: str, name: str = "Kim") -> None:
        """Takes it out of the queue."""
        self.centre.agent(self._chat(chat_id), name)

    async def agent_leaves(self, chat_id: str) -> None:
        """Transfers it back to the queue."""
        self.centre.leave(self._chat(chat_id))

    async def agent_transfers(self, chat_id: str, name: str = "Lee") -> None:
        """Transfers it to another agent after consulting them."""
        self.centre.transfer(self._chat(chat_id), name)

    async def agent_types(self, chat_id: str, on: bool = True) -> None:
        """Types for five seconds; that somebody stopped is never told."""
        if on:
            self.notices.typing(self._chat(chat_id))

    async def agent_sends_file(self, chat_id: str, name: str, content_type: str, content: bytes) -> None:
        """Sends a file by a download link."""
        file_id = new_id()
        self._files[file_id] = (content, content_type)
        media = {"image": "Image", "video": "Video", "audio": "Audio"}.get(
            content_type.partition("/")[0], "File"
        )
        attachment = {
            "id": file_id,
            "mediaType": media,
            "url": f"{self.url}/downloads/{file_id}",
            "mime": content_type,
            "filename": name,
        }
        content_list = [{"contentType": "Attachment", "attachment": attachment}]
        self.centre.say(self._chat(chat_id), "", content=content_list)

    async def agent_notes(self, chat_id: str, text: str) -> None:
        """Writes into the wrap-up notes, which only the event of the wrap-up has."""
        self.centre.note(self._chat(chat_id), text)

    async def queue_is(self, chat_id: str, position: int | None, wait_s: int | None) -> None:
        """It comes into a queue where the wait is this; a position is told nowhere."""
        self.centre.wait_s = wait_s
        self.centre.requeue(self._chat(chat_id))

    async def sends_unknown(self, chat_id: str) -> None:
        """A webhook of a type that no page has."""
        self.notices.message(self._chat(chat_id), "Hologram", text="seen by nobody")

    def flow_says(self, chat_id: str, text: str) -> None:
        """The Architect flow writes, not a person."""
        self.centre.flow_says(self._chat(chat_id), text)

    def flow_ends(self, chat_id: str) -> None:
        """The flow ends it before an agent had it."""
        self.centre.flow_ends(self._chat(chat_id))

    def agent_is_offered(self, chat_id: str, name: str = "Kim") -> None:
        """It rings at an agent's desk."""
        self.centre.offer(self._chat(chat_id), name)

    def agent_declines(self, chat_id: str) -> None:
        """The agent lets it ring."""
        self.centre.decline(self._chat(chat_id))

    def _chat(self, chat_id: str) -> Conversation:
        if chat_id not in self.conversations:
            raise No(404, "not.found", "there is no such conversation")
        return self.conversations[chat_id]

    # --- the vendor's API

    def routes(self) -> Iterable[web.RouteDef]:
        """What Genesys Cloud serves, as far as a handover needs it."""
        integration = API + "/conversations/messaging/integrations/open/{integration}"
        return [
            web.post("/oauth/token", self._token, name="token"),
            web.post(f"{INBOUND}/message", self._message, name="message"),
            web.post(f"{INBOUND}/event", self._event, name="typing"),
            web.post(f"{INBOUND}/receipt", self._receipt, name="receipt"),
            web.get(CONVERSATION, self._conversation, name="conversation", allow_head=False),
            web.get(CONVERSATION + "/messages/{message}", self._written, name="message_of", allow_head=False),
            web.patch(CONVERSATION, self._disconnect, name="disconnect"),
            web.patch(CONVERSATION + "/participants/{participant}", self._out, name="disconnect_participant"),
            web.get(WAIT, self._wait, name="wait", allow_head=False),
            web.post(API + "/analytics/queues/observations/query", self._observe, name="observations"),
            web.get(integration, self._integration, name="integration", allow_head=False),
            web.get("/downloads/{file}", self._download, name="download", allow_head=False),
        ]

    async def _token(self, request: web.Request) -> web.Response:
        if request.content_type != "application/x-www-form-urlencoded":
            return refusals.no_token(400, "invalid_request")
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if not self.knows_client or request.headers.get("Authorization") != f"Basic {pair}":
            return refusals.no_token(401, "invalid_client")
        if dict(await request.post()) != {"grant_type": "client_credentials"}:
            return refusals.no_token(400, "unsupported_grant_type")
        token = new_id()
        self._tokens.add(token)
        return web.json_response({"access_token": token, "token_type": "bearer", "expires_in": _LIFE_S})

    async def _message(self, request: web.Request) -> web.Response:
        self._inbound(request)
        prefetch = request.query.get("prefetchConversationId", "false")
        if set(request.query) - {"prefetchConversationId"} or prefetch not in ("true", "false"):
            raise No(400, "invalid.query.param.value", "prefetchConversationId is true or false")
        message = schema.read(await json_object(request), schema.InboundMessage)
        schema.check_time(message.channel.time)
        if not message.text and not message.content:
            raise No(400, "bad.request", "text or content is required")
        if len(message.text) > _TEXT_LIMIT:
            raise No(413, "request.entity.too.large", "text is too long")
        answer = self.centre.take(message, prefetch == "true", self.integration_id)
        return web.json_response(answer, status=202)

    async def _event(self, request: web.Request) -> web.Response:
        self._inbound(request)
        event = schema.read(await json_object(request), schema.InboundEvent)
        schema.check_time(event.channel.time)
        self._of(event.channel.from_.id).typed += 1
        self.changed()
        typing = {"eventType": "Typing", "typing": {"type": "On", "duration": 5000}}
        answer = {
            "id": new_id(),
            "channel": self._channel(event.channel),
            "type": "Event",
            "events": [typing],
        }
        return web.json_response(answer, status=202)

    async def _receipt(self, request: web.Request) -> web.Response:
        self._inbound(request)
        receipt = schema.read(await json_object(request), schema.InboundReceipt)
        schema.check_time(receipt.channel.time)
        conversation = self._of(receipt.channel.to.id)
        if all(line.id != receipt.id for line in conversation.lines):
            raise No(400, "bad.request", "id names no message that we sent")
        told = schema.plain(receipt)
        conversation.receipts.append(told)
        self.changed()
        whole = {
            "from": {"id": self.integration_id, "idType": "Opaque"},
            "to": told["channel"]["to"],
            "time": receipt.channel.time,
        }
        answer = told | {"channel": whole, "type": "Receipt", "direction": "Inbound"}
        return web.json_response(answer, status=202)

    async def _conversation(self, request: web.Request) -> web.Response:
        self._authorise(request)
        return web.json_response(self._chat(request.match_info["conversation"]).shown())

    async def _written(self, request: web.Request) -> web.Response:
        self._authorise(request, "conversation:message:view")
        found = self._chat(request.match_info["conversation"]).message(request.match_info["message"])
        if found is None:
            raise No(404, "not.found", "there is no such message")
        return web.json_response(found)

    async def _disconnect(self, request: web.Request) -> web.Response:
        self._authorise(request, "conversation:communication:disconnect")
        conversation = self._chat(request.match_info["conversation"])
        schema.read(await json_object(request), schema.Disconnect)
        if conversation.side == "ended":  # what a second time gets is not documented
            raise No(400, "bad.request", "the conversation is not active")
        self.centre.disconnect(conversation)
        return web.json_response({"state": "disconnected"})

    async def _out(self, request: web.Request) -> web.Response:
        self._authorise(request, "conversation:communication:disconnect")
        conversation = self._chat(request.match_info["conversation"])
        schema.read(await json_object(request), schema.Disconnect)
        ids = [one.id for one in conversation.participants if one.state != "disconnected"]
        if conversation.side == "ended":
            code = "conversation.error.participant.no.active.conversations"
            raise No(400, code, "the conversation is not active")
        if request.match_info["participant"] not in ids:
            raise No(404, "not.found", "there is no such participant")
        self.centre.disconnect(conversation)
        return web.Response(status=202)

    async def _wait(self, request: web.Request) -> web.Response:
        self._authorise(request, "routing:queue:view")
        if request.match_info["media"] not in _MEDIA:
            raise No(400, "invalid.value", "there is no such media type")
        if not self.has_queue or request.match_info["queue"] != self.queue_id:
            raise No(404, "not.found", "there is no such queue")
        wait_s = self.centre.wait_s
        best = {"intent": "MESSAGE", "formula": "BEST", "estimatedWaitTimeSeconds": wait_s}
        return web.json_response({"results": [] if wait_s is None else [best]})

    async def _observe(self, request: web.Request) -> web.Response:
        self._authorise(request, "analytics:queueObservation:view")
        query = schema.read(await json_object(request), schema.Observation)
        queues = [one.value for one in query.filter.predicates if one.dimension == "queueId"]
        if not queues or not query.metrics:
            raise No(400, "bad.request", "a queue and a metric are required")
        is_known = self.has_queue and queues == [self.queue_id]
        return web.json_response({"results": self.centre.observed() if is_known else []})

    async def _integration(self, request: web.Request) -> web.Response:
        self._authorise(request, "messaging:integration:view")
        self._check_integration(request)
        return web.json_response(
            {
                "id": self.integration_id,
                "name": "Support",
                "status": "Active",
                "createStatus": "Completed",
                "outboundNotificationWebhookUrl": self.notices.url,
                "outboundNotificationWebhookSignatureSecretToken": "*****",
                "selfUri": request.path,
            }
        )

    async def _download(self, request: web.Request) -> web.Response:
        if request.match_info["file"] not in self._files:
            raise No(404, "not.found", "there is no such file")
        content, content_type = self._files[request.match_info["file"]]
        return web.Response(body=content, content_type=content_type)

    # --- inside

    def _authorise(self, request: web.Request, permission: str | None = None) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            raise No(401, "authentication.required", "no bearer token")
        if token not in self._tokens:
            raise No(401, "bad.credentials", "the token is not known")
        if permission is not None and permission not in self.permissions:
            raise No(403, "missing.permissions", f"missing {permission}")

    def _inbound(self, request: web.Request) -> None:
        self._authorise(request, "conversation:message:receive")
        self._check_integration(request)

    def _check_integration(self, request: web.Request) -> None:
        if not self.has_integration or request.match_info["integration"] != self.integration_id:
            raise No(404, "not.found", "there is no such integration")

    def _of(self, address: str) -> Conversation:
        """The open conversation of a user: what typing or a receipt without one gets is not documented."""
        mine = [one for one in self.conversations.values() if one.address == address]
        if not mine:
            raise No(400, "bad.request", "this user has no conversation")
        return mine[-1]

    def _channel(self, channel: schema.EventChannel) -> dict[str, Any]:
        return schema.plain(channel) | {"to": {"id": self.integration_id}}

    # --- the page

    def shown(self) -> dict[str, Any]:
        """For the page and for tests in another process."""
        chats = [one.for_page() for one in self.conversations.values()]
        return {"online": self.centre.on_queue > 0, "chats": chats}


EMULATOR = GenesysEmulator
