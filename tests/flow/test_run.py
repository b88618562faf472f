"""Flows do what their steps say, wait where they should and go on where they stopped."""

import pytest

from openhandover.core.errors import ProviderUnavailable
from openhandover.flow.code import registered
from openhandover.providers.base import Availability
from tests.flow.stage import Stage, program, stage


async def test_a_flow_starts_at_the_top_and_again_after_its_end() -> None:
    """After the last step the next message begins anew, and variables stay with the conversation."""
    play = stage("main: [{say: 'Hi {{ input.text }}{{ seen }}'}, {set: {seen: ' again'}}]")
    assert await play.user("one") == ["Hi one"]
    assert await play.user("two") == ["Hi two again"]


async def test_say_carries_buttons_metadata_and_language_variant() -> None:
    """A message has everything that the step says, rendered, in the user's language."""
    play = Stage(
        program("""
        main:
          - say: {text: {en: "Hello", nl: "Hallo {{ user }}"}, buttons: [{text: {en: Fine, nl: Ja}, value: "y{{ 1 }}"}],
                  metadata: {a: ["{{ input.text }}", 1], n: ~}, to: both}
        """),
        language="nl",
    )
    await play.user("x")
    message = play.said[0]
    assert (message.text, message.language, message.to) == ("Hallo ", "nl", "both")
    assert message.metadata == {"a": ["x", 1], "n": None}
    assert [(b.text, b.value) for b in message.buttons or ()] == [("Ja", "y1")]


async def test_a_text_without_a_variant_falls_back_to_the_default_language() -> None:
    """A user whose language has no text gets the default one, marked as such."""
    play = Stage(program("main: [{say: {text: {en: Hello, nl: Hallo}}}]"), language="es")
    assert await play.user("x") == ["Hello"]
    assert play.said[0].language == "en"


async def test_ask_waits_and_keeps_the_answer() -> None:
    """The flow stops at the question and goes on with the answer."""
    play = stage("main: [{ask: {text: 'Name?', into: name}}, {say: 'Hi {{ name }}'}]")
    assert await play.user("hello") == ["Name?"]
    assert await play.user(" Ada ") == ["Hi  Ada "]


@pytest.mark.parametrize(
    ("kind", "wrong", "right", "value", "complaint"),
    [
        ("email", "ada@", " ada@example.org ", "ada@example.org", "e-mail address"),
        ("phone", "call me", "+31 (0)20 123 45-67", "+31 (0)20 123 45-67", "phone number"),
        ("number", "four", "4,5", "4.5", "a number"),
        (r"/\\d{4} ?[a-z]{2}/", "1234", "1234 AB", "1234 AB", "does not fit"),
    ],
)
async def test_ask_validates_and_asks_again(
    kind: str, wrong: str, right: str, value: str, complaint: str
) -> None:
    """A wrong answer gets a hint, the right one goes on."""
    play = stage(f'main: [{{ask: {{text: "?", into: x, validate: "{kind}"}}}}, {{say: "got {{{{ x }}}}"}}]')
    await play.user("go")
    (hint,) = await play.user(wrong)
    assert complaint in hint
    assert await play.user(right) == [f"got {value}"]


async def test_on_fail_runs_after_the_last_retry() -> None:
    """With one retry the second wrong answer is the last; the variable is null and the flow goes on below."""
    play = stage("""
    main:
      - ask: {text: "Mail?", into: mail, validate: email, retries: 1, on_fail: [{say: "No{{ mail }}."}]}
      - say: after
    """)
    await play.user("go")
    assert len(await play.user("a")) == 1
    assert await play.user("b") == ["No.", "after"]


async def test_set_keeps_types_and_counts() -> None:
    """A text that is one expression keeps its type, so a counter counts."""
    play = stage("""
    main:
      - set: {n: 1, list: ["{{ input.text }}"], good: "{{ 1 == 1 }}"}
      - set: {n: "{{ n + 1 }}", copy: "{{ list }}"}
      - if: "n == 2 and good == true and copy[0] == 'x'"
        then: [{say: right}]
        else: [{say: wrong}]
    """)
    assert await play.user("x") == ["right"]


async def test_a_condition_that_cannot_be_evaluated_is_false_and_reported() -> None:
    """The fallback runs, and the owner hears where and why."""
    play = stage("main: [{say: hi}, {if: 'input.text + 1', then: [{say: a}], else: [{say: b}]}]")
    assert await play.user("x") == ["hi", "b"]
    assert play.reports == [
        "main/1: the condition cannot be evaluated and counts as false: line 1: an operation that these values do not allow"
    ]


