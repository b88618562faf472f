"""A handover becomes a conversation: the user's contact, used again each time, and a fresh conversation of it."""

import hashlib
from urllib.parse import urlencode

from openhandover.core.errors import ProviderRejected
from openhandover.core.model import User
from openhandover.providers.base import HandoverRequest, Host

from . import wire
from .calls import OPENING, UNPROCESSABLE, Calls, checked, decoded, refusal_of
from .posting import Posting

_SEARCH_PAGES = 10
NOT_FOUND = 404


class Opening:
    """Begins conversations. Every step may be repeated: what an earlier try did is found again."""

    def __init__(self, calls: Calls, posting: Posting, account: str) -> None:
        self._calls = calls
        self._posting = posting
        self._account = account

    async def begin(self, request: HandoverRequest, plan: wire.Plan, host: Host) -> wire.Talk:
        """The conversation of this attempt, complete."""
        found, contact_id = await self._earlier(request, plan, host)
        talk = found or await self._create(request, plan, contact_id)
        if found is None:
            self._posting.sure(str(talk.id))
        await self._complete(talk, plan)
        for n, text in enumerate(wire.opening_notes(request)):
            await self._posting.post(str(talk.id), wire.note(text, wire.reference(f"{request.key}:note:{n}")))
        return talk

    async def _earlier(
        self, request: HandoverRequest, plan: wire.Plan, host: Host
    ) -> tuple[wire.Talk | None, int]:
        """The conversation that an earlier try of this call began, if any, and the user's contact."""
        key = "contact:" + hashlib.sha256(f"{self._account}:{request.user.id}".encode()).hexdigest()
        known = await host.recall(key)
        source = wire.source_id(request.handover_id, request.attempt)
        if known:
            reply = await self._calls.get(f"/contacts/{known}/conversations")
            if reply.status != NOT_FOUND:  # else the contact was deleted, or merged into another
                talks: wire.Talks = decoded(
                    checked(reply, OPENING), wire.Talks, "GET contact's conversations"
                )
                return wire.ours(talks, source, plan.inbox_id), int(known)
        contact_id, is_new = await self._contact(request.user, plan.inbox_id)
        await host.remember(key, str(contact_id))
        if is_new:
            return None, contact_id
        reply = checked(await self._calls.get(f"/contacts/{contact_id}/conversations"), OPENING)
        talks = decoded(reply, wire.Talks, "GET contact's conversations")
        return wire.ours(talks, source, plan.inbox_id), contact_id

    async def _contact(self, user: User, inbox_id: int) -> tuple[int, bool]:
        """The user's contact, and whether it is new. What else is taken, such as an e-mail address that another
        contact has, is left out: who merely names an address does not become that contact."""
        body = wire.contact(user, inbox_id)
        while True:
            reply = await self._calls.call("POST", "/contacts", body)
            refused = set(refusal_of(reply).attributes) if reply.status == UNPROCESSABLE else set[str]()
            if "identifier" in refused:
                return await self._search(user.id), False
            droppable = refused & (set(body) - {"inbox_id", "identifier"})
            if not droppable:
                made: wire.CreatedContact = decoded(
                    checked(reply, OPENING), wire.CreatedContact, "POST contacts"
                )
                return made.payload.contact.id, True
            body = {key: value for key, value in body.items() if key not in droppable}

    async def _search(self, identifier: str) -> int:
        for page in range(1, _SEARCH_PAGES + 1):
            query = urlencode({"q": identifier, "page": page})
            reply = checked(await self._calls.get(f"/contacts/search?{query}"), OPENING)
            found: wire.FoundContacts = decoded(reply, wire.FoundContacts, "GET contacts")
            for contact in found.payload:
                if contact.identifier == identifier:
                    return contact.id
            if not found.payload:
                break
        raise ProviderRejected(
            "a contact has this user's identifier, but the owner of `api_token` may not see it"
        )

    async def _create(self, request: HandoverRequest, plan: wire.Plan, contact_id: int) -> wire.Talk:
        body = wire.conversation(request, plan, contact_id)
        reply = checked(await self._calls.call("POST", "/conversations", body), OPENING)
        talk: wire.Talk = decoded(reply, wire.Talk, "POST conversations")
        told = talk.additional_attributes
        if told is not None and told.get(wire.MARK_ATTRIBUTE) != body["source_id"]:
            raise ProviderRejected(
                "check `inbox_id`: Chatwoot gives an earlier conversation; turn *Lock to single conversation* of the inbox off"
            )
        if talk.status == "resolved":
            raise ProviderRejected("the user's contact is blocked in Chatwoot")
        return talk

    async def _complete(self, talk: wire.Talk, plan: wire.Plan) -> None:
        """What a conversation cannot be created with."""
        path = f"/conversations/{talk.id}"
        if talk.status == "pending":  # an agent bot is connected to the inbox
            checked(await self._calls.call("POST", f"{path}/toggle_status", {"status": "open"}), OPENING)
        if plan.priority != "none":
            body = {"priority": plan.priority}
            checked(await self._calls.call("POST", f"{path}/toggle_priority", body), OPENING)
        if plan.labels:
            # The call replaces the set, and the account's automation may have been faster.
            reply = checked(await self._calls.get(f"{path}/labels"), OPENING)
            there: wire.Labels = decoded(reply, wire.Labels, "GET labels")
            labels = list(dict.fromkeys([*there.payload, *plan.labels]))
            checked(await self._calls.call("POST", f"{path}/labels", {"labels": labels}), OPENING)
