"""The tools over the Model Context Protocol (streamable HTTP), by the official SDK. Imported when first asked for.

Every request is complete in itself: the conversation and its epoch come from headers that the host sets, never from the
model, and there is no session to keep. So the SDK's transport is given one request at a time and answers in JSON.
"""

import asyncio
import logging
from collections.abc import MutableMapping
from typing import Any, cast

import msgspec
import structlog
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool as ListedTool,
)

import openhandover
from openhandover.config.model import Tool
from openhandover.core.errors import Refused
from openhandover.engine import Engine, ToolCall
from openhandover.web.call import MAX_SEQ, Call
from openhandover.web.endpoint import Reply
from openhandover.web.idempotency import fingerprint

from .routes import patiently

CONVERSATION = "openhandover-conversation"
EPOCH = "openhandover-epoch"
CALL_ID = "openhandover/tool_call_id"
"""Key of a call's `_meta`: the LLM's own id of the call."""

_log = structlog.get_logger("openhandover.tools")
# It tells of every request at level info, and of arguments at level debug.
logging.getLogger("mcp").setLevel(logging.WARNING)


class McpServer:
    """Answers the requests of MCP clients."""

    def __init__(self, engine: Engine, tools: dict[str, Tool], closing: asyncio.Event) -> None:
        self._engine = engine
        self._closing = closing
        self._listed = [
            ListedTool(name=name, description=tool.description, input_schema=tool.parameters)
            for name, tool in tools.items()
        ]
        self._server: Server[Any] = Server(
            "openhandover",
            version=openhandover.__version__,
            on_list_tools=self._list,
            on_call_tool=self._call,
        )

    async def answer(self, call: Call) -> Reply:
        """One request, through the SDK's transport."""
        request = [{"type": "http.request", "body": await call.body(), "more_body": False}]

        async def receive() -> MutableMapping[str, Any]:
            return request.pop() if request else await call.receive()

        manager = StreamableHTTPSessionManager(self._server, json_response=True, stateless=True)
        answer = _Answer()
        async with manager.run():
            await manager.handle_request(call.scope, receive, answer.send)
        return answer.reply()

    async def _list(self, _context: Any, _params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=self._listed)

    async def _call(self, context: Any, params: CallToolRequestParams) -> CallToolResult:
        try:
            wanted = _wanted(context.request.headers, params)
            self._engine.tools.require(params.name)
            return _result(await patiently(self._closing, self._engine.tools.call(wanted)))
        except Refused as refused:
            if refused.code == "not_found" and params.name not in self._engine.config.tools:
                raise MCPError(INVALID_PARAMS, refused.detail) from refused
            return _refusal(refused)
        except Exception as error:
            _log.error("tool_failed", tool=params.name, error=type(error).__name__, exc_info=error)
            raise MCPError(INTERNAL_ERROR, "A fault of ours; it is in the log of the server") from error


class _Answer:
    """Collects what the transport sends."""

    def __init__(self) -> None:
        self._status = 500
        self._headers: list[tuple[bytes, bytes]] = []
        self._body = b""

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """One ASGI message."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = list(message.get("headers", ()))
        else:
            self._body += message.get("body", b"")

    def reply(self) -> Reply:
        """The whole answer."""
        kind = next((value for name, value in self._headers if name == b"content-type"), b"text/plain")
        ours = {b"content-type", b"content-length"}
        rest = [(name, value) for name, value in self._headers if name not in ours]
        return Reply(self._status, self._body, kind, rest)


def _wanted(headers: Any, params: CallToolRequestParams) -> ToolCall:
    conversation_id = headers.get(CONVERSATION)
    if not conversation_id:
        raise Refused("invalid", "the header Openhandover-Conversation is missing: it names the conversation")
    arguments = params.arguments or {}
    call_id = _call_id(params)
    mark = None
    if call_id is not None:
        body = {"conversation_id": conversation_id, "tool_call_id": call_id, "arguments": arguments}
        mark = fingerprint(msgspec.json.encode(body), params.name)
    return ToolCall(
        tool=params.name,
        conversation_id=conversation_id,
        epoch=_epoch(headers.get(EPOCH)),
        arguments=arguments,
        id=call_id,
        fingerprint=mark,
    )


def _call_id(params: CallToolRequestParams) -> str | None:
    meta = cast("dict[str, Any]", params.meta or {})
    found = meta.get(CALL_ID)
    if found is None:
        return None
    if not isinstance(found, str) or not 0 < len(found) <= 200:
        raise Refused("invalid", f"_meta: {CALL_ID} must be a text of 1 to 200 characters")
    return found


def _epoch(header: str | None) -> int | None:
    """The epoch that the host bases its turn on; None takes the present one."""
    if header is None:
        return None
    if not (header.isascii() and header.isdigit()) or len(header) > 16 or int(header) > MAX_SEQ:
        raise Refused("invalid", "the header Openhandover-Epoch must be a whole number")
    return int(header)


def _result(answer: dict[str, Any]) -> CallToolResult:
    """A text is told as it is, everything else as JSON."""
    told = answer.get("result", answer) if "handover" not in answer else answer
    text = told if isinstance(told, str) else msgspec.json.encode(told).decode()
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=answer)


def _refusal(refused: Refused) -> CallToolResult:
    """What went wrong, in words that a model can act on."""
    errors: list[dict[str, str]] = refused.extra.get("errors") or []
    lines = [f"{error['path']}: {error['detail']}" for error in errors] or [refused.detail]
    text = "\n".join(f"{line} ({refused.code})" if not n else line for n, line in enumerate(lines))
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=True)
