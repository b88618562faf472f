"""Live Helper Chat's REST API and the few addresses of a visitor's browser that an integration needs."""

import base64
import json
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from aiohttp import web

from . import schema
from .schema import Maintenance, No
from .site import (
    CLOSED,
    CONTACT_FORM,
    SURVEY,
    VISITOR,
    Chat,
    Fields,
    File,
    Line,
    Operator,
    Site,
)

_TOKEN = re.compile(r"\[file=(\d+)_([0-9a-f]{32})\]")
_FLAG = ("true", "1")
NO_MORE = "You cannot send messages to this chat. Please refresh your browser."


class Rest:
    """The calls; each answers as its page or the recordings of release 4.90 say."""

    def __init__(self, site: Site, prefix: str, origin: Callable[[], str]) -> None:
        self._site = site
        self._prefix = prefix
        self._origin = origin

    def routes(self) -> Iterable[web.RouteDef]:
        """Named: the name is the endpoint of records and faults."""
        api = f"{self._prefix}/restapi"
        return [
            web.post(f"{api}/chat", self._create, name="chat.create"),
            web.get(f"{api}/chat/{{chat}}", self._chat, name="chat.get", allow_head=False),
            web.get(f"{api}/chats", self._chats, name="chats", allow_head=False),
            web.get(f"{api}/chatscount", self._count, name="chats.count", allow_head=False),
            web.get(f"{api}/fetchchatmessages", self._messages, name="messages", allow_head=False),
            web.get(f"{api}/checkchatstatus", self._check, name="chat.check", allow_head=False),
            web.post(f"{api}/addmsguser", self._user_says, name="message.user"),
            web.post(f"{api}/addmsgadmin", self._we_say, name="message.admin"),
            web.post(f"{api}/setchatstatus", self._status, name="chat.status"),
            web.get(f"{api}/closechatasvisitor", self._leave, name="chat.leave", allow_head=False),
            web.post(f"{api}/file", self._upload, name="file.upload"),
            web.get(f"{api}/file/{{file}}", self._file, name="file.get", allow_head=False),
            web.get(f"{api}/departments", self._departments, name="departments", allow_head=False),
            web.get(f"{api}/isonline", self._any_online, name="online.any", allow_head=False),
            web.get(f"{api}/isonlinedepartment/{{dep}}", self._online, name="online", allow_head=False),
            web.get(
                f"{self._prefix}/widgetrestapi/chatcheckstatus",
                self._widget_online,
                name="online.widget",
                allow_head=False,
            ),
            web.post(f"{self._prefix}/chat/usertyping/{{chat}}/{{hash}}/{{on}}", self._types, name="typing"),
        ]

    # --- chats

    async def _create(self, request: web.Request) -> web.Response:
        self._may(request, 400, "result", "lhchat,use")
        asked = await schema.json_body(request, schema.ChatIn)
        site, fields = self._site, asked.fields
        known = site.departments.get(fields.DepartamentID)
        # An unknown or disabled department is replaced without a word.
        dep_id = known.id if known and not known.disabled else site.fallback_department
        chat = Chat(
            next(site.chat_ids),
            fields.Username,
            (uuid4().hex + uuid4().hex)[:40],
            dict(asked.chat_variables),
            {one.key: one.value for one in asked.additional_data},
            {key: value for key, value in msgspec_dict(asked.main_attr).items() if value},
            Fields(dep_id=dep_id, user_id=fields.operator),
        )
        for line in asked.messages:
            site.write(chat, line.user_id, line.msg, line.name_support).time = line.time
        question = site.write(chat, VISITOR, fields.Question)
        site.chats[chat.id] = chat
        site.commit(chat)
        await site.fire("chat.chat_started", chat, line=question)
        return _answer({"error": False, "result": self._shown(chat)})

    async def _chat(self, request: web.Request) -> web.Response:
        self._may(request, 400, "result", "lhchat,use")
        asked = schema.query(request, may=("attr", "hash"))
        chat = self._site.chats.get(_number(request.match_info["chat"]))
        if chat is None:
            raise No("Chat could not be found!")
        if asked.get("hash", chat.hash) != chat.hash:
            raise No("Invalid hash")
        more = {name: self._attribute(chat, name) for name in asked.get("attr", "").split(",") if name}
        return _answer({"error": False, "result": self._shown(chat) | more})

    def _attribute(self, chat: Chat, name: str) -> Any:
        match name:
            case "plain_user_name":
                owner = self._site.operators.get(chat.shown.user_id)
                return owner.name if owner else False
            case "number_in_queue":
                return self._site.place(chat)
            case "is_operator_typing":
                return time.time() < chat.typing_until
            case _:
                raise Maintenance(f"nothing is known of the attribute {name}")

    async def _chats(self, request: web.Request) -> web.Response:
        self._may(request, 200, "result", "lhchat,use")
        found = self._filtered(schema.query(request, may=("status_ids", "time_gt", "limit", "offset")))
        offset, limit = int(request.query.get("offset", 0)), int(request.query.get("limit", 20))
        listed = [self._shown(chat) for chat in found[offset : offset + limit]]
        count = False if "offset" in request.query else len(found)
        return _answer({"list": listed, "list_count": count, "error": False})

    async def _count(self, request: web.Request) -> web.Response:
        self._may(request, 200, "result", "lhchat,use")
        return _answer(
            {"list_count": len(self._filtered(schema.query(request, may=("status_ids", "time_gt"))))}
        )

    def _filtered(self, asked: dict[str, str]) -> list[Chat]:
        """Newest first. The status `0` alone is ignored: it gives all chats, `0,0` those that wait."""
        wanted = asked.get("status_ids", "0")
        since = int(asked.get("time_gt", 0))
        newest = sorted(self._site.chats.values(), key=lambda chat: -chat.id)
        return [
            chat
            for chat in newest
            if chat.time > since and (wanted == "0" or str(chat.shown.status) in wanted.split(","))
        ]

    async def _messages(self, request: web.Request) -> web.Response:
        self._may(request, 200, "result", "lhchat,use")
        asked = schema.query(request, "chat_id", may=("last_message_id", "extract_media", "remove_media"))
        chat = self._site.chats.get(_number(asked["chat_id"]))
        if chat is None:
            raise No("Could not find chat by chat_id!", 200)
        after = int(asked.get("last_message_id", 0))
        types = time.time() < chat.typing_until
        if types:
            await self._site.fire("chat.syncuser.operator_typing", chat)
        owner = self._site.operators.get(chat.shown.user_id)
        result = {
            "messages": [self._line(line, asked) for line in chat.lines if line.visible and line.id > after],
            "ot": f"{owner.name if owner else 'Operator'} is typing now..." if types else "",
            "closed": chat.shown.status == CLOSED or chat.shown.status_sub == SURVEY,
            "check_status": False,
            "lmid": after,
        }
        return _answer({"error": False, "result": result})

    def _line(self, line: Line, asked: dict[str, str]) -> dict[str, Any]:
        shown = {key: value for key, value in asdict(line).items() if key != "visible"}
        if asked.get("extract_media") in _FLAG:
            shown["media"] = [self.media(file) for file in self.files_of(line)]
            if asked.get("remove_media") in _FLAG and not _TOKEN.sub("", line.msg).strip():
                shown["msg"] = ""  # only where there was nothing else
        return shown

    def files_of(self, line: Line) -> list[File]:
        """The files whose tokens are in it."""
        found = [(self._site.files.get(int(number)), secret) for number, secret in _TOKEN.findall(line.msg)]
        return [file for file, secret in found if file is not None and file.hash == secret]

    def media(self, file: File) -> dict[str, Any]:
        """A file as messages and webhooks name it; the address is good for a picture that says no."""
        return {
            "id": file.id,
            "size": len(file.content),
            "upload_name": file.name,
            "type": file.type,
            "extension": file.extension,
            "hash": file.hash,
            "url": f"{self._origin()}{self._prefix}/file/downloadfile/{file.id}/{file.hash}/(vhash)/{'02' * 20}/(vts)/{int(time.time()) + 300}",
        }

    async def _check(self, request: web.Request) -> web.Response:
        self._may(request, 200, "result", "lhchat,use")
        asked = schema.query(request, "chat_id", "hash")
        chat = self._site.chats.get(_number(asked["chat_id"]))
        if chat is None or chat.hash != asked["hash"]:
            raise No("Could not find chat", 200)
        self._site.visitor_waits(chat)
        active, closed = chat.shown.status == 1, chat.shown.status == CLOSED
        # The sentence about typing is there whether anybody types or not; the user comes with a password's hash.
        ott = "Operator is typing now..." if active else ""
        user = {"id": chat.shown.user_id, "password": "$2y$10$never.to.be.kept"} if active else False
        state = {
            "status": "localized",
            "activated": active,
            "closed": closed,
            "ott": ott,
            "ru": "",
            "user": user,
        }
        return _answer({"error": False, "result": state})

    # --- lines

    async def _user_says(self, request: web.Request) -> web.Response:
        if "Authorization" in request.headers:
            raise Maintenance("with a key, deleted chats would take messages: by the visitor's hash alone")
        asked = await schema.form(request, "chat_id", "hash", "msg")
        text = asked["msg"]
        if not text.strip() or len(text) > self._site.max_message_length:
            raise No(f"Please enter a message, max characters - {self._site.max_message_length}", key="r")
        chat = self._site.chats.get(_number(asked["chat_id"]))
        if chat is None or chat.hash != asked["hash"]:
            raise No("Authorization header is missing!", key="r")
        if chat.now.status == CLOSED or chat.now.status_sub in (CONTACT_FORM, SURVEY):
            raise No(NO_MORE, key="r")
        line = await self._site.user_says(chat, text)
        return _answer({"error": False, "r": "", "msg": self._stored(line)})

    async def _we_say(self, request: web.Request) -> web.Response:
        self._may(request, 400, "r", "lhchat,use")
        asked = await schema.form(request, "chat_id", "sender", "msg", may=("operator_name", "no_event"))
        if asked["sender"] not in ("bot", "system"):
            raise Maintenance("any other sender would be an operator, and accept the chat")
        chat = self._site.chats.get(_number(asked["chat_id"]))
        if chat is None:
            raise No("Chat could not be found!", key="r")
        if not asked["msg"].strip():
            raise No("Please enter a message", key="r")
        name = asked.get("operator_name", "")
        silent = asked.get("no_event") in _FLAG
        line = await self._site.we_say(chat, asked["sender"], asked["msg"].strip(), name, silent=silent)
        return _answer({"error": False, "r": "", "msg": self._stored(line)})

    def _stored(self, line: Line) -> dict[str, Any]:
        return self._line(line, {}) | {"chat_id": str(line.chat_id)}  # as text, as the form had it

    async def _types(self, request: web.Request) -> web.Response:
        await schema.form(request, "msg")
        chat = self._site.chats.get(_number(request.match_info["chat"]))
        if request.match_info["on"] not in ("true", "false"):
            raise Maintenance("true or false")
        if chat is not None and chat.hash == request.match_info["hash"]:
            chat.user_types = request.match_info["on"] == "true"
            self._site.changed()
        return _answer([])  # whatever the hash

    # --- the end

    async def _status(self, request: web.Request) -> web.Response:
        operator = self._may(request, 400, "result", "lhchat,use")
        asked = await schema.form(request, "chat_id", "status")
        chat = self._site.chats.get(_number(asked["chat_id"]))
        if chat is None:
            raise No("No object of class 'erLhcoreClassModelChat' with that id found.")
        if asked["status"] not in ("0", "1", "2", "5"):
            raise No("Unknown status!")
        await self._site.set_status(chat, int(asked["status"]), operator)
        return _answer({"error": False, "result": "Status changed!"})

    async def _leave(self, request: web.Request) -> web.Response:
        asked = schema.query(request, "chat_id", "hash", "vid", "eclose")
        chat = self._site.chats.get(_number(asked["chat_id"]))
        if chat is None:
            raise No("no such chat", 200)
        if chat.hash == asked["hash"]:
            await self._site.visitor_left(chat)
        return _answer({"error": False, "result": True})

    # --- files

    async def _upload(self, request: web.Request) -> web.Response:
        self._may(request, 400, "result", "lhfile,upload_new_file")
        parts = await schema.multipart(request)
        if (
            set(parts) != {"chat_id", "files"}
            or _number(parts["chat_id"].content.decode()) not in self._site.chats
        ):
            raise Maintenance("chat_id and files are needed, and nothing else is known")
        chat_id, (_, name, kind, content) = parts["chat_id"].content, parts["files"]
        if name.rpartition(".")[2].lower() not in self._site.file_types:
            raise No("Filetype not allowed")
        if len(content) > self._site.file_bytes:
            raise No("File is too big")
        kept = File(next(self._site.file_ids), int(chat_id), name, kind, content)
        self._site.files[kept.id] = kept
        return _answer(self.media(kept) | {"security_hash": kept.hash, "chat_id": kept.chat_id})

    async def _file(self, request: web.Request) -> web.Response:
        self._may(request, 400, "result", "lhrestapi,file_download")
        file = self._site.files.get(_number(request.match_info["file"]))
        if file is None:
            raise No("File could not be found!")
        named = f'attachment; filename="{file.id}-{file.chat_id}.{file.extension}"'
        return web.Response(
            body=file.content, headers={"Content-Type": file.type, "Content-Disposition": named}
        )

    # --- who is there

    async def _departments(self, request: web.Request) -> web.Response:
        self._may(request, 400, "result", "lhdepartment,list")
        return _answer({"error": False, "result": [asdict(one) for one in self._site.departments.values()]})

    async def _online(self, request: web.Request) -> web.Response:
        schema.query(request, may=("exclude_bot", "exclude_online_hours"))
        known = self._site.departments.get(_number(request.match_info["dep"]))
        there = known is not None and not known.disabled and known.id in self._site.online
        return _answer({"isonline": there})

    async def _any_online(self, request: web.Request) -> web.Response:
        schema.query(request, may=("exclude_online_hours",))
        return _answer({"isonline": bool(self._site.online)})

    async def _widget_online(self, request: web.Request) -> web.Response:
        asked = schema.query(request, "dep")["dep"].split(",")  # in the path it would be ignored
        return _answer({"change_status": True, "online": bool({0, *map(_number, asked)} & self._site.online)})

    # --- who asks

    def _may(self, request: web.Request, status: int, key: str, right: str) -> Operator:
        """The operator whose key it is. Never 401 or 403."""
        given = request.headers.get("Authorization")
        if given is None:
            raise No("Authorization header is missing!", status, key)
        scheme, _, value = given.partition(" ")
        try:
            username, _, api_key = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:
            raise No("Authorization failed!", status, key) from None
        if scheme.lower() != "basic":
            raise No("Bearer authorization failed!", status, key)
        for operator in self._site.operators.values():
            if operator.api_key and (operator.username, operator.api_key) == (username, api_key):
                if right not in operator.rights:
                    module, _, function = right.partition(",")
                    raise No(
                        f"You do not have permission. `{module}`, `{function}` is required.", status, key
                    )
                return operator
        raise No("Authorization failed!", status, key)

    def _shown(self, chat: Chat) -> dict[str, Any]:
        return {
            "id": chat.id,
            "nick": chat.nick,
            "hash": chat.hash,
            "time": chat.time,
            "chat_variables": json.dumps(chat.variables),
            **chat.columns,
            **asdict(chat.shown),
        }


def msgspec_dict(value: schema.ColumnsIn) -> dict[str, Any]:
    """Its fields."""
    return {name: getattr(value, name) for name in value.__struct_fields__}


def _answer(value: Any) -> web.Response:
    return web.json_response(value)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
