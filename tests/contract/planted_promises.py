"""Planted faults: what a provider does wrong when all is well."""

from typing import Any
from uuid import uuid4

import pytest
from msgspec import structs

from openhandover.core import facts
from openhandover.core.errors import PayloadError, ProviderRejected
from openhandover.core.events import FromProvider
from openhandover.providers.base import Availability
from openhandover.providers.http import Http, wire
from tests.contract import test_provider_suite
from tests.contract.desk_emulator import DeskEmulator
from tests.contract.planting import another_key, answers, breaks, can, nothing, sees, taken_for


@breaks("open_brings_user_reason_and_transcript")
def no_transcript(patch: pytest.MonkeyPatch) -> None:
    whole = wire.opening
    patch.setattr(wire, "opening", lambda request: whole(request) | {"transcript": []})


@breaks("open_brings_user_reason_and_transcript")
def no_reason(patch: pytest.MonkeyPatch) -> None:
    whole = wire.opening
    patch.setattr(wire, "opening", lambda request: whole(request) | {"reason": None})


@breaks("a_lost_reply_opens_one_chat")
def opened_again(patch: pytest.MonkeyPatch) -> None:
    another_key(patch)


@breaks("a_lost_reply_to_a_message_shows_it_once")
def sent_again(patch: pytest.MonkeyPatch) -> None:
    another_key(patch)


@breaks("a_troubled_open_is_repeated")
def open_given_up(patch: pytest.MonkeyPatch) -> None:
    answers(patch, "open", told=ProviderRejected)


@breaks("a_vendor_in_maintenance_loses_nothing")
def send_given_up(patch: pytest.MonkeyPatch) -> None:
    answers(patch, "send", told=ProviderRejected)


@breaks("retry_after_is_honoured", "open")
@breaks("retry_after_is_honoured", "send")
@breaks("retry_after_is_honoured", "close")
def impatient(patch: pytest.MonkeyPatch) -> None:
    for call in ("open", "send", "close"):
        answers(patch, call)


@breaks("the_agent_reads_what_the_user_wrote", "<b>bold</b>")
def escaped(patch: pytest.MonkeyPatch) -> None:
    whole = wire.message
    patch.setattr(
        wire, "message", lambda one: structs.replace(whole(one), text=one.text.replace("<", "&lt;"))
    )


@breaks("a_long_text_of_the_user_arrives_whole")
def cut_short(patch: pytest.MonkeyPatch) -> None:
    whole = wire.message
    patch.setattr(wire, "message", lambda one: structs.replace(whole(one), text=one.text[:4_000]))


@breaks("a_private_note_never_reaches_the_user")
def note_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(DeskEmulator, "agent_notes", DeskEmulator.agent_says)


@breaks("nothing_that_the_user_said_comes_back")
def echo(patch: pytest.MonkeyPatch) -> None:
    whole = test_provider_suite.DeskEmulator.routes

    def routes(self: DeskEmulator) -> Any:
        said = self.desk.on_messages

        def on_messages(sent: Any, _: Any) -> Any:
            message = {key: sent["message"][key] for key in ("id", "text")}
            self.desk.emit(self.talk(sent["external_id"]), "agent.message", message=message)
            return said(sent, _)

        self.desk.on_messages = on_messages
        return whole(self)

    patch.setattr(DeskEmulator, "routes", routes)


@breaks("the_user_types")
def types_in_secret(patch: pytest.MonkeyPatch) -> None:
    can(patch, typing_out=False)


@breaks("the_user_types")
def typing_kept_back(patch: pytest.MonkeyPatch) -> None:
    nothing(patch, "typing")


@breaks("the_user_comes_and_goes")
def presence_kept_back(patch: pytest.MonkeyPatch) -> None:
    nothing(patch, "presence")


@breaks("the_agent_hears_that_it_arrived")
def receipts_in_secret(patch: pytest.MonkeyPatch) -> None:
    can(patch, receipts=False)


@breaks("the_agent_types")
def typing_not_heard(patch: pytest.MonkeyPatch) -> None:
    taken_for(patch, facts.AgentTyping, None)


@breaks("the_agent_types")
def typing_denied(patch: pytest.MonkeyPatch) -> None:
    can(patch, typing_in=False)


@breaks("a_file_of_the_agent")
def file_lost(patch: pytest.MonkeyPatch) -> None:
    taken_for(patch, facts.AgentMessage, facts.AgentMessage("a file"))


@breaks("the_agent_has_read_it")
def reading_not_heard(patch: pytest.MonkeyPatch) -> None:
    taken_for(patch, facts.MessageRead, None)


@breaks("the_place_in_the_queue")
def seconds_for_milliseconds(patch: pytest.MonkeyPatch) -> None:
    taken_for(patch, facts.QueueUpdated, facts.QueueUpdated(3, 120))


@breaks("whether_somebody_is_there")
def always_open(patch: pytest.MonkeyPatch) -> None:
    async def availability(*_: Any) -> Availability:
        return Availability(True)

    patch.setattr(Http, "availability", availability)


@breaks("an_agent_joins_by_name")
def nameless(patch: pytest.MonkeyPatch) -> None:
    can(patch, agent_name=False)


@breaks("an_agent_leaves_and_another_one_comes")
def leaving_is_an_end(patch: pytest.MonkeyPatch) -> None:
    taken_for(patch, facts.AgentLeft, facts.Closed(sequenced=True))


@breaks("a_transfer_is_no_end")
def transfer_is_an_end(patch: pytest.MonkeyPatch) -> None:
    taken_for(patch, facts.AgentTransferred, facts.Closed(sequenced=True))


@breaks("the_agent_ends_it")
def end_not_heard(patch: pytest.MonkeyPatch) -> None:
    taken_for(patch, facts.Closed, facts.AgentLeft())


@breaks("the_user_changes_their_mind")
def cancel_kept_back(patch: pytest.MonkeyPatch) -> None:
    nothing(patch, "cancel")


@breaks("we_end_it")
def close_kept_back(patch: pytest.MonkeyPatch) -> None:
    nothing(patch, "close")


@breaks("a_forged_webhook_changes_nothing", "unsigned")
def unsigned_believed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Http, "verify", lambda *_: None)


@breaks("a_forged_webhook_changes_nothing", "altered")
def body_not_covered(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Http, "verify", lambda *_: None)


@breaks("a_repeated_webhook_has_one_effect")
def every_event_is_new(patch: pytest.MonkeyPatch) -> None:
    sees(patch, lambda one: structs.replace(one, event_id=str(uuid4()), seq=None))


@breaks("an_unknown_kind_of_event_is_passed_over")
def unknown_refused(patch: pytest.MonkeyPatch) -> None:
    def change(one: FromProvider) -> FromProvider:
        if isinstance(one.fact, facts.Unknown):
            raise PayloadError("unheard of")
        return one

    sees(patch, change)


@breaks("late_webhooks_lose_nothing")
def last_words_lost(patch: pytest.MonkeyPatch) -> None:
    whole = DeskEmulator.agent_ends

    async def agent_ends(self: DeskEmulator, chat_id: str) -> None:
        sent = self.callbacks.sent[-1]
        self.callbacks._lanes.clear()  # pyright: ignore[reportPrivateUsage]
        sent.endpoint.headers.clear()
        await whole(self, chat_id)

    patch.setattr(DeskEmulator, "agent_ends", agent_ends)
