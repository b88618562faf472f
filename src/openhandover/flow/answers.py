"""What counts as an answer to an `ask`."""

import re
from typing import Any

from openhandover.texts.patterns import in_slashes, matches, pattern

KINDS = frozenset({"email", "phone", "number"})

# RFC 5321 allows more; this is what people have, and what mail servers take.
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_PHONE_FILLERS = re.compile(r"[\s().\-/]")
_PHONE = re.compile(r"(?:\+|00)[1-9]\d{6,14}|0[1-9]\d{5,13}|[1-9]\d{5,13}")
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,15})?")
_WHOLE_NUMBER_LIMIT = 2**53


class NotValid(Exception):
    """The answer does not fit; `key` is the system text that says so."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(key)


def validate(kind: str | None, text: str) -> Any:
    """The answer as the variable's value. Raises NotValid.

    Texts stay as they were written, surrounding spaces apart; a number becomes a number.
    """
    if kind is None:
        return text
    answer = text.strip()
    match kind:
        case "email":
            local = answer.partition("@")[0]
            if len(answer) > 254 or ".." in local or local.startswith(".") or not _EMAIL.fullmatch(answer):
                raise NotValid("invalid_email")
        case "phone":
            if not _PHONE.fullmatch(_PHONE_FILLERS.sub("", answer)):
                raise NotValid("invalid_phone")
        case "number":
            return _number(answer)
        case _:
            expression = in_slashes(kind)
            if expression is None or not matches(expression, answer):
                raise NotValid("invalid_answer")
    return answer


def problem(kind: str | None) -> str | None:
    """What is wrong with a `validate:` setting, or None."""
    if kind is None or kind in KINDS:
        return None
    expression = in_slashes(kind)
    if expression is None:
        return f"must be one of {', '.join(sorted(KINDS))}, or a regular expression between slashes"
    try:
        pattern(expression)
    except ValueError as error:
        return str(error)
    return None


def _number(answer: str) -> int | float:
    if not _NUMBER.fullmatch(answer):
        raise NotValid("invalid_number")
    value = float(answer.replace(",", "."))
    return int(value) if value.is_integer() and abs(value) < _WHOLE_NUMBER_LIMIT else value
