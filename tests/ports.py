"""Ports that a test may count on."""

import random
import socket

PORTS = range(20_000, 32_000)
"""Below every system's range for ports that nobody chose (Linux: from 32768)."""
_kept: list[socket.socket] = []


def free_port() -> int:
    """A port that nobody has, and that nobody gets while a server is down between two starts.

    One that the system gives out (port 0) may be given to any connection as soon as its server has stopped. Who asks
    here at the same time, in any process, is kept away by a UDP socket at the same number, held until this process ends.
    """
    while True:
        port = random.choice(PORTS)
        mark = socket.socket(type=socket.SOCK_DGRAM)
        try:
            mark.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
        except OSError:
            mark.close()
            continue
        _kept.append(mark)
        return port
