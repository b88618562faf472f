"""Which language a user speaks: the channel's locale to begin with, then what they write.

Evidence is plain data, one weight per language, kept with the conversation. Detection costs about a tenth of a
millisecond a text once its model is loaded; loading takes about a second and 100 MB, so it happens in a thread and
only when somebody writes.
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
        self._supported = tuple(dict.fromkeys(map(_base, supported)))
        self._full = {_base(code): code for code in reversed(supported)}
        self._model: Any = None
        self._loading: asyncio.Task[None] | None = None

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to choose."""
        return len(self._supported) > 1

    async def load(self) -> None:
        """Load the model in a thread, once; later calls return at once. Whoever comes meanwhile waits for the same."""
        if self._model is not None or not self.is_needed:
            return
        if self._loading is None:
            self._loading = asyncio.create_task(self._load())
        await asyncio.shield(self._loading)

    async def _load(self) -> None:
        self._model = await asyncio.to_thread(_model_of, self._supported)

    async def stop(self) -> None:
        """Wait for a load that is under way, so that nothing is left running."""
        if self._loading is not None:
            await asyncio.gather(self._loading, return_exceptions=True)
            self._loading = None

    def probabilities(self, text: str, current: str) -> Mapping[str, float]:
        """Language -> probability, by the loaded model. Words do not tell a region: the current one stays."""
        cleaned = " ".join(words(text))
        full = self._full | {_base(current): current}
        return {full[code]: round(float(share), 4) for code, share in self._model.rank(cleaned)}

    async def observe(self, text: str, evidence: Evidence, current: str) -> tuple[dict[str, float], str]:
        """The evidence and the language after this text; both unchanged where the text tells nothing. The first text
        of a process waits about a second for the model: often it is all that a user writes before a handover."""
        if not self.is_needed or not is_telling(text):
            return dict(evidence), current
        await self.load()
        return weigh(evidence, current, self.probabilities(text, current))


def _base(language: str) -> str:
    return language.split("-", 1)[0].lower()


def _model_of(supported: Sequence[str]) -> Any:
    # Imported here: the package brings numpy and must not cost start-up time. It has no types.
    langid: Any = importlib.import_module("py3langid.langid")
    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    known = set(identifier.labels)
    identifier.set_languages([code for code in supported if code in known])
    return identifier
