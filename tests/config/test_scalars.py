"""What a scalar means: by its spelling where anything is welcome, by its key where a type is wanted."""

from typing import Any

import pytest

from openhandover.config.load import read_bytes
from openhandover.config.loaded import Loaded


def read(text: str, **environ: str) -> Loaded:
    """A file and an environment of this test only."""
    return read_bytes(text.encode(), "openhandover.yaml", environ)


def free(spelling: str, **environ: str) -> Any:
    """The value where any type is welcome: a flow variable."""
    loaded = read(f"flows:\n  f:\n    - set:\n        a: {spelling}\n", **environ)
    assert not loaded.errors, list(map(str, loaded.errors))
    return loaded.config.flows["f"][0].set["a"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("spelling", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("", None),
        ("0", 0),
        ("-0", 0),
        ("7", 7),
        ("-12", -12),
        ("3.50", 3.5),
        ("-0.25", -0.25),
        ("True", "True"),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("off", "off"),
        ("~", "~"),
        ("Null", "Null"),
        ("+31201234567", "+31201234567"),
        ("0031201234567", "0031201234567"),
        ("007", "007"),
        ("1_000", "1_000"),
        ("0x1f", "0x1f"),
        ("1e5", "1e5"),
        (".5", ".5"),
        ("5.", "5."),
        ("12:30", "12:30"),
        ("2026-01-02", "2026-01-02"),
        (".inf", ".inf"),
        ("=", "="),
        ("<<", "<<"),
        ("'7'", "7"),
        ('"true"', "true"),
        ("''", ""),
        ("'null'", "null"),
        ("|-\n          7", "7"),
    ],
)
def test_spelling(spelling: str, value: Any) -> None:
    """Unquoted scalars are text unless they are true, false, null, nothing or a plain number."""
    found = free(spelling)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("spelling", ["1.10", "true", "007", "12", "no", "-0", "3.50"])
def test_text_keeps_its_spelling(spelling: str) -> None:
    """Where text is wanted nothing is converted and nothing is lost."""
    assert read(f"agents: {{a: {{name: {spelling}}}}}").config.agents["a"].name == spelling


@pytest.mark.parametrize(
    ("spelling", "value"),
    [
        ("${A}", "x y"),
        ("<${A}>", "<x y>"),
        ("${A}${B}", "x y7"),
        ("${NONE:-d}", "d"),
        ("${EMPTY:-d}", "d"),
        ("'${EMPTY}'", ""),
        ("${EMPTY}", None),
        ("${NONE:-}", None),
        ("'${NONE:-}'", ""),
        ("${B}", 7),
        ("'${B}'", "7"),
        ("${NONE:-true}", True),
        ("$${A}", "${A}"),
        ("$$", "$"),
        ("$$$$", "$$"),
        ("cost $5", "cost $5"),
        ("a$", "a$"),
        ("${D}", "$$ ${A}"),
        ('\'{"a": "${A}"}\'', '{"a": "x y"}'),
        ("${YAML}", "[1, {a: b}]"),
    ],
)
def test_variables(spelling: str, value: Any) -> None:
    """Variables are replaced once, inside scalars, after parsing: a value is never YAML and never replaced again."""
    environ = {"A": "x y", "B": "7", "EMPTY": "", "D": "$$ ${A}", "YAML": "[1, {a: b}]"}
    assert free(spelling, **environ) == value


def test_a_variable_takes_the_type_of_its_key() -> None:
    """Quoted or not, a variable is a number where one is wanted and text where text is wanted."""
    loaded = read(
        "server: {port: '${PORT}', host: '${HOST}'}\nagents: {a: {name: '${NUMBER}', capacity: '${N}'}}\n"
        "defaults: {handover: {repeat_accepted_message: '${FLAG}'}}",
        PORT="9000", HOST="::1", NUMBER="0031", N="4", FLAG="true",
    )  # fmt: skip
    assert not loaded.errors, list(map(str, loaded.errors))
    config = loaded.config
    assert (config.server.port, config.server.host) == (9000, "::1")
    assert (config.agents["a"].name, config.agents["a"].capacity) == ("0031", 4)
    assert config.defaults.handover.repeat_accepted_message is True


def test_variables_are_not_replaced_in_keys_and_comments() -> None:
    """Only values are replaced."""
    loaded = read("# ${NOWHERE}\nevents: {'${NOWHERE}': f}\nflows: {f: [{end: {}}]}\n")
    assert not loaded.errors
    assert list(loaded.config.events) == ["${NOWHERE}"]


def test_values_of_variables_are_remembered_for_masking() -> None:
    """What came from the environment is known, defaults are not secret."""
    loaded = read("flows: {f: [{call: {url: 'https://a.example/?k=${KEY}&v=${V:-open}'}}]}", KEY="hidden")
    assert loaded.variables == {"hidden"}


def test_an_open_secret_is_pointed_out() -> None:
    """A secret in the file works, with a warning; one from the environment has none."""
    text = "bots: {b: {http: {url: 'https://b.example', secret: %s}}}"
    secret = "whsec_" + "QUJD" * 8
    open_, hidden = read(text % secret), read(text % "'${S}'", S=secret)
    assert [(one.path, one.warning) for one in open_.problems] == [("bots.b.http.secret", True)]
    assert secret not in str(open_.problems[0])
    assert not hidden.problems
    assert hidden.config.bots["b"].http is not None
    assert hidden.config.bots["b"].http.secret == secret
    assert secret not in repr(hidden.config)
