"""Bodies: every wrong field is named at once."""

import pytest

from openhandover.core.errors import Refused
from openhandover.web.bodies import ConversationBody, HandoverBody, PatchBody, message_errors
from openhandover.web.validation import checked


def places(value: object, kind: type) -> list[str]:
    """The paths of the errors."""
    with pytest.raises(Refused) as refused:
        checked(value, kind)
    return [error["path"] for error in refused.value.extra["errors"]]


def test_all_wrong_fields_are_named() -> None:
    """One refusal names every wrong field with its path, however deep."""
    body = {
        "channel": 1,
        "user": {"name": []},
        "transcript": [
            {"author": "user", "text": "x", "at": "2026-01-01T00:00:00Z"},
            {"author": "me", "at": "no"},
        ],
        "nonsense": True,
    }
    assert places(body, ConversationBody) == [
        "channel",
        "user.name",
        "user.id",
        "transcript[1].author",
        "transcript[1].at",
        "transcript[1].text",
        "nonsense",
    ]


def test_a_misspelt_field_is_answered_with_the_nearest_one() -> None:
    """An unknown field is refused and the field that was probably meant is named."""
    with pytest.raises(Refused) as refused:
        checked({"chanel": "api", "user": {"id": "u"}, "channel": "api"}, ConversationBody)
    assert refused.value.extra["errors"] == [
        {"path": "chanel", "detail": "is not known here; did you mean `channel`?"}
    ]


@pytest.mark.parametrize("value", [None, 1, "x", [], [[]], True])
def test_a_body_that_is_no_object_is_refused(value: object) -> None:
    """JSON that is no object has its error at the root."""
    assert places(value, ConversationBody) == [""]


def test_optional_parts_are_looked_into() -> None:
    """Errors inside an optional object name the field and not the object."""
    assert places({"user": {"email": 5}}, PatchBody) == ["user.email"]
    assert places({"epoch": 1, "settings": {"limits": {"queue_s": -1}}}, HandoverBody) == [
        "settings.limits.queue_s"
    ]


def test_settings_name_the_nearest_key() -> None:
    """Unknown handover settings are refused like unknown fields."""
    with pytest.raises(Refused) as refused:
        checked({"settings": {"acepted_message": "x"}}, HandoverBody)
    assert "`accepted_message`" in refused.value.detail


def test_the_number_of_listed_errors_is_limited() -> None:
    """A body full of errors does not make an answer that is larger than itself."""
    assert len(places({str(number): 1 for number in range(5000)}, PatchBody)) == 100


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"author": "bot", "text": "x"}, "epoch"),
        ({"author": "user", "text": "x", "to": "agent"}, "to"),
        ({"author": "user", "text": ""}, "text"),
        ({"author": "user"}, "text"),
        ({"author": "user", "attachments": []}, "text"),
    ],
)
def test_rules_between_fields_of_a_message(fields: dict[str, object], path: str) -> None:
    """A bot needs an epoch, only a bot has an audience, and an empty text needs an attachment."""
    assert [error["path"] for error in message_errors(fields)] == [path]
