"""Ending a conversation from our side: two calls that may be refused, for the vendor does not promise them to a client."""

from openhandover.net.bodies import read_answer
from openhandover.net.client import Reply

from . import wire
from .api import Api

_GONE = 404
_REFUSED = {400, 403}


async def disconnect(api: Api, conversation_id: str) -> bool:
    """Whether the conversation is over now; a conversation that is gone is. False: the vendor does not let us."""
    if not conversation_id:
        return False
    path = f"/api/v2/conversations/messages/{conversation_id}"
    whole = await api.call("PATCH", path, {"state": "disconnected"})
    if (done := _done(api, whole)) is not None:
        return done
    found = await api.call("GET", path)
    if not found.is_success:
        return bool(_done(api, found))
    there = read_answer(found, wire.MessageConversation)
    customer = there.customer()
    if there.ended() is not None or customer is None:
        return customer is not None
    part = await api.call("PATCH", f"{path}/participants/{customer.id}", {"state": "disconnected"})
    return bool(_done(api, part))


def _done(api: Api, reply: Reply) -> bool | None:
    """Whether it is over; None where the vendor refused. Anything else is tried again."""
    if reply.is_success or reply.status == _GONE:
        return True
    if reply.status in _REFUSED:
        return None
    api.check(reply, {})
    raise AssertionError("check raises")
