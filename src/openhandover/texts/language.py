"""Which language a user speaks: the channel's locale to begin with, then what they write.

Evidence is plain data, one weight per language, kept with the conversation. Detection costs about a tenth of a
millisecond a text once its model is loaded; loading takes about a second and 100 MB, so it happens in a thread and
only when somebody writes. Until then the prior holds.
"""

import asyncio
import importlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

MIN_WORDS = 3
"""Texts with fewer words never switch the language: `ok`, `Berlin`, `de nada`."""
MAX_TEXT = 500
"""Characters that are looked at."""
PRIOR = 0.6
"""Weight of the declared language: less than one clear sentence, more than an unclear one."""
MARGIN = 0.25
"""How much more evidence another language needs before it takes over."""
MEMORY = 0.7
"""What remains of older evidence with each text, so that a user may change their mind."""

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_NOISE = re.compile(r"https?://\S+|\S+@\S+|[#@]\w+")

Evidence = Mapping[str, float]


def prior(locale: str | None, supported: Sequence[str], default: str) -> str:
    """The language to begin with: the locale's if it is supported, else the default."""
    for wanted in (locale or "", (locale or "").replace("_", "-").split("-", 1)[0]):
        for language in supported:
            if wanted and language.lower() == wanted.lower():
                return language
    return default


def words(text: str) -> list[str]:
    """The words that tell a language; addresses, links, numbers and names of people (`@x`) do not."""
    return _WORD.findall(_NOISE.sub(" ", text[:MAX_TEXT]))


def is_telling(text: str) -> bool:
    """Whether the text is long enough to say something about its language."""
    return len(words(text)) >= MIN_WORDS


def weigh(evidence: Evidence, current: str, found: Mapping[str, float]) -> tuple[dict[str, float], str]:
    """The evidence with one more text, and the language it points to. Without evidence `current` counts as prior."""
    kept = {language: weight * MEMORY for language, weight in (evidence or {current: PRIOR / MEMORY}).items()}
    summed = {code: round(kept.get(code, 0.0) + found.get(code, 0.0), 4) for code in sorted({*kept, *found})}
    best = max(summed, key=lambda code: (summed[code], code == current))
    switches = summed[best] >= summed.get(current, 0.0) + MARGIN
    return {code: weight for code, weight in summed.items() if weight >= 0.01}, best if switches else current


class LanguageDetector:
    """py3langid restricted to the supported languages, loaded when it is first needed."""

    def __init__(self, supported: Sequence[str]) -> None:
        self._supported = tuple(dict.fromkeys(code.split("-", 1)[0].lower() for code in supported))
        self._full = {code.split("-", 1)[0].lower(): code for code in reversed(supported)}
        self._model: Any = None
        self._loading: asyncio.Task[None] | None = None

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to choose."""
        return len(self._supported) > 1

    async def load(self) -> None:
        """Load the model in a thread; later calls return at once."""
        if self._model is None and self.is_needed:
            self._model = await asyncio.to_thread(_load, self._supported)

    def warm(self) -> None:
        """Begin loading in the background, if that has not happened."""
        if self._model is None and self._loading is None and self.is_needed:
            self._loading = asyncio.get_running_loop().create_task(self.load())

    async def stop(self) -> None:
        """Wait for a load that is under way, so that nothing is left running."""
        if self._loading is not None:
            await asyncio.gather(self._loading, return_exceptions=True)
            self._loading = None

    def probabilities(self, text: str) -> Mapping[str, float] | None:
        """Language -> probability, None while the model is not loaded."""
        if self._model is None:
            return None
        cleaned = " ".join(words(text))
        return {self._full[code]: round(float(share), 4) for code, share in self._model.rank(cleaned)}

    def observe(self, text: str, evidence: Evidence, current: str) -> tuple[dict[str, float], str]:
        """The evidence and the language after this text; both unchanged where the text tells nothing."""
        if not self.is_needed or not is_telling(text):
            return dict(evidence), current
        found = self.probabilities(text)
        if found is None:
            self.warm()
            return dict(evidence), current
        return weigh(evidence, current, found)


def _load(supported: Sequence[str]) -> Any:
    # Imported here: the package brings numpy and must not cost start-up time. It has no types.
    langid: Any = importlib.import_module("py3langid.langid")
    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    known = set(identifier.labels)
    identifier.set_languages([code for code in supported if code in known])
    return identifier
