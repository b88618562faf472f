"""Translation engines behind one small port; each is imported when it is configured."""

from openhandover.core.errors import ConfigError
from openhandover.core.settings import Secret
from openhandover.net.client import Sender

from .base import TranslationError, Translator
from .none import NoTranslator

__all__ = ["NoTranslator", "TranslationError", "Translator", "translator"]


def translator(
    engine: str, sender: Sender, *, url: str | None, key: Secret | None, model: str | None = None
) -> Translator:
    """The engine of this name. Raises ConfigError where a setting is missing that `check` would have named."""
    match engine:
        case "none":
            return NoTranslator()
        case "deepl" if key:
            from .deepl import DeepL, address_for

            return DeepL(sender, url or address_for(key), key)
        case "openai" if model:
            from .openai import ORIGINAL, OpenAI

            return OpenAI(sender, url or ORIGINAL, model, key)
        case "libretranslate" if url:
            from .libretranslate import LibreTranslate

            return LibreTranslate(sender, url, key)
        case "apertium" if url:
            from .apertium import Apertium

            return Apertium(sender, url, key)
        case _:
            raise ConfigError(f"translation: engine {engine} lacks a setting; run `openhandover check`")
