"""Translation engines behind one small port; each is imported when it is configured."""

from importlib import import_module
from typing import Any

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
    module: Any
    match engine:
        case "none":
            return NoTranslator()
        case "deepl" if key:
            module = import_module(".deepl", __name__)
            return module.DeepL(sender, url or module.address_for(key), key)
        case "openai" if model:
            module = import_module(".openai", __name__)
            return module.OpenAI(sender, url or module.ORIGINAL, model, key)
        case "libretranslate" if url:
            return import_module(".libretranslate", __name__).LibreTranslate(sender, url, key)
        case "apertium" if url:
            return import_module(".apertium", __name__).Apertium(sender, url, key)
        case _:
            raise ConfigError(f"translation: engine {engine} lacks a setting; run `openhandover check`")
