"""The voice part of handover steps: who takes calls, whom they are given to, and who holds them."""

import re
from typing import Any

from openhandover import providers
from openhandover.core.step import HandoverStep, VoiceStep

from .check_texts import TextChecks
from .findings import Findings
from .model import Config
from .nodes import Path, nearest
from .shapes import shape

_KEY = re.compile(r"`(\w+)`")
"""The key that a refusal is about."""


class VoiceChecks:
    """Checks steps of one file."""

    def __init__(self, config: Config, findings: Findings, texts: TextChecks) -> None:
        self._config = config
        self._findings = findings
        self._texts = texts

    def channels(self) -> None:
        """A channel's own provider is for texts; a call is given to whom the step says under `voice`."""
        for name, channel in self._config.channels.items():
            if channel.provider is not None and self._media(channel.provider) == {"voice"}:
                mend = "name a provider that takes texts, and this one under `voice` in the step"
                place: Path = ("channels", name, "provider")
                self._findings.error(place, f'"{channel.provider}" takes phone calls only', mend)

    def step(self, step: HandoverStep, path: Path, *, from_flow: bool) -> None:
        """What a step says about calls; a provider that takes nothing else has no place in its text part."""
        if step.provider is not None and self._media(step.provider) == {"voice"}:
            mend = "move it to `voice: {provider: ...}`"
            self._findings.error((*path, "provider"), f'"{step.provider}" takes phone calls only', mend)
        if step.voice is not None:
            self._voice(step.voice, step.fallback, (*path, "voice"))
            return
        for index, name in enumerate(step.fallback):
            if self._media(name) == {"voice"}:
                what, mend = f'"{name}" takes phone calls only', "add a `voice` part, or remove it here"
                self._findings.warn((*path, "fallback", index), what, mend)
        if from_flow and self._config.gateways:
            what = "no `voice`: a phone call that comes here is recorded only, nobody is called"
            self._findings.warn(path, what, "say under `voice` whom it is given to")

    def _voice(self, voice: VoiceStep, fallback: list[str], path: Path) -> None:
        given_away = any(self._media(name) == {"voice"} for name in (voice.provider, *fallback))
        if given_away and not self._findings.names("gateways"):
            mend = "describe who holds the calls under `gateways:`"
            self._findings.warn(path, "no gateway is configured, so no call can be given away", mend)
        self._texts.texts(voice.message, (*path, "message"))
        route = voice.route()
        for key, value in route.items():
            self._texts.value(value, (*path, key))
        place = (*path, "provider")
        if not self._findings.name(place, "providers", voice.provider, "provider"):
            return
        media = self._media(voice.provider)
        if media and "voice" not in media:
            known = [name for name in self._config.providers if "voice" in (self._media(name) or ())]
            mend = (
                nearest(voice.provider, known)
                if known
                else "configure one of type forward, custom or cm_voice_msc"
            )
            self._findings.error(place, f'"{voice.provider}" takes no phone calls', mend)
        elif media:
            chain = (voice.provider, *(name for name in fallback if "voice" in (self._media(name) or ())))
            self._keys(chain, route, path)
            self._refused(voice.provider, route, path)

    def _keys(self, chain: tuple[str, ...], route: dict[str, Any], path: Path) -> None:
        """Each key must be one of some provider's."""
        kinds = list(dict.fromkeys(self._config.providers[name].type for name in chain))
        known = {key for kind in kinds for key in shape(providers.route_of(kind))}
        for key in route:
            if key not in known:
                what = f"no such key for calls to {' or '.join(kinds)}"
                self._findings.error((*path, key), what, nearest(key, sorted(known)), at_key=True)

    def _refused(self, name: str, route: dict[str, Any], path: Path) -> None:
        """A route without templates can be judged now."""
        block = self._config.providers[name]
        known = shape(providers.route_of(block.type))
        mine = {key: value for key, value in route.items() if key in known}
        if not any(self._texts.is_template(value) for value in mine.values()):
            made = providers.provider_of(block.type)(name, block.settings, None)
            if refused := made.refuse(mine):
                what, _, mend = refused.partition("; ")
                key = next((word for word in _KEY.findall(what) if word in mine), None)
                self._findings.error(
                    (*path, key) if key else path, what, mend or "mend it here, or in the provider's settings"
                )

    def _media(self, name: str) -> set[str] | None:
        """What the provider takes; None for one that is not there, or wrong itself."""
        block = self._config.providers.get(name)
        if block is None:
            return None
        # Asked of the provider itself: what one takes may depend on its settings.
        return set(providers.provider_of(block.type)(name, block.settings, None).capabilities.media)
