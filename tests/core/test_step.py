"""The handover step as it is written, its defaults, the marker types of settings, and the error tree."""

from typing import Any

import msgspec
import pytest

from openhandover.core import errors
from openhandover.core.model import Limits, Settings
from openhandover.core.settings import Secret
from openhandover.core.step import HandoverStep, VoiceStep


def test_the_defaults_of_the_step() -> None:
    """An empty step is the contract's example without texts, provider, cancel, fallback, route and voice."""
    assert msgspec.to_builtins(HandoverStep()) == {
        "provider": None,
        "reason": None,
        "message": None,
        "accepted_message": None,
        "repeat_accepted_message": False,
        "failure_message": None,
        "cancel": {"intent": None, "button": None, "while": "queued"},
        "resume": {"at": "below", "send_event": True},
        "events": {"queued": False, "active": False, "queue_updated": False, "inactive": False},
        "queue": {
            "position": False,
            "every_s": 30,
            "estimated_wait": False,
            "wait_every_s": 30,
            "alternative": None,
        },
        "presence": {"connects": True, "disconnects": True},
        "transcript": {"send": None, "max_messages": 200},
        "agent_identity": "name",
        "limits": dict.fromkeys(Limits.__struct_fields__),
        "fallback": [],
        "rating": {"ask": False, "text": None},
        "route": {},
        "voice": None,
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"providr": "desk"},
        {"limits": {"queue_s": -1}},
        {"cancel": {"while": "always"}},
        {"resume": {"at": "above"}},
        {"queue": {"alternative": {"max_position": 0}}},
        {"transcript": {"max_messages": 20_000}},
        {"agent_identity": {"as": ""}},
    ],
)
def test_what_the_step_does_not_know_is_refused(wrong: Any) -> None:
    """Unknown keys, values outside their range, words that are not on the list."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, HandoverStep)


def test_rendered_settings_have_the_same_defaults() -> None:
    """What core works with when nothing is set: silence, name, transcript of 200."""
    settings = Settings()
    assert (settings.resume_at, settings.send_event, settings.agent_identity) == ("below", True, "name")
    assert (settings.send_transcript, settings.max_messages, settings.cancel_while_active) == (
        True,
        200,
        False,
    )
    assert (settings.queue.every_s, settings.queue.wait_every_s) == (30, 30)


def test_a_secret_shows_nothing() -> None:
    """Its repr is masked; an empty one is seen to be empty."""
    assert (repr(Secret("hush")), repr(Secret("")), str(Secret("hush"))) == (
        "Secret('***')",
        "Secret('')",
        "hush",
    )


def test_what_is_said_before_by_medium() -> None:
    """A call hears the voice part's message, by default the step's; a text conversation never the voice part's."""
    plain, both = (
        HandoverStep(message="text"),
        HandoverStep(message="text", voice=VoiceStep("p", message="call")),
    )
    silent = HandoverStep(message="text", voice=VoiceStep("p", message=""))
    inherited = HandoverStep(message="text", voice=VoiceStep("p"))
    said = [(one.words("text"), one.words("voice")) for one in (plain, both, silent, inherited)]
    assert said == [("text", "text"), ("text", "call"), ("text", ""), ("text", "text")]


def test_where_a_call_goes_is_what_the_voice_part_says() -> None:
    """All keys that are given, and no other; an empty one is given."""
    assert VoiceStep("p").route() == {}
    whole = VoiceStep("p", message="m", to="", mode="dial", type="t", configuration={})
    assert whole.route() == {"to": "", "mode": "dial", "type": "t", "configuration": {}}


@pytest.mark.parametrize(
    "kind",
    [
        errors.ProviderUnavailable,
        errors.ProviderAuthError,
        errors.ProviderRejected,
        errors.NobodyThere,
        errors.SessionGone,
        errors.SessionEnded,
        errors.Unsupported,
    ],
)
def test_a_provider_error_says_what_to_do_unless_told_more(kind: type[errors.ProviderError]) -> None:
    """The class docstring is the default text; status and wish for a pause come along."""
    assert str(kind()) == (kind.__doc__ or "").strip()
    told = kind("out of order", http_status=503, retry_after_s=2.0)
    assert (told.detail, told.http_status, told.retry_after_s) == ("out of order", 503, 2.0)


def test_a_wrong_configuration_cannot_be_swallowed_as_ours() -> None:
    """ConfigError is outside the tree on purpose."""
    assert not issubclass(errors.ConfigError, errors.OpenHandoverError)
    assert issubclass(errors.SignatureError, errors.WebhookError)
