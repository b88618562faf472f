"""Which targets flow calls, webhooks and downloads may reach: public addresses, and what the owner allows.

The address is judged when the name is resolved, and that very address is connected to, so that a name which
resolves differently a moment later (DNS rebinding) gains nothing.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from yarl import URL

from .errors import Blocked, Unsendable

Address = IPv4Address | IPv6Address

_REMEMBERED = 1000  # origins that passed; the rules of a guard never change
_DEFAULT_PORTS = {"http": 80, "https": 443}
_GLOBAL_V6 = IPv6Network("2000::/3")  # all that IANA has handed out as global unicast
_TUNNELS_V6 = (
    IPv6Network("2001::/23"),  # protocol assignments, with Teredo
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("2002::/16"),  # 6to4: an IPv4 address in disguise
    IPv6Network("3fff::/20"),  # documentation
)
_NAT64 = IPv6Network("64:ff9b::/96")
_NUMERIC_HOST = re.compile(r"(?:^|\.)(?:\d+|0[xX][0-9a-fA-F]*)\.?$")


def is_public(address: Address) -> bool:
    """Whether the address is on the public internet; IPv4 inside IPv6 is judged as what it reaches."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and not address.is_reserved
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    return address in _GLOBAL_V6 and not any(address in network for network in _TUNNELS_V6)


class Guard:
    """The rules of one installation: `allow` holds origins, hosts and CIDRs that may be reached though private."""

    def __init__(self, allow: Sequence[str] = ()) -> None:
        """Raises ValueError with the entry and its mend when one is none of the three forms."""
        self._origins: set[tuple[str, int]] = set()
        self._hosts: set[str] = set()
        self._networks: list[IPv4Network | IPv6Network] = []
        self._passed: set[tuple[str, str, int]] = set()
        for entry in allow:
            self._add(entry.strip())

    def _add(self, entry: str) -> None:
        if "://" in entry:
            parts = urlsplit(entry)
            port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
            if not parts.hostname or port is None or parts.path.strip("/") or parts.query or parts.username:
                raise ValueError(f"{entry!r} is not an origin; write it as http://host:port")
            self._origins.add((_canonical(parts.hostname), port))
            return
        try:
            self._networks.append(ip_network(entry, strict=False))
        except ValueError:
            if not re.fullmatch(r"[\w.-]+", entry):
                raise ValueError(
                    f"{entry!r} is neither an origin (http://host:port), a host nor a CIDR"
                ) from None
            self._hosts.add(_canonical(entry))

    def check(self, url: URL) -> None:
        """Judge what the url alone tells; names are judged when resolved. Raises Blocked or Unsendable."""
        if url.scheme not in _DEFAULT_PORTS or not url.raw_host or url.port is None:
            raise Unsendable("The target is not an absolute http or https url")
        origin = (url.scheme, url.raw_host, url.port)
        if origin not in self._passed:
            self._judge(url.raw_host, url.port)
            if len(self._passed) < _REMEMBERED:
                self._passed.add(origin)

    def _judge(self, raw_host: str, port: int) -> None:
        host = _canonical(raw_host)
        try:
            address = ip_address(host)
        except ValueError:
            if _NUMERIC_HOST.search(host):
                raise Blocked("The target's host is a number that is not a plain IP address") from None
            return
        if not self.permits(host, port, address):
            raise Blocked

    def permits(self, host: str, port: int, address: Address) -> bool:
        """Whether `host`:`port` may be reached at `address`."""
        host = _canonical(host)
        if host in self._hosts or (host, port) in self._origins or is_public(address):
            return True
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        real = mapped or address
        return any(real.version == network.version and real in network for network in self._networks)


def _canonical(host: str) -> str:
    host = host.strip("[]").rstrip(".").lower()
    try:
        return str(ip_address(host.replace("%25", "%")))
    except ValueError:
        return host
