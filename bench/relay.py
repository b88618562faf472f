"""How fast, how late, how heavy: the relay over HTTP, the engine alone, and what each is held against.

    python bench/relay.py [--json] [--quick] [--only http engine growth memory ready] [--folder DIR]

http     `openhandover serve`, both receiving ends and the load each in a process of its own. Every message is posted,
         recorded, delivered and the delivery recorded; the sender's side is told of it too (a second call). A message
         counts when the other end has it. `bare` is a relay without logic on the same parts: no id, no check, no
         record, no retry, one call out per call in; `twice` is the same with two calls out, as many as ours. Latency is from before the post to the arrival, at half of the
         rate just found, with arrivals spread evenly.
engine   accept, deliver to a provider in the same process, record the delivery, against one raw group-committed
         append of three statements (bench/append.py) on the same disk.
growth   the engine's cost per message at 100 and at many open conversations, picked at random.
memory   private memory of the server per conversation with an open handover, without and with a socket.
ready    from the start of the process until it says that it answers.
"""

import argparse
import asyncio
import itertools
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import uvloop
from alone import engine_rate
from append import raw_rate
from ends import Child
from server import KEY, Server
from wire import Caller, signed, text

from openhandover.web.serve import collect_seldom

CONVERSATIONS = 64
Post = Callable[[int], Awaitable[None]]


class Load:
    """The sending ends of both directions."""

    def __init__(self, server: Server) -> None:
        self._caller = Caller(server.port, {"authorization": f"Bearer {KEY}"})
        self._numbers = itertools.count()
        self._seqs = [itertools.count(2) for _ in range(CONVERSATIONS)]

    async def call(self, path: str, body: dict[str, Any], webhook_id: str = "") -> None:
        """One POST that must be taken."""
        content = json.dumps(body).encode()
        headers = signed(webhook_id, content) if webhook_id else None
        status, answer = await self._caller.request("POST", path, content, headers)
        if status >= 300:
            raise RuntimeError(f"{path}: {status} {answer!r}")

    async def begin(self, first: int, last: int) -> None:
        """Conversations with an open handover."""
        for n in range(first, last):
            body = {"id": f"c{n}", "channel": "app", "user": {"id": f"u{n}", "name": "Anna"}}
            await self.call("/v1/conversations", body)
            await self.call(
                f"/v1/conversations/c{n}/handovers?wait_s=10", {"id": f"h{n}", "initiator": "user"}
            )

    async def join(self) -> None:
        """An agent in every conversation."""
        for n in range(CONVERSATIONS):
            await self._event(n, 1, "agent.joined", agent={"id": "robin", "name": "Robin"})

    async def to_desk(self, n: int) -> None:
        """The user writes."""
        number = next(self._numbers)
        body = {"id": f"m{number}", "author": "user", "text": text(number)}
        await self.call(f"/v1/conversations/c{n}/messages", body)

    async def to_user(self, n: int) -> None:
        """The agent writes."""
        number = next(self._numbers)
        said = {"id": f"a{number}", "text": text(number)}
        await self._event(n, next(self._seqs[n]), "agent.message", message=said)

    async def both(self, n: int) -> None:
        """By turns."""
        await (self.to_desk if n % 2 else self.to_user)(n)

    async def _event(self, n: int, seq: int, kind: str, **more: Any) -> None:
        event = {"event_id": f"e{n}-{seq}", "type": kind, "handover_id": f"h{n}", "external_id": f"s-h{n}:1"}
        await self.call("/webhooks/desk", {**event, "seq": seq, **more}, event["event_id"])


async def saturate(ends: Child, post: Post, seconds: float) -> float:
    """Messages per second that arrive, with one message of each conversation being posted at any time."""
    ends.ask("reset")
    posted = 0
    began = time.monotonic()

    async def submit(n: int) -> None:
        nonlocal posted
        while time.monotonic() < began + seconds:
            await post(n)
            posted += 1

    await asyncio.gather(*(submit(n) for n in range(CONVERSATIONS)))
    await _arrived(ends, posted)
    return posted / (ends.ask("all")["last_at"] - began)


async def _arrived(ends: Child, posted: int) -> None:
    async with asyncio.timeout(60):
        while ends.ask("count") < posted:
            await asyncio.sleep(0.01)


