"""Templates render plain data, keep their bounds and never run a value."""

import json
import sys
import time

import pytest
from hypothesis import given, strategies as st

from openhandover.texts.templates import (
    TemplateError,
    condition,
    evaluate,
    expression_error,
    is_json_body,
    names,
    render,
    render_raw_json,
    render_value,
    syntax_error,
)
from openhandover.texts.views import NamedView

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("plain", "plain"),
        ("{{ none_given }}", ""),
        ("[{{ nothing }}]", "[]"),
        ("{{ yes }} {{ no }}", "true false"),
        ("{{ n }} {{ f }}", "3 1.5"),
        ("{{ missing.deeply.so }}", ""),
        ("{{ cart.items[0] }}", "socks"),
        ("{{ cart.pop }}{{ cart.count }}", "7"),
        ("{{ cart.items | length }}", "2"),
        ("{{ 'a' ~ nothing ~ yes ~ n }}", "atrue3"),
        ("{{ nothing ~ 'x' }}", "x"),
        ("{{ 'n: ' ~ n * 2 ~ '!' }}", "n: 6!"),
        ("{{ n * 2 + 1 }} {{ -n * 2 }} {{ 2 * -n }} {{ f * 2 }}", "7 -6 -6 3"),
        ("{{ n + 1 }} {{ 'a' + 'b' }}", "4 ab"),
        ("{{ missing | default('x') }} {{ nothing | default('y') }}", "x y"),
        ("[{{ nothing | upper }}{{ nothing | lower }}{{ nothing | capitalize }}{{ nothing | title }}]", "[]"),
        ("[{{ nothing | trim }}{{ missing | trim }}{{ ' x ' | trim }}{{ '-x-' | trim('-') }}]", "[xx]"),
        ("{{ 'one a-b' | title }} {{ 'ab' | upper }} {{ 'AB' | lower }}", "One A-B AB ab"),
        ("{% if yes %}Y{% else %}N{% endif %}", "Y"),
        ("{% if n == 3 and not no %}Y{% endif %}", "Y"),
        ("{% for i in cart.items | sort %}{{ loop.index }}{{ i }} {% endfor %}", "1shirt 2socks "),
        ("{% for k, v in small | items %}{{ k }}={{ v }};{% endfor %}", "a=1;"),
        ("{% set x = n + 1 %}{{ x }}", "4"),
        ("{% raw %}{{ n * 'x' }}{% endraw %}{# no }} #}", "{{ n * 'x' }}"),
        ("{{ '}}' }} }} {", "}} }} {"),
        ("{{ small }} {{ cart.items }}", '{"a": 1} ["socks", "shirt"]'),
        ("{{ [n, yes, nothing] }}", "[3, true, null]"),
        ("{{ {'a': {'b': n}} | tojson }}", '{"a": {"b": 3}}'),
        ("{{ 'ja' if 'so' in word else 'nee' }}", "ja"),
        ("{{ word | upper | lower | replace('o', '0') }}", "s0cks"),
        ("{{ cart.items | join(', ') }}", "socks, shirt"),
        ("{{ (n ~ 1) | length }}", "2"),
        ("line\n", "line\n"),
        ("{{ user }} {{ user.name }} {{ user.email }}", "Ada Ada a@b.example"),
        ("{{ user | upper }} {{ 'Hi ' ~ user }}", "ADA Hi Ada"),
    ],
)
def test_templates_render_as_documented(template: str, expected: str) -> None:
    """Each documented form gives the documented text."""
    scope = {
        "nothing": None, "yes": True, "no": False, "n": 3, "f": 1.5, "word": "socks", "small": {"a": 1},
        "cart": {"items": ["socks", "shirt"], "count": 7},
        "user": NamedView({"name": "Ada", "email": "a@b.example"}),
    }  # fmt: skip
    assert render(template, scope) == expected


@pytest.mark.parametrize("typed", [True, False])
def test_the_user_is_a_name_in_structures_too(typed: bool) -> None:
    """`{{ user }}` alone is the user's name wherever it stands; what is inside the user keeps its type."""
    scope = {"user": NamedView({"name": "Ada", "attributes": {"vip": True}})}
    value = {"who": "{{ user }}", "all": ["{{user}}"], "more": "{{ user.attributes }}"}
    assert render_value(value, scope, typed=typed) == {"who": "Ada", "all": ["Ada"], "more": {"vip": True}}


