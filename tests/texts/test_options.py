"""What an answer means among the options of a message."""

import pytest

from openhandover.core.model import Button
from openhandover.texts.options import by_number, by_words, meant

OPTIONS = (Button("Yes!", "y"), Button("No", "n"), Button("\U0001f44d", "thumb"))


@pytest.mark.parametrize("said", ["", " ", "-1", "1.5", "10", "9999999999999", "one", "1 please"])
def test_what_names_no_option_chooses_none(said: str) -> None:
    """A sentence, a number outside the list and an empty answer stay what they are."""
    assert meant(OPTIONS, said) is None


@pytest.mark.parametrize(
    ("said", "value"), [("yes", "y"), (" YES. ", "y"), ("n", "n"), ("\U0001f44d", "thumb"), ("no!", "n")]
)
def test_an_option_is_chosen_by_its_words_or_value(said: str, value: str) -> None:
    """Case and punctuation do not matter; a text of signs alone is compared as it stands."""
    chosen = by_words(OPTIONS, said)
    assert chosen is not None
    assert chosen.value == value


@pytest.mark.parametrize("said", ["2", "2.", " 2) "])
def test_an_option_is_chosen_by_its_number(said: str) -> None:
    """As people write it."""
    assert by_number(OPTIONS, said) == OPTIONS[1]


def test_signs_alone_choose_no_option() -> None:
    """Two options without any letters are not the same."""
    assert by_words((Button("?", "?"), Button("!", "!")), "!") == Button("!", "!")


def test_words_count_more_than_numbers() -> None:
    """An option that is called "2" is meant by "2", wherever it stands."""
    chosen = meant((Button("2", "two people"), Button("4", "four people")), "2")
    assert chosen is not None
    assert chosen.value == "two people"
