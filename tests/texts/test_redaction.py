"""What an audience must not see is taken out, and nothing else."""

import time

import pytest
from hypothesis import given, strategies as st

from openhandover.texts.redaction import Kind, passes_luhn, passes_mod_97, redact

EVERY: tuple[Kind, ...] = ("card", "iban", "email", "phone")

SEPARATORS = st.sampled_from(["", " ", "-", "."])


def luhn(digits: str) -> str:
    """The digits with their check digit."""
    return next(digits + str(check) for check in range(10) if passes_luhn(digits + str(check)))


@given(st.text("0123456789", min_size=14, max_size=14), SEPARATORS)
def test_card_numbers_go_however_they_are_grouped(digits: str, separator: str) -> None:
    """Any number with a right check digit is a card number."""
    number = luhn("4" + digits)
    grouped = separator.join(number[i : i + 4] for i in range(0, 16, 4))
    assert redact(f"my card {grouped}, thanks", ["card"]) == "my card [card], thanks"


@given(st.text("0123456789", min_size=14, max_size=14), st.integers(1, 9))
def test_numbers_with_a_wrong_check_digit_stay(digits: str, off: int) -> None:
    """An order number is not a card number."""
    number = luhn("4" + digits)
    wrong = number[:-1] + str((int(number[-1]) + off) % 10)
    assert redact(f"order {wrong}.", ["card"]) == f"order {wrong}."


@given(st.text("0123456789", min_size=10, max_size=10), SEPARATORS)
def test_ibans_go(digits: str, separator: str) -> None:
    """Any IBAN with right check digits, also with words behind it."""
    check = next(f"{n:02}" for n in range(2, 99) if passes_mod_97(f"NL{n:02}ABNA{digits}"))
    iban = f"NL{check}ABNA{digits}"
    grouped = (separator if separator != "." else " ").join(iban[i : i + 4] for i in range(0, len(iban), 4))
    assert redact(f"to {grouped} please now", ["iban"]) == "to [iban] please now"
    assert redact(f"to {iban.lower()}.", ["iban"]) == "to [iban]."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail ada.l+x@mail.example.org!", "mail [email]!"),
        ("a@b and a@b.c stay", "a@b and a@b.c stay"),
        ("call +31 20 123 4567 or 0031201234567", "call [phone] or [phone]"),
        ("06-12345678, (020) 123 45 67", "[phone], [phone]"),
        ("ring 555-123-4567", "ring [phone]"),
        ("on 01-02-2024 at 10:30 for 1.250,00", "on 01-02-2024 at 10:30 for 1.250,00"),
        ("order 12345678 and year 2024", "order 12345678 and year 2024"),
        ("0000 0000 0000 0000", "[phone]"),
        ("card 4111 1111 1111 1111 cvc 123", "card [card] cvc 123"),
        ("4111111111111111 123", "[card] 123"),
        ("NL91ABNA0417164300 and 4111111111111111", "[iban] and [card]"),
        ("NL91ABNA0417164301", "NL91ABNA0417164301"),
        ("", ""),
    ],
)
def test_examples(text: str, expected: str) -> None:
    """Usual ways of writing, with all kinds asked for."""
    assert redact(text, EVERY) == expected


def test_only_the_kinds_asked_for_go() -> None:
    """Audiences differ."""
    text = "a@b.example 4111111111111111"
    assert redact(text, []) == text
    assert redact(text, ["email"]) == "[email] 4111111111111111"


@given(st.text(max_size=200))
def test_redaction_is_stable(text: str) -> None:
    """A redacted text stays as it is when redacted again."""
    once = redact(text, EVERY)
    assert redact(once, EVERY) == once


@pytest.mark.parametrize(
    "text",
    [
        "1 " * 16_000,
        "a" * 32_000 + "@",
        "NL91" + "A" * 32_000,
        "+" + "0 (" * 10_000,
        "a@" * 16_000,
        "a.b@c." * 5_000,
    ],
)
def test_hostile_texts_are_quick(text: str) -> None:
    """The longest message takes no noticeable time whatever it holds."""
    begun = time.process_time()
    redact(text, EVERY)
    assert time.process_time() - begun < 1