async def latency(ends: Child, post: Post, rate: float, seconds: float) -> dict[str, float]:
    """p50 and p99 in ms at this rate; a message is due whether or not the ones before it are through."""
    ends.ask("reset")
    began = time.monotonic()
    count = int(rate * seconds)
    async with asyncio.TaskGroup() as group:
        for n in range(count):
            if (pause := began + n / rate - time.monotonic()) > 0:
                await asyncio.sleep(pause)
            group.create_task(post(n % CONVERSATIONS))
    await _arrived(ends, count)
    took = sorted(each for kind in ends.ask("all")["took_s"].values() for each in kind)
    return {
        "at_per_s": round(rate),
        "p50_ms": round(took[len(took) // 2] * 1000, 2),
        "p99_ms": round(took[int(len(took) * 0.99)] * 1000, 2),
    }


async def http(folder: Path, seconds: float) -> dict[str, Any]:
    """The relay and the bare one, three times in turns; medians."""
    ends = Child("ends")
    bare = Child("bare", ends.port)
    server = Server(folder, ends.port)
    try:
        await server.spawn()
        await server.ready()
        load, plain = Load(server), Caller(bare.port)
        await load.begin(0, CONVERSATIONS)
        await load.join()

        async def post_bare(n: int, path: str = "/") -> None:
            await plain.request("POST", path, json.dumps({"text": text(n)}).encode())

        async def post_twice(n: int) -> None:
            await post_bare(n, "/twice")

        posts: dict[str, Post] = {
            "bare": post_bare, "twice": post_twice,
            "both": load.both, "to_desk": load.to_desk, "to_user": load.to_user,
        }  # fmt: skip
        rates: dict[str, list[float]] = {kind: [] for kind in posts}
        for _ in range(3):
            for kind, post in posts.items():
                rates[kind].append(await saturate(ends, post, seconds))
        found: dict[str, Any] = {}
        median = {kind: statistics.median(each) for kind, each in rates.items()}
        for kind, post in posts.items():
            found[kind] = {
                "messages_per_s": round(median[kind]),
                "of_bare": round(median[kind] / median["bare"], 3),
            }
            found[kind] |= await latency(ends, post, median[kind] / 2, seconds)
        found["aim"] = "both.of_bare >= 0.4, p99_ms < 25"
        return found
    finally:
        await server.kill()
        bare.stop()
        ends.stop()


async def engine(folder: Path, seconds: float) -> dict[str, Any]:
    """The engine beside the raw append, three times in turns; medians."""
    raw: list[float] = []
    ours: list[float] = []
    for n in range(3):
        raw.append(await raw_rate(folder, 256, seconds=seconds))
        place = folder / f"engine{n}"
        place.mkdir()
        ours.append((await engine_rate(place, 256, 256, seconds))["messages_per_s"])
    best, own = statistics.median(raw), statistics.median(ours)
    return {
        "raw_append_per_s": round(best), "messages_per_s": round(own), "ratio": round(own / best, 3),
        "aim": "ratio >= 0.6; a message is two units of work (accepted, delivered) and two log entries",
    }  # fmt: skip


async def growth(folder: Path, seconds: float, many: int) -> dict[str, Any]:
    """Cost per message with few and with many open conversations."""
    found = []
    for count in (100, many):
        place = folder / f"growth{count}"
        place.mkdir()
        found.append(await engine_rate(place, count, 100, seconds))
    factor = found[1]["us"] / found[0]["us"]
    return {"few": found[0], "many": found[1], "factor": round(factor, 2), "aim": "factor <= 2.5 at 100000"}


async def memory(folder: Path, count: int) -> dict[str, Any]:
    """Private memory per open conversation, and per open event stream on top."""
    ends = Child("ends")
    server = Server(folder, ends.port)
    try:
        await server.spawn()
        await server.ready()
        load = Load(server)
        await load.begin(0, 200)  # what is needed once
        before = server.memory_kib()
        await load.begin(200, 200 + count)
        await asyncio.sleep(1)
        filled = server.memory_kib()
        sockets = min(count, 500)
        connector = aiohttp.TCPConnector(limit=0)
        base = f"http://127.0.0.1:{server.port}/v1/conversations"
        headers = {"authorization": f"Bearer {KEY}", "accept": "text/event-stream"}
        async with aiohttp.ClientSession(headers=headers, connector=connector) as session:
            streams = [await session.get(f"{base}/c{200 + n}/events") for n in range(sockets)]
            for stream in streams:
                await stream.content.readline()
            await asyncio.sleep(1)
            opened = server.memory_kib()
            for stream in streams:
                stream.close()
        without = (filled - before) / count
        return {
            "conversations": count, "without_socket_kib": round(without, 1),
            "with_socket_kib": round(without + (opened - filled) / sockets, 1),
            "aim": "10 KiB without, 40 KiB with a socket; the socket is an event stream",
        }  # fmt: skip
    finally:
        await server.kill()
        ends.stop()


async def ready(folder: Path) -> dict[str, Any]:
    """Time to ready, five times; the first start makes the database."""
    server = Server(folder, 9)
    for _ in range(6):
        await server.spawn()
        await server.ready()
        await server.stop()
    rest = server.ready_s[1:]
    return {
        "first_s": round(server.ready_s[0], 2), "median_s": round(statistics.median(rest), 2),
        "max_s": round(max(rest), 2), "aim": "< 1.5 s",
    }  # fmt: skip


def machine() -> dict[str, Any]:
    """What it ran on."""
    return {
        "python": platform.python_version(), "system": platform.system(), "arch": platform.machine(),
        "cores": os.cpu_count(), "load": [round(each, 1) for each in os.getloadavg()],
    }  # fmt: skip


async def measure(folder: Path, only: list[str], *, quick: bool) -> dict[str, Any]:
    """Everything asked for, each in a folder of its own."""
    seconds = 1.0 if quick else 3.0
    parts: dict[str, Callable[[Path], Awaitable[dict[str, Any]]]] = {
        "ready": ready,
        "engine": lambda place: engine(place, seconds),
        "http": lambda place: http(place, seconds),
        "growth": lambda place: growth(place, seconds, 10_000 if quick else 100_000),
        "memory": lambda place: memory(place, 500 if quick else 3_000),
    }
    found: dict[str, Any] = {"machine": machine()}
    for name, part in parts.items():
        if name in only:
            place = folder / name
            place.mkdir()
            found[name] = await part(place)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quick", action="store_true", help="short runs, 10,000 conversations at most")
    names = ("ready", "engine", "http", "growth", "memory")
    parser.add_argument("--only", nargs="+", choices=names, default=list(names))
    parser.add_argument(
        "--folder", type=Path, default=Path.cwd(), help="where the databases lie; its disk is measured"
    )
    asked = parser.parse_args()
    collect_seldom()  # as the server does
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        found = uvloop.run(measure(Path(folder), asked.only, quick=asked.quick))
    if asked.json:
        print(json.dumps(found, indent=2))
        return
    for name, part in found.items():
        print(name, *(f"  {key}: {value}" for key, value in part.items()), sep="\n")


if __name__ == "__main__":
    main()
