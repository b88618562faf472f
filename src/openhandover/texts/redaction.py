"""Takes out what an audience must not see: card numbers, IBANs, e-mail addresses, phone numbers."""

import re
from collections.abc import Callable, Iterable
from typing import Literal

Kind = Literal["card", "iban", "email", "phone"]

_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9])"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])")
_CARD = re.compile(r"(?<!\d)\d(?:[ .-]?\d){12,}")
_PHONE = re.compile(
    r"(?<![\w+])(?:(?:\+|00 ?|\(?0)\d(?:[ ()./\u2013-]{0,3}\d){5,14}|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})(?!\d)"
)
_DATE = re.compile(r"\d{1,2}([-./ ])\d{1,2}\1\d{2}(?:\d{2})?")
_CARD_LENGTHS = range(13, 20)
# Country -> length, from the IBAN registry.
_IBAN_TABLE = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 "
    "EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 "
    "KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 "
    "PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 "
    "XK20"
)
_IBAN_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _IBAN_TABLE.split()}
_PHONE_LENGTHS = range(7, 16)


def redact(text: str, kinds: Iterable[Kind]) -> str:
    """The text with `[card]`, `[iban]`, `[email]` and `[phone]` in place of what was found."""
    wanted = set(kinds)
    for kind, without in _FINDERS.items():
        if kind in wanted:
            text = without(text)
    return text


def passes_luhn(digits: str) -> bool:
    """Whether the check digit of a card number is right."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def passes_mod_97(iban: str) -> bool:
    """Whether the check digits of an IBAN are right (ISO 13616)."""
    moved = iban[4:] + iban[:4]
    return int("".join(str(int(letter, 36)) for letter in moved)) % 97 == 1


def _emails(text: str) -> str:
    return _EMAIL.sub("[email]", text) if "@" in text else text


def _ibans(text: str) -> str:
    return _IBAN.sub(_iban, text)


def _iban(found: re.Match[str]) -> str:
    """As much of the match goes as its country's IBANs are long: words behind it look like more of it."""
    whole = found.group()
    length = _IBAN_LENGTHS.get(whole[:2].upper(), 0)
    places = [place for place, letter in enumerate(whole) if letter.isalnum()]
    if not 0 < length <= len(places):
        return whole
    end = places[length - 1] + 1
    compact = "".join(whole[place] for place in places[:length])
    is_whole_word = not whole[end : end + 1].isalnum()
    return "[iban]" + whole[end:] if is_whole_word and compact.isascii() and passes_mod_97(compact) else whole


def _cards(text: str) -> str:
    return _CARD.sub(_card, text)


def _card(found: re.Match[str]) -> str:
    """Card numbers among the groups of digits go, the longest first; half a group is never one."""
    whole = found.group()
    groups = list(re.finditer(r"\d+", whole))
    kept: list[str] = []
    at = place = 0
    while place < len(groups):
        last = _card_from(groups, place)
        if last is None:
            place += 1
            continue
        kept += (whole[at : groups[place].start()], "[card]")
        at, place = groups[last].end(), last + 1
    return "".join((*kept, whole[at:]))


def _card_from(groups: list[re.Match[str]], first: int) -> int | None:
    """The index of the group that ends the longest card number beginning at `first`."""
    number, found = "", None
    for place in range(first, len(groups)):
        number += groups[place].group()
        if len(number) >= _CARD_LENGTHS.stop:
            break
        if len(number) in _CARD_LENGTHS and len(set(number)) > 1 and passes_luhn(number):
            found = place
    return found


def _phones(text: str) -> str:
    return _PHONE.sub(_phone, text)


def _phone(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found.group()).removeprefix("00")
    if len(digits) not in _PHONE_LENGTHS or _DATE.fullmatch(found.group()):
        return found.group()
    return "[phone]"


_FINDERS: dict[Kind, Callable[[str], str]] = {
    "email": _emails,
    "iban": _ibans,
    "card": _cards,
    "phone": _phones,
}
"""In the order of their search: an IBAN holds digits that could pass for a card or a phone number."""
