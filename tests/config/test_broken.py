"""Every mistake is reported at its place with its mend."""

import pytest

from openhandover.config.load import read_bytes
from openhandover.config.nodes import Problem
from tests.config.broken import ENVIRONMENT, IN_THE_FILE, Broken
from tests.config.broken_calls import IN_CALLS
from tests.config.broken_cm import IN_CM
from tests.config.broken_cm_channel import IN_CM_CHANNELS
from tests.config.broken_desk import IN_THE_DESK
from tests.config.broken_flows import IN_FLOWS
from tests.config.broken_indents import IN_INDENTS
from tests.config.broken_phone import IN_PHONE
from tests.config.broken_tools import IN_TOOLS


def errors(text: str) -> list[Problem]:
    """The errors of a text under the name it is usually read by."""
    return read_bytes(text.encode(), "openhandover.yaml", ENVIRONMENT).errors


def place(text: str) -> tuple[int, int]:
    """Line and column of the mark."""
    before = text.partition("§")[0]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


@pytest.mark.parametrize(
    "case",
    [
        *IN_THE_FILE,
        *IN_INDENTS,
        *IN_FLOWS,
        *IN_CALLS,
        *IN_CM,
        *IN_CM_CHANNELS,
        *IN_THE_DESK,
        *IN_PHONE,
        *IN_TOOLS,
    ],
    ids=lambda case: case.name,
)
def test_a_mistake_is_reported_once_at_its_place_with_the_mend(case: Broken) -> None:
    """File, line, column, path, what is wrong and how to mend it; nothing else is reported."""
    found = errors(case.text.replace("§", ""))
    assert [(one.line, one.column) for one in found] == [place(case.text)], list(map(str, found))
    assert found[0].file == "openhandover.yaml"
    assert found[0].path == case.path
    assert case.what in found[0].what
    assert case.mend in found[0].mend


def test_the_printed_form() -> None:
    """An editor can jump to `file:line:column`."""
    assert [
        str(one)
        for one in errors("providers:\n  support:\n    type: desk\n    langage: nl\nagents: {a: {name: A}}")
    ] == ['openhandover.yaml:4:5: providers.support.langage: unknown key; did you mean "language"?']


def test_all_mistakes_are_reported_together_in_the_order_of_the_file() -> None:
    """Types, unknown names, templates and variables are found in one go."""
    found = errors(
        "server: {port: x}\nstore: ${NOWHERE}\nchanels: {}\nbots: {b: {flow: nope}}\n"
        "flows:\n  f:\n    - say: {{ a }}\n    - say: '{{ b'\n    - sya: c\n    - run: g\n"
    )
    assert [(one.line, one.path) for one in found] == [
        (1, "server.port"),
        (2, "store"),
        (3, "chanels"),
        (4, "bots.b.flow"),
        (7, "flows.f[0].say"),
        (8, "flows.f[1].say"),
        (9, "flows.f[2].sya"),
        (10, "flows.f[3].run"),
    ]


def test_a_broken_entry_is_not_also_reported_as_missing() -> None:
    """Names defined by entries that have mistakes of their own still count as defined."""
    found = errors(
        "providers: {p: {type: desk, x: 1}}\nchannels: {w: {type: webchat, provider: p}}\nagents: {a: {name: A}}"
    )
    assert [one.path for one in found] == ["providers.p.x"]


def test_no_report_repeats_what_a_variable_holds() -> None:
    """The value of a variable may be a secret, wherever it stands by mistake."""
    hidden = "k" * 32
    for text in ("server: {port: '${KEY}'}", "translation: {engine: '${KEY}'}", "channels: {w: {type: '${KEY}'}}", "server: {public_url: '${KEY}'}", "events: {a: '${KEY}'}", "providers: {p: {type: '${KEY}'}}", "outbound: {allow: ['${KEY}/x']}", "uploads: {types: ['${KEY}']}", "flows: {f: [{code: '${KEY}.x:y'}]}", "flows: {f: [{say: '{{ ${KEY} | nope }}'}]}", "languages: {supported: ['${KEY}']}", "providers: {p: {type: desk, hours: '${KEY}'}}"):  # fmt: skip
        found = errors(text)
        assert found, text
        assert not any(hidden[:8] in str(one) for one in found), text


def test_a_variable_without_braces() -> None:
    """`$NAME` stays as it is, so that a secret may hold a $; where one is wanted it was probably meant as a variable."""
    found = read_bytes(b"api: {presence_secret: $PRESENCE_SECRET}", "openhandover.yaml", ENVIRONMENT).problems
    assert [one.warning for one in found] == [True]
    assert (found[0].what, found[0].mend) == (
        "a $ without braces is no variable but part of the secret",
        "write ${NAME}",
    )


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}"])
def test_a_file_that_says_nothing(text: str) -> None:
    """Nobody means an empty file: it is valid, with a hint at a first one."""
    found = read_bytes(text.encode(), "openhandover.yaml", ENVIRONMENT).problems
    assert [(one.warning, one.what) for one in found] == [(True, "nothing is configured")]
    assert "openhandover init" in found[0].mend
