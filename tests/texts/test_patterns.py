"""Expressions that others wrote cannot take for ever."""

import time

import pytest

from openhandover.texts.patterns import PatternError, in_slashes, matches, pattern

REFUSED = [
    r"(a+)+", r"(a|b)*", r"a*a*", r".*.*x", r"(a)\1", r"(?:[a-z]+ )+x", "(", r"x{1,1000}x{1,1000}", r"(?:a?){30}a",
    r"(x+x+)+y", r"((a+))+", r"(?P<x>a)(?P=x)", "[", "a" * 501,
]  # fmt: skip
ALLOWED = [
    r"never ?mind",
    r"\d{4} ?[A-Z]{2}",
    r"[^@]+@[^@]+\.[a-z]+",
    r"(no|nee)",
    r"(\w{2}){3}",
    r".*foo.*",
    r"(?i:ab)+",
]


@pytest.mark.parametrize("source", REFUSED)
def test_expressions_that_could_explode_are_refused(source: str) -> None:
    """Refused with a reason, before any text is matched."""
    with pytest.raises(PatternError):
        pattern(source)


@pytest.mark.parametrize("source", ALLOWED)
def test_usual_expressions_are_quick_on_any_text(source: str) -> None:
    """The longest text that is looked at takes no noticeable time."""
    begun = time.process_time()
    for text in ("a" * 200, "a@" * 100, "foo" * 60 + "!", "1" * 199 + "a"):
        matches(source, text)
    assert time.process_time() - begun < 0.5


def test_the_whole_text_must_fit_and_case_does_not_matter() -> None:
    """`/never ?mind/` is the whole message."""
    assert matches("never ?mind", "Never Mind")
    assert not matches("never ?mind", "I never mind")
    assert not matches("a+", "a" * 201)


def test_slashes_mark_an_expression() -> None:
    """Only text between two slashes is an expression."""
    assert in_slashes("/a/") == "a"
    assert in_slashes("//") is None
    assert in_slashes("a/b") is None
