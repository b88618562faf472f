"""The calls of the Application API, and the two of the Client API, that a handover needs."""

import mimetypes
import time
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from openhandover.emulators.answers import Refused

from . import schema, views
from .desk import Desk
from .forms import parts
from .installation import (
    ACCOUNT_ID,
    INCOMING,
    NOT_FOUND,
    OUTGOING,
    Agent,
    Conversation,
    Installation,
    Message,
)

ROOT = "/api/v1/accounts/{account}"
PUBLIC = "/public/api/v1/inboxes/{inbox}/contacts/{contact}/conversations/{conversation}"
PAGE = 15
LATEST, AFTER = 20, 100
MOST_FILES = 15
CONTACTS_CONVERSATIONS = 20


class Api:
    """Reads calls strictly, changes the installation by its desk, answers as the server does."""

    def __init__(self, home: Installation, desk: Desk) -> None:
        self._home = home
        self._desk = desk
        self.url = ""
        self.files: dict[str, tuple[str, str, bytes]] = {}

    def routes(self) -> Iterable[web.RouteDef]:
        """Each with the name by which faults and records know it."""
        talk = f"{ROOT}/conversations/{{conversation}}"
        gets = [
            (f"{ROOT}/contacts/search", self._search, "contact.search"),
            (f"{ROOT}/contacts/{{contact}}/conversations", self._talks, "contact.conversations"),
            (talk, self._talk, "conversation.show"),
            (f"{talk}/labels", self._labels, "label.list"),
            (f"{talk}/messages", self._messages, "message.list"),
            (f"{ROOT}/inboxes/{{inbox}}", self._inbox, "inbox.show"),
            (f"{ROOT}/inbox_members/{{inbox}}", self._members, "inbox.members"),
            (f"{ROOT}/teams/{{team}}/team_members", self._team, "team.members"),
            (f"{ROOT}/agents", self._agents, "agent.list"),
            (f"{ROOT}/webhooks", self._webhooks, "webhook.list"),
            ("/rails/active_storage/blobs/{file}/{name}", self._redirect, "file.link"),
            ("/rails/active_storage/disk/{file}/{name}", self._file, "file"),
        ]
        posts = [
            (f"{ROOT}/contacts", self._new_contact, "contact.create"),
            (f"{ROOT}/conversations", self._new_talk, "conversation.create"),
            (f"{talk}/messages", self._new_message, "message.create"),
            (f"{talk}/toggle_status", self._status, "conversation.status"),
            (f"{talk}/toggle_priority", self._priority, "conversation.priority"),
            (f"{talk}/labels", self._set_labels, "label.set"),
            (f"{PUBLIC}/toggle_typing", self._typing, "public.typing"),
        ]
        yield from (web.get(path, handler, name=name, allow_head=False) for path, handler, name in gets)
        yield from (web.post(path, handler, name=name) for path, handler, name in posts)
        yield web.patch(f"{talk}/messages/{{message}}", self._message_status, name="message.status")

    def _authorise(self, request: web.Request) -> None:
        if request.headers.get("api_access_token") != self._home.token:
            raise Refused(401, "Invalid Access Token")
        if request.match_info["account"] != str(ACCOUNT_ID):
            raise Refused(404, NOT_FOUND)

    def _asked(self, request: web.Request) -> Conversation:
        self._authorise(request)
        return self._home.conversation(request.match_info["conversation"])

    # --- contacts

    async def _new_contact(self, request: web.Request) -> web.Response:
        self._authorise(request)
        asked = await schema.body(request, schema.NewContact)
        inbox = self._home.inbox(asked.inbox_id)
        fields = {
            name: getattr(asked, name)
            for name in asked.__struct_fields__
            if name != "inbox_id" and getattr(asked, name) is not None
        }
        made = self._home.add_contact(fields)
        link = {"source_id": str(self._home.number()), "inbox": {"id": inbox.id, "name": inbox.name}}
        return web.json_response({"payload": {"contact": views.contact(made), "contact_inbox": link}})

    async def _search(self, request: web.Request) -> web.Response:
        self._authorise(request)
        wanted, page = request.query.get("q", "").strip(), request.query.get("page", "1")
        if set(request.query) - {"q", "page", "sort"} or not wanted or not page.isdigit():
            raise Refused(422, "Specify search string with parameter q")
        fields = ("name", "email", "phone_number", "identifier")
        hits = [one for one in self._home.contacts if any(wanted in str(one.get(f) or "") for f in fields)]
        start = (int(page) - 1) * PAGE
        shown = [views.contact(one) for one in hits[start : start + PAGE]]
        return web.json_response({"meta": {"count": len(hits), "current_page": page}, "payload": shown})

    async def _talks(self, request: web.Request) -> web.Response:
        self._authorise(request)
        number = request.match_info["contact"]
        contact = self._home.contact(int(number) if number.isdigit() else 0)
        mine = [one for one in self._home.conversations.values() if one.contact is contact]
        latest = sorted(mine, key=lambda one: -one.id)[:CONTACTS_CONVERSATIONS]
        return web.json_response({"payload": [views.conversation(one) for one in latest]})

    # --- conversations

    async def _new_talk(self, request: web.Request) -> web.Response:
        self._authorise(request)
        asked = await schema.body(request, schema.NewConversation)
        inbox, contact = self._home.inbox(asked.inbox_id), self._home.contact(asked.contact_id)
        if asked.team_id is not None and asked.team_id not in self._home.teams:
            raise Refused(404, NOT_FOUND)
        made = self._home.add_conversation(contact, inbox, asked.source_id)
        if made.messages or made.additional_attributes:  # the last one, as it is
            return web.json_response(views.conversation(made))
        made.team_id = asked.team_id
        made.custom_attributes = asked.custom_attributes or {}
        made.additional_attributes = asked.additional_attributes or {}
        answer = web.json_response(views.conversation(made))
        self._desk.began(made)
        return answer

    async def _talk(self, request: web.Request) -> web.Response:
        return web.json_response(views.conversation(self._asked(request)))

    async def _status(self, request: web.Request) -> web.Response:
        of = self._asked(request)
        asked = await schema.body(request, schema.NewStatus)
        self._desk.set_status(of, asked.status)
        told = {"success": True, "conversation_id": of.id, "current_status": of.status}
        return web.json_response({"meta": {}, "payload": told})

    async def _priority(self, request: web.Request) -> web.Response:
        of = self._asked(request)
        asked = await schema.body(request, schema.NewPriority)
        self._desk.set(of, "priority", None if asked.priority == "none" else asked.priority)
        return web.Response()

    async def _labels(self, request: web.Request) -> web.Response:
        return web.json_response({"payload": self._asked(request).labels})

    async def _set_labels(self, request: web.Request) -> web.Response:
        of = self._asked(request)
        asked = await schema.body(request, schema.NewLabels)
        self._desk.set(of, "labels", asked.labels)
        return web.json_response({"payload": of.labels})

    # --- messages

    async def _messages(self, request: web.Request) -> web.Response:
        of = self._asked(request)
        if set(request.query) - {"after"}:
            raise Refused(422, "only `after` is known here")
        after = request.query.get("after")
        if after is not None:
            found = [one for one in of.messages if one.id > int(after)][:AFTER]
        else:
            found = of.messages[-LATEST:]
        payload = [views.listed_message(one, of.id, of.inbox_id) for one in found]
        meta = {"labels": of.labels, "additional_attributes": of.additional_attributes}
        return web.json_response({"meta": meta, "payload": payload})

    async def _new_message(self, request: web.Request) -> web.Response:
        of = self._asked(request)
        attachments: list[dict[str, Any]] = []
        number = self._home.number()
        if request.content_type == "multipart/form-data":
            asked, attachments = await self._form(request, number)
        else:
            asked = await schema.body(request, schema.NewMessage)
        incoming = asked.message_type == "incoming"
        if incoming and self._home.inboxes[of.inbox_id].channel_type != "Channel::Api":
            raise Refused(422, "Incoming messages are only allowed in Api inboxes")
        owner = Agent(1, "Owner")  # of the token
        message = Message(
            number,
            INCOMING if incoming else OUTGOING,
            asked.content,
            of.contact if incoming else owner,
            asked.private,
            asked.source_id,
            asked.content_type,
            asked.content_attributes or {},
            attachments,
        )
        self._desk.add(of, message)
        return web.json_response(views.listed_message(message, of.id, of.inbox_id))

    async def _form(
        self, request: web.Request, number: int
    ) -> tuple[schema.NewMessage, list[dict[str, Any]]]:
        fields: dict[str, Any] = {}
        attachments: list[dict[str, Any]] = []
        for part in parts(request.headers["Content-Type"], await request.read()):
            if part.name == "attachments[]":
                if not part.filename:
                    raise Refused(422, "a file has no name")
                attachments.append(self.attached(number, part.filename, part.content_type, part.content))
            else:
                text = part.content.decode()
                fields[part.name] = {"true": True, "false": False}.get(text, text)
        if len(attachments) > MOST_FILES:
            raise Refused(422, "Validation failed: Attachments exceeded maximum allowed")
        return schema.fitting(fields, schema.NewMessage), attachments

    def attached(self, message_id: int, name: str, content_type: str, content: bytes) -> dict[str, Any]:
        """Store a file; how a message names it."""
        number = self._home.number()
        self.files[str(number)] = (name, content_type, content)
        kind = content_type.partition("/")[0]
        extension = mimetypes.guess_extension(content_type) or ""
        url = f"{self.url}/rails/active_storage/blobs/{number}/{name}"
        return {
            "id": number,
            "message_id": message_id,
            "file_type": kind if kind in ("image", "audio", "video") else "file",
            "account_id": ACCOUNT_ID,
            "extension": extension.removeprefix(".") or None,
            "content_type": content_type,
            "data_url": url,
            "thumb_url": "",
            "file_size": len(content),
        }

    def name_of(self, attachment: dict[str, Any]) -> str:
        """The name of a stored file."""
        return self.files[str(attachment["id"])][0]

    async def _message_status(self, request: web.Request) -> web.Response:
        of = self._asked(request)
        asked = await schema.body(request, schema.MessageStatus)
        if self._home.inboxes[of.inbox_id].channel_type != "Channel::Api":
            raise Refused(403, "Message status update is only allowed for API inboxes")
        for message in of.messages:
            if str(message.id) == request.match_info["message"]:
                message.status = asked.status
                event = views.message_event("message_updated", message, of, self._home)
                self._desk.tell(event, of)
                return web.json_response(views.listed_message(message, of.id, of.inbox_id))
        raise Refused(404, NOT_FOUND)

    async def _redirect(self, request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": request.path.replace("/blobs/", "/disk/")})

    async def _file(self, request: web.Request) -> web.Response:
        known = self.files.get(request.match_info["file"])
        if known is None:
            raise Refused(404, NOT_FOUND)
        return web.Response(body=known[2], headers={"Content-Type": known[1] or "application/octet-stream"})

    # --- the account

    async def _inbox(self, request: web.Request) -> web.Response:
        self._authorise(request)
        number = request.match_info["inbox"]
        found = self._home.inbox(int(number) if number.isdigit() else 0)
        return web.json_response(
            views.inbox(found, tells_secret=self._home.administrator and self._desk.signs)
        )

    async def _members(self, request: web.Request) -> web.Response:
        self._authorise(request)
        number = request.match_info["inbox"]
        self._home.inbox(int(number) if number.isdigit() else 0)
        return web.json_response({"payload": [views.agent(one) for one in self._home.agents]})

    async def _team(self, request: web.Request) -> web.Response:
        self._authorise(request)
        number = request.match_info["team"]
        members = self._home.teams.get(int(number) if number.isdigit() else 0)
        if members is None:
            raise Refused(404, NOT_FOUND)
        return web.json_response([views.agent(one) for one in self._home.agents if one.id in members])

    async def _agents(self, request: web.Request) -> web.Response:
        self._authorise(request)
        return web.json_response([views.agent(one) for one in self._home.agents])

    async def _webhooks(self, request: web.Request) -> web.Response:
        self._authorise(request)
        if not self._home.administrator:
            raise Refused(401, "You are not authorized to do this action")
        secret = {"secret": self._home.webhook_secret} if self._desk.signs else {}
        hooks = [
            {"id": n, "url": url, "account_id": ACCOUNT_ID, **secret}
            for n, url in enumerate(self._home.webhooks, 1)
        ]
        return web.json_response({"payload": {"webhooks": hooks}})

    # --- the Client API: who knows the path is the contact

    async def _typing(self, request: web.Request) -> web.Response:
        if "api_access_token" in request.headers:
            raise Refused(422, "the Client API needs no token, and nobody should show it")
        asked = await schema.body(request, schema.Typing)
        if request.query.get("typing_status") != asked.typing_status:
            raise Refused(422, "typing_status differs between query and body")
        of = self._home.conversation(request.match_info["conversation"])
        inbox = self._home.inboxes[of.inbox_id]
        if (request.match_info["inbox"], request.match_info["contact"]) != (inbox.identifier, of.source_id):
            raise Refused(404, NOT_FOUND)
        of.contact_types = asked.typing_status == "on"
        of.updated_at = time.time()
        self._desk.types(of, of.contact, on=of.contact_types)
        return web.Response()
