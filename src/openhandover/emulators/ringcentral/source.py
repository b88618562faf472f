"""The realtime endpoint: what the other side's users, bot and files become here. Refusals are plain text."""

import base64
import binascii
import hmac
import mimetypes
import time
from collections.abc import Callable
from typing import Any

import msgspec

from openhandover.emulators.answers import Refused

from . import schema
from .account import Account, Content, File, Intervention, Thread, now
from .calling import signature

MAX_BYTES = 20_971_520
TYPING_PAUSE_S = 2.0
Told = Callable[[str, Thread, Intervention | None, Content | None], None]


class Source:
    """One source of the type SDK. `told` hears of events; `file_url` is where the page finds a file."""

    def __init__(self, account: Account, told: Told, file_url: Callable[[str], str]) -> None:
        self._account = account
        self._told = told
        self._file_url = file_url
        self._actions: dict[str, Callable[[dict[str, Any]], None]] = {
            "users.create": self._user,
            "threads.create": self._thread,
            "messages.create": self._message,
            "typing.start": self._typing,
            "typing.stop": self._stopped,
            "status.mark_as_read": self._read,
        }
        self.files: dict[str, File] = {}
        self.takes_threads = True
        """Whether threads can be made. Of a source with the option `threads.no_content` one page says that this action is
        ignored, and another names it without a condition. If not, a thread begins with its first message."""

    def take(self, source_id: str, proof: str, body: bytes) -> None:
        """One call.

        Raises:
            Refused: it is not taken; the text is the whole answer.
        """
        if len(body) > MAX_BYTES:
            raise Refused(413, f"Invalid request size (max: {MAX_BYTES} bytes)")
        if source_id != self._account.source_id:
            raise Refused(422, "Source not found")
        if not hmac.compare_digest(proof, signature(self._account.source_token, body)):
            raise Refused(422, "Invalid signature")
        try:
            call = msgspec.json.decode(body, type=schema.Call)
        except msgspec.ValidationError as error:
            raise Refused(400, f"Invalid request format: {error}") from None
        except ValueError:
            raise Refused(400, "Bad request") from None
        action = self._actions.get(call.action)
        if action is None or (call.action == "threads.create" and not self.takes_threads):
            raise Refused(422, "Invalid action")
        action(call.params)

    def _user(self, params: dict[str, Any]) -> None:
        self._identity(_read(params, schema.User))

    def _identity(self, user: schema.User) -> dict[str, Any]:
        """The identity; who has the same id is the same, and keeps what is not said again."""
        told: dict[str, Any] = msgspec.to_builtins(user)
        known = self._account.identities.setdefault(user.id, {})
        known.update(told)
        return known

    def _thread(self, params: dict[str, Any]) -> None:
        asked = _read(params, schema.Thread)
        self._begin(asked.id, asked.title)

    def _begin(self, foreign_id: str, title: str) -> None:
        account = self._account
        if account.foreign(foreign_id) is None:
            made = Thread(
                account.new_id("thread"), foreign_id, title, account.source_id, [account.bot_category]
            )
            account.threads[made.id] = made

    def _message(self, params: dict[str, Any]) -> None:
        asked = _read(params, schema.Message)
        if not self.takes_threads:
            self._begin(asked.thread_id, "")
        thread = self._known(asked.thread_id)
        if not asked.body and not asked.attachments:
            raise Refused(422, "Invalid resource format: neither body nor attachments")
        author = self._identity(asked.author)
        before = next((one for one in thread.contents if one.foreign_id == asked.id), None)
        if before is not None:
            # Not documented. A content is known by its id, so the same again is the same; other words under an id are
            # refused here, because nobody knows which of the two would stay.
            if before.body != asked.body:
                raise Refused(422, "Invalid resource format: this id was another message")
            return
        content = Content(
            self._account.new_id("content"),
            author,
            "bot" if asked.author.puppetizable else "user",
            asked.body,
            [self._file(one) for one in asked.attachments],
            asked.id,
            context=asked.context_data or {},
        )
        thread.contents.append(content)
        thread.updated_at = now()
        thread.typing = None
        self._told("content.imported", thread, thread.open, content)
        if content.side == "user":
            self._reopen(thread)

    def _reopen(self, thread: Thread) -> None:
        """A customer who writes again wakes up what was closed."""
        thread.archived = False
        last = thread.interventions[-1] if thread.interventions else None
        if last is not None and last.closed:
            last.closed, last.closed_at, last.status, last.updated_at = False, None, "reopened", now()
            self._told("intervention.reopened", thread, last, None)

    def _file(self, given: schema.Attachment) -> File:
        file_id = self._account.new_id("file")
        if isinstance(given.url, str):
            if isinstance(given.content, str):
                raise Refused(422, "Invalid resource format: url and content")
            return File(file_id, given.url.partition("?")[0].rpartition("/")[2], given.url)
        if not isinstance(given.content, str) or not isinstance(given.filename, str):
            raise Refused(422, "Invalid resource format: content and filename")
        if given.filename.rpartition(".")[2] in self._account.refused_files:
            # There is a setting for it; in which words a file is refused, no page says.
            raise Refused(422, "Invalid resource format: this kind of file is not allowed")
        try:
            content = base64.b64decode(given.content, validate=True)
        except binascii.Error:
            raise Refused(422, "Invalid resource format: content is not base64") from None
        kind = mimetypes.guess_type(given.filename)[0] or "application/octet-stream"
        made = File(file_id, given.filename, self._file_url(file_id), content, kind)
        self.files[file_id] = made
        return made

    def _typing(self, params: dict[str, Any]) -> None:
        asked = _read(params, schema.TypingStart)
        thread = self._known(asked.thread_id)
        if time.monotonic() - thread.typed_at < TYPING_PAUSE_S and thread.typed_at:
            raise Refused(429, "too many typing requests, please try again in a few seconds")
        thread.typing, thread.typed_at = asked.preview, time.monotonic()

    def _stopped(self, params: dict[str, Any]) -> None:
        thread = self._known(_read(params, schema.TypingStop).thread_id)
        thread.typing, thread.typed_at = None, 0.0

    def _read(self, params: dict[str, Any]) -> None:
        asked = _read(params, schema.Read)
        for thread in self._account.threads.values():
            for content in thread.contents:
                if content.side == "agent" and content.foreign_id == asked.id:
                    content.read = True
                    return
        raise Refused(422, "Invalid resource format: no agent wrote such a message")

    def _known(self, foreign_id: str) -> Thread:
        """The pages do not say what becomes of a thread that nobody created, so it is refused."""
        found = self._account.foreign(foreign_id)
        if found is None:
            raise Refused(422, "Invalid resource format: no such thread")
        return found


def _read(params: dict[str, Any], kind: type[schema.T]) -> schema.T:
    try:
        return msgspec.convert(params, kind)
    except msgspec.ValidationError as error:
        raise Refused(422, f"Invalid resource format: {error}") from None
