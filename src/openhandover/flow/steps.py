"""The steps of a flow as they are written: plain data, nothing rendered, nothing run.

A step is a map with one leading key (`say`, `ask`, ...), which is the first field of its class, and an
optional `id`. `if` and `lookup` have their branches beside the leading key. The tag of each class is its leading
key: the loader chooses by it, nobody writes a key `step`; definitions stored by us carry the tag as `step`.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from openhandover.core.settings import Condition, Template, Texts
from openhandover.core.step import HandoverStep

Steps = tuple["Step", ...]

StepId = Annotated[str | None, Meta(description="a name for this step, used in reports instead of its place")]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="name of a flow variable")]


class Keys(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of everything here: a map with known keys."""


class SayButton(Keys, frozen=True):
    """A quick reply: the user sees `text`, the flow gets `value` as `input.text`."""

    text: Texts
    value: Template


class Say(Keys, frozen=True):
    """A message to the user."""

    text: Texts
    buttons: tuple[SayButton, ...] = ()
    metadata: Annotated[
        dict[str, Any],
        Meta(description="goes along with the message; `triggerEvent: X` fires event X once delivered"),
    ] = {}
    to: Annotated[
        Literal["user", "agent", "both"] | None,
        Meta(
            description="who gets it while a human has the floor; default `both` in runs of handover events"
        ),
    ] = None


class Ask(Keys, frozen=True):
    """A question that waits for the user's next message."""

    text: Texts
    into: Annotated[Name | None, Meta(description="variable that takes the answer")] = None
    validate: Annotated[
        str | None, Meta(description="email, phone, number, or /regex/ for the whole answer")
    ] = None
    retries: Annotated[int, Meta(ge=0, le=20, description="how often a wrong answer is asked for again")] = 2
    on_fail: Annotated[Steps, Meta(description="runs after the last wrong answer; `into` is null")] = ()
    buttons: tuple[SayButton, ...] = ()


class Call(Keys, frozen=True):
    """An HTTP call."""

    url: Template
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] = "GET"
    headers: dict[str, Template] = {}
    json: Annotated[Any, Meta(description="body as a structure; each text in it is a template")] = None
    raw: Annotated[Template | None, Meta(description="body as text, instead of `json`")] = None
    into: Annotated[
        Name | dict[Name, str] | None,
        Meta(description="a variable for the whole answer, or variable -> JMESPath into the answer"),
    ] = None
    timeout_s: Annotated[float, Meta(gt=0, le=60, description="seconds for the whole call")] = 10
    on_error: Annotated[Steps, Meta(description="runs when the call failed; its variables are null")] = ()


class CheckAvailability(Keys, frozen=True):
    """Is somebody there? Sets `online` or `offline`."""

    provider: Annotated[str | None, Meta(description="default: the channel's provider")] = None
    into: Name = "agent_status"
    route: Annotated[
        dict[str, Any], Meta(description="the provider's own keys, as in the handover step")
    ] = {}


class Nothing(Keys, frozen=True):
    """No settings: written `{}`."""


class Keyed(Keys, frozen=True, tag_field="step"):
    """Base of all steps."""


class SayStep(Keyed, frozen=True, tag="say"):
    """Say something."""

    say: Template | Say
    id: StepId = None


class AskStep(Keyed, frozen=True, tag="ask"):
    """Ask something."""

    ask: Ask
    id: StepId = None


class SetStep(Keyed, frozen=True, tag="set"):
    """Set flow variables; texts are templates, other values stay what they are."""

    set: dict[Name, Any]
    id: StepId = None


class CallStep(Keyed, frozen=True, tag="call"):
    """Call an HTTP API."""

    call: Call
    id: StepId = None


class IfStep(Keyed, frozen=True, tag="if"):
    """Choose by a condition; one that cannot be evaluated is false and reported."""

    if_: Condition = field(name="if")
    then: Steps = ()
    else_: Steps = field(default=(), name="else")
    id: StepId = None


class LookupStep(Keyed, frozen=True, tag="lookup"):
    """Choose by the value of an expression, compared as text."""

    lookup: Condition
    cases: dict[str, Steps] = {}
    default: Steps = ()
    id: StepId = None


class CheckAvailabilityStep(Keyed, frozen=True, tag="check_availability"):
    """Ask the contact centre whether somebody is there."""

    check_availability: CheckAvailability
    id: StepId = None


class HandoverToHumanStep(Keyed, frozen=True, tag="handover"):
    """Give the conversation to a human."""

    handover: HandoverStep
    id: StepId = None


class CloseHandoverStep(Keyed, frozen=True, tag="close_handover"):
    """End the open handover, if there is one."""

    close_handover: Nothing
    id: StepId = None


class RunStep(Keyed, frozen=True, tag="run"):
    """Run another flow, then go on below."""

    run: str
    id: StepId = None


class CodeStep(Keyed, frozen=True, tag="code"):
    """Run a registered Python callable, written `package.module:function`."""

    code: Annotated[str, Meta(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]
    id: StepId = None


class EndStep(Keyed, frozen=True, tag="end"):
    """End the flow."""

    end: Nothing
    id: StepId = None


Step = (
    SayStep
    | AskStep
    | SetStep
    | CallStep
    | IfStep
    | LookupStep
    | CheckAvailabilityStep
    | HandoverToHumanStep
    | CloseHandoverStep
    | RunStep
    | CodeStep
    | EndStep
)
