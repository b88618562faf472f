"""The handover step as it is written (design: one step serves text and voice). Nothing here is rendered yet."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from .model import Medium
from .settings import Template, Texts

Seconds = Annotated[float, Meta(ge=0, description="seconds; 0 switches the limit off")]


class CancelStep(Struct, frozen=True, forbid_unknown_fields=True):
    """How the user may withdraw by intent or button."""

    intent: Annotated[str | None, Meta(description="name under `intents:`")] = None
    button: Annotated[Texts | None, Meta(description="label of the cancel button")] = None
    while_: Annotated[Literal["queued", "active"], Meta(description="`active` means also while active")] = (
        field(default="queued", name="while")
    )


class ResumeStep(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the flow goes on after `completed`."""

    at: Literal["below", "entrypoint"] = "below"
    send_event: Annotated[
        bool, Meta(description="false: only set the position; the next user message is input")
    ] = True


class EventsStep(Struct, frozen=True, forbid_unknown_fields=True):
    """Which events run the flow while the handover is open."""

    queued: bool = False
    active: bool = False
    queue_updated: bool = False
    inactive: bool = False


class AlternativeStep(Struct, frozen=True, forbid_unknown_fields=True):
    """The text that replaces position and wait when the queue is too long."""

    max_position: Annotated[int, Meta(ge=1, description="at or above this position")] | None = 20
    max_wait_ms: Annotated[int, Meta(ge=0, description="above this wait, in milliseconds")] | None = 600_000
    text: Texts | None = None


class QueueStep(Struct, frozen=True, forbid_unknown_fields=True):
    """What the user hears about the queue, and how often."""

    position: bool = False
    every_s: Seconds = 30
    estimated_wait: bool = False
    wait_every_s: Seconds = 30
    alternative: AlternativeStep | None = None


class PresenceStep(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the agent is told that the user joined or left."""

    connects: bool = True
    disconnects: bool = True


class TranscriptStep(Struct, frozen=True, forbid_unknown_fields=True):
    """What the agent sees of the talk before the handover."""

    send: Annotated[bool | None, Meta(description="default true; false for salesforce providers")] = None
    max_messages: Annotated[int, Meta(ge=0, le=10_000)] = 200


class IdentityAlias(Struct, frozen=True, forbid_unknown_fields=True):
    """One name for every agent, instead of their own."""

    as_: Annotated[str, Meta(min_length=1)] = field(name="as")


class LimitsStep(Struct, frozen=True, forbid_unknown_fields=True):
    """Every wait has a limit; None takes the installation's default, 0 switches it off."""

    open_s: Seconds | None = None
    queue_s: Seconds | None = None
    first_reply_s: Seconds | None = None
    agent_idle_s: Seconds | None = None
    user_idle_s: Seconds | None = None
    user_gone_s: Seconds | None = None
    total_s: Seconds | None = None


class RatingStep(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the user is asked for a rating after `completed`."""

    ask: bool = False
    text: Texts | None = None


class VoiceStep(Struct, frozen=True, forbid_unknown_fields=True):
    """Used instead when the conversation is a call."""

    provider: str
    message: Texts | None = None
    to: Annotated[Template | None, Meta(description="`forward`: number in E.164, or SIP URI")] = None
    mode: Annotated[Template | None, Meta(description="`forward`: dial or refer")] = None
    type: Annotated[Template | None, Meta(description="`custom`: what your gateway knows it by")] = None
    configuration: Annotated[
        dict[str, Any] | None, Meta(description="`custom`: what your gateway needs; values are templates")
    ] = None
    webstore_referrer: Annotated[Template | None, Meta(description="`cm_voice_msc`: store and queue")] = None
    routing_keywords: Annotated[Template | None, Meta(description="`cm_voice_msc`: skills")] = None

    def route(self) -> dict[str, Any]:
        """The keys that say where the call goes, as far as they are given."""
        names = [name for name in self.__struct_fields__ if name not in ("provider", "message")]
        return {name: value for name in names if (value := getattr(self, name)) is not None}


class HandoverStep(Struct, frozen=True, forbid_unknown_fields=True):
    """Give the conversation to a human. None means "as documented", an empty text means silent."""

    provider: str | None = None
    reason: Annotated[
        Template | None,
        Meta(description="why a person is needed: for the agent and the reports, not the user"),
    ] = None
    message: Texts | None = None
    accepted_message: Texts | None = None
    repeat_accepted_message: bool = False
    failure_message: Texts | None = None
    cancel: CancelStep = CancelStep()
    resume: ResumeStep = ResumeStep()
    events: EventsStep = EventsStep()
    queue: QueueStep = QueueStep()
    presence: PresenceStep = PresenceStep()
    transcript: TranscriptStep = TranscriptStep()
    agent_identity: Literal["name", "none"] | IdentityAlias = "name"
    limits: LimitsStep = LimitsStep()
    fallback: list[str] = []
    rating: RatingStep = RatingStep()
    route: dict[str, Any] = {}
    voice: VoiceStep | None = None

    def words(self, medium: Medium) -> Texts | None:
        """What is said just before."""
        if medium == "voice" and self.voice is not None and self.voice.message is not None:
            return self.voice.message
        return self.message
