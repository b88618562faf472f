"""Translation engines behind one small port."""

from .base import TranslationError, Translator
from .libretranslate import LibreTranslate
from .none import NoTranslator

__all__ = ["LibreTranslate", "NoTranslator", "TranslationError", "Translator"]
