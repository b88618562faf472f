"""A whole file: what it becomes, what it gets by default, what is only pointed out."""

from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from msgspec.structs import asdict

from openhandover.cli.init import CONTENT
from openhandover.config.decode import decode_data
from openhandover.config.load import handover_step, load, load_text, read, read_bytes
from openhandover.config.loaded import Loaded
from openhandover.config.model import Config, WebchatChannel
from openhandover.config.reader import MAX_NODES
from openhandover.core.errors import ConfigError
from openhandover.core.step import HandoverStep
from openhandover.flow.steps import HandoverToHumanStep, IfStep, SayStep
from openhandover.providers.desk.settings import Settings as DeskSettings
from tests.config.broken import ENVIRONMENT

WHOLE = Path(__file__).with_name("whole.yaml")
SECRET = "secret: '${SECRET}'"


def checked(text: str) -> Loaded:
    """A text under the usual name."""
    return read_bytes(text.encode(), "openhandover.yaml", ENVIRONMENT)


def warnings(text: str) -> list[tuple[str, str]]:
    """Path and finding of every warning of a text without errors."""
    loaded = checked(text)
    assert not loaded.errors, list(map(str, loaded.errors))
    return [(one.path, one.what) for one in loaded.problems]


def test_every_part_of_the_file_is_read() -> None:
    """The file that uses every part has no findings and becomes typed values."""
    loaded = read(WHOLE, ENVIRONMENT)
    assert not loaded.problems, list(map(str, loaded.problems))
    config = loaded.config
    assert config.server.public_url == "https://handover.example.com"
    assert isinstance(config.channels["web"], WebchatChannel)
    assert config.channels["web"].return_ == "call"
    assert config.providers["support"].settings == DeskSettings()
    assert config.providers["support"].hours is not None
    assert config.intents["cancel_handover"]["en"] == ("cancel", "/never ?mind/")
    branch = config.flows["handover_intake"][1]
    assert isinstance(branch, IfStep)
    step = branch.then[0]
    assert isinstance(step, HandoverToHumanStep)
    assert step.handover.provider == "support"
    assert step.handover.route == {"skills": ["billing"], "languages": ["nl"], "priority": "urgent"}
    assert branch.else_ == (SayStep(say=branch.else_[0].say),)  # type: ignore[union-attr]


def test_an_empty_file_is_the_defaults() -> None:
    """Every key has a default."""
    assert load_text("", {}) == Config()
    assert load_text("server:\nflows:\n", {}) == Config()


def test_defaults_fill_each_step_key_by_key() -> None:
    """What the step says wins; maps such as limits are filled in, routes and lists are not mixed."""
    config = load_text(
        "providers: {a: {type: desk}, b: {type: logging}}\nagents: {x: {name: X}}\n"
        "defaults: {handover: {provider: a, fallback: [b], limits: {queue_s: 60, open_s: 5}, route: {skills: [s]}}}\n"
        "flows:\n"
        "  f:\n"
        "    - handover:\n"
        "    - if: 'input.text == 1'\n"
        "      then:\n"
        "        - handover: {provider: b, fallback: [], limits: {open_s: 9}, route: {}}\n"
        "    - set: {handover_note: {handover: {}}}\n"
    )
    first, branch, plain = config.flows["f"]
    assert first.handover == config.defaults.handover  # type: ignore[union-attr]
    inner = branch.then[0].handover  # type: ignore[union-attr]
    assert (inner.provider, inner.fallback, inner.route) == ("b", [], {})
    assert (inner.limits.queue_s, inner.limits.open_s) == (60, 9)
    assert plain.set == {"handover_note": {"handover": {}}}  # type: ignore[union-attr]


def test_settings_of_a_request_go_over_the_defaults() -> None:
    """A handover begun by the API gets the defaults too, even where it asks for what is usual anyway."""
    config = load_text(
        "defaults: {handover: {message: hi, cancel: {while: active}, limits: {queue_s: 60}}}", {}
    )
    step, problems = handover_step(config, {"limits": {"open_s": 5}, "cancel": {"while": "queued"}})
    assert not problems
    assert step is not None
    assert (step.message, step.cancel.while_) == ("hi", "queued")
    assert (step.limits.queue_s, step.limits.open_s) == (60, 5)
    step, problems = handover_step(config, {"limits": {"open_s": "soon"}, "mesage": "x"})
    assert step is None
    assert [one.path for one in problems] == ["settings.mesage", "settings.limits.open_s"]


