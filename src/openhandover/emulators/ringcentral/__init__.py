"""The side of RingCentral Engage Digital (once Dimelo): a source of the type SDK, the REST API 1.0, webhooks.

Written from RingCentral's public pages (Source SDK, webhooks, chatbots) and its OpenAPI file.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

from aiohttp import web

from openhandover.emulators.answers import Refused
from openhandover.emulators.base import Emulator
from openhandover.emulators.callbacks import Callback

from .account import Account, Agent, Content, File, Intervention, Thread, now
from .calling import INFO, SIGNATURE, VALIDATION, Calls
from .rest import Rest, close
from .source import Source

__all__ = ["EMULATOR", "Account", "RingCentralEmulator"]

QUEUE = "messaging.queuing_update"


class RingCentralEmulator(Emulator):
    """RingCentral on a loopback port: `async with RingCentralEmulator() as vendor:`.

    Set up: `vendor.account` (tokens, source, categories, agents, registered events). `vendor.webhook_to(url)` is both the
    Base URI of the source and the address of the webhook: the source asks `implementation.info` there and the webhook is
    validated, and nothing else is sent before both were answered.

    Chats are named by RingCentral's id of the thread; one is shown once it was put into the agents' category (the second
    of `account.categories`; the first is the bot's). Endpoint names in `requests_to(name)` and faults: realtime, threads,
    thread, thread.update_categories, thread.ignore, interventions, intervention.close, intervention.cancel, contents,
    user, status, channels, source, categories, webhooks, attachment.

    Callbacks have the source's action or the webhook's event as their kind. The pauses between tries are ours: the real
    ones are minutes, three times for a message and five times for a webhook.
    """

    vendor: ClassVar[str] = "ringcentral"
    title: ClassVar[str] = "RingCentral Engage Digital"

    def __init__(self, account: Account | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host=host, port=port)
        self.account = account or Account()
        self.calls = Calls(self.changed, self.account, self._taken)
        self.callbacks = self.calls
        self.source = Source(self.account, self._told, lambda id_: f"{self.url}/emulator/files/{id_}")
        self.rest = Rest(self.account, self._told, lambda: self._address)
        self.options: list[str] = []
        """What the other side says that it can."""
        self._address = ""
        self._validated = False
        self._calls: dict[int, Content] = {}

    # --- set up

    def webhook_to(self, url: str) -> None:
        """The Base URI of the source is saved, and the webhook registered."""
        self._address = url
        self._save()

    def _save(self) -> None:
        self.calls.call(f"source {len(self.calls.sent)}", self._address, INFO, None)
        self.calls.validate(f"webhook {len(self.calls.sent)}", self._address)

    def settings(self) -> dict[str, Any]:
        """The provider's settings for this account."""
        account = self.account
        return {
            "api_url": self.url,
            "access_token": account.access_token,
            "realtime_url": f"{self.url}/realtime/sdk/{account.source_id}",
            "realtime_token": account.source_token,
            "webhook_secret": account.webhook_secret,
            "verify_token": account.verify_token,
            "bot_category_id": account.bot_category,
            "agent_category_id": account.agent_category,
        }

    def set_online(self, on: bool = True, **where: str) -> None:
        """Every agent is available or away; `busyness` is how much they have to do."""
        for agent in self.account.agents.values():
            agent.status = "available" if on else "away"
            agent.busyness = where.get("busyness", "unoccupied")
        self.changed()

    # --- agents

    async def agent_joins(self, chat_id: str, name: str = "Kim") -> None:
        """An agent engages the customer: an intervention is opened, or taken over when it is nobody's."""
        thread = await self._chat(chat_id)
        self._join(thread, self.account.agent(name))

    async def agent_says(self, chat_id: str, text: str) -> None:
        """The agent replies; who replies engages."""
        await self._reply(await self._chat(chat_id), text, [])

    async def agent_sends_file(self, chat_id: str, name: str, content_type: str, content: bytes) -> None:
        """The agent sends a file, which is kept here; downloads need the access token."""
        thread = await self._chat(chat_id)
        file_id = self.account.new_id("file")
        file = File(file_id, name, f"{self.url}/attachments/{file_id}", content, content_type)
        self.source.files[file_id] = file
        await self._reply(thread, "", [file])

    async def agent_ends(self, chat_id: str) -> None:
        """The agent closes the intervention; one without a reply can only be cancelled."""
        thread = await self._chat(chat_id)
        one = thread.open or self._join(thread, self.account.agent("Kim"))
        if one.replies:
            close(one)
            self._told("intervention.closed", thread, one, None)
        else:
            thread.interventions.remove(one)
            thread.archived = True
            self._told("intervention.canceled", thread, one, None)

    async def agent_leaves(self, chat_id: str) -> None:
        """The agent abandons it in their workbin, and it is taken back to be given to others."""
        thread = await self._chat(chat_id)
        one = self._begun(thread)
        left, one.user_id = one.user_id, None
        one.updated_at = now()
        self._event("task.expired_from_workbin", thread, {**self._of_task(thread), "agent_ids": [left]}, None)

    async def agent_transfers(self, chat_id: str, name: str = "Lee") -> None:
        """The intervention is reassigned."""
        thread = await self._chat(chat_id)
        one = self._begun(thread)
        one.user_id, one.updated_at = self.account.agent(name).id, now()
        self._told("intervention.user_updated", thread, one, None)

    async def agent_types(self, chat_id: str, on: bool = True) -> None:
        """What this call looks like is not documented beyond its name; the thread must be in it."""
        thread = await self._chat(chat_id)
        self._needs("messaging.typing_indicator")
        self._call(thread, "typing.start" if on else "typing.stop", {"thread_id": thread.foreign_id})

    async def agent_notes(self, chat_id: str, text: str) -> None:
        """An internal comment; nobody outside is told."""
        thread = await self._chat(chat_id)
        note = Content(self.account.new_id("comment"), {"id": "agent"}, "note", text)
        thread.contents.append(note)
        self.changed()

    async def queue_is(self, chat_id: str, position: int | None, wait_s: int | None) -> None:
        """The place in the queue, where the other side wants to know."""
        thread = await self._chat(chat_id)
        self._needs(QUEUE)
        told = {"estimated_wait_time": wait_s, "position": position, "thread_id": thread.foreign_id}
        self._call(thread, QUEUE, {**told, "in_reply_to_id": self._last(thread)})

    async def sends_unknown(self, chat_id: str) -> None:
        """An event that no page mentions."""
        thread = await self._chat(chat_id)
        self._event("intervention.sparkled", thread, {"thread_id": thread.id}, None, registered=True)

    # --- how they do it

    async def _chat(self, chat_id: str) -> Thread:
        if not self._address:
            raise Refused(409, "neither Base URI nor webhook: call webhook_to")
        asked = [one for one in self.calls.sent if one.kind in {INFO, VALIDATION}]
        if not (self.options and self._validated) and any(one.attempts for one in asked[-2:]):
            self._save()  # the server came later than we did: somebody presses Save once more
        try:
            await self.wait_until(lambda: self.options and self._validated)
        except TimeoutError:
            raise Refused(409, "the Base URI or the webhook does not answer") from None
        thread = self.account.threads.get(chat_id)
        if thread is None or not thread.seen:
            raise Refused(404, "no such chat")
        return thread

    def _join(self, thread: Thread, agent: Agent) -> Intervention:
        account, one = self.account, thread.open
        if one is None and thread.state(account.agent_category) == "ended":
            raise Refused(409, "the chat has ended")
        if one is not None and one.user_id == agent.id:
            return one
        if one is None:
            content = thread.contents[-1].id
            one = Intervention(
                account.new_id("inter"), thread.id, account.source_id, content, agent.id, thread.category_ids
            )
            thread.interventions.append(one)
            self._told("intervention.opened", thread, one, None)
        else:
            one.user_id, one.updated_at = agent.id, now()
            self._told("intervention.assigned", thread, one, None)
        return one

    def _begun(self, thread: Thread) -> Intervention:
        if thread.open is None or thread.open.user_id is None:
            raise Refused(409, "no agent has this chat")
        return thread.open

    async def _reply(self, thread: Thread, text: str, files: list[File]) -> None:
        if thread.open is None or thread.open.user_id is None:
            self._join(thread, self.account.agent("Kim"))
        one = self._begun(thread)
        one.replies += 1
        one.updated_at = now()
        puppets = [id_ for id_, user in self.account.identities.items() if user.get("puppetizable")]
        content = Content(
            self.account.new_id("content"),
            {"id": puppets[-1] if puppets else "agent"},
            "agent",
            text,
            files,
            creator_id=one.user_id,
            intervention_id=one.id,
        )
        thread.contents.append(content)
        said = {
            "content_id": content.id,
            "author_id": content.author["id"],
            "sender_name": self.account.identity_name,
            "body": text,
            "format": "text" if "messages.text" in self.options else "html",
            "thread_id": thread.foreign_id,
            "in_reply_to_id": self._last(thread),
            "attachments": [{"url": file.url, "type": "image", "filename": file.name} for file in files],
            "structured_content": None,
            "retry": False,
            "created_at": content.at,
            "updated_at": content.at,
        }
        self._calls[id(self._call(thread, "messages.create", said))] = content

    def _last(self, thread: Thread) -> str | None:
        """The customer's last message by its id on their side."""
        return next((one.foreign_id for one in reversed(thread.contents) if one.side == "user"), None)

    def _needs(self, option: str) -> None:
        if option not in self.options:
            raise Refused(409, f"the other side does not say {option}")

    # --- what goes out

    def _call(self, thread: Thread, action: str, params: dict[str, Any]) -> Callback:
        self.changed()
        return self.calls.call(f"source {thread.id}", self._address, action, params)

    def _told(self, kind: str, thread: Thread, one: Intervention | None, content: Content | None) -> None:
        """Something happened to an intervention, or a content came in."""
        if content is not None:
            about: dict[str, Any] = {
                "id": content.id,
                "foreign_id": content.foreign_id,
                "body": content.body,
                "creator_id": None,
            }
            self._event(
                kind, thread, about | {"thread_id": thread.id, "source_id": thread.source_id}, content.id
            )
        elif one is not None:
            about: dict[str, Any] = {
                "thread_id": thread.id,
                "source_id": one.source_id,
                "user_id": one.user_id,
                "identity_id": thread.contents[0].author["id"],
                "category_ids": one.category_ids,
                "closed_at": one.closed_at,
                "deferred_at": None,
                "custom_field_values": {},
            }
            self._event(kind, thread, about, one.id)

    def _of_task(self, thread: Thread) -> dict[str, Any]:
        one = thread.open
        return {
            "thread_id": thread.id,
            "source_id": thread.source_id,
            "channel_id": self.account.channel_id,
            "intervention_id": one.id if one else None,
        }

    def _event(
        self, kind: str, thread: Thread, about: dict[str, Any], id_: str | None, *, registered: bool = False
    ) -> None:
        self.changed()
        if not self._validated or not (registered or kind in self.account.registered_events):
            return
        event = {"type": kind, "id": self.account.new_id("event"), "issued_at": now()}
        by = {"user_id": about["user_id"]} if about.get("user_id") else {}
        resource = {"type": kind.partition(".")[0], "id": id_ or "task-1", "metadata": about}
        self.calls.webhook(f"webhook {thread.id}", self._address, {**event, **by, "resource": resource})

    def _taken(self, callback: Callback, answer: Any) -> None:
        """The other side took a callback."""
        if callback.kind == INFO:
            self.options = list(answer.get("options", []))
        elif callback.kind == VALIDATION:
            self._validated = True
        elif content := self._calls.pop(id(callback), None):
            content.foreign_id = str(answer["id"])
        self.changed()

    # --- what comes in, and the page

    def routes(self) -> Iterable[web.RouteDef]:
        """What RingCentral serves."""
        return [
            web.post("/realtime/sdk/{source}", self._realtime, name="realtime"),
            *self.rest.routes(),
            web.get("/attachments/{id}", self._attachment, name="attachment", allow_head=False),
        ]

    def control_routes(self) -> Iterable[web.RouteDef]:
        """The files that users sent, for whoever looks at the page."""
        return [web.get("/emulator/files/{id}", self._file)]

    def refusal(self, refused: Refused) -> web.Response:
        """As the REST API says no."""
        body = {
            "error": refused.detail.partition(":")[0],
            "message": refused.detail,
            "status": refused.status,
        }
        return web.json_response(body, status=refused.status, headers=refused.headers)

    async def _realtime(self, request: web.Request) -> web.Response:
        proof = request.headers.get(SIGNATURE) or request.query.get("signature", "")
        try:
            if request.content_type != "application/json":
                raise Refused(
                    400, "Bad request"
                )  # the pages want JSON; which refusal it gives, they do not say
            self.source.take(request.match_info["source"], proof, await request.read())
        except Refused as refused:
            return web.Response(status=refused.status, text=refused.detail)
        return web.Response(text="ok")

    async def _attachment(self, request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.account.access_token not in (given, request.query.get("access_token")):
            raise Refused(401, "unauthorized")
        return self._content_of(request.match_info["id"])

    async def _file(self, request: web.Request) -> web.Response:
        return self._content_of(request.match_info["id"])

    def _content_of(self, file_id: str) -> web.Response:
        file = self.source.files.get(file_id)
        if file is None:
            raise Refused(404, "not_found")
        return web.Response(body=file.content or b"", content_type=file.content_type)

    def shown(self) -> dict[str, Any]:
        """For the page and for tests in another process."""
        account = self.account
        return {
            "online": any(one.status == "available" for one in account.agents.values()),
            "chats": [
                {
                    "id": one.id,
                    "name": one.title,
                    "state": one.state(account.agent_category),
                    "facts": self._facts(one),
                    "lines": [content.line() for content in one.contents],
                }
                for one in account.threads.values()
                if one.seen
            ],
        }

    def _facts(self, thread: Thread) -> dict[str, Any]:
        told = {key: value for one in thread.contents for key, value in one.context.items()}
        names = [self.account.categories[one] for one in thread.category_ids]
        authors = [one.author for one in thread.contents if one.side == "user"]
        user = authors[0] if authors else {"id": ""}
        profile = {key: value for key, value in user.items() if isinstance(value, str)}
        typing = {"Typing": thread.typing} if thread.typing else {}
        return {"Categories": ", ".join(names), **profile, **told, **typing}


EMULATOR = RingCentralEmulator
