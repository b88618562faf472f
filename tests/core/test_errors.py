"""What an error says, and to whom."""

from openhandover.core.errors import SignatureError


def test_a_refused_signature_tells_the_caller_nothing_of_ours() -> None:
    """The remedy names a setting and is for the log; the detail is the same with and without it."""
    named = SignatureError("compare `webhook_secret`")
    assert (named.remedy, SignatureError().remedy) == ("compare `webhook_secret`", "")
    assert named.detail == SignatureError().detail == str(named)
    assert "webhook_secret" not in named.detail
