"""Ports that a test may count on."""

import os
import socket
from itertools import count

LOWEST, EACH, WORKERS = 20_000, 500, 24
"""Below every system's range for ports that nobody chose (Linux: from 32768), and a share for every process of a test run."""
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", f"gw{WORKERS - 1}").removeprefix("gw")) % WORKERS
_numbers = count(os.getpid())


def free_port() -> int:
    """A port that nobody has, and that nobody gets by chance while a server is down between two starts.

    One that the system gives out (port 0) may be given to any connection as soon as its server has stopped.
    """
    for _ in range(EACH):
        port = LOWEST + _worker * EACH + next(_numbers) % EACH
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError(f"none of {EACH} ports is free")
