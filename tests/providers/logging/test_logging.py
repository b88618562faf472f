"""The `logging` provider: a transfer to nobody."""

from openhandover.core.model import Style, User
from openhandover.net.client import HttpClient
from openhandover.providers.base import Brief, HandoverRequest
from openhandover.providers.logging import Logging
from openhandover.providers.logging.settings import Settings


async def test_everything_is_accepted_and_nothing_is_called() -> None:
    """The record is the handover itself; its key is the external id."""
    request = HandoverRequest(
        "h1",
        1,
        None,
        "bot",
        Brief("c1", "web", "en", "text"),
        User("u1"),
        context={},
        route={},
        transcript=[],
    )
    async with HttpClient() as client:
        opened = await Logging("log", Settings(), client).open(request)
    assert (opened.external_id, opened.position) == ("h1:1", None)
    assert (Logging.capabilities.style, Logging.capabilities.transferred) == (Style.TRANSFER, "logged")
