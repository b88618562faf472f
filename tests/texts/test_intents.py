"""A whole message is an intent, a part of one is not."""

import pytest

from openhandover.texts.intents import matching

INTENTS = {
    "cancel_handover": {"en": ["cancel", "/never ?mind/"], "nl": ["laat maar"]},
    "human": {"en": ["a person!"]},
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cancel", {"cancel_handover"}),
        ("  CANCEL!! ", {"cancel_handover"}),
        ("Nevermind.", {"cancel_handover"}),
        ("Laat,  maar…", {"cancel_handover"}),
        ("a person", {"human"}),
        ("please cancel", set()),
        ("cancel my order", set()),
        ("", set()),
        ("!!!", set()),
        ("cancel" * 1000, set()),
    ],
)
def test_whole_messages_match(text: str, found: set[str]) -> None:
    """Case, punctuation and spaces do not matter; the language of the conversation neither."""
    assert matching(INTENTS, text) == found


def test_an_intent_may_come_with_the_message() -> None:
    """A channel that knows the intent says so; an unknown one is nothing."""
    assert matching(INTENTS, "x", "human") == {"human"}
    assert matching(INTENTS, "cancel", "nope") == {"cancel_handover"}