def test_json_data_is_decoded_strictly() -> None:
    """In a request a text is a text: "5" is no number and "true" is no truth."""
    for data in ({"limits": {"open_s": "5"}}, {"repeat_accepted_message": "true"}, {"fallback": "a"}):
        assert decode_data(data, HandoverStep)[0] is None
    step, _ = decode_data(
        {"limits": {"open_s": 0.0000001}, "route": {"a": [1, None, {"b": 1e30}]}}, HandoverStep
    )
    assert step is not None
    assert step.limits.open_s == 0.0000001
    assert step.route == {"a": [1, None, {"b": 1e30}]}


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("flows: {f: [{handover: {}}]}", "flows.f[0].handover", "recorded only"),
        ("flows: {f: [{end: {}}, {say: hi}]}", "flows.f[1]", "never reached"),
        ("flows: {f: [{say: 'Hi {{ nmae }}'}, {set: {name: x}}]}", "flows.f[0].say", 'no flow sets "nmae"'),
        ("flows: {f: [{say: '{{ user.nam }}'}]}", "flows.f[0].say", 'user has no "nam"'),
        ("flows: {f: [{say: '{{ handover.stat }}'}]}", "flows.f[0].say", 'handover has no "stat"'),
        ("flows: {f: [{if: 'stauts == 1', then: [{end: {}}]}]}", "flows.f[0].if", 'no flow sets "stauts"'),
        ("flows: {f: [{say: 'Hi }}'}]}", "flows.f[0].say", "stray braces"),
        ("flows: {f: [{say: 'Hi {name}'}]}", "flows.f[0].say", "stray braces"),
        ("flows: {f: [{say: {text: a, metadata: {triggerEvent: x}}}]}", "flows.f[0].say.metadata.triggerEvent", "no flow runs"),
        ("providers: {d: {type: desk}}", "providers.d", "nobody can work"),
        ("languages: {supported: [en, pt]}", "languages.supported[1]", "no system texts in pt"),
        ("flows: {f: [{if: 'input.text'}]}", "flows.f[0]", "both branches are empty"),
        (f"bots: {{b: {{http: {{url: 'http://127.0.0.1:9000/x', {SECRET}}}}}}}", "bots.b.http.url", "private"),
        (f"channels: {{a: {{type: api, webhook: {{url: 'http://localhost', {SECRET}}}}}}}", "channels.a.webhook.url", "private"),
    ],
)  # fmt: skip
def test_what_works_but_is_hardly_meant_is_a_warning(text: str, path: str, words: str) -> None:
    """A warning has a place as well and does not keep the server from starting."""
    found = warnings(text)
    assert [one[0] for one in found] == [path]
    assert words in found[0][1]


def test_nothing_is_said_about_names_that_code_may_set() -> None:
    """A code step may set any variable; a raw body may hold any braces; loops bring their own names."""
    module = "openhandover.config.hours:Hours"
    text = "flows: {f: [{say: '{{ anything }}'}, {code: 'm:f'}]}"
    assert [one.path for one in checked(text.replace("m:f", module)).problems] == ["flows.f[1].code"]
    assert not warnings("flows: {f: [{call: {url: 'https://a.example', raw: '{\"a\": {\"b\": 1}}'}}]}")
    assert not warnings("flows: {f: [{set: {l: [1]}}, {say: '{% for x in l %}{{ x }}{% endfor %}'}]}")


def test_a_private_address_that_may_be_called_is_no_warning() -> None:
    """The owner's list is obeyed, and a name is judged when it is called."""
    bot = f"bots: {{b: {{http: {{url: 'http://127.0.0.1:9000/x', {SECRET}}}}}}}"
    assert not warnings(f"outbound: {{allow: ['http://127.0.0.1:9000']}}\n{bot}")
    assert not warnings(bot.replace("127.0.0.1", "bot.internal"))


