"""What an answer's status means for us."""

import pytest

from openhandover.core import errors
from openhandover.net import statuses
from openhandover.net.client import Reply

NOW = 1_445_412_460.0  # Wed, 21 Oct 2015 07:27:40 GMT


def reply(status: int, **headers: str) -> Reply:
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("999999999999999999", 86400.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 20.0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 20.0),
        ("Wed, 21 Oct 2015 07:00:00 GMT", 0.0),
        ("Wed, 21 Oct 2099 07:00:00 GMT", 86400.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
        ("²", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(value: str, seconds: float | None) -> None:
    """Nonsense counts as absent; nobody can make us wait longer than a day."""
    assert statuses.retry_after_s({"Retry-After": value}, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, "delivered") for status in (200, 201, 202, 204)),
        *((status, "retry") for status in (301, 307, 401, 403, 408, 409, 425, 429, 500, 502, 503)),
        *((status, "refused") for status in (400, 402, 404, 405, 413, 422)),
        (410, "gone"),
    ],
)
def test_webhook_answers(status: int, kind: str) -> None:
    """410 ends it at once, most 4xx count towards ten tries, everything else is tried for a day."""
    assert statuses.webhook_outcome(reply(status), NOW).kind == kind


def test_a_receiver_may_say_when_to_come_back() -> None:
    """Retry-After goes along with the outcome."""
    outcome = statuses.webhook_outcome(reply(429, Retry_After="3"), NOW)
    assert outcome == statuses.Outcome("retry", 3.0)


@pytest.mark.parametrize(
    ("table", "status", "kind"),
    [
        (statuses.OPEN, 409, errors.NobodyThere),
        (statuses.OPEN, 401, errors.ProviderAuthError),
        (statuses.OPEN, 403, errors.ProviderAuthError),
        (statuses.OPEN, 404, errors.ProviderRejected),
        (statuses.OPEN, 408, errors.ProviderRejected),
        (statuses.OPEN, 422, errors.ProviderRejected),
        (statuses.OPEN, 429, errors.ProviderUnavailable),
        (statuses.OPEN, 500, errors.ProviderUnavailable),
        (statuses.OPEN, 302, errors.ProviderUnavailable),
        (statuses.MESSAGE, 404, errors.SessionGone),
        (statuses.MESSAGE, 410, errors.SessionGone),
        (statuses.MESSAGE, 401, errors.ProviderAuthError),
        (statuses.MESSAGE, 403, errors.ProviderAuthError),
        (statuses.MESSAGE, 408, errors.ProviderUnavailable),
        (statuses.MESSAGE, 409, errors.ProviderUnavailable),
        (statuses.MESSAGE, 425, errors.ProviderUnavailable),
        (statuses.MESSAGE, 429, errors.ProviderUnavailable),
        (statuses.MESSAGE, 503, errors.ProviderUnavailable),
        (statuses.MESSAGE, 400, errors.ProviderRejected),
        (statuses.MESSAGE, 413, errors.ProviderRejected),
    ],
)
def test_provider_answers(table: statuses.Reactions, status: int, kind: type[errors.ProviderError]) -> None:
    """Each status of a desk has one reaction per call."""
    with pytest.raises(errors.ProviderError) as raised:
        statuses.check(reply(status, Retry_After="4"), table, NOW)
    assert type(raised.value) is kind
    assert (raised.value.http_status, raised.value.retry_after_s) == (status, 4.0)


def test_success_raises_nothing() -> None:
    """Any 2xx will do."""
    for status in (200, 201, 202, 204, 299):
        statuses.check(reply(status), statuses.MESSAGE, NOW)
