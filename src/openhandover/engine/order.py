"""From the handover step as it is written to what a handover needs: provider chain and rendered settings."""

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from openhandover.config.model import Config
from openhandover.core.errors import invalid
from openhandover.core.model import Conversation, Limits, QueueRules, Settings, Style, Target
from openhandover.core.settings import Texts
from openhandover.core.step import HandoverStep, IdentityAlias
from openhandover.providers import route_of
from openhandover.texts.catalogue import Catalogue
from openhandover.texts.scope import scope as scope_of
from openhandover.texts.templates import TemplateError, render, render_value
from openhandover.texts.variants import variant

from .providers import Providers


class Order:
    """Renders handover steps."""

    def __init__(self, config: Config, providers: Providers, texts: Catalogue) -> None:
        self._config = config
        self._providers = providers
        self._texts = texts

    def prepare(
        self, state: Conversation, step: HandoverStep, seen: Mapping[str, Any], *, follows: bool
    ) -> tuple[tuple[Target, ...], Settings]:
        """The chain and the settings of a handover; `seen` is the scope of its templates, `follows`: a step comes
        after it on its branch, which says itself what went wrong.

        Raises:
            Refused: `invalid`, with the path of the wrong part.
        """
        view_of = dict(seen) or scope_of(state)
        channel = self._config.channels.get(state.channel)
        first = step.provider or (channel.provider if channel else None) or "logging"
        back = channel.return_ if channel else "message"
        chain = tuple(
            self._target(name, step, view_of, back, place)
            for place, name in enumerate((first, *step.fallback))
        )
        return chain, self._settings(state, step, view_of, chain[0], follows=follows)

    def _target(
        self, name: str, step: HandoverStep, seen: Mapping[str, Any], back: Any, place: int
    ) -> Target:
        provider = self._providers.get(name)
        if provider is None:
            path = "provider" if place == 0 else f"settings.fallback[{place - 1}]"
            raise invalid(path, f"there is no provider {name!r}; known: {', '.join(sorted(self._providers))}")
        block = self._config.providers.get(name)
        try:
            route = _known(block.type if block else name, render_value(step.route, seen, typed=True))
        except TemplateError as error:
            raise invalid("settings.route", str(error)) from error
        can = provider.capabilities
        return Target(
            provider=name,
            style=Style(can.style),
            transferred=can.transferred,
            returns=(block.return_ if block else None) or back,
            route=route,
            refuse=provider.refuse(route),
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
        language = state.language
        text = self._texts.text

        def said(texts: Texts | None, default: str = "") -> str:
            if texts is None:
                return default
            try:
                return render(variant(texts, language, self._config.languages.default).text, seen)
            except TemplateError as error:
                raise invalid("settings", f"a text cannot be rendered: {error}") from error

        block = self._config.providers.get(first.provider)
        languages = first.route.get("languages")
        agent_language = str(cast("list[Any]", languages)[0]) if isinstance(languages, list) and languages else None
        agent_language = (
            agent_language or (block.language if block else None) or self._config.languages.default
        )
        alias = step.agent_identity.as_ if isinstance(step.agent_identity, IdentityAlias) else None
        alternative = step.queue.alternative
        limits = {
            name: given
            for name in Limits.__struct_fields__
            if (given := getattr(step.limits, name)) is not None
        }
        # "User joined the conversation" is fixed by contract; an agent of another language reads its translation.
        notice = agent_language if agent_language in self._config.languages.supported else "en"
        sends = step.transcript.send
        wanted = {
            name for name in ("queued", "active", "queue_updated", "inactive") if getattr(step.events, name)
        }
        message = said(step.message)
        return Settings(
            message=message,
            accepted=said(
                step.accepted_message, "" if step.message is not None else text("accepted", language)
            ),
            repeat_accepted=step.repeat_accepted_message,
            failure=said(step.failure_message, "" if follows else text("failure", language)),
            cancel_intent=step.cancel.intent,
            cancel_button=said(step.cancel.button) or None,
            cancel_while_active=step.cancel.while_ == "active",
            cancelled_text=text("cancelled", language),
            resume_at=step.resume.at,
            send_event=step.resume.send_event,
            events=frozenset(cast("Any", wanted)),
            queue=QueueRules(
                position=step.queue.position,
                every_s=step.queue.every_s,
                estimated_wait=step.queue.estimated_wait,
                wait_every_s=step.queue.wait_every_s,
                max_position=alternative.max_position if alternative else None,
                max_wait_ms=alternative.max_wait_ms if alternative else None,
                position_text=text("queue_position", language),
                wait_text=text("estimated_wait", language),
                alternative_text=said(
                    alternative.text if alternative else None, text("alternative", language)
                ),
            ),
            tell_joined=text("user_joined", notice) if step.presence.connects else "",
            tell_left=text("user_left", notice) if step.presence.disconnects else "",
            send_transcript=True if sends is None else sends,
            max_messages=step.transcript.max_messages,
            agent_identity="name" if alias else cast("Any", step.agent_identity),
            agent_alias=alias,
            limits=msgspec.structs.replace(Limits(), **limits),
            rating_text=said(step.rating.text, text("rating", language)) if step.rating.ask else "",
            agent_language=agent_language,
        )


def _known(kind: str, route: dict[str, Any]) -> dict[str, Any]:
    """The keys that a provider type knows: a chain may carry keys for each of its providers."""
    known = getattr(route_of(kind), "__struct_encode_fields__", None)
    return route if known is None else {key: value for key, value in route.items() if key in known}