def test_providers_and_gateways_may_be_private() -> None:
    """Their addresses are the owner's own: they are called wherever they are, and nothing is said about it."""
    assert not warnings(f"gateways: {{p: {{type: webhook, url: 'http://10.0.0.7/x', {SECRET}}}}}")
    assert not warnings(f"providers: {{p: {{type: http, url: 'http://10.0.0.7/x', {SECRET}}}}}")


def test_errors_come_as_one_exception() -> None:
    """Who loads a file gets all errors, one per line, and no warnings."""
    with pytest.raises(ConfigError) as caught:
        load_text("server: {port: x}\nbots: {b: {}}\nproviders: {d: {type: desk}}", {})
    assert [line.split(": ")[1] for line in str(caught.value).splitlines()] == ["server.port", "bots.b"]


def test_a_missing_file_is_an_error_with_a_mend(tmp_path: Path) -> None:
    """The first thing a user meets says what to do."""
    with pytest.raises(ConfigError, match="openhandover init"):
        load(tmp_path / "openhandover.yaml", {})


def test_aliases_are_followed_within_bounds() -> None:
    """An anchor serves many places; a bomb of anchors is refused at once."""
    config = load_text("languages: {supported: &l [en, nl]}\nagents: {a: {name: A, languages: *l}}", {})
    assert config.agents["a"].languages == ("en", "nl")
    layers = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10) if n else 'x'}]" for n in range(12)]
    found = checked("\n".join(layers)).errors
    assert [one.what for one in found] == [f"more than {MAX_NODES:,} values"]


def test_hostile_depth_is_refused() -> None:
    """Neither brackets nor aliases nest beyond the bound."""
    assert "deep" in checked("[" * 5000).errors[0].what
    assert (
        "deep"
        in checked("a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 40 + "*a" + "]" * 40).errors[0].what
    )


def test_bytes_that_are_no_text_are_refused() -> None:
    """Broken UTF-8 has a place as well; a byte order mark is fine."""
    found = read_bytes(b"bots: {}\nstore: \xff\n", "f", {}).errors
    assert [(one.line, one.column) for one in found] == [(2, 8)]
    assert not read_bytes(b"\xef\xbb\xbfbots: {}\n", "f", {}).errors
    assert "control character" in read_bytes(b"store: a\x07b\n", "f", {}).errors[0].what


def test_the_first_configuration_is_valid() -> None:
    """What `init` writes has no findings."""
    assert not checked(CONTENT).problems


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.sampled_from(["{{ x", "${A", "desk", "webchat"]),
)
KEYS = st.one_of(
    st.sampled_from(
        [
            *Config.__struct_fields__,
            "type",
            "say",
            "ask",
            "if",
            "then",
            "handover",
            "call",
            "set",
            "flow",
            "route",
        ]
    ),
    st.text(max_size=8),
)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5)
)


@given(st.dictionaries(KEYS, TREES, max_size=6))
@settings(max_examples=300, deadline=None)
def test_no_structure_makes_the_check_raise(data: dict[str, object]) -> None:
    """Whatever is written, the answer is findings with places."""
    import json

    text = json.dumps(data)  # JSON is YAML, and shapes every kind of tree
    loaded = checked(text)
    assert all(one.line >= 1 and one.column >= 1 and one.mend for one in loaded.problems)
    assert loaded.errors or asdict(loaded.config)


@given(st.text(alphabet=st.sampled_from("ab:- \n\t[]{},'\"&*!|>#%@`?${}~0.é\\"), max_size=60))
@settings(max_examples=500, deadline=None)
def test_no_text_makes_the_check_raise(text: str) -> None:
    """Nor does anything that is hardly YAML."""
    assert all(one.line >= 1 and one.column >= 1 and one.mend for one in checked(text).problems)


@given(st.binary(max_size=40))
@settings(max_examples=200, deadline=None)
def test_no_bytes_make_the_check_raise(content: bytes) -> None:
    """Nor do bytes of any kind."""
    assert all(one.line >= 1 for one in read_bytes(content, "f", {}).problems)
