"""A flow tried in the terminal: you are the user, and by commands also the contact centre.

Calls of the flow are sent, or only printed in a dry run. No agent is ever bothered: an open handover moves on by the
commands below, and what would go to the provider is printed.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Literal, cast
from uuid import uuid4

import msgspec
from msgspec import Struct, structs

from openhandover.core.errors import OpenHandoverError, ProviderError, Refused
from openhandover.core.events import FlowStep, PostMessage
from openhandover.core.model import Conversation, User
from openhandover.core.step import VoiceStep
from openhandover.net.client import Reply, Request, Sender
from openhandover.providers import rendered
from openhandover.providers.base import Availability, Brief, HandoverRequest, Provider
from openhandover.texts.catalogue import Catalogue
from openhandover.texts.scope import chat_id
from openhandover.texts.templates import TemplateError, render
from openhandover.texts.variants import variant

from .definition import Place, Program
from .printing import masked
from .run import run_turn
from .state import (
    END_EVENTS,
    OPEN_EVENTS,
    Cause,
    HandoverHappened,
    HandoverOrder,
    Run,
    Triggered,
    Turn,
    UserSaid,
    save,
)

HELP = """\
/event NAME                                fire an event
/queued /active /inactive /queue_updated   the open handover moves on
/completed /cancelled /error /returned     the open handover ends
/answer TEXT                               what the next call gets in a dry run, instead of {}
/quit                                      leave"""

_MAX_TRIGGERS = 20
"""Events that may follow from one input; a flow that triggers itself would never let you speak."""

Read = Callable[[], Awaitable[str | None]]
"""The next line, None at the end of the input."""
Write = Callable[[str], None]


class Setting(Struct, frozen=True):
    """What the trial plays with. `provider` gives the configured provider of a name, None where there is none."""

    program: Program
    root: str
    texts: Catalogue
    language: str
    sender: Sender
    provider: Callable[[str], Provider | None]
    default_provider: str | None = None
    dry_run: bool = False
    """`sender` and the providers' senders print; providers then must send nothing but through them."""
    secrets: frozenset[str] = frozenset()
    kinds: Mapping[str, str] = {}
    """Name of a provider -> its type, which says what its route takes; one that is not here takes anything."""


