"""Planted faults: what a provider does wrong in trouble, after a restart, or only now and then; and trouble that never comes."""

import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from openhandover.core import facts
from openhandover.core.errors import ProviderRejected, ProviderUnavailable, SessionGone, SignatureError
from openhandover.core.events import FromProvider
from openhandover.core.model import Agent
from openhandover.emulators.callbacks import Callbacks
from openhandover.emulators.faults import Faults
from openhandover.providers.base import Opened, Session, WebhookRequest
from openhandover.providers.chatwoot import Chatwoot
from openhandover.providers.http import Http, wire
from openhandover.providers.livehelperchat import LiveHelperChat
from openhandover.providers.salesforce_chat import SalesforceChat
from tests.contract.desk_emulator import DeskEmulator
from tests.contract.planting import answers, breaks, nothing, sees, taken_for

# --- trouble that never comes


@breaks("a_vendor_in_maintenance_loses_nothing")
@breaks("a_storm_of_429_loses_nothing")
@breaks("a_lost_reply_opens_one_chat")
@breaks("a_lost_reply_to_a_message_shows_it_once")
@breaks("a_troubled_open_is_repeated")
@breaks("an_agent_who_is_faster_than_the_answer_is_heard")
@breaks("a_restart_in_the_middle_of_a_talk")
def nothing_goes_wrong(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Faults, "take", lambda *_: None)


@breaks("a_repeated_webhook_has_one_effect")
@breaks("reordered_webhooks_lose_nothing")
def every_webhook_comes_once_and_in_order(patch: pytest.MonkeyPatch) -> None:
    for name in ("repeat_next", "reorder_next"):
        patch.setattr(Callbacks, name, lambda *_: None)


@breaks("an_unknown_kind_of_event_is_passed_over")
def nothing_unknown_is_sent(patch: pytest.MonkeyPatch) -> None:
    async def sends_unknown(*_: Any) -> None:
        pass

    patch.setattr(DeskEmulator, "sends_unknown", sends_unknown)


@breaks("the_place_in_the_queue")
def the_page_offers_what_is_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(DeskEmulator, "queue_figures", frozenset({"position"}))


# --- what the vendor answers is misunderstood


@breaks("what_was_due_when_the_agent_ended_it")
def ended_is_refused(patch: pytest.MonkeyPatch) -> None:
    answers(patch, "send", SessionGone, ProviderRejected)


@breaks("what_was_due_when_the_agent_ended_it", vendor="chatwoot")
def ended_is_lost(patch: pytest.MonkeyPatch) -> None:
    answers(patch, "send", SessionGone, SessionGone, of=Chatwoot)


@breaks("a_storm_of_429_loses_nothing")
def too_much_is_too_much(patch: pytest.MonkeyPatch) -> None:
    answers(patch, "send", told=ProviderRejected)


@breaks("an_hour_of_maintenance_loses_nothing")
def weary(patch: pytest.MonkeyPatch) -> None:
    """It gives up after twenty tries."""
    whole, tries = Http.send, [0]

    async def send(self: Http, *args: Any) -> None:
        tries[0] += 1
        try:
            await whole(self, *args)
        except ProviderUnavailable as error:
            if tries[0] > 20:
                raise ProviderRejected("enough") from error
            raise

    patch.setattr(Http, "send", send)


@breaks("a_message_that_is_refused_for_good")
def no_is_later(patch: pytest.MonkeyPatch) -> None:
    answers(patch, "send", ProviderRejected, ProviderUnavailable)


@breaks("a_message_that_is_refused_for_good")
def no_is_the_end(patch: pytest.MonkeyPatch) -> None:
    answers(patch, "send", ProviderRejected, SessionGone)


@breaks("a_chat_that_is_refused_for_good")
def knocks_for_ever(patch: pytest.MonkeyPatch) -> None:
    answers(patch, "open", ProviderRejected, ProviderUnavailable)


@breaks("both_end_it")
def gone_is_an_error(patch: pytest.MonkeyPatch) -> None:
    async def close(self: Http, *_: Any) -> None:
        raise ProviderRejected("there is nothing to close")

    patch.setattr(Http, "close", close)


# --- webhooks of others