async def test_lookup_chooses_by_value_or_default() -> None:
    """Cases compare as text; without a match the default runs."""
    flow = "main: [{lookup: 'input.text', cases: {one: [{say: '1'}], 'true': [{say: t}]}, default: [{say: other}]}, {say: end}]"
    play = stage(flow)
    assert await play.user("one") == ["1", "end"]
    assert await play.user("One") == ["other", "end"]
    assert await stage(flow.replace("'input.text'", "'1 == 1'")).user("x") == ["t", "end"]


@pytest.mark.parametrize(
    ("online", "expected"),
    [
        (Availability(open=True, agents=2), "online 2"),
        (Availability(open=None), "online "),
        (Availability(open=False), "offline "),
        (ProviderUnavailable(), "offline "),
        (TimeoutError(), "offline "),
    ],
)
async def test_check_availability(online: Availability | Exception, expected: str) -> None:
    """A failed check is offline, a provider that cannot tell is online."""
    play = stage(
        "main: [{check_availability: {provider: support, into: s}}, {say: '{{ s }} {{ availability.agents }}'}]"
    )
    play.online = online
    assert await play.user("x") == [expected]
    assert play.asked_availability == [("support", {})]


async def test_run_shares_variables_and_returns() -> None:
    """A flow run by another one sees and sets its variables, then the caller goes on."""
    play = stage(
        "main: [{set: {a: 1}}, {run: other}, {say: '{{ a }}{{ b }}'}]\nother: [{set: {b: '{{ a + 1 }}'}}]"
    )
    assert await play.user("x") == ["12"]


async def test_end_ends_callers_too() -> None:
    """`end` in a flow that another one runs ends both."""
    play = stage("main: [{run: other}, {say: never}]\nother: [{say: a}, {end: {}}, {say: never}]")
    assert await play.user("x") == ["a"]
    assert play.run.is_over


@pytest.mark.parametrize(
    "flow",
    ["main: [{set: {a: 1}}, {run: main}]", "main: [{run: a}]\na: [{set: {x: 1}}, {run: b}]\nb: [{run: a}]"],
)
async def test_endless_loops_end(flow: str) -> None:
    """A flow that runs itself for ever is stopped and reported."""
    play = stage(flow)
    await play.user("x")
    assert play.run.is_over
    assert "the flow ends" in play.reports[0]


async def test_thousand_steps_are_the_most() -> None:
    """A turn has a budget of steps however they are nested."""
    play = stage("main: [" + ", ".join(["{run: a}"] * 600) + "]\na: [{set: {x: 1}}]")
    await play.user("x")
    assert play.run.is_over
    assert "more than 1000 steps" in play.reports[0]


# --- events ------------------------------------------------------------------------------------------------


async def test_an_event_lies_on_the_question_it_interrupts() -> None:
    """When the event's flow is done, the question it interrupted is put again."""
    play = stage(
        "main: [{ask: {text: 'Name?', into: n}}, {say: 'Hi {{ n }}'}]\nnews: [{say: News}]", news="news"
    )
    await play.user("x")
    assert await play.event("news") == ["News", "Name?"]
    assert await play.user("Ada") == ["Hi Ada"]


async def test_trigger_event_runs_after_the_answer() -> None:
    """The event's flow comes after everything that the answering flow said."""
    play = stage(
        "main: [{say: {text: One, metadata: {triggerEvent: go}}}, {say: Two}]\nf: [{say: Three}]", go="f"
    )
    assert await play.user("x") == ["One", "Two", "Three"]


async def test_an_event_fired_again_begins_its_flow_anew() -> None:
    """Pressing the button twice does not pile up two intakes."""
    play = stage("main: [{ask: {text: 'Main?'}}]\nf: [{ask: {text: 'Mail?', into: m}}, {say: done}]", go="f")
    await play.user("x")
    await play.event("go")
    assert await play.event("go") == ["Mail?"]
    assert await play.user("m") == ["done", "Main?"]


async def test_an_unknown_event_is_reported() -> None:
    """Nothing happens, and the owner hears of it."""
    play = stage("main: [{say: a}]")
    assert await play.event("nope") == []
    assert "nope" in play.reports[0]


async def test_code_that_is_not_registered_or_fails_is_reported() -> None:
    """The flow goes on, no value gets into the report."""
    play = stage("main: [{code: 'os:getcwd'}, {code: 'tests.flow.test_run:fails'}, {say: next}]")
    assert await play.user("secret") == ["next"]
    assert "not registered" in play.reports[0]
    assert play.reports[1].endswith("raised ValueError")


@registered
def fails(variables: dict[str, object], facts: dict[str, object]) -> None:
    """Always raises."""
    raise ValueError(str(facts["input"]))
