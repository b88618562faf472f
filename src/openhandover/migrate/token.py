"""The product token: it is looked for before anything else, so that nothing that is said or written can hold it."""

from collections.abc import Iterator

from .spots import Spot, plain

HEADER = "xcmproducttoken"
VARIABLE = "CM_PRODUCT_TOKEN"
TOKEN = "${" + VARIABLE + "}"
SHORTEST = 8
"""Characters; a shorter one might be any word, and masking it would spoil the text."""


class Token:
    """Every spelling of the token in an input; there may be none."""

    def __init__(self, root: Spot) -> None:
        found = {text.strip() for text in _values(root)}
        tokens = (one for one in found if len(one) >= SHORTEST and "{{" not in one)
        self._values = sorted(tokens, key=len, reverse=True)

    def hidden(self, text: str, instead: str = TOKEN) -> str:
        """The text with the variable wherever the token was written."""
        for value in self._values:
            text = text.replace(value, instead)
        return text


def _values(spot: Spot) -> Iterator[str]:
    """Values of the header, as an entry, as an item with name and value, or as a line of text."""
    if spot.text is not None and plain(spot.name) == HEADER:
        yield spot.text
    name, value = spot.get("name", "key", "header"), spot.get("value")
    if name is not None and value is not None and value.text and plain(name.text or "") == HEADER:
        yield value.text
    for line in (spot.text or "").splitlines():
        before, colon, after = line.partition(":")
        if colon and plain(before) == HEADER:
            yield after
    for child in spot.children():
        yield from _values(child)
