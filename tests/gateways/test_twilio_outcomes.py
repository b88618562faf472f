"""What Twilio reports of a transfer, in our words."""

import pytest

from openhandover.gateways.twilio.outcomes import of_dial, of_refer


@pytest.mark.parametrize(
    ("report", "outcomes", "code"),
    [
        ({"DialCallStatus": "completed"}, ["connected", "ended"], None),
        ({"DialCallStatus": "completed", "DialBridged": "true"}, ["connected", "ended"], None),
        ({"DialCallStatus": "completed", "DialBridged": "false"}, ["unknown"], None),
        ({"DialCallStatus": "answered"}, ["connected", "ended"], None),
        ({"DialCallStatus": "busy"}, ["busy"], None),
        ({"DialCallStatus": "busy", "DialSipResponseCode": "486"}, ["busy"], 486),
        ({"DialCallStatus": "no-answer"}, ["no_answer"], None),
        ({"DialCallStatus": "canceled"}, ["no_answer"], None),
        ({"DialCallStatus": "failed"}, ["failed"], None),
        ({"DialCallStatus": "failed", "DialSipResponseCode": "404"}, ["invalid_target"], 404),
        ({"DialCallStatus": "failed", "DialSipResponseCode": "603"}, ["declined"], 603),
        ({"DialCallStatus": "failed", "DialSipResponseCode": "503"}, ["failed"], 503),
        ({"DialCallStatus": "failed", "DialSipResponseCode": "tomorrow"}, ["failed"], None),
        ({"DialCallStatus": "never-heard-of"}, ["unknown"], None),
        ({}, ["unknown"], None),
    ],
)
def test_a_dial(report: dict[str, str], outcomes: list[str], code: int | None) -> None:
    """Every status that Twilio names for a dialled call has its outcome, and every other one is unknown."""
    assert of_dial(report) == (outcomes, code)


def refer(status: str | None, answer: int | None, final: int | None) -> dict[str, str]:
    """The three fields of a report, those that came."""
    found = {"ReferCallStatus": status, "ReferSipResponseCode": answer, "NotifySipResponseCode": final}
    return {name: str(value) for name, value in found.items() if value is not None}


@pytest.mark.parametrize(
    ("report", "outcome", "code"),
    [
        (refer("in-progress", 202, 200), "connected", 200),
        (refer("in-progress", 200, 200), "connected", 200),
        (refer("busy", 202, 486), "busy", 486),
        (refer("failed", 202, 486), "busy", 486),
        (refer("failed", 202, 600), "busy", 600),
        (refer("failed", 202, 480), "no_answer", 480),
        (refer("failed", 202, 487), "no_answer", 487),
        (refer("failed", 202, 603), "declined", 603),
        (refer("failed", 202, 403), "declined", 403),
        (refer("failed", 202, 404), "invalid_target", 404),
        (refer("failed", 202, 503), "failed", 503),
        (refer("failed", 202, 180), "unknown", 180),
        (refer("failed", 405, None), "unsupported", 405),
        (refer("failed", 501, None), "unsupported", 501),
        (refer("failed", 403, None), "rejected", 403),
        (refer("failed", 603, None), "rejected", 603),
        (refer("failed", 500, None), "failed", 500),
        (refer("canceled", 202, 180), "caller_hung_up", 180),
        (refer(None, 202, None), "unknown", 202),
        (refer(None, None, None), "failed", None),
    ],
)
def test_a_refer(report: dict[str, str], outcome: str, code: int | None) -> None:
    """The answer to the REFER and what its NOTIFY said make the outcome; where none came it is not guessed."""
    assert of_refer(report) == (outcome, code)
