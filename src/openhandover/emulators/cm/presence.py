"""Presence of the Mobile Service Cloud: the bare word Online or Offline."""

from collections.abc import Mapping

from openhandover.emulators.answers import Refused

from .account import Account

CHANNELS = (
    *("Email", "Chat", "WhatsApp", "SMS", "WebChat", "Facebook Messenger", "Instagram"),
    *("Apple Business Chat", "Twitter", "Google Business Messages", "RCS"),
)
PARAMETERS = {"apikey", "Channel", "referrer"}
NO_STORE = ""


class Presence:
    """Where agents are online, by channel and web store."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._online: set[tuple[str, str]] = set()

    def set(self, on: bool, channel: str | None = None, referrer: str | None = None) -> None:
        """Agents come or go, in one channel or all, in one web store or all.

        Raises:
            Refused: 400, there is no such channel or store.
        """
        if channel not in (None, *CHANNELS) or referrer not in (None, *self._account.stores):
            raise Refused(400, "no such channel or referrer")
        channels = CHANNELS if channel is None else (channel,)
        stores = (NO_STORE, *self._account.stores) if referrer is None else (referrer,)
        named = {(one, store) for one in channels for store in stores}
        self._online = self._online | named if on else self._online - named

    @property
    def channels(self) -> list[str]:
        """Channels with an agent online."""
        return [one for one in CHANNELS if any(channel == one for channel, _ in self._online)]

    def answer(self, query: Mapping[str, str]) -> str:
        """`Online` or `Offline`.

        Raises:
            Refused: 400 for a missing or unknown parameter, 404 for an unknown key or referrer. The page lists
                both statuses without saying which case has which.
        """
        if unknown := set(query) - PARAMETERS:
            raise Refused(400, f"unknown parameter {min(unknown)!r}")
        if query.get("Channel") not in CHANNELS:
            raise Refused(400, "Channel is missing or unknown")
        if "apikey" not in query:
            raise Refused(400, "apikey is missing")
        if query["apikey"] != self._account.presence_key:
            raise Refused(404, "no such subscription")
        referrer = query.get("referrer") or None
        if referrer is not None and referrer not in self._account.stores:
            raise Refused(404, "no web store has this referrer")
        wanted = {store for channel, store in self._online if channel == query["Channel"]}
        is_online = referrer in wanted if referrer is not None else bool(wanted)
        return "Online" if is_online else "Offline"
