"""Genesys Cloud's settings, and its answers to what we ask. No network."""

from typing import Any

import msgspec
import pytest

from openhandover.net.client import Reply
from openhandover.providers.base import Availability
from openhandover.providers.genesys import wire
from openhandover.providers.genesys.settings import Settings

from .samples import SECRET, SETTINGS, changed

# --- answers


def answer(raw: bytes) -> Reply:
    """What the vendor answered."""
    return Reply(200, {}, raw)


@pytest.mark.parametrize(
    ("raw", "wait_ms"),
    [
        (b'{"results":[]}', None),
        (b'{"results":[{"formula":"SIMPLE","estimatedWaitTimeSeconds":95}]}', 95_000),
        (
            b'{"results":[{"formula":"SIMPLE","estimatedWaitTimeSeconds":9},{"formula":"BEST","estimatedWaitTimeSeconds":5}]}',
            5_000,
        ),
        (b'{"results":[{"formula":"BEST","estimatedWaitTimeSeconds":-1}]}', None),
    ],
)
def test_the_best_prediction_counts(raw: bytes, wait_ms: int | None) -> None:
    """Seconds there, milliseconds here; nothing, or less than nothing, is not known."""
    assert wire.estimated_wait_ms(answer(raw)) == wait_ms


def test_people_who_can_take_something_count() -> None:
    """Idle or busy with somebody; not those who do not respond, nor conversations."""
    raw = (
        b'{"results":[{"group":{"queueId":"q"},"data":['
        b'{"metric":"oOnQueueUsers","qualifier":"IDLE","stats":{"count":2}},'
        b'{"metric":"oOnQueueUsers","qualifier":"INTERACTING","stats":{"count":1}},'
        b'{"metric":"oOnQueueUsers","qualifier":"NOT_RESPONDING","stats":{"count":4}}]},'
        b'{"group":{"queueId":"q","mediaType":"message"},"data":[{"metric":"oWaiting","stats":{"count":4}}]}]}'
    )
    assert wire.available(answer(raw), 5_000) == Availability(True, 3, estimated_wait_ms=5_000)
    assert wire.available(answer(b'{"results":[]}'), None) == Availability(False, 0)


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b'{"code":"missing.permissions","contextId":"7d2c-1"}', ("missing.permissions", "7d2c-1")),
        (b'{"code":"not.found","contextId":null}', ("not.found", "")),
        (b'{"code":"a secret text","contextId":"7d2c-1"}', ("", "7d2c-1")),
        (b"<html>", ("", "")),
        (b"", ("", "")),
    ],
)
def test_what_an_error_may_be_shown_of(raw: bytes, found: tuple[str, str]) -> None:
    """Its code and the id for the vendor's support; never a sentence, which may repeat what was said."""
    assert wire.error_of(answer(raw)) == found


# --- settings


@pytest.mark.parametrize(
    ("region", "domain"),
    [
        ("eu-west-1", "mypurecloud.ie"),
        ("ap-southeast-2", "mypurecloud.com.au"),
        ("mypurecloud.de", "mypurecloud.de"),
        ("login.euw2.pure.cloud", "euw2.pure.cloud"),
        ("https://apps.usw2.pure.cloud/", "usw2.pure.cloud"),
        (" API.mypurecloud.JP", "mypurecloud.jp"),
    ],
)
def test_a_region_by_either_name(region: str, domain: str) -> None:
    """The AWS region or the domain, as copied from wherever it stood."""
    settings = changed(region=region)
    assert (settings.api, settings.login) == (f"https://api.{domain}", f"https://login.{domain}")


def test_looking_is_for_who_has_no_events() -> None:
    """Every 15 seconds without them, once with them; a number says it outright."""
    none = changed(events_key=None)
    assert (none.looks_every_s, SETTINGS.looks_every_s, changed(look_every_s=5.0).looks_every_s) == (15, 0, 5)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"region": "europe"}, "region"),
        ({"region": "eu west 1"}, "region"),
        ({"client_secret": ""}, "client_secret"),
        ({"webhook_secret": "too-short"}, "webhook_secret"),
        ({"events_key": ""}, "events_key"),
        ({"integration_id": "a/b"}, "integration_id"),
        ({"max_text": 0}, "max_text"),
        ({"region": "eu-west-1", "deployment": "x"}, "deployment"),
    ],
)
def test_wrong_settings_are_refused_by_name(wrong: dict[str, Any], named: str) -> None:
    """When the file is read, not when the first handover fails."""
    given = {
        "region": "eu-west-1",
        "client_id": "c",
        "client_secret": "s",
        "integration_id": "i",
        "webhook_secret": SECRET,
        **wrong,
    }
    with pytest.raises(msgspec.ValidationError, match=named):
        msgspec.convert(given, Settings, dec_hook=lambda kind, value: kind(value))