@breaks("a_forged_webhook_changes_nothing", "wrongly signed")
@breaks("a_forged_webhook_changes_nothing", "unsigned")
def refused_without_a_word(patch: pytest.MonkeyPatch) -> None:
    def verify(*_: Any) -> None:
        raise SignatureError("something is not right")

    whole = Http.verify

    def wordless(self: Http, request: Any) -> None:
        try:
            whole(self, request)
        except SignatureError:
            verify()

    patch.setattr(Http, "verify", wordless)


@breaks("a_forged_webhook_changes_nothing", "altered")
def a_forged_one_counts_as_seen(patch: pytest.MonkeyPatch) -> None:
    whole, seen = Http.verify, set[str]()

    def verify(self: Http, request: Any) -> None:
        try:
            whole(self, request)
        except SignatureError:
            seen.update(one.event_id for one in self.parse(request))
            raise

    patch.setattr(Http, "verify", verify)
    sees(patch, lambda one: None if one.event_id in seen else one)


@breaks("late_webhooks_lose_nothing")
def the_end_overtakes(patch: pytest.MonkeyPatch) -> None:
    """An end for which no grace is kept, and no place in the order."""
    late: list[FromProvider] = []

    def change(one: FromProvider) -> FromProvider | None:
        if isinstance(one.fact, facts.AgentMessage) and not one.fact.text.startswith("hello"):
            late.append(one)
            return None
        return one

    sees(patch, change)
    whole = Http.parse

    def parse(self: Http, request: Any) -> Sequence[FromProvider]:
        found = [structs.replace(one, seq=None) for one in whole(self, request)]
        return [*found, *(structs.replace(one, seq=None) for one in late)] if found else found

    patch.setattr(Http, "parse", parse)


@breaks("a_connection_that_breaks_after_every_word", vendor="salesforce_chat")
def the_place_is_passed_first(patch: pytest.MonkeyPatch) -> None:
    """The first event of several that came together has the place after all of them."""
    whole = SalesforceChat.listen

    async def listen(self: Any, session: Session, cursor: str | None) -> AsyncIterator[Any]:
        async for place, event in whole(self, session, cursor):
            there = json.loads(place)
            yield json.dumps(there | {"ack": there["ack"] + (event is not None)}), event

    patch.setattr(SalesforceChat, "listen", listen)


@breaks("check_connect_tells_where_webhooks_go", vendor="chatwoot")
def any_address_will_do(patch: pytest.MonkeyPatch) -> None:
    nothing(patch, "connect", Chatwoot)


# --- words


@breaks("the_same_words_again_are_no_repetition")
def known_by_its_text(patch: pytest.MonkeyPatch) -> None:
    def change(one: FromProvider) -> FromProvider:
        same = isinstance(one.fact, facts.AgentMessage)
        return structs.replace(one, event_id=one.fact.text, seq=None) if same else one  # type: ignore[union-attr]

    sees(patch, change)


@breaks("the_same_words_again_are_no_repetition")
def an_echo_by_its_text(patch: pytest.MonkeyPatch) -> None:
    whole, said = Http.send, set[str]()

    async def send(self: Http, session: Any, message: Any, key: str) -> None:
        said.add(message.text)
        await whole(self, session, message, key)

    patch.setattr(Http, "send", send)
    sees(patch, lambda one: None if getattr(one.fact, "text", None) in said else one)


@breaks("a_long_text_of_the_agent_arrives_whole")
def the_rest_is_lost(patch: pytest.MonkeyPatch) -> None:
    def change(one: FromProvider) -> FromProvider:
        if isinstance(one.fact, facts.AgentMessage):
            return structs.replace(one, fact=structs.replace(one.fact, text=one.fact.text[:65_536]))
        return one

    sees(patch, change)


@breaks("a_long_talk_is_told_in_its_order")
def backwards(patch: pytest.MonkeyPatch) -> None:
    whole = wire.opening

    def opening(request: Any) -> Any:
        told = whole(request)
        return told | {"transcript": told["transcript"][::-1]}

    patch.setattr(wire, "opening", opening)


@breaks("a_long_talk_is_told_in_its_order")
def the_bot_s_words_are_lost(patch: pytest.MonkeyPatch) -> None:
    whole = wire.opening

    def opening(request: Any) -> Any:
        user = [one for one in request.transcript if one.author == "user"]
        return whole(request) | {"transcript": whole(request)["transcript"][: len(user)]}

    patch.setattr(wire, "opening", opening)


