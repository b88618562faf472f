"""The running server: one process, started, drained and stopped in order."""

import asyncio
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
import uvicorn

from openhandover.config.model import Config, WebchatChannel
from openhandover.core.errors import ConfigError
from openhandover.engine import Engine
from openhandover.net.local import local_url

from .app import App, create_app
from .connections import Connection, SocketConnection, end_when_unread

DRAIN_S = 5.0
"""So long running requests may still take after SIGTERM; with the engine's own drain it stays under 10 s."""

_log = structlog.get_logger("openhandover.web")


class _Server(uvicorn.Server):
    """Uvicorn without its signal handling: ours ends the process with status 0."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.answers.set()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@dataclass(slots=True)
class Running:
    """A server that answers. `port` is the real one, also when a free one was asked for."""

    engine: Engine
    host: str
    port: int
    stop: Callable[[], None]
    ended: "asyncio.Task[None]"
    sockets: list[socket.socket] = field(default_factory=list[socket.socket])

    @property
    def url(self) -> str:
        """Where it can be reached from this machine."""
        return local_url(self.host, self.port)


async def start(config: Config, *, host: str, port: int) -> Running:
    """Start engine and server; returns once the port answers.

    Raises:
        ConfigError: the address cannot be had, or a part of the engine cannot start.
    """
    listener = _bind(host, port)
    engine = Engine(config)
    if config.server.public_url is None:
        engine.files.base_url = local_url(host, listener.getsockname()[1])
    try:
        await engine.start()
    except BaseException:
        listener.close()
        raise
    app = create_app(engine, config)
    server = _Server(_uvicorn_config(app))
    server.config.load()

    async def run() -> None:
        try:
            await server.serve(sockets=[listener])
        finally:
            await engine.stop()

    task = asyncio.create_task(run(), name="server")
    answers = asyncio.create_task(server.answers.wait())
    await asyncio.wait((task, answers), return_when=asyncio.FIRST_COMPLETED)
    if not server.answers.is_set():
        answers.cancel()
        await task
        raise ConfigError("the server did not start; the log says why")

    def stop() -> None:
        app.site.closing.set()
        server.should_exit = True

    return Running(engine, host, listener.getsockname()[1], stop, task, [listener])


def _bind(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except OSError as error:
        raise ConfigError(f"cannot listen on {host}: {error.strerror}; check `server.host`") from error
    # asyncio sends small frames at once only where the protocol is named; unnamed, they wait for an acknowledgement
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        end_when_unread(listener)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError(f"cannot listen on {host}:{port}: {error.strerror}; choose another port") from error
    listener.setblocking(False)
    return listener


def _uvicorn_config(app: App) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="none",
        http=Connection,
        ws=SocketConnection,
        ws_per_message_deflate=False,
        ws_max_size=1024 * 1024,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        lifespan="on",
        log_config=None,
        log_level=logging.ERROR,  # a stranger's nonsense is no line in our log
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=int(DRAIN_S),
    )


def obey_signals(running: Running, reload: Callable[[], Config] | None = None) -> None:
    """SIGTERM and SIGINT drain and end the server; SIGHUP re-reads the agents through `reload`. To be called before
    anybody is told that the server runs: until then a signal ends the process at once."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.stop)
    if reload is not None:
        loop.add_signal_handler(signal.SIGHUP, _reread, running.engine, reload)


def serve(
    config: Config,
    *,
    host: str | None = None,
    port: int | None = None,
    reload: Callable[[], Config] | None = None,
) -> None:
    """Serve on the configured address, or the given one, until SIGTERM or SIGINT; then drain and return.

    Raises:
        ConfigError: it cannot start; the text says why.
    """

    async def main() -> None:
        running = await start(
            config,
            host=host if host is not None else config.server.host,
            port=port if port is not None else config.server.port,
        )
        obey_signals(running, reload)
        _announce(running)
        await running.ended

    collect_seldom()
    _open_many()
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())


def collect_seldom() -> None:
    """What was imported stays for ever, and a message leaves no cycles: looking for them seldom saves a fifth of the
    time per message."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _open_many() -> None:
    """Take as many connections as the system lets us. What it gives at first (often 1,024, for programs of another time) is
    fewer than a busy site has visitors, and who comes after that is turned away without a word."""
    if sys.platform != "win32":
        import resource

        first, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 10_240 if most == resource.RLIM_INFINITY else most  # macOS says "any", and takes this
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(first, wanted), most))


def new_loop() -> asyncio.AbstractEventLoop:
    """The fastest event loop of this platform."""
    if sys.implementation.name != "cpython" or sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()


def _reread(engine: Engine, reload: Callable[[], Config]) -> None:
    try:
        agents = reload().agents
    except ConfigError as error:
        _log.error("agents_not_reread", reason=str(error))
        return
    engine.reload_agents(agents)
    _log.info("agents_reread", agents=len(agents))


def _announce(running: Running) -> None:
    config = running.engine.config
    base = config.server.public_url or running.url
    chats = [
        f"{base}/chat/{name}" for name, kind in config.channels.items() if isinstance(kind, WebchatChannel)
    ]
    _log.info(
        "serving",
        url=base,
        docs=f"{base}/docs",
        desk=f"{base}/desk",
        analytics=f"{base}/analytics",
        chat=chats,
    )
