"""The fingerprint of a request."""

import pytest

from openhandover.web.idempotency import fingerprint


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'{"a":1,"b":2}', b'{ "b" : 2 , "a" : 1 }'),
        (b'{"a":1}', b'{"a":1.0}'),
        (b'{"a":1,"epoch":1}', b'{"a":1,"epoch":2}'),
        (b'{"a":1,"epoch":1}', b'{"a":1}'),
        (b'{"a":"\\u00e9"}', '{"a":"é"}'.encode()),
        (b'{"a":[1e2]}', b'{"a":[100]}'),
    ],
)
def test_the_same_json_has_the_same_fingerprint(one: bytes, other: bytes) -> None:
    """Spacing, key order, spelling and the epoch do not count."""
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'{"a":1}', b'{"a":"1"}'),
        (b'{"a":1}', b'{"a":true}'),
        (b'{"a":[1,2]}', b'{"a":[2,1]}'),
        (b'{"a":null}', b"{}"),
        (b'{"a":"x "}', b'{"a":"x"}'),
        (b'{"a":{"epoch":1}}', b'{"a":{"epoch":2}}'),
        (b'{"a":0.1}', b'{"a":0.2}'),
    ],
)
def test_other_json_has_another_fingerprint(one: bytes, other: bytes) -> None:
    """Any other difference counts, also an epoch that is not the request's own."""
    assert fingerprint(one) != fingerprint(other)


def test_the_place_counts() -> None:
    """The same body at another address is another request."""
    assert fingerprint(b"{}", "c1") != fingerprint(b"{}", "c2")
