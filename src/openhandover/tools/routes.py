"""The tools in the HTTP API, and the address of MCP."""

import asyncio
from collections.abc import Coroutine, Sequence
from importlib import import_module, util
from typing import TYPE_CHECKING, Any, TypeVar, cast

from msgspec import Struct, field

from openhandover.config.model import Config
from openhandover.core.errors import Refused, invalid
from openhandover.engine import Engine, ToolCall
from openhandover.web.bodies import Body, Epoch, Id, Name
from openhandover.web.call import Call
from openhandover.web.endpoint import Endpoint, Query, Reply, json_reply, page
from openhandover.web.idempotency import fingerprint
from openhandover.web.requests import Known, Reader, raw_body, text_of
from openhandover.web.shapes import Listed

from .schemas import Format, schemas

if TYPE_CHECKING:
    from .mcp import McpServer

T = TypeVar("T")
LAST_MOMENT_S = 3.0
"""So long a call may still take when the server goes down; less than what the server waits for its callers."""
FORMATS: tuple[Format, ...] = ("openai", "anthropic")


class ToolBody(Body, frozen=True):
    """A call of a tool, as the LLM wants it."""

    conversation_id: Name
    epoch: Epoch
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])
    tool_call_id: Id | None = None


class FunctionSchema(Struct):
    """A tool as a language model is told of it; `format` has it as other APIs want it."""

    type: str
    name: str
    description: str
    parameters: dict[str, Any]


class HandedOver(Struct):
    """The handover that a tool ended in: there is nothing to say, the user has the message already."""

    id: str
    status: str


class ToolAnswer(Struct, omit_defaults=True):
    """What the LLM gets: `result`, or `handover`."""

    result: Any = None
    handover: HandedOver | None = None


_reader = Reader(ToolBody)


async def listed(call: Call) -> Reply:
    """GET /v1/tools"""
    shape = call.text("format")
    if shape is not None and shape not in FORMATS:
        raise invalid("format", f"is none of {', '.join(FORMATS)}")
    return page(schemas(call.site.config.tools, shape), None)


async def called(call: Call) -> Reply:
    """POST /v1/tools/{name}"""
    tool, calls = call.path["name"], call.engine.tools
    calls.require(tool)
    raw = await raw_body(call)

    async def known(data: Any) -> Known | None:
        conversation_id = text_of(data, "conversation_id")
        if conversation_id is None:
            return None
        call_id = text_of(data, "tool_call_id")
        mark = await calls.known(conversation_id, call_id)
        return None if mark is None else Known(mark, (conversation_id, call_id))

    body = _reader.quick(raw)
    if body is None:
        taken = (await _reader.slow(raw, tool, known)).resource
        return json_reply(await calls.answered(*taken))
    wanted = ToolCall(
        tool=tool,
        conversation_id=body.conversation_id,
        epoch=body.epoch,
        arguments=body.arguments,
        id=body.tool_call_id,
        fingerprint=fingerprint(raw, tool) if body.tool_call_id is not None else None,
    )
    return json_reply(await patiently(call.site.closing, calls.call(wanted)))


async def patiently(closing: asyncio.Event, call: Coroutine[Any, Any, T]) -> T:
    """The call's answer. When the server goes down, it has a moment left; then its caller is told to come again.

    Raises:
        Refused: `unavailable`; the call goes on where it was when it comes again under the same id.
    """
    work, end = asyncio.create_task(call), asyncio.create_task(closing.wait())
    try:
        await asyncio.wait((work, end), return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            await asyncio.wait((work,), timeout=LAST_MOMENT_S)
        if not work.done():
            raise Refused("unavailable", "The server restarts; call again with the same `tool_call_id`")
        return await work
    finally:
        work.cancel()
        end.cancel()


class _Mcp:
    """The address of MCP; its SDK is an extra, imported when the first request comes."""

    def __init__(self, engine: Engine, config: Config) -> None:
        self._engine = engine
        self._config = config
        self._loading = asyncio.Lock()
        self._server: McpServer | None = None

    async def __call__(self, call: Call) -> Reply:
        """POST /mcp"""
        if self._server is None:
            async with self._loading:
                self._server = self._server or await self._load(call.site.closing)
        return await self._server.answer(call)

    async def _load(self, closing: asyncio.Event) -> "McpServer":
        if util.find_spec("mcp") is None:
            raise Refused("not_found", "MCP is not installed here: pip install openhandover[mcp]")
        module = await asyncio.to_thread(import_module, "openhandover.tools.mcp")  # takes a second
        return cast("McpServer", module.McpServer(self._engine, self._config.tools, closing))


def tool_routes(engine: Engine, config: Config) -> Sequence[Endpoint]:
    """The calls of the API that belong to tools."""
    return (
        Endpoint(
            "GET",
            "/v1/tools",
            listed,
            "List the tools as function schemas",
            scope="handovers",
            tag="tools",
            query=(Query("format", Format, "as this API wants them; absent: flat, with `type: function`"),),
            answers={200: Listed[FunctionSchema]},
        ),
        Endpoint(
            "POST",
            "/v1/tools/{name}",
            called,
            "Call a tool",
            scope="handovers",
            tag="tools",
            description="A call with a `tool_call_id` acts once: sent again it gets the same answer, or goes on where it "
            "broke off.",
            body=ToolBody,
            answers={200: ToolAnswer},
            codes=("id_reused", "stale_epoch", "floor_taken", "unavailable"),
        ),
        Endpoint("POST", "/mcp", _Mcp(engine, config), "Tools over MCP", scope="handovers", documented=False),
    )
