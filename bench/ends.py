"""The receiving ends of a relay bench, in a process of their own: count what comes and how long it was under way."""

import asyncio
import json
import multiprocessing
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from typing import Any

import uvloop
from wire import age_s, receive


class Ends:
    """Answers every call at once."""

    def __init__(self) -> None:
        self.took_s: dict[str, list[float]] = {}
        self.last_at = 0.0

    def handle(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """A call; only messages count."""
        if path == "/desk/open":
            return 200, json.dumps({"external_id": "s-" + headers["webhook-id"]}).encode()
        if path == "/hook" and b'"message.created"' in body:
            data = json.loads(body)["data"]
            if data["author"] == "agent":
                self._count("to_user", data["text"])
        elif path == "/desk/messages":
            self._count("to_desk", json.loads(body)["message"]["text"])
        elif path == "/bare":
            self._count("bare", json.loads(body)["text"])
        return 200, b"{}"

    def _count(self, kind: str, text: str) -> None:
        self.last_at = time.monotonic()
        self.took_s.setdefault(kind, []).append(age_s(text))

    def asked(self, question: str) -> Any:
        """What the bench asks over the pipe."""
        if question == "reset":
            self.took_s = {}
            return None
        if question == "count":
            return sum(map(len, self.took_s.values()))
        return {"took_s": self.took_s, "last_at": self.last_at}


def _serve(pipe: Connection, make: Callable[[Connection], Awaitable[None]]) -> None:
    uvloop.run(make(pipe))


async def _ends(pipe: Connection) -> None:
    ends = Ends()
    _, port = await receive(ends.handle)
    pipe.send(port)
    loop = asyncio.get_running_loop()
    over = loop.create_future()

    def answer() -> None:
        try:
            pipe.send(ends.asked(pipe.recv()))
        except EOFError:
            over.set_result(None)
            loop.remove_reader(pipe.fileno())

    loop.add_reader(pipe.fileno(), answer)
    await over


async def _bare(pipe: Connection) -> None:
    """A relay without logic on the same parts as ours: uvicorn in, aiohttp out, the answer after the delivery; at
    `/twice` it makes a second call, as ours does to tell the sender."""
    import aiohttp
    import uvicorn

    ends = pipe.recv()
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(30)
    )

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = (await receive()).get("body", b"")
        for path in ("/bare", "/told") if scope["path"] == "/twice" else ("/bare",):
            async with session.post(f"http://127.0.0.1:{ends}{path}", data=body) as reply:
                await reply.read()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})

    config = uvicorn.Config(
        app,
        port=0,
        loop="none",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    pipe.send(server.servers[0].sockets[0].getsockname()[1])
    await asyncio.to_thread(pipe.poll, None)
    server.should_exit = True
    await task
    await session.close()


class Child:
    """One of the processes above; `port` is where it listens."""

    def __init__(self, what: str, *given: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        make = {"ends": _ends, "bare": _bare}[what]
        self._process = context.Process(target=_serve, args=(theirs, make), daemon=True)
        self._process.start()
        theirs.close()
        for value in given:
            self._pipe.send(value)
        self.port: int = self._pipe.recv()

    def ask(self, question: str) -> Any:
        """Ask the ends."""
        self._pipe.send(question)
        return self._pipe.recv()

    def stop(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(5)
        if self._process.is_alive():
            self._process.terminate()
