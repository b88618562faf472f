"""What every vendor's emulator shares: a loopback port, a record of what came, faults, and a page where a person answers."""

import asyncio
import os
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar, Self

from aiohttp import web
from aiohttp.typedefs import Handler

from . import control
from .answers import Refused, problem
from .callbacks import Callbacks
from .faults import Faults
from .recording import KEPT, TRAFFIC, Recorded, Streamed, keep

MAX_BODY_BYTES = 32 * 1024 * 1024
WAIT_S = 10.0


class Emulator(ABC):
    """A vendor on a loopback port: `async with SomeEmulator() as vendor: ... vendor.url ...`.

    A vendor's class gives its routes (named: the name is the `endpoint` of records and faults), what the page shows and
    what an agent does. `requests` holds every call of the vendor's API; `faults` and `callbacks` do things wrong on
    request; `await wait_until(...)` waits for something to become true without polling.
    """

    vendor: ClassVar[str]
    title: ClassVar[str]
    queue_figures: ClassVar[frozenset[str]] = frozenset({"position", "wait_s"})
    """What `queue_is` can tell; the page asks for nothing else."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.requests: deque[Recorded] = deque(maxlen=KEPT)
        self.streamed: deque[Streamed] = deque(maxlen=KEPT)
        """What went out on streams, for vendors that have them."""
        self.faults = Faults()
        self.callbacks = Callbacks(self.changed)
        self.version = 0
        """Grows with every change, so that the page knows when to ask again."""
        self.url = ""
        self._host, self._port = host, port
        self._news = asyncio.Event()
        self._runner: web.AppRunner | None = None

    # --- what a vendor gives

    @abstractmethod
    def routes(self) -> Iterable[web.RouteDef]:
        """The vendor's API; each route has a name."""

    @abstractmethod
    def shown(self) -> dict[str, Any]:
        """What the page shows: `online`, and `chats` as in `page/page.js`."""

    @abstractmethod
    async def agent_says(self, chat_id: str, text: str) -> None:
        """An agent answers in this chat; raises `Refused` where that is impossible."""

    @abstractmethod
    async def agent_ends(self, chat_id: str) -> None:
        """An agent ends this chat."""

    @abstractmethod
    def set_online(self, on: bool = True, **where: str) -> None:
        """Agents come or go; `where` narrows it in the vendor's own terms."""

    # --- what a vendor may give: each is a thing its agents can do; what is not given, they cannot

    def webhook_to(self, url: str) -> None:
        """From now on the vendor's webhooks go there."""
        raise Refused(501, f"{self.title} sends no webhooks")

    def settings(self) -> dict[str, Any]:
        """The settings of the provider that speaks with this emulator, secrets included; a file can be written from them."""
        return {}

    async def agent_joins(self, chat_id: str, name: str = "Kim") -> None:
        """An agent takes the chat."""
        raise self._cannot("join")

    async def agent_leaves(self, chat_id: str) -> None:
        """The agent leaves; the chat waits for another one."""
        raise self._cannot("leave")

    async def agent_transfers(self, chat_id: str, name: str = "Lee") -> None:
        """The agent gives the chat to another one."""
        raise self._cannot("transfer")

    async def agent_types(self, chat_id: str, on: bool = True) -> None:
        """The agent types, or stops."""
        raise self._cannot("type")

    async def agent_sends_file(self, chat_id: str, name: str, content_type: str, content: bytes) -> None:
        """The agent sends a file."""
        raise self._cannot("send files")

    async def agent_notes(self, chat_id: str, text: str) -> None:
        """The agent writes a private note."""
        raise self._cannot("write notes")

    async def agent_reads(self, chat_id: str) -> None:
        """The agent has seen everything so far."""
        raise self._cannot("be seen reading")

    async def queue_is(self, chat_id: str, position: int | None, wait_s: int | None) -> None:
        """The chat's place in the queue, as the vendor tells it: of the two, what `queue_figures` names."""
        raise self._cannot("tell the queue")

    async def sends_unknown(self, chat_id: str) -> None:
        """An event of a kind that no page of the vendor mentions."""
        raise self._cannot("send unknown events")

    def expire_tokens(self) -> None:
        """Every access token given so far is refused from now on."""
        raise self._cannot("expire tokens")

    @classmethod
    def plays(cls, verb: str) -> bool:
        """Whether this vendor gives one of the verbs above; those that it does not give raise `Refused`."""
        return getattr(cls, verb) is not getattr(Emulator, verb)

    def _cannot(self, what: str) -> Refused:
        return Refused(501, f"{self.title}, emulated, cannot {what}")

    def control_routes(self) -> Iterable[web.RouteDef]:
        """Further calls under /emulator/ that only this vendor has."""
        return ()

    def refusal(self, refused: Refused) -> web.Response:
        """How this vendor says no; where its pages do not tell, `{"error": ...}`."""
        return problem(refused)

    def fault(self, kind: str, asked: dict[str, Any]) -> None:
        """A fault that only this vendor has."""
        raise Refused(400, f"there is no fault {kind!r}")

    # --- life

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Serve; `url` holds from now on."""
        app = web.Application(middlewares=[self._answered], client_max_size=MAX_BODY_BYTES)
        app.add_routes([*self.routes(), *self.control_routes(), *control.Controls(self).routes()])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    async def stop(self) -> None:
        """Stop serving and forget what is under way; what was recorded is kept where `OPENHANDOVER_TRAFFIC` says."""
        await self.callbacks.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        if folder := os.environ.get(TRAFFIC):
            keep(
                Path(folder),
                self.vendor,
                request=[one.shown() for one in self.requests],
                callback=[one.shown() for one in self.callbacks.sent],
                streamed=[one.shown() for one in self.streamed],
            )

    # --- news

    def streams(self, kind: str, data: str) -> None:
        """Remember what goes out on a stream; sending it is the vendor's own business."""
        self.streamed.append(Streamed(kind, data))

    def changed(self) -> None:
        """Something that a page or a test may wait for has happened."""
        self.version += 1
        self._news.set()
        self._news = asyncio.Event()

    async def wait_until(self, is_so: Callable[[], Any], timeout_s: float = WAIT_S) -> Any:
        """The first true answer of `is_so`, asked again after each change.

        Raises:
            TimeoutError: it did not become true in time.
        """
        async with asyncio.timeout(timeout_s):
            while not (found := is_so()):
                await self._news.wait()
        return found

    def requests_to(self, endpoint: str) -> list[Recorded]:
        """What came to one endpoint, oldest first."""
        return [one for one in self.requests if one.endpoint == endpoint]

    # --- every request

    @web.middleware
    async def _answered(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(control.PREFIX) or request.path == "/":
            return await control.guarded(request, handler)
        endpoint = request.match_info.route.name or "unknown"
        record = await self._recorded(request, endpoint)
        fault = self.faults.take(endpoint)
        if delay_s := self.faults.delay_s(endpoint):
            await asyncio.sleep(delay_s)
        if fault is not None and fault.status is not None:
            answer = self.refusal(Refused(fault.status, "as asked by the emulator's controls", fault.headers))
        else:
            answer = await self._handled(request, handler)
        lost = fault is not None and fault.status is None and not fault.late_s
        record.status = 0 if lost else answer.status
        body = answer.body if isinstance(answer, web.Response) else None
        record.answer = body.decode("utf-8", "replace") if isinstance(body, bytes) else ""
        record.answer_type = answer.content_type
        self.changed()
        if fault is not None and fault.late_s:
            await asyncio.sleep(fault.late_s)
        if lost and request.transport is not None:
            request.transport.abort()
        return answer

    async def _recorded(self, request: web.Request, endpoint: str) -> Recorded:
        headers = {name.lower(): value for name, value in request.headers.items()}
        record = Recorded(
            endpoint, request.method, request.path, dict(request.query), headers, await request.read()
        )
        self.requests.append(record)
        return record

    async def _handled(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refused as refusal:
            return self.refusal(refusal)
        except web.HTTPException as error:
            return self.refusal(Refused(error.status, error.reason))