class Trial:
    """One conversation in the terminal."""

    hint = "; go on with /queued, /active ..."
    """What one can do about an open handover."""

    def __init__(self, setting: Setting, write: Write, values: Mapping[str, str] | None = None) -> None:
        self._setting = setting
        self.write = write
        self.conversation = _conversation(setting, values or {})
        self.handover: dict[str, Any] | None = None
        self._order: HandoverOrder | None = None
        self._triggers: list[str] = []
        self.answers: list[str] = []
        """What the next calls get in a dry run."""
        self._seq = 0

    async def talk(self, read: Read) -> None:
        """Until the input ends or `/quit`."""
        self.write(HELP)
        while (line := await read()) is not None:
            text = line.strip()
            if text == "/quit":
                return
            cause = self._cause(text)
            if cause is not None:
                await self._happen(cause)

    def _cause(self, text: str) -> Cause | None:
        """What the line means; None when it was answered already."""
        word, _, rest = text.partition(" ")
        name = word.removeprefix("/")
        if word == "/event" and rest:
            return Triggered(rest.strip())
        if word.startswith("/") and name in OPEN_EVENTS | END_EVENTS:
            return self._moved(name)
        if word == "/answer":
            self.answers.append(rest)
            return None
        if word in {"/help", "/?"}:
            self.write(HELP)
            return None
        if self.conversation.floor == "human":
            self.write("(to the agent; the flow waits)")
            return None
        return UserSaid(text)

    def _moved(self, event: str) -> Cause | None:
        if self._order is None or self.handover is None:
            self.write("(no handover is open)")
            return None
        order = self._order
        resume = order.step.resume
        self.handover = {
            **self.handover,
            "event": event,
            "status": "transferred" if event == "returned" else event,
        }
        if event == "error":
            self.handover["error"] = {
                "reason": "error",
                "code": "provider_error",
                "message": "tried in the terminal",
            }
        if event in OPEN_EVENTS:
            if not getattr(order.step.events, event):
                self.write(f"(`events.{event}` is off, the flow does not run)")
                return None
        else:
            self._order = None
            self._give_floor("bot")
        return HandoverHappened(
            cast("Any", event), order.id, resume.at, go_on=event != "completed" or resume.send_event
        )

    async def _happen(self, cause: Cause) -> None:
        await self._turn(cause)
        for _ in range(_MAX_TRIGGERS):
            if not self._triggers or self.conversation.floor == "human":
                break
            event = self._triggers.pop(0)
            self.write(f"(event {event})")
            await self._turn(Triggered(event))
        self._triggers.clear()

    async def _turn(self, cause: Cause) -> None:
        self._seq += 1
        setting = self._setting
        turn = Turn(self._seq, cause, self.conversation, setting.root, self.handover)
        await run_turn(setting.program, turn, self, setting.texts, setting.language)

    def _give_floor(self, floor: Literal["bot", "human"]) -> None:
        epoch = self.conversation.epoch + 1
        self.conversation = structs.replace(self.conversation, floor=floor, epoch=epoch)

    # --- Host --------------------------------------------------------------------------------------------

    async def commit(self, step: FlowStep, order: HandoverOrder | None) -> None:
        """Keep the position and show what the step does."""
        if step.epoch != self.conversation.epoch:
            raise Refused("stale_epoch")
        self.conversation = structs.replace(self.conversation, run=step.run)
        if step.say is not None:
            self._show(step.say)
        if order is not None:
            await self._hand_over(order)
        if step.close_handover:
            self.write("(the flow closes the handover)")

    async def send(self, request: Request) -> Reply:
        """Through the sender of the trial; in a dry run answered as you said by `/answer`."""
        reply = await self._setting.sender.send(request)
        if self._setting.dry_run and self.answers:
            return structs.replace(reply, body=self.answers.pop(0).encode())
        return reply

    async def availability(
        self, provider: str | None, route: Mapping[str, Any], language: str
    ) -> Availability:
        """What the configured provider says."""
        name = provider or self._setting.default_provider
        found = self._setting.provider(name) if name else None
        if found is None:
            raise ProviderError(f"there is no provider `{name}`")
        if not self._setting.dry_run:
            return await found.availability(route, language)
        with suppress(OpenHandoverError):
            await found.availability(route, language)
        return Availability(open=None)  # the question was printed; nobody was asked, so nobody can tell

    async def definition(self, digest: str) -> Program | None:
        """A trial has one definition only."""
        return self._setting.program if digest == self._setting.program.hash else None

    def new_id(self) -> str:
        """A random id."""
        return uuid4().hex

    def report(self, place: Place, problem: str) -> None:
        """Show what the owner should know."""
        self.write(f"! {place}: {problem}")

    def _show(self, message: PostMessage) -> None:
        audience = f" (to {message.to})" if message.to else ""
        self.write(f"bot{audience}: {message.text}")
        if message.buttons:
            self.write("     " + "  ".join(f"[{button.text} = {button.value}]" for button in message.buttons))
        event = (message.metadata or {}).get("triggerEvent")
        if event:
            self._triggers.append(str(event))

    async def _hand_over(self, order: HandoverOrder) -> None:
        step = order.step
        name = step.provider or self._setting.default_provider or "logging"
        try:
            text = variant(step.message or "", self.conversation.language, self._setting.language).text
            message, route = (
                render(text, order.scope),
                rendered(self._setting.kinds.get(name, "http"), step.route, order.scope),
            )
        except TemplateError as error:
            message, route = "", {}
            self.write(f"! the handover's template cannot be rendered: {error}")
        if message:
            self.write(f"bot: {message}")
        self._order = order
        self.handover = {
            "id": order.id,
            "status": "requested",
            "event": None,
            "provider": name,
            "attempt": 1,
        }
        self._give_floor("human")
        told = masked(msgspec.json.encode(route).decode(), self._setting.secrets)
        self.write(f"(handover to {name}, route {told}{self.hint})")
        if self._setting.dry_run:
            await self._print_open(name, order.id, route)
            if step.voice is not None:
                self.write(f"(on a phone call: {self._on_a_call(step.voice, order.scope)})")

    def _on_a_call(self, voice: VoiceStep, scope: Mapping[str, Any]) -> str:
        """What the call's gateway would be sent; a terminal is no phone call, so it is only told."""
        provider = self._setting.provider(voice.provider)
        if provider is None:
            return f"there is no provider `{voice.provider}`"
        try:
            kind = self._setting.kinds.get(voice.provider, "logging")
            route = rendered(kind, voice.route(), scope)
        except TemplateError as error:
            return f"the template cannot be rendered: {error}"
        if refused := provider.refuse(route):
            return f"nobody would be called: {refused}"
        transfer = provider.transfer(route)
        if transfer is None:
            return "nobody would be called, it is recorded only"
        order = msgspec.json.encode(transfer.fields(), enc_hook=repr).decode()
        return f"call.transfer {masked(order, self._setting.secrets)}"

    async def _print_open(self, name: str, handover_id: str, route: Mapping[str, Any]) -> None:
        provider = self._setting.provider(name)
        if provider is None:
            return
        talk = self.conversation
        request = HandoverRequest(
            handover_id=handover_id,
            attempt=1,
            reason=None,
            initiator="bot",
            conversation=Brief(talk.id, talk.channel, talk.language, talk.medium),
            user=talk.user,
            context=talk.context,
            route=route,
            transcript=(),
            chat_id=chat_id(talk) or talk.id,
        )
        if (preview := provider.preview(request)) is not None:
            self.write(masked(preview, self._setting.secrets))
            return
        # The request was printed; what the made-up answer lacks does not matter.
        with suppress(OpenHandoverError):
            await provider.open(request)


def _conversation(setting: Setting, values: Mapping[str, str]) -> Conversation:
    """The conversation with what was set: `user.name=Ada`, `_context.shop=1`, or a variable by its bare name."""
    user: dict[str, Any] = {"id": "terminal"}
    context: dict[str, Any] = {}
    variables: dict[str, Any] = {}
    for name, value in values.items():
        head, _, rest = name.partition(".")
        if head == "user" and rest in {"name", "email", "phone", "id"}:
            user[rest] = value
        elif head == "_context" and rest:
            context[rest] = value
        else:
            variables[name] = value
    run = Run(id=uuid4().hex, definition=setting.program.hash, kept=variables)
    return Conversation(
        id="terminal",
        channel="terminal",
        user=msgspec.convert(user, User),
        created_at=0.0,
        language=setting.language,
        context=context,
        run=save(run),
    )