@given(
    st.text(max_size=60) | st.sampled_from(["{{ 7 * 7 }}", "{% for %}", "{{ secret }}", "{#", "'}}\"{{x}}"])
)
def test_a_value_is_never_a_template(value: str) -> None:
    """Whatever the user writes comes out letter by letter."""
    assert render("<{{ x }}>", {"x": value, "secret": "S3"}) == f"<{value}>"
    assert render_value({"a": "{{ x }}"}, {"x": value}) == {"a": value}


@given(JSON)
def test_json_idiom_gives_a_correct_string_inside_a_string(value: object) -> None:
    """`"{{ ... | tojson }}"` in a raw body is a JSON string that holds JSON."""
    body = render_raw_json('{"info": "{{ {\'v\': v} | tojson }}", "n": 1}', {"v": value})
    assert json.loads(json.loads(body)["info"]) == {"v": value}


@given(st.text(max_size=60))
def test_values_in_a_raw_json_body_stay_inside_their_string(value: str) -> None:
    """Quotes, newlines and backslashes of a value cannot break out of the string."""
    body = render_raw_json('{"a": "x{{ v }}y", "b": "\\"{{ v }}"}', {"v": value})
    assert json.loads(body) == {"a": f"x{value}y", "b": f'"{value}'}


@given(JSON)
def test_values_outside_of_quotes_in_a_raw_json_body_are_json(value: object) -> None:
    """A number, list, map, boolean or null outside of quotes is JSON; text needs quotes or tojson."""
    assert json.loads(render_raw_json('{"a": {{ v | tojson }}}', {"v": value})) == {"a": value}
    if not isinstance(value, str):
        assert json.loads(render_raw_json('{"a": {{ v }}}', {"v": value})) == {"a": value}


@given(JSON)
def test_structures_keep_lists_and_maps(value: object) -> None:
    """A text that is one expression becomes the list or map it gives, other values become text."""
    found = render_value({"a": ["{{ v }}"]}, {"v": value})["a"][0]
    if isinstance(value, list | dict):
        assert found == value
    else:
        assert isinstance(found, str)
    assert render_value("{{ v }}", {"v": value}, typed=True) == value


