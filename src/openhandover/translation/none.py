"""The engine that translates nothing."""


class NoTranslator:
    """Every text stays as it is."""

    @property
    def is_active(self) -> bool:
        """Never."""
        return False

    async def translate(self, text: str, source: str, target: str) -> str:
        """The same text."""
        return text
