"""One installation: operators, departments, chats, lines and files, and what happens to them.

What an operator or a visitor does becomes visible by REST when it is committed; webhooks run inside the request, most of
them before that. Numbers and orders of events are those of the recordings of release 4.90.
"""

import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from openhandover.emulators.answers import Refused

PENDING, ACTIVE, CLOSED, WITH_BOT = 0, 1, 2, 5
VISITOR, SYSTEM, BOT = 0, -1, -2
OWNER_CHANGED, CONTACT_FORM, LEFT, SURVEY = 1, 2, 3, 5
"""Values of `status_sub`."""
SENT, READ = 1, 3
"""Values of `del_st`."""

RIGHTS = frozenset(
    {
        *("lhchat,use", "lhchat,allowcloseremote", "lhfile,upload_new_file", "lhrestapi,file_download"),
        *("lhdepartment,list", "lhuser,userlist", "lhchat,whispermode"),
    }
)

FILE_TYPES = frozenset(
    {
        *("gif", "jpg", "jpeg", "png", "svg", "zip", "rar", "xls", "doc", "docx", "xlsx", "pdf"),
        *("ogg", "m4a", "wav"),
    }
)
"""What operators may upload."""


@dataclass
class Operator:
    """An account of the back office; `api_key` where it has one."""

    id: int
    username: str
    name: str
    api_key: str = ""
    rights: frozenset[str] = RIGHTS


@dataclass
class Department:
    """A department; `disabled` ones take no chats."""

    id: int
    name: str
    identifier: str
    disabled: int = 0
    delay_lm: int = 0
    """Seconds after which a waiting visitor is sent to the contact form; 0: never."""


@dataclass
class File:
    """An upload."""

    id: int
    chat_id: int
    name: str
    type: str
    content: bytes
    hash: str = field(default_factory=lambda: uuid4().hex)

    @property
    def extension(self) -> str:
        """The end of its name."""
        return self.name.rpartition(".")[2].lower()


@dataclass
class Line:
    """A message; invisible by REST until it is committed."""

    id: int
    chat_id: int
    user_id: int
    msg: str
    name_support: str = ""
    meta_msg: str = ""
    time: int = 0
    del_st: int = SENT
    visible: bool = False


@dataclass
class Fields:
    """The columns of a chat that matter here."""

    status: int = PENDING
    status_sub: int = 0
    user_id: int = 0
    dep_id: int = 1
    user_status: int = 0
    last_msg_id: int = 0
    wait_time: int = 0
    cls_time: int = 0


@dataclass
class Chat:
    """A chat: `now` as the request that works on it sees it, `shown` as REST shows it."""

    id: int
    nick: str
    hash: str
    variables: dict[str, Any]
    facts: dict[str, str]
    columns: dict[str, Any]
    now: Fields
    time: int = field(default_factory=lambda: int(time.time()))
    shown: Fields = field(default_factory=Fields)
    lines: list[Line] = field(default_factory=list[Line])
    transfer: dict[str, Any] | None = None
    typing_until: float = 0.0
    user_types: bool = False
    ahead: int | None = None
    """How many are before it in the queue, where that was set by hand."""

    def commit(self) -> None:
        """Show what was done."""
        self.shown = replace(self.now)
        for line in self.lines:
            line.visible = True


Fire = Callable[..., Awaitable[None]]