@breaks("a_user_of_whom_nothing_is_known")
def needs_a_name(patch: pytest.MonkeyPatch) -> None:
    whole = wire.opening

    def opening(request: Any) -> Any:
        return whole(request) | {"reason": request.user.name.title()}

    patch.setattr(wire, "opening", opening)


# --- who is there


@breaks("an_agent_joins_by_name")
def everybody_is_agent(patch: pytest.MonkeyPatch) -> None:
    taken_for(patch, facts.AgentJoined, facts.AgentJoined(Agent("1", "Agent")))


@breaks("a_transfer_is_no_end")
def the_first_name_stays(patch: pytest.MonkeyPatch) -> None:
    def change(one: FromProvider) -> FromProvider:
        if getattr(one.fact, "agent", None) is not None:
            return structs.replace(one, fact=structs.replace(one.fact, agent=Agent("kim", "Kim")))
        return one

    sees(patch, change)


@breaks("a_restart_in_the_middle_of_a_talk")
def names_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Only a process that saw the agent come knows who they are."""
    whole = Http.parse

    def parse(self: Any, request: Any) -> Sequence[FromProvider]:
        found = list(whole(self, request))
        if any(isinstance(one.fact, facts.AgentJoined) for one in found):
            self.saw_them = True
        if hasattr(self, "saw_them"):
            return found
        nobody = Agent("kim", "Agent kim")
        return [
            structs.replace(one, fact=structs.replace(one.fact, agent=nobody))
            if isinstance(one.fact, facts.AgentMessage)
            else one
            for one in found
        ]

    patch.setattr(Http, "parse", parse)


@breaks("the_user_comes_and_goes")
def left_without_a_word(patch: pytest.MonkeyPatch) -> None:
    whole = Http.presence

    async def presence(self: Http, session: Any, user: Any, _: str) -> None:
        await whole(self, session, user, "")

    patch.setattr(Http, "presence", presence)


@breaks("the_agent_has_read_it")
def another_one_was_read(patch: pytest.MonkeyPatch) -> None:
    nothing(patch, "receipt")
    first: list[str] = []
    whole = Http.send

    async def send(self: Http, session: Any, message: Any, key: str) -> None:
        first.append(message.id)
        await whole(self, session, message, key)

    patch.setattr(Http, "send", send)
    sees(
        patch,
        lambda one: (
            structs.replace(one, fact=facts.MessageRead(f"{first[0]}x"))
            if isinstance(one.fact, facts.MessageRead)
            else one
        ),
    )


# --- sessions


@breaks("we_end_it")
def types_after_the_end(patch: pytest.MonkeyPatch) -> None:
    whole = Http.close

    async def close(self: Http, session: Any, reason: str) -> None:
        await whole(self, session, reason)
        await self._tell("/typing", "typing", wire.about(session, on=False), missing={410})  # pyright: ignore[reportPrivateUsage]

    patch.setattr(Http, "close", close)


@breaks("the_agent_ends_it_before_answering")
def nobody_came(patch: pytest.MonkeyPatch) -> None:
    taken_for(patch, facts.Closed, facts.Failed("unavailable", sequenced=True))


@breaks("a_second_handover_gets_a_fresh_session")
def the_old_session_again(patch: pytest.MonkeyPatch) -> None:
    whole, known = Http.open, dict[str, Opened]()

    async def open_(self: Http, request: Any) -> Opened:
        if request.user.id not in known:
            known[request.user.id] = await whole(self, request)
        return known[request.user.id]

    patch.setattr(Http, "open", open_)


@breaks("a_private_note_never_reaches_the_user", vendor="chatwoot")
def a_note_is_a_message(patch: pytest.MonkeyPatch) -> None:
    whole = Chatwoot.parse

    def parse(self: Chatwoot, request: WebhookRequest) -> Sequence[FromProvider]:
        open_to_all = re.sub(rb'"(private|is_private)":\s*true', rb'"\1":false', request.body)
        return whole(self, replace(request, body=open_to_all))

    patch.setattr(Chatwoot, "parse", parse)


@breaks("a_file_of_the_agent", vendor="livehelperchat")
def fetched_without_a_key(patch: pytest.MonkeyPatch) -> None:
    async def file_headers(*_: Any) -> Any:
        return {}

    patch.setattr(LiveHelperChat, "file_headers", file_headers)
