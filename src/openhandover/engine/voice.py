"""From the voice part of a handover step to the chain of a phone call: to whom it is given, and by which gateway."""

from collections.abc import Iterator, Mapping
from typing import Any

from openhandover.config.model import Config
from openhandover.core.errors import invalid
from openhandover.core.model import Conversation, Style, Target
from openhandover.core.step import VoiceStep
from openhandover.gateways.base import Gateway, Transfer
from openhandover.providers import rendered
from openhandover.texts.templates import TemplateError

from .providers import Providers


class VoiceOrder:
    """Renders the voice part of handover steps."""

    def __init__(self, config: Config, providers: Providers, gateways: Mapping[str, Gateway]) -> None:
        self._config = config
        self._providers = providers
        self._gateways = gateways

    def chain(
        self, state: Conversation, voice: VoiceStep, fallback: list[str], seen: Mapping[str, Any]
    ) -> tuple[Target, ...]:
        """The step's voice provider, then those of the fallback that take calls.

        Raises:
            Refused: `invalid`, with the path of the wrong part.
        """
        return tuple(
            self._target(name, state, voice, seen, first=name == voice.provider)
            for name in self._names(voice, fallback)
        )

    def _names(self, voice: VoiceStep, fallback: list[str]) -> Iterator[str]:
        known = [name for name, provider in self._providers.items() if "voice" in provider.capabilities.media]
        for place, name in enumerate(dict.fromkeys((voice.provider, *fallback))):
            path = f"settings.fallback[{fallback.index(name)}]" if place else "settings.voice.provider"
            if name not in self._providers:
                raise invalid(
                    path, f"there is no provider {name!r}; known: {', '.join(sorted(self._providers))}"
                )
            if name in known:
                yield name
            elif place == 0:
                raise invalid(
                    path, f"provider {name!r} takes no phone calls; those that do: {', '.join(sorted(known))}"
                )

    def _target(
        self, name: str, state: Conversation, voice: VoiceStep, seen: Mapping[str, Any], *, first: bool
    ) -> Target:
        provider = self._providers[name]
        block = self._config.providers.get(name)
        keys = self._providers.route_keys(name)
        own = block.settings if block else None
        # The step speaks to its own provider; a fallback knows better whom it calls, and takes from it what it lacks.
        written = {
            key: value
            for key, value in voice.route().items()
            if (keys is None or key in keys) and (first or getattr(own, key, None) in (None, {}))
        }
        try:
            route = rendered(self._providers.type_of(name), written, seen)
        except TemplateError as error:
            raise invalid("settings.voice", str(error)) from error
        can = provider.capabilities
        refuse = provider.refuse(route)
        transfer = None if refuse else provider.transfer(route)
        dialled = transfer is not None and transfer.mode == "dial"
        return Target(
            provider=name,
            style=Style.RELAY if dialled else Style(can.style),
            transferred=can.transferred,
            returns=self._providers.returns(name, state.channel),
            route=route,
            refuse=refuse or (self._cannot(state, transfer) if transfer else None),
        )

    def _cannot(self, state: Conversation, transfer: Transfer) -> str | None:
        """Why this call cannot be given away like that; None when it can."""
        if state.call is None:
            return "the conversation names no phone call, so there is nothing to give away"
        name = state.call.gateway
        gateway = self._gateways.get(name)
        if gateway is None:
            known = ", ".join(sorted(self._gateways)) or "none"
            return f"there is no gateway {name!r} under `gateways`; known: {known}"
        can = gateway.capabilities
        if transfer.kind not in can.kinds:
            return f"gateway {name!r} cannot give a call to {transfer.kind}; it can: {', '.join(sorted(can.kinds))}"
        if transfer.kind == "forward" and transfer.mode not in can.modes:
            return f"gateway {name!r} cannot {transfer.mode}; it can: {', '.join(sorted(can.modes))}"
        return None

    def speaks(self, state: Conversation) -> bool:
        """Whether what is said before can be said on the call."""
        return state.call is not None and state.call.gateway in self._gateways
