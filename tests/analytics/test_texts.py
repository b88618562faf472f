"""The words of the page: closed lists of the program have a word in each language."""

import re
from itertools import chain
from pathlib import Path

import pytest

from openhandover.core.model import Status
from openhandover.core.table import REASONS

FOLDER = Path(__file__).parents[2] / "ui" / "analytics"


@pytest.mark.parametrize(
    ("file", "languages"), [("texts.ts", 1), ("texts-germanic.ts", 2), ("texts-romance.ts", 2)]
)
def test_every_reason_and_status_has_a_word(file: str, languages: int) -> None:
    """A new reason or status cannot be forgotten on the page."""
    text = (FOLDER / file).read_text(encoding="utf-8")
    for key in (*chain(*REASONS.values()), *Status):
        assert len(re.findall(rf"\b{key}: \"", text)) >= languages, key
