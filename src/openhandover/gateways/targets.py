"""Whom a call may be given to: a phone number in E.164, or a SIP URI. Anything else is refused with the reason."""

import re

import phonenumbers

_SIP = re.compile(
    r"sips?:"
    r"(?:[A-Za-z0-9_.!~*'()&=+$,;?/%-]+(?::[A-Za-z0-9_.!~*'()&=+$,%-]*)?@)?"  # user and password
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"  # host name, IPv4 or [IPv6]
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?:;[^\s?<>\"]*)?(?:\?[^\s<>\"]*)?",
    re.IGNORECASE,
)
"""RFC 3261, section 19.1.1, without escapes checked one by one."""

_NUMBER = re.compile(r"\+[0-9]+")
_WHY = {
    phonenumbers.ValidationResult.TOO_SHORT: "the number is too short",
    phonenumbers.ValidationResult.TOO_LONG: "the number is too long",
    phonenumbers.ValidationResult.INVALID_COUNTRY_CODE: "no country has this country code",
}
_UNREADABLE = {
    phonenumbers.NumberParseException.INVALID_COUNTRY_CODE: "no country has this country code",
    phonenumbers.NumberParseException.TOO_LONG: "the number is too long",
}
LONGEST = 500


def target(text: str) -> str:
    """The target as it is dialled: a number without the blanks and dashes that people write, a SIP URI as it stands.

    Raises:
        ValueError: says why it cannot be called.
    """
    given = text.strip()
    if not given:
        raise ValueError("it is empty")
    if len(given) > LONGEST:
        raise ValueError("it is longer than any number or SIP URI")
    if given[:4].lower() in ("sip:", "sips"):
        return _sip(given)
    return _number(given)


def _sip(given: str) -> str:
    found = _SIP.fullmatch(given)
    if not found or (found["port"] and not 0 < int(found["port"]) < 65536):
        raise ValueError("it is not a SIP URI; write it like sip:name@host")
    return given


def _number(given: str) -> str:
    number = re.sub(r"[\s().\-/]", "", given)
    if not number.startswith("+") or not _NUMBER.fullmatch(number):
        raise ValueError(
            "it is neither a phone number in E.164 (plus, country code, number) nor a SIP URI (sip:name@host)"
        )
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException as error:
        raise ValueError(_UNREADABLE.get(error.error_type, "the number is too short")) from None
    why = _WHY.get(phonenumbers.is_possible_number_with_reason(parsed))
    if why:
        raise ValueError(why)
    if not phonenumbers.is_valid_number(parsed):
        raise ValueError("no such number is in use in its country")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
