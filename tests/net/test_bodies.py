"""What others wrote: read as what is expected, or the error that says whose fault it is and where."""

import msgspec
import pytest

from openhandover.core.errors import NotJsonError, PayloadError, ProviderUnavailable
from openhandover.net.bodies import read_answer, read_webhook
from openhandover.net.client import Reply


class Named(msgspec.Struct):
    """Something with a name."""

    name: str


class Told(msgspec.Struct):
    """Something of which little need be said."""

    names: list[Named] = []
    note: str | None = "none"


DEEP = b'{"x":' + b"[" * 100_000


def test_what_is_expected_is_read() -> None:
    """Both ways."""
    assert read_webhook(b'{"name":"Ada"}', Named) == Named("Ada")
    assert read_answer(Reply(200, {}, b'{"name":"Ada"}'), Named, "who") == Named("Ada")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"name":7}', PayloadError),
        (b"{", NotJsonError),
        (b"", NotJsonError),
        (b'{"name":"\xff"}', NotJsonError),
        (DEEP, NotJsonError),
    ],
)
def test_a_webhook_that_is_something_else_is_refused(body: bytes, kind: type[PayloadError]) -> None:
    """With the place where it is JSON."""
    with pytest.raises(PayloadError) as refused:
        read_webhook(body, Named)
    assert type(refused.value) is kind
    assert ("$.name" in str(refused.value)) == (kind is PayloadError)


@pytest.mark.parametrize("body", [b'{"name":7}', b"<html>", b"", b"\xff", DEEP])
def test_an_answer_that_is_something_else_is_worth_another_try(body: bytes) -> None:
    """It may be a proxy's page; the text says what to look at."""
    with pytest.raises(ProviderUnavailable, match=r"cannot be read \(check `url`\)") as failed:
        read_answer(Reply(200, {}, body), Named, "check `url`")
    assert failed.value.http_status == 200


def test_what_is_null_counts_as_left_out() -> None:
    """Wherever nothing is null by intention; elsewhere null stays what it is, and what is needed is still missed."""
    assert read_answer(Reply(200, {}, b'{"names":null,"note":null}'), Told) == Told(note="none")
    assert read_answer(Reply(200, {}, b'{"note":null}'), Told) == Told(note=None)
    with pytest.raises(ProviderUnavailable, match="name"):
        read_answer(Reply(200, {}, b'{"names":[{"name":null}]}'), Told)