BOMBS = [
    "{{ 'a' * 100000000 }}",
    "{{ 100000000 * 'a' }}",
    "{{ [1] * 100000000 }}",
    "{{ 100000000 * [1] }}",
    "{{ x * 100000000 }}",
    "{% for a in range(1000) %}{% for b in range(1000) %}{{ a }}{% endfor %}{% endfor %}",
    "{{ range(1000000000) }}",
    "{% set x = 'aaaaaaaaaa' %}" + "{% set x = x ~ x %}" * 40 + "{{ x }}",
    "{% set x = 'aaaaaaaaaa' %}" + "{% set x = x + x %}" * 40 + "{{ x }}",
    "{% set x = 'aaaaaaaaaa' %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 40 + "{{ x }}",
    "{% set x = 'aaaaaaaaaa' %}" + "{% set x = [x, x] | join %}" * 40 + "{{ x }}",
    "{% set x = [1] %}" + "{% set x = [x, x] %}" * 40 + "{{ x }}",
    "{% set x = [1] %}" + "{% set x = {'a': x, 'b': x} %}" * 40 + "{{ x }}",
    "{% set x = [1] %}" + "{% set x = (x, x) %}" * 40 + "{{ x }}",
    "{{ '\"'" + " | tojson" * 60 + " }}",
    "{{ ('a' | replace('', big) | replace('', big)) | length }}",
    "{% set ns = namespace(x='aaaaaaaaaa') %}{% for i in range(40) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    "{% macro f(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}{{ f(1) }}",
    "{{ '%0999999999d' | format(3) }}",
    "{{ 'a' | indent(1000000000) }}",
    "{{ ['a'] | map('indent', 1000000000) | list }}",
    "{{ ['a'] | map('format', 1) | list }}",
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{{ 9 ** 9 ** 9 ** 9 }}",
    "{% include 'x' %}",
    "{% for a in x recursive %}{{ loop(x) }}{{ loop(x) }}{% endfor %}",
    "{{ debug() }}",
    "x" * 100_000 + "{{ x }}",
]


@pytest.mark.parametrize("bomb", BOMBS, ids=range(len(BOMBS)))
def test_a_template_bomb_ends_quickly_with_an_error(bomb: str) -> None:
    """No template takes long, grows without end or reaches beyond its scope."""
    most_s = 2 if sys.gettrace() is None else 8  # a coverage tracer makes our Python several times slower
    begun = time.process_time()
    with pytest.raises(TemplateError):
        render(bomb, {"x": "abc", "big": "b" * 5000})
    assert time.process_time() - begun < most_s


@pytest.mark.parametrize(
    "template",
    [
        "{{ x.__class__ }}",
        "{{ x.__plain__ }}",
        "{{ y.__class__.__mro__ }}",
        "{{ y.__init__.__globals__ }}",
        "{{ x['__class__'] }}",
    ],
)
def test_python_internals_are_out_of_reach(template: str) -> None:
    """Names with underscores show nothing of the program."""
    assert render(template, {"x": {"a": 1}, "y": [1]}) == ""


@pytest.mark.parametrize(
    "template", ["{{ x.pop('a') }}", "{{ y.append(1) }}", "{{ s.upper() }}", "{{ x.__getitem__('a') }}"]
)
def test_values_have_no_methods(template: str) -> None:
    """A method call is an error and changes nothing."""
    x, y = {"a": 1}, [1]
    with pytest.raises(TemplateError):
        render(template, {"x": x, "y": y, "s": "s"})
    assert (x, y) == ({"a": 1}, [1])


def test_an_error_never_quotes_a_value() -> None:
    """Errors go to logs, so they hold no text of the user."""
    with pytest.raises(TemplateError) as caught:
        render("{{ x + 1 }}", {"x": "my card is 4111"})
    assert "4111" not in str(caught.value)


def test_a_value_that_is_no_data_is_refused() -> None:
    """Only JSON data gets into a template."""
    with pytest.raises(TemplateError):
        render("{{ x }}", {"x": object()})


@pytest.mark.parametrize(
    ("expression", "scope", "expected"),
    [
        ("agent_status == 'online'", {"agent_status": "online"}, True),
        ("agent_status == 'online'", {}, False),
        ("n > 3", {"n": 4}, True),
        ("a and not b", {"a": 1, "b": None}, True),
        ("handover.status in ['completed', 'cancelled']", {"handover": {"status": "completed"}}, True),
        ("items | length > 1", {"items": [1, 2]}, True),
        ("nothing == null", {"nothing": None}, True),
        ("x is defined", {}, False),
        ("x == {'a': [1]}", {"x": {"a": [1]}}, True),
    ],
)
def test_conditions(expression: str, scope: dict[str, object], expected: bool) -> None:
    """Conditions are expressions over the scope."""
    assert condition(expression, scope) is expected


@pytest.mark.parametrize("expression", ["a ==", "x + 1", "x.upper()", "a | nosuch", "'a' * 3"])
def test_a_condition_that_cannot_be_evaluated_raises(expression: str) -> None:
    """The caller decides what it means, nobody guesses."""
    with pytest.raises(TemplateError):
        condition(expression, {"a": 1, "x": "text"})


@pytest.mark.parametrize(
    ("template", "part"),
    [
        ("{{ x", "line 1"),
        ("one\n{{ x y }}", "line 2"),
        ("{% if x %}", "line 1"),
        ("{{ x | nosuch }}", "nosuch"),
        ("ok\n{% include 'x' %}", "line 2: the tag `include`"),
    ],
)
def test_syntax_errors_name_their_place(template: str, part: str) -> None:
    """`check` can show where a template is wrong."""
    assert part in (syntax_error(template) or "")
    assert syntax_error("{{ fine }}") is None


def test_expressions_with_braces_are_pointed_out() -> None:
    """The usual mistake gets a usable message."""
    assert "leave out the braces" in (expression_error("{{ a }}") or "")
    assert expression_error("a == 1") is None
    assert expression_error("a ==") is not None


def test_names_lists_what_a_template_needs() -> None:
    """`check` can report unknown names."""
    assert names("{{ a.b ~ c }}{% for i in d %}{{ i }}{{ range(3) }}{% endfor %}") == {"a.b", "c", "d"}


def test_which_raw_bodies_are_json() -> None:
    """The content type decides, else the first letter."""
    assert is_json_body('{"a": 1}', None)
    assert is_json_body("{{ body }}", "application/json; charset=utf-8")
    assert not is_json_body("{{ body }}", None)
    assert not is_json_body('{"a": 1}', "text/plain")


def test_evaluate_gives_plain_data() -> None:
    """What leaves a template is data of our own, not the engine's."""
    assert evaluate("{'a': x, 'b': [1, none]}", {"x": {"y": [True]}}) == {"a": {"y": [True]}, "b": [1, None]}
    assert type(evaluate("x", {"x": {"y": 1}})) is dict
