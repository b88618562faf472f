"""How a server is called on the machine that it runs on."""

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (where somebody else listens)


def local_url(host: str, port: int) -> str:
    """The address at which this machine reaches a server that listens here; one that listens everywhere is at loopback."""
    here = _EVERYWHERE.get(host.strip("[]"), host.strip("[]"))
    return f"http://[{here}]:{port}" if ":" in here else f"http://{here}:{port}"
