"""Whom a call may be given to. The outcomes in a handover are in tests/gateways/test_handover_types.py."""

import pytest

from openhandover.gateways.targets import target

GOOD = [
    ("+31201234567", "+31201234567"),
    ("+1 415-555-2671", "+14155552671"),
    ("+44 (20) 7946.0958", "+442079460958"),
    ("\t+49 30 901820\n", "+4930901820"),
    ("sip:team@pbx.example", "sip:team@pbx.example"),
    ("SIP:Team@PBX.example", "SIP:Team@PBX.example"),
    ("sip:pbx.example", "sip:pbx.example"),
    ("sip:+31201234567@pbx.example;user=phone", "sip:+31201234567@pbx.example;user=phone"),
    ("sips:team:secret@10.0.0.5:5061", "sips:team:secret@10.0.0.5:5061"),
    ("sip:team@[::1]:5060", "sip:team@[::1]:5060"),
    ("sip:team@pbx.example?User-to-User=abc", "sip:team@pbx.example?User-to-User=abc"),
]
BAD = [
    ("", "it is empty"),
    (" \n", "it is empty"),
    ("0201234567", "neither"),
    ("0031201234567", "neither"),
    ("+31 20 CALLUS", "neither"),
    ("++31201234567", "neither"),
    ("+٣١٢٠١٢٣٤٥٦٧", "neither"),
    ("tel:+31201234567", "neither"),
    ("https://pbx.example", "neither"),
    ("+", "neither"),
    ("+3", "too short"),
    ("+31", "too short"),
    ("+312", "too short"),
    ("+99912345678", "no country has this country code"),
    ("+312012345678901234", "too long"),
    ("+31007654321", "no such number is in use in its country"),
    ("sip:", "not a SIP URI"),
    ("sip:@pbx.example", "not a SIP URI"),
    ("sip:team@", "not a SIP URI"),
    ("sip:team@pbx example", "not a SIP URI"),
    ("sip:team@pbx.example\r\nTo: x", "not a SIP URI"),
    ("sip:team@pbx.example:0", "not a SIP URI"),
    ("sip:team@pbx.example:65536", "not a SIP URI"),
    ("sip:team@-pbx", "not a SIP URI"),
    ('sip:"x"@pbx.example', "not a SIP URI"),
    ("sip:a@" + "b" * 500, "longer than any"),
]


@pytest.mark.parametrize(("given", "dialled"), GOOD)
def test_what_can_be_called(given: str, dialled: str) -> None:
    """Numbers lose what people write between the digits; SIP URIs stay as they are."""
    assert target(given) == dialled


@pytest.mark.parametrize(("given", "why"), BAD)
def test_what_cannot_be_called(given: str, why: str) -> None:
    """The reason is said."""
    with pytest.raises(ValueError, match=why):
        target(given)
