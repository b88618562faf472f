"""From the handover step as it is written to what a handover needs: provider chain and rendered settings."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, cast

import msgspec

from openhandover.config.model import Config
from openhandover.core.errors import invalid
from openhandover.core.model import Conversation, Limits, QueueRules, Settings, Style, Target
from openhandover.core.settings import Texts
from openhandover.core.step import HandoverStep, IdentityAlias, VoiceStep
from openhandover.gateways.base import Gateway
from openhandover.providers import rendered
from openhandover.texts.catalogue import Catalogue
from openhandover.texts.scope import chat_id, scope as scope_of
from openhandover.texts.templates import TemplateError, render
from openhandover.texts.variants import variant

from .providers import Providers
from .voice import VoiceOrder

replace = msgspec.structs.replace

SIDE_EVENTS: tuple[Literal["queued", "active", "queue_updated", "inactive"], ...] = (
    "queued",
    "active",
    "queue_updated",
    "inactive",
)
"""Events that may run the flow while the handover is open."""

LOGGING = "logging"
"""The provider that is always there: it records and calls nobody."""

NO_CHAT_ID = "the conversation has no `chatId`: neither its channel nor its context names the chat"


class Order:
    """Renders handover steps."""

    def __init__(
        self, config: Config, providers: Providers, texts: Catalogue, gateways: Mapping[str, Gateway]
    ) -> None:
        self._config = config
        self._providers = providers
        self._texts = texts
        self._voice = VoiceOrder(config, providers, gateways)

    def prepare(
        self, state: Conversation, step: HandoverStep, seen: Mapping[str, Any], *, follows: bool
    ) -> tuple[tuple[Target, ...], Settings]:
        """The chain and the settings of a handover; `seen` is the scope of its templates, `follows`: a step comes
        after it on its branch, which says itself what went wrong.

        Raises:
            Refused: `invalid`, with the path of the wrong part.
        """
        view_of = dict(seen) or scope_of(state)
        if state.medium == "voice":  # the text part does not fit a phone call
            voice = step.voice or VoiceStep(LOGGING)
            chain = self._voice.chain(state, voice, step.fallback if step.voice else [], view_of)
            settings = self._settings(state, step, view_of, chain[0], follows=follows)
            spoken = bool(settings.message) and self._voice.speaks(state)
            return chain, replace(settings, spoken=spoken, accepted="", cancel_button=None)
        channel = self._config.channels.get(state.channel)
        first = step.provider or (channel.provider if channel else None) or LOGGING
        names = (first, *(name for name in step.fallback if not self._is_for_calls(name)))
        chain = tuple(self._target(name, state, step, view_of, place) for place, name in enumerate(names))
        return chain, self._settings(state, step, view_of, chain[0], follows=follows)

    def known_keys(self, chain: Sequence[Target]) -> frozenset[str] | None:
        """The keys that a route for this chain may have; None when one of its providers takes any, or has no use for
        a route at all, as one that only records."""
        routes = [self._providers.route_keys(one.provider) for one in chain]
        known = [keys for keys in routes if keys]
        return frozenset(key for keys in known for key in keys) if len(known) == len(routes) else None

    def _is_for_calls(self, name: str) -> bool:
        return name in self._providers and "text" not in self._providers[name].capabilities.media

    def why(self, state: Conversation, step: HandoverStep, seen: Mapping[str, Any]) -> str | None:
        """The step's reason as it is for this conversation; None where it has none, or nothing comes of it.

        Raises:
            Refused: `invalid`, with the path of the wrong part.
        """
        if step.reason is None:
            return None
        try:
            return render(step.reason, dict(seen) or scope_of(state)).strip() or None
        except TemplateError as error:
            raise invalid("settings.reason", str(error)) from error

    def _target(
        self, name: str, state: Conversation, step: HandoverStep, seen: Mapping[str, Any], place: int
    ) -> Target:
        provider = self._providers.get(name)
        if provider is None:
            path = "provider" if place == 0 else f"settings.fallback[{place - 1}]"
            raise invalid(path, f"there is no provider {name!r}; known: {', '.join(sorted(self._providers))}")
        if self._is_for_calls(name):
            raise invalid("provider", f"provider {name!r} takes phone calls only")
        known = self._providers.route_keys(name)
        # a chain may carry keys for each of its providers
        written = {key: value for key, value in step.route.items() if known is None or key in known}
        try:
            route = rendered(self._providers.type_of(name), written, seen)
        except TemplateError as error:
            raise invalid("settings.route", str(error)) from error
        can = provider.capabilities
        lacks_chat = can.needs_chat_id and chat_id(state) is None
        return Target(
            provider=name,
            style=Style(can.style),
            transferred=can.transferred,
            returns=self._providers.returns(name, state.channel),
            route=route,
            refuse=NO_CHAT_ID if lacks_chat else provider.refuse(route),
            files_after_notice=can.files_after_notice,
            hands_back=can.hands_back,
        )

    def _settings(
        self,
        state: Conversation,
        step: HandoverStep,
        seen: Mapping[str, Any],
        first: Target,
        *,
        follows: bool,
    ) -> Settings:
        texts = _Texts(self._texts, self._config.languages.default, state.language, seen)
        agent_language = self._agent_language(first)
        notice = "en"  # the two presence sentences are fixed by contract, whatever language the agent has
        alias = step.agent_identity.as_ if isinstance(step.agent_identity, IdentityAlias) else None
        no_words = step.words(state.medium) is not None
        return Settings(
            message=texts.said(step.words(state.medium)),
            accepted=texts.said(step.accepted_message, "" if no_words else texts.ours("accepted")),
            repeat_accepted=step.repeat_accepted_message,
            failure=texts.said(step.failure_message, "" if follows else texts.ours("failure")),
            cancel_intent=step.cancel.intent,
            cancel_button=texts.said(step.cancel.button) or None,
            cancel_while_active=step.cancel.while_ == "active",
            cancelled_text=texts.ours("cancelled"),
            resume_at=step.resume.at,
            send_event=step.resume.send_event,
            events=frozenset(name for name in SIDE_EVENTS if getattr(step.events, name)),
            queue=_queue(step, texts),
            tell_joined=self._texts.text("user_joined", notice) if step.presence.connects else "",
            tell_left=self._texts.text("user_left", notice) if step.presence.disconnects else "",
            send_transcript=self._sends_transcript(step, first),
            max_messages=step.transcript.max_messages,
            agent_identity="name" if isinstance(step.agent_identity, IdentityAlias) else step.agent_identity,
            agent_alias=alias,
            limits=_limits(step),
            rating_text=texts.said(step.rating.text, texts.ours("rating")) if step.rating.ask else "",
            agent_language=agent_language,
        )

    def _sends_transcript(self, step: HandoverStep, first: Target) -> bool:
        provider = self._providers.get(first.provider)
        usual = provider is None or provider.capabilities.sends_transcript
        return usual if step.transcript.send is None else step.transcript.send

    def _agent_language(self, first: Target) -> str:
        languages = first.route.get("languages")
        if isinstance(languages, list) and languages:
            return str(cast("list[Any]", languages)[0])
        block = self._config.providers.get(first.provider)
        return (block.language if block else None) or self._config.languages.default


class _Texts(NamedTuple):
    """The texts of one handover, in the user's language."""

    catalogue: Catalogue
    default_language: str
    language: str
    seen: Mapping[str, Any]

    def ours(self, name: str) -> str:
        """A text of the catalogue."""
        return self.catalogue.text(name, self.language)

    def said(self, texts: Texts | None, default: str = "") -> str:
        """A text of the step, rendered; the default where there is none."""
        if texts is None:
            return default
        try:
            return render(variant(texts, self.language, self.default_language).text, self.seen)
        except TemplateError as error:
            raise invalid("settings", f"a text cannot be rendered: {error}") from error


def _queue(step: HandoverStep, texts: _Texts) -> QueueRules:
    alternative = step.queue.alternative
    return QueueRules(
        position=step.queue.position,
        every_s=step.queue.every_s,
        estimated_wait=step.queue.estimated_wait,
        wait_every_s=step.queue.wait_every_s,
        max_position=alternative.max_position if alternative else None,
        max_wait_ms=alternative.max_wait_ms if alternative else None,
        position_text=texts.ours("queue_position"),
        wait_text=texts.ours("estimated_wait"),
        alternative_text=texts.said(alternative.text if alternative else None, texts.ours("alternative")),
    )


def _limits(step: HandoverStep) -> Limits:
    given = {name: getattr(step.limits, name) for name in Limits.__struct_fields__}
    return msgspec.structs.replace(
        Limits(), **{name: value for name, value in given.items() if value is not None}
    )