class Site:
    """The installation. `fire(event, chat, line=..., owner=...)` sends a webhook and waits for its answer."""

    def __init__(self, fire: Fire, changed: Callable[[], None]) -> None:
        self.fire = fire
        self.changed = changed
        self.us = Operator(1, "openhandover", "Handover", "lhc-example-api-key-0001")
        self.operators = {1: self.us, 2: Operator(2, "amy", "Amy Agent"), 3: Operator(3, "bob", "Bob Agent")}
        self.departments = {
            1: Department(1, "Support", "support"),
            2: Department(2, "Claims", "claims"),
        }
        self.fallback_department = 1
        """Where a chat goes whose department they do not know."""
        self.online: set[int] = {1, 2}
        """Departments with an operator of their own on line; 0: somebody who has all departments, whom not every call counts."""
        self.chats: dict[int, Chat] = {}
        self.files: dict[int, File] = {}
        self.max_message_length = 500
        self.file_types = FILE_TYPES
        self.file_bytes = 2048 * 1024
        self.chat_ids, self.line_ids, self.file_ids = (
            itertools.count(41),
            itertools.count(1602),
            itertools.count(4),
        )

    # --- looking

    def chat(self, chat_id: str) -> Chat:
        """The chat with this id, for the agent's side."""
        found = self.chats.get(int(chat_id)) if chat_id.isdecimal() else None
        if found is None:
            raise Refused(404, "no such chat")
        return found

    def operator(self, name: str) -> Operator:
        """The operator of this name; hired when new."""
        for one in self.operators.values():
            if name in (one.name, one.username):
                return one
        made = Operator(max(self.operators) + 1, name.lower().replace(" ", "."), name)
        self.operators[made.id] = made
        return made

    def place(self, chat: Chat) -> int:
        """`number_in_queue`: 1 when not waiting."""
        if chat.shown.status != PENDING:
            return 1
        if chat.ahead is not None:
            return chat.ahead + 1
        mine = int(chat.columns.get("priority") or 0)
        ahead = (
            one
            for one in self.chats.values()
            if one.shown.status == PENDING and one.shown.dep_id == chat.shown.dep_id and one.id < chat.id
        )
        return 1 + sum(int(one.columns.get("priority") or 0) >= mine for one in ahead)

    # --- writing

    def write(
        self, chat: Chat, user_id: int, msg: str, name: str = "", meta: str = "", *, counted: bool = True
    ) -> Line:
        """A new line, not committed. `counted`: it becomes the chat's last message."""
        line = Line(next(self.line_ids), chat.id, user_id, msg.strip(), name, meta, int(time.time()))
        chat.lines.append(line)
        if counted:
            chat.now.last_msg_id = max(chat.now.last_msg_id, line.id)
        return line

    def commit(self, chat: Chat) -> None:
        """End of a request."""
        chat.commit()
        self.changed()

    async def user_says(self, chat: Chat, text: str) -> Line:
        """The visitor writes; in the hook, the last message is still the one before."""
        parts = [part for part in text.strip().split("[[msgitm]]") if part.strip()]
        lines = [self.write(chat, VISITOR, part, counted=False) for part in parts]
        await self.fire("chat.addmsguser", chat, line=lines[-1])
        chat.now.last_msg_id = max(chat.now.last_msg_id, lines[-1].id)
        self.commit(chat)
        return lines[-1]

    async def operator_says(
        self, chat: Chat, operator: Operator, text: str, *, whisper: bool = False
    ) -> Line:
        """An operator writes; to a waiting chat, that accepts it, and the line that says so is told of first."""
        was_waiting = chat.now.status == PENDING and not whisper
        meta = '{"content":{"whisper":true}}' if whisper else ""
        line = self.write(chat, operator.id, text, operator.name, meta)
        if not was_waiting:
            await self.fire("chat.web_add_msg_admin", chat, line=line)
            self.commit(chat)
            return line
        accepted = self._accepts(chat, operator, by_message=True)
        await self.fire("chat.web_add_msg_admin", chat, line=accepted, owner=None)
        self._owned(chat, operator)
        await self.fire("chat.web_add_msg_admin", chat, line=line, owner=None)
        self.commit(chat)
        return line

    async def we_say(self, chat: Chat, sender: str, text: str, name: str, *, silent: bool) -> Line:
        """A bot's or system's line by REST. What begins with `!` is taken for a command, whoever the sender is."""
        if text.startswith("!"):
            text, sender = f"[b]{self.us.name}[/b]: {text} || ", "system"
            if text.startswith(f"[b]{self.us.name}[/b]: !pending"):
                chat.now.status, chat.now.user_id = PENDING, 0
        if "[html]" in text:  # without the right to it, which nobody needs here
            text, sender = "[html] is disabled for you!", "system"
        line = self.write(chat, BOT if sender == "bot" else SYSTEM, text, name)
        if not silent:
            await self.fire("chat.web_add_msg_admin", chat, line=line)
        self.commit(chat)
        return line

    # --- who has it

    def _accepts(self, chat: Chat, operator: Operator, *, by_message: bool = False) -> Line:
        how = " by sending a message" if by_message else ""
        old = '"ol":["op_pnd_msg"],' if by_message else ""
        meta = (
            f'{{"content":{{"accept_action":{{"puser_id":{chat.now.user_id},{old}'
            f'"user_id":{operator.id},"name_support":"{operator.name}"}}}}}}'
        )
        text = f"{operator.name} has accepted the {'pending ' if by_message else ''}chat{how}!"
        return self.write(chat, SYSTEM, text, operator.name, meta)

    def _owned(self, chat: Chat, operator: Operator) -> None:
        if chat.now.status == PENDING:
            chat.now.wait_time = int(time.time()) - chat.time
        chat.now.status, chat.now.user_id = ACTIVE, operator.id
        chat.now.status_sub = OWNER_CHANGED
        chat.transfer = None

    async def opens(self, chat: Chat, operator: Operator) -> None:
        """An operator opens the chat in the back office: that accepts a waiting one, or takes a transferred one."""
        if chat.transfer is not None:
            to, chat.transfer = chat.transfer["transfer_to_user_id"], None
            is_named = str(to) == str(operator.id)
            if is_named:
                chat.now.user_id = operator.id
            await self.fire("chat.chat_transfer_accepted", chat)
            self._accepts(chat, operator)
            if is_named:
                await self.fire("chat.data_changed", chat)
        elif chat.now.status in (PENDING, WITH_BOT):
            self._accepts(chat, operator)
            self._owned(chat, operator)
            await self.fire("chat.data_changed", chat)
            await self.fire("chat.accept", chat)
        self.commit(chat)

    async def offers(
        self, chat: Chat, by: Operator, *, operator: Operator | None = None, dep_id: int = 0
    ) -> None:
        """A transfer that waits for somebody to take it; owner and department stay until then."""
        what = "user" if operator else "dep"
        self.write(
            chat,
            SYSTEM,
            "Chat was transferred",
            by.name,
            f'{{"content":{{"transfer_action_{what}":{{"user_id":{by.id}}}}}}}',
        )
        chat.transfer = {
            "transfer_to_user_id": str(operator.id)
            if operator
            else 0,  # text where it comes from the address
            "dep_id": dep_id,
            "from_dep_id": chat.now.dep_id,
        }
        await self.fire("chat.chat_transfered", chat, transfer=chat.transfer)
        self.commit(chat)

    async def gives(self, chat: Chat, by: Operator, to: Operator) -> None:
        """The owner is changed at once."""
        self.write(
            chat,
            SYSTEM,
            "Chat owner was changed",
            by.name,
            f'{{"content":{{"change_owner_action":{{"destination_user_id":{to.id}}}}}}}',
        )
        self._owned(chat, to)
        await self.fire("chat.chat_owner_changed", chat)
        self.commit(chat)

    async def forces(self, chat: Chat, by: Operator, to: Operator) -> None:
        """The operator's command `!transferforce`."""
        self._owned(chat, to)
        await self.fire("chat.chat_transfered_force", chat)
        said = f"[b]{by.name}[/b]: !transferforce {to.username} || Chat has been transfered to - {to.username} ({to.username}@example.org)"
        line = self.write(chat, SYSTEM, said, by.name)
        await self.fire("chat.web_add_msg_admin", chat, line=line)
        self.commit(chat)

    # --- the end

    async def closes(self, chat: Chat) -> None:
        """Closed in the back office: the hook runs first, and the closing line is not counted."""
        chat.now.status, chat.now.cls_time = CLOSED, int(time.time())
        owner = self.operators.get(chat.now.user_id)
        await self.fire("chat.close", chat)
        self.write(chat, SYSTEM, f"{owner.name if owner else 'Somebody'} has closed the chat!", counted=False)
        self.commit(chat)

    async def set_status(self, chat: Chat, status: int, by: Operator) -> None:
        """`setchatstatus`. Somebody else's chat is closed only with the right to; nothing says that it was not."""
        if status == CLOSED:
            if chat.now.user_id != by.id and "lhchat,allowcloseremote" not in by.rights:
                return
            if chat.now.status != CLOSED:
                self.write(chat, SYSTEM, f"{by.name} has closed the chat!", by.name)
                chat.now.status, chat.now.cls_time = CLOSED, int(time.time())
                self.commit(chat)
                await self.fire("chat.close", chat)
        elif status == PENDING:
            self.write(chat, SYSTEM, f"{by.name} has changed chat status to pending!", by.name)
            chat.now.status, chat.now.user_id = PENDING, 0
        elif status == ACTIVE:
            owner = self.operators.get(chat.now.user_id, by)
            self._owned(chat, owner)
        elif status == WITH_BOT:
            chat.now.status, chat.now.user_id = WITH_BOT, 0
        self.commit(chat)
        await self.fire("chat.data_changed", chat)

    def visitor_waits(self, chat: Chat) -> None:
        """What a waiting visitor's browser sets off by asking: after some time it is sent to the contact form."""
        delay_s = self.departments[chat.now.dep_id].delay_lm
        if chat.now.status == PENDING and delay_s and chat.time < time.time() - delay_s:
            chat.now.status_sub = CONTACT_FORM
            self.write(chat, SYSTEM, "Visitor has been redirected to contact form", counted=False)
            self.commit(chat)

    async def visitor_left(self, chat: Chat, *, by_widget: bool = False) -> None:
        """The visitor closes explicitly. The chat stays as it is in the operators' lists."""
        if chat.now.user_status != 1:
            text = "Visitor has closed the chat explicitly!"
            if by_widget:
                text = (
                    f"[level=system-warning exit-visitor]{chat.nick} has closed the chat explicitly![/level] "
                    "[button_action=send_manual_message]invite to chat[/button_action]"
                )
            chat.now.user_status, chat.now.status_sub = 1, LEFT
            line = self.write(chat, SYSTEM, text)
            if by_widget:
                await self.fire("chat.explicitly_closed", chat, line=line)
        self.commit(chat)
