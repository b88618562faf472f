"""The words of the page: closed lists of the program have a word in each language."""

import re
from itertools import chain
from pathlib import Path
from typing import get_args

import pytest

from openhandover.core.model import Medium, Status
from openhandover.core.table import REASONS
from openhandover.providers import SHIPPED

FOLDER = Path(__file__).parents[2] / "ui" / "analytics"


@pytest.mark.parametrize(
    ("file", "languages"), [("texts.ts", 1), ("texts-germanic.ts", 2), ("texts-romance.ts", 2)]
)
def test_every_closed_list_has_its_words(file: str, languages: int) -> None:
    """A new reason, status, medium or type of provider cannot be forgotten on the page."""
    text = (FOLDER / file).read_text(encoding="utf-8")
    everywhere = (FOLDER / "breakdown.tsx").read_text(encoding="utf-8")
    vendors = re.findall(r"\b(\w+): \"", everywhere.partition("const VENDORS")[2].partition("};")[0])
    for key in (*chain(*REASONS.values()), *Status, *SHIPPED, *get_args(Medium)):
        assert key in vendors or len(re.findall(rf"\b{key}: \"", text)) >= languages, key
