"""What each step does. The position, and when it is saved, is the runner's."""

from typing import TYPE_CHECKING, Any

import msgspec
from jmespath.exceptions import JMESPathError
from msgspec import structs

from openhandover.core.commands import MAX_TEXT_BYTES
from openhandover.core.errors import ProviderError, Refused
from openhandover.core.events import PostMessage
from openhandover.core.model import Button
from openhandover.core.settings import Texts
from openhandover.providers.base import Availability
from openhandover.texts.catalogue import Catalogue
from openhandover.texts.cutting import beginning
from openhandover.texts.templates import TemplateError, condition, evaluate, render, render_value
from openhandover.texts.variants import variant
from openhandover.texts.views import text_of

from . import calls, code
from .answers import NotValid, validate
from .definition import Place
from .state import FLOOR_CHANGED, HandoverOrder, Host
from .steps import (
    Ask,
    AskStep,
    CallStep,
    CheckAvailabilityStep,
    CloseHandoverStep,
    CodeStep,
    EndStep,
    HandoverToHumanStep,
    IfStep,
    LookupStep,
    RunStep,
    Say,
    SayButton,
    SayStep,
    SetStep,
    Step,
)

if TYPE_CHECKING:
    from .run import Runner


class Doing:
    """The steps, with what they need."""

    def __init__(self, host: Host, texts: Catalogue, default_language: str) -> None:
        self.host = host
        self._texts = texts
        self._default_language = default_language

    @staticmethod
    def ends_side_run(step: Step) -> bool:
        """Whether a run of an open handover's event ends before this step."""
        return isinstance(step, AskStep | HandoverToHumanStep | EndStep)

    async def perform(self, step: Step, at: "Runner") -> bool:
        """Do one step; whether the next one follows in this turn."""
        match step:
            case SayStep(say=said):
                await self._say(said if isinstance(said, Say) else Say(said), at)
            case AskStep(ask=ask):
                at.change(waiting="answer", wrong=0)
                await at.save(say=self.question(ask, at))
                return False
            case HandoverToHumanStep():
                return await self._hand_over(step, at)
            case CloseHandoverStep():
                at.next()
                await at.save(close_handover=True)
            case CallStep():
                await self._call(step, at)
            case CheckAvailabilityStep():
                await self._check_availability(step, at)
            case CodeStep(code=path):
                await self._code(path, at)
            case SetStep(set=values):
                at.set({name: self._value(value, at) for name, value in values.items()})
                at.next()
            case IfStep():
                self._branch(step, at)
            case LookupStep():
                self._lookup(step, at)
            case RunStep(run=flow):
                at.next()
                at.enter(flow)
            case EndStep():
                at.end()
        return True

    # --- words -------------------------------------------------------------------------------------------

    def question(self, ask: Ask, at: "Runner") -> PostMessage:
        """The message that asks."""
        return self._message(ask.text, ask.buttons, at)

    def system(self, key: str, at: "Runner") -> PostMessage:
        """A system text in the user's language."""
        language = at.turn.conversation.language
        return self._post(self._texts.text(key, language), language, at)

    def judge(self, ask: Ask, text: str, place: Place) -> tuple[Any, str | None]:
        """The answer's value, or the key of the text that says what is wrong."""
        try:
            return validate(ask.validate, text), None
        except NotValid as finding:
            return None, finding.key
        except ValueError as error:
            self.host.report(place, f"`validate` cannot be used: {error}")
            return text, None

    async def _say(self, say: Say, at: "Runner") -> None:
        message = self._message(say.text, say.buttons, at)
        metadata = self._value(say.metadata, at) if say.metadata else None
        to = say.to or ("both" if at.on_side else None)
        at.next()
        if not message.text and metadata is None:
            return  # a text that renders empty is silent
        await at.save(say=structs.replace(message, metadata=metadata, to=to))

    def _message(self, texts: Texts, buttons: tuple[SayButton, ...], at: "Runner") -> PostMessage:
        wanted = at.turn.conversation.language
        text, language = variant(texts, wanted, self._default_language)
        shown = tuple(
            Button(
                self._render(variant(button.text, wanted, self._default_language).text, at),
                self._render(button.value, at),
            )
            for button in buttons
        )
        return structs.replace(self._post(self._fitting(text, at), language, at), buttons=shown or None)

    def _fitting(self, template: str, at: "Runner") -> str:
        text = self._render(template, at)
        if len(text.encode()) <= MAX_TEXT_BYTES:
            return text
        self.host.report(at.place, f"the text is over {MAX_TEXT_BYTES} bytes and is cut")
        return beginning(text, MAX_TEXT_BYTES)

    def _post(self, text: str, language: str, at: "Runner") -> PostMessage:
        """The message under an id of its own: a step that repeats after a crash repeats the id too."""
        return PostMessage(
            id=f"{at.run.id}-{at.turn.seq}-{at.run.n}",
            author="bot",
            text=text,
            language=language,
            epoch=at.turn.conversation.epoch,
        )

    # --- templates ---------------------------------------------------------------------------------------

    def _render(self, template: str, at: "Runner") -> str:
        try:
            return render(template, at.scope)
        except TemplateError as error:
            self.host.report(at.place, f"the template cannot be rendered: {error}")
            return ""

    def _value(self, value: Any, at: "Runner") -> Any:
        try:
            return render_value(value, at.scope, typed=True)
        except TemplateError as error:
            self.host.report(at.place, f"the template cannot be rendered: {error}")
            return None

    def _branch(self, step: IfStep, at: "Runner") -> None:
        place = at.place
        try:
            holds = condition(step.if_, at.scope)
        except TemplateError as error:
            self.host.report(place, f"the condition cannot be evaluated and counts as false: {error}")
            holds = False
        at.next()
        at.enter(f"{place}/{'then' if holds else 'else'}")

    def _lookup(self, step: LookupStep, at: "Runner") -> None:
        place = at.place
        try:
            found = text_of(evaluate(step.lookup, at.scope))
        except TemplateError as error:
            self.host.report(place, f"the expression cannot be evaluated, the default follows: {error}")
            found = None
        at.next()
        at.enter(f"{place}/cases/{found}" if found in step.cases else f"{place}/default")

    # --- the world outside -------------------------------------------------------------------------------

    async def _hand_over(self, step: HandoverToHumanStep, at: "Runner") -> bool:
        """Order a handover; whether the flow goes on at once, because there can be none."""
        handover_id = self.host.new_id()
        place, seen = at.place, at.scope
        at.next()
        at.change(waiting="handover", handover_id=handover_id)
        try:
            await at.save(order=HandoverOrder(handover_id, step.handover, seen, at.follows))
        except Refused as refused:
            if refused.code in FLOOR_CHANGED:
                raise
            self.host.report(place, f"the handover cannot be made: {refused.detail}")
        else:
            return False
        at.change(waiting="turn", handover_id=None)
        at.turn = structs.replace(at.turn, handover=_impossible(step.handover.provider))
        if not at.follows:
            await at.save(say=self.system("failure", at))
        return True

    async def _call(self, step: CallStep, at: "Runner") -> None:
        place, call = at.place, step.call
        try:
            request = calls.request(call, at.scope, f"{at.run.id}-{at.run.n}")
            reply = await self.host.send(request)
            if not reply.is_success:
                raise ProviderError(f"answered with status {reply.status}")
            found = calls.variables(call, calls.answer(reply))
        except (TemplateError, ProviderError, JMESPathError) as error:
            reason = (
                "an expression in `into` does not fit" if isinstance(error, JMESPathError) else str(error)
            )
            self.host.report(place, f"the call failed: {reason}")
            at.set(calls.failed_variables(call))
            at.next()
            at.enter(f"{place}/on_error")
        else:
            at.set(found)
            at.next()
        await at.save()

    async def _check_availability(self, step: CheckAvailabilityStep, at: "Runner") -> None:
        check = step.check_availability
        try:
            route = render_value(check.route, at.scope)
            found = await self.host.availability(check.provider, route, at.turn.conversation.language)
        except (TemplateError, ProviderError, TimeoutError) as error:
            self.host.report(
                at.place, f"the check failed, which counts as offline: {error or 'no answer in time'}"
            )
            found = Availability(open=False)
        at.set({check.into: "offline" if found.open is False else "online"})
        at.change(availability=msgspec.to_builtins(found))
        at.next()
        await at.save()

    async def _code(self, path: str, at: "Runner") -> None:
        seen = at.scope
        facts = {
            "user": msgspec.to_builtins(at.turn.conversation.user),
            "context": seen["_context"],
            **{name: seen[name] for name in ("input", "handover", "availability")},
        }
        try:
            at.set(await code.call(path, {**at.run.kept, **at.run.variables}, facts))
        except code.CodeError as error:
            self.host.report(at.place, f"`{path}` failed: {error}")
        at.next()
        await at.save()


def _impossible(provider: str | None) -> dict[str, Any]:
    """What the flow sees of a handover that its settings do not allow."""
    error = {"reason": "error", "code": "configuration", "message": "the handover's settings cannot be used"}
    return {
        "id": None,
        "status": "error",
        "event": "error",
        "reason": "configuration",
        "error": error,
        "provider": provider,
        "attempt": 0,
        "inactivity_count": 0,
    }
